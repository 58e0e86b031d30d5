// The worker pool: what it gives, and what a worker that crashes, hangs, lies or was taken over can
// do.
#include "dicom/pixel/codec_pool.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/pixel/codecs/codec.h"
#include "tests/support/frames.h"

namespace medarc::dicom {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kRle = "1.2.840.10008.1.2.5";

std::string beside_us(const char* name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

// Processes that this one started and that live.
std::vector<pid_t> children() {
  std::vector<pid_t> out;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream in(task.path() / "children");
    for (pid_t pid; in >> pid;) out.push_back(pid);
  }
  return out;
}

class CodecPoolTest : public ::testing::Test {
 protected:
  CodecPoolTest() { set_log_level(Level::off); }
  ~CodecPoolTest() override { set_log_level(Level::info); }

  void start(const char* program, uint32_t deadline_ms = 20'000) {
    limits_.program = program == nullptr ? "" : beside_us(program);
    limits_.workers = 2;
    limits_.deadline_ms = deadline_ms;
    auto pool = CodecPool::start(limits_);
    ASSERT_TRUE(pool.has_value()) << pool.error().text;
    pool_ = std::move(*pool);
  }

  // What a taken-over worker does when it is told to.
  Result<Frame> tell(std::string_view what, std::string_view object = "") {
    return pool_->decode(kRle, object, shape_, what);
  }

  CodecLimits limits_;
  FrameShape shape_ = test::all_shapes()[2].shape;
  std::unique_ptr<CodecPool> pool_;
};

TEST_F(CodecPoolTest, TheListOfCodecsIsTheWorkersOwn) {
  size_t known = 0;
  for (const codec::Codec& c : codec::codecs()) {
    EXPECT_TRUE(can_decode(c.transfer_syntax)) << c.transfer_syntax;
    EXPECT_EQ(can_encode(c.transfer_syntax), c.encode != nullptr) << c.transfer_syntax;
    ++known;
  }
  EXPECT_EQ(known, 15u);
  EXPECT_FALSE(can_decode("1.2.840.10008.1.2.1"));
  EXPECT_FALSE(can_decode("1.2.840.10008.1.2.4.92"));
}

TEST_F(CodecPoolTest, EveryCodecRoundTripsThroughItsWorker) {
  start(nullptr);
  for (const codec::Codec& c : codec::codecs()) {
    if (c.encode == nullptr) continue;
    for (const test::NamedShape& kind : test::all_shapes()) {
      if (kind.name == "large") continue;
      const Frame frame = test::make_frame(kind.shape);
      const auto encoded = pool_->encode(c.transfer_syntax, frame);
      // What is promised is kept, and nothing else is.
      EXPECT_EQ(encoded.has_value(), can_encode(c.transfer_syntax, kind.shape))
          << c.transfer_syntax << " " << kind.name;
      if (encoded.has_error()) continue;
      FrameShape declared = kind.shape;
      declared.photometric = encoded->photometric;
      declared.planar = false;  // as the dataset says then
      const auto back = pool_->decode(c.transfer_syntax, "", declared, encoded->codestream);
      ASSERT_TRUE(back.has_value()) << back.error().text;
      EXPECT_EQ(back->shape.photometric, kind.shape.photometric);
      if (back->shape.planar == kind.shape.planar) {
        EXPECT_TRUE(back->pixels == frame.pixels);
      }
    }
  }
}

TEST_F(CodecPoolTest, EscapesAreRefused) {
  start("bad_codec");
  for (const char* attempt : {"open",         "create",          "openat2",     "stat",
                              "unlink",       "socket",          "unix_socket", "exec",
                              "fork",         "clone3",          "kill_other",  "kill_all",
                              "ptrace",       "write_stdout",    "read_socket", "dup",
                              "shrink",       "pass_descriptor", "exec_memory", "signal_handler",
                              "raise_limits", "io_uring",        "unshare"}) {
    const auto frame = tell(attempt);
    ASSERT_TRUE(frame.has_value()) << attempt << ": " << frame.error().text;
    EXPECT_EQ(frame->pixels[0], 'R') << attempt;
  }
}

TEST_F(CodecPoolTest, ACrashCostsOneRequest) {
  start("bad_codec");
  Counter& lost = counter("medarc_codec_worker_failures_total", "", "reason=\"crash\"");
  const uint64_t before = lost.value();
  for (const char* how : {"crash", "abort", "exit"}) {
    const auto frame = tell(how);
    ASSERT_TRUE(frame.has_error()) << how;
    EXPECT_EQ(frame.error().code, Code::corrupt);
    EXPECT_NE(frame.error().text.find("the codec crashed on this frame: ended "), std::string::npos)
        << frame.error().text;
    EXPECT_TRUE(tell("open").has_value());
  }
  EXPECT_EQ(lost.value(), before + 3);
  EXPECT_EQ(children().size(), 2u);
}

TEST_F(CodecPoolTest, AHangEndsAtTheDeadline) {
  start("bad_codec", 1000);
  const auto begun = steady_clock::now();
  const auto frame = tell("hang");
  ASSERT_TRUE(frame.has_error());
  EXPECT_EQ(frame.error().code, Code::deadline);
  EXPECT_GE(steady_clock::now() - begun, milliseconds(1000));
  EXPECT_TRUE(tell("open").has_value());
}

TEST_F(CodecPoolTest, KilledInTheMiddleOfARequest) {
  start("bad_codec", 60'000);
  Result<Frame> frame = Frame{};
  std::thread asking([&] { frame = tell("hang"); });
  std::this_thread::sleep_for(milliseconds(100));
  for (const pid_t pid : children()) kill(pid, SIGKILL);  // the idle one as well
  asking.join();
  ASSERT_TRUE(frame.has_error());
  EXPECT_EQ(frame.error().code, Code::corrupt);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(tell("open").has_value());
}

TEST_F(CodecPoolTest, AMemoryBombMeetsItsLimit) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the limit is one of address space, which a sanitizer fills itself";
#endif
  limits_.memory_bytes_max = 256u << 20;
  start("bad_codec", 300'000);
  const auto frame = tell("bomb");
  ASSERT_TRUE(frame.has_error());
  EXPECT_EQ(frame.error().code, Code::too_large) << frame.error().text;
}

TEST_F(CodecPoolTest, LiesAreNotBelieved) {
  start("bad_codec");
  for (const char* lie : {"more_than_asked", "less_than_asked", "other_shape", "other_code",
                          "rubbish_text", "silly_term", "rubbish", "long_rubbish"}) {
    const auto frame = tell(lie);
    ASSERT_TRUE(frame.has_error()) << lie;
    EXPECT_EQ(frame.error().code, Code::corrupt) << lie;
    EXPECT_EQ(frame.error().text.find('\x1B'), std::string::npos);
    EXPECT_TRUE(tell("open").has_value()) << lie;
  }
}

TEST_F(CodecPoolTest, AnObjectThatGoesOnCrashingIsQuarantined) {
  limits_.crashes_max = 2;
  limits_.quarantined_max = 3;
  start("bad_codec");
  Gauge& quarantined = gauge("medarc_codec_quarantined_objects", "");
  const int64_t before = quarantined.value();
  EXPECT_TRUE(tell("crash", "object-a").has_error());
  EXPECT_TRUE(tell("open", "object-a").has_value());
  EXPECT_TRUE(tell("crash", "object-a").has_error());
  EXPECT_EQ(quarantined.value(), before + 1);
  const auto frame = tell("open", "object-a");
  ASSERT_TRUE(frame.has_error());
  EXPECT_EQ(frame.error().code, Code::corrupt);
  EXPECT_NE(frame.error().text.find("lost to it 2 times"), std::string::npos) << frame.error().text;
  EXPECT_TRUE(tell("open", "object-b").has_value());
  // What is remembered is bounded.
  for (int i = 0; i < 10; ++i) tell("crash", "other-" + std::to_string(i));
  EXPECT_GE(quarantined.value(), before);
}

TEST_F(CodecPoolTest, ManyAskAtOnce) {
  start(nullptr, 60'000);
  const Frame frame = test::make_frame(test::all_shapes().back().shape);
  const auto encoded = pool_->encode("1.2.840.10008.1.2.4.201", frame);
  ASSERT_TRUE(encoded.has_value());
  std::atomic<int> right = 0;
  std::vector<std::thread> asking;
  for (int t = 0; t < 8; ++t) {
    asking.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        const auto back =
            pool_->decode("1.2.840.10008.1.2.4.201", "", frame.shape, encoded->codestream);
        if (back.has_value() && back->pixels == frame.pixels) ++right;
      }
    });
  }
  for (std::thread& t : asking) t.join();
  EXPECT_EQ(right, 40);
}

TEST_F(CodecPoolTest, NobodyWaitsForEver) {
  start("bad_codec", 300);
  std::vector<std::thread> asking;
  std::atomic<int> busy = 0, late = 0;
  for (int t = 0; t < 6; ++t) {
    asking.emplace_back([&] {
      const auto frame = tell("hang");
      if (frame.has_error() && frame.error().code == Code::unavailable) ++busy;
      if (frame.has_error() && frame.error().code == Code::deadline) ++late;
    });
  }
  for (std::thread& t : asking) t.join();
  EXPECT_EQ(busy + late, 6);
  EXPECT_GE(late, 2);
}

TEST_F(CodecPoolTest, LimitsAreKept) {
  limits_.frame_bytes_max = 1000;
  start(nullptr);
  EXPECT_EQ(tell("x").error().code, Code::too_large);
  shape_.rows = shape_.columns = 0xFFFFFFFF;
  EXPECT_EQ(tell("x").error().code, Code::unsupported);
  shape_.rows = 0;
  EXPECT_EQ(tell("x").error().code, Code::unsupported);
  EXPECT_EQ(pool_->decode("1.2.3", "", shape_, "x").error().code, Code::unsupported);
  EXPECT_EQ(tell("").error().code, Code::corrupt);
}

TEST_F(CodecPoolTest, StartsWorkersWhenTheyAreNeeded) {
  const auto pool = CodecPool::create(limits_);
  EXPECT_TRUE(children().empty());
  const Frame frame = test::make_frame(shape_);
  EXPECT_TRUE(pool->encode(kRle, frame).has_value());
  EXPECT_EQ(children().size(), 1u);
  EXPECT_TRUE(pool->warm_up().has_value());
  EXPECT_EQ(children().size(), limits_.workers);
}

TEST_F(CodecPoolTest, WithoutTheProgramItSaysSo) {
  limits_.program = "/nowhere/medarc-codec";
  const auto missing = CodecPool::start(limits_);
  ASSERT_TRUE(missing.has_error());
  EXPECT_EQ(missing.error().code, Code::unavailable);
  limits_.program = "/bin/true";  // runs, but says nothing
  EXPECT_EQ(CodecPool::start(limits_).error().code, Code::unavailable);
  EXPECT_TRUE(children().empty());
}

// Damage of every kind to codestreams of every codec: an answer, and workers for the next request.
TEST_F(CodecPoolTest, GarbageOfEveryCodecIsAnswered) {
  start(nullptr, 1500);
  std::mt19937 random(7);
  FrameShape shape = test::all_shapes()[12].shape;
  shape.rows = 24;
  shape.columns = 25;
  const Frame frame = test::make_frame(shape);
  for (const codec::Codec& c : codec::codecs()) {
    const std::string_view maker =
        c.encode != nullptr ? c.transfer_syntax : "1.2.840.10008.1.2.4.70";
    const auto encoded = pool_->encode(maker, frame);
    ASSERT_TRUE(encoded.has_value());
    for (int i = 0; i < 20; ++i) {
      Bytes bad = encoded->codestream;
      if (i % 2 == 0) bad.resize(random() % bad.size() + 1);
      for (int k = 0; k <= i / 6; ++k) bad[random() % bad.size()] = static_cast<char>(random());
      if (i == 19) {
        for (char& byte : bad) byte = static_cast<char>(random());
      }
      const auto back = pool_->decode(c.transfer_syntax, "", shape, bad);
      if (back.has_error()) {
        EXPECT_TRUE(back.error().code == Code::corrupt || back.error().code == Code::deadline ||
                    back.error().code == Code::unsupported || back.error().code == Code::too_large)
            << back.error().text;
      } else {
        EXPECT_EQ(back->pixels.size(), frame.pixels.size());
      }
    }
    const auto whole = pool_->decode(maker, "", shape, encoded->codestream);
    ASSERT_TRUE(whole.has_value());
    EXPECT_TRUE(whole->pixels == frame.pixels);
  }
}

}  // namespace
}  // namespace medarc::dicom
