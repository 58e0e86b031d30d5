// Clock, log texts, metrics and the bounded pool.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/scheduling.h"
#include "base/thread_pool.h"

namespace medarc {
namespace {

TEST(Clock, Texts) {
  EXPECT_EQ(to_rfc3339({0}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_rfc3339({-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(to_http_date({784111777000000}), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110 5.6.7
}

TEST(Metrics, TextHoldsCountersAndCumulativeBuckets) {
  counter("medarc_test_total", "Test.", "kind=\"a\"").add(3);
  Histogram& h = histogram("medarc_test_seconds", "Test.");
  h.observe_us(10);
  h.observe_us(70);
  h.observe_us(1'000'000'000);
  const std::string text = metrics_text();
  EXPECT_NE(text.find("medarc_test_total{kind=\"a\"} 3\n"), std::string::npos);
  EXPECT_NE(text.find("medarc_test_seconds_bucket{le=\"5e-05\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("medarc_test_seconds_bucket{le=\"0.0001\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("medarc_test_seconds_bucket{le=\"+Inf\"} 3\n"), std::string::npos);
  EXPECT_EQ(&counter("medarc_test_total", "Test.", "kind=\"a\""),
            &counter("medarc_test_total", "Test.", "kind=\"a\""));
}

TEST(ThreadPool, RunsEverythingQueuedAndRefusesBeyondTheLimit) {
  std::atomic<int> ran{0};
  std::promise<void> gate;
  auto open = gate.get_future().share();
  {
    ThreadPool pool(1, 2);
    std::promise<void> started;
    ASSERT_TRUE(pool.try_post([&] {
      started.set_value();
      open.wait();
      ++ran;
    }));
    started.get_future().wait();
    ASSERT_TRUE(pool.try_post([&] { ++ran; }));
    ASSERT_TRUE(pool.try_post([&] { ++ran; }));
    EXPECT_FALSE(pool.try_post([&] { ++ran; }));
    gate.set_value();
  }
  EXPECT_EQ(ran, 3);
}

TEST(Scheduling, AskingForShortTurnsChangesNeitherPolicyNorShare) {
  std::thread([] {
    ASSERT_EQ(setpriority(PRIO_PROCESS, 0, 3), 0);
    ask_for_short_turns();
    EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 3);
  }).join();
}

}  // namespace
}  // namespace medarc
