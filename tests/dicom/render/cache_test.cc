// What bounds rendering: the cache, the gate, the configured limits.
#include "dicom/render/cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "dicom/render/limits.h"

namespace medarc::dicom {
namespace {

std::shared_ptr<const Bytes> bytes(size_t count) {
  return std::make_shared<const Bytes>(count, 'x');
}

TEST(RenderCache, KeepsTheLatestWithinItsBytes) {
  RenderCache cache(100);
  cache.keep("a", bytes(25));
  cache.keep("b", bytes(25));
  cache.keep("c", bytes(25));
  cache.keep("d", bytes(25));
  EXPECT_NE(cache.find("a"), nullptr);  // now b is the oldest
  cache.keep("e", bytes(20));
  EXPECT_EQ(cache.find("b"), nullptr);
  for (const char* kept : {"a", "c", "d", "e"}) EXPECT_NE(cache.find(kept), nullptr) << kept;
  cache.keep("large", bytes(26));  // would push out too many others
  EXPECT_EQ(cache.find("large"), nullptr);
  cache.keep("a", bytes(1));  // the same key names the same bytes
  EXPECT_EQ(cache.find("a")->size(), 25u);
  RenderCache none(0);
  none.keep("a", bytes(1));
  EXPECT_EQ(none.find("a"), nullptr);
}

TEST(RenderGate, LetsSoManyInAndNoMore) {
  using std::chrono::milliseconds;
  Gate gate(2);
  {
    const auto first = gate.enter(milliseconds(0)), second = gate.enter(milliseconds(0));
    EXPECT_TRUE(first);
    EXPECT_TRUE(second);
    EXPECT_FALSE(gate.enter(milliseconds(5)));
  }
  std::atomic<int> inside{0}, most{0}, done{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        const auto pass = gate.enter(milliseconds(60'000));
        if (!pass) continue;
        const int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        --inside;
        ++done;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 400);
  EXPECT_LE(most, 2);
}

TEST(RenderLimits, AreConfigured) {
  auto config = Config::parse("[render]\nthreads = 2\ncache_bytes = 0\ninput_pixels_max = 1000\n");
  ASSERT_TRUE(config.has_value());
  const RenderLimits limits = RenderLimits::from(*config);
  EXPECT_EQ(limits.threads, 2u);
  EXPECT_EQ(limits.cache_bytes, 0u);
  EXPECT_EQ(limits.input_pixels_max, 1000u);
  EXPECT_EQ(limits.cine_frames_max, RenderLimits().cine_frames_max);
  EXPECT_TRUE(config->check().has_value());
  auto wrong = Config::parse("[render]\nthreads = 0\n");
  RenderLimits::from(*wrong);
  EXPECT_TRUE(wrong->check().has_error());
}

}  // namespace
}  // namespace medarc::dicom
