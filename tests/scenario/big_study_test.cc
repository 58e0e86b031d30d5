// One study of very many instances, sent over eight associations while four viewers read it.
// Nothing fails, and what was acknowledged is what is there. Short here;
// MEDARC_STUDY_INSTANCES=20000 is the long form (tools/long/big-study), whose last line tells what
// the viewers waited.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "tests/scenario/clients.h"
#include "tests/support/dicom_maker.h"

namespace medarc::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSenders = 8, kViewers = 4, kIdleQueries = 400;
constexpr int kTimeoutMs = 600'000;
constexpr int kFirst = 100'000;                     // instance number
constexpr uint64_t kGrowthBytesMax = 512ull << 20;  // whatever the number of instances
const std::string kCt = "1.2.840.10008.5.1.4.1.1.2", kExplicit = "1.2.840.10008.1.2.1";
const std::string kStudy = "2.25.31415", kSeries = "2.25.31416";

int instances_wanted() {
  const char* text = std::getenv("MEDARC_STUDY_INSTANCES");
  return text == nullptr ? 400 : std::atoi(text);
}

std::string uid_of(int number) { return kSeries + "." + std::to_string(kFirst + number); }

// Instances differ in their numbers alone, which are all of one length: making them must not cost
// what is to be measured.
std::string dataset_of(int number) {
  static const std::string zero = [] {
    ImageRecipe recipe;
    recipe.study_uid = kStudy;
    recipe.series_uid = kSeries;
    recipe.sop_uid = uid_of(0);
    recipe.instance_number = kFirst;
    recipe.rows = recipe.columns = 128;
    return make_dataset(recipe);
  }();
  std::string out = zero;
  const std::string from = std::to_string(kFirst), to = std::to_string(kFirst + number);
  for (size_t at = 0; (at = out.find(from, at)) != std::string::npos; at += to.size()) {
    out.replace(at, to.size(), to);
  }
  return out;
}

bool send(RawAssociation& association, int number) {
  const auto answer = association.store(1, kCt, uid_of(number), dataset_of(number));
  return answer && answer->status == 0;
}

RawAssociation associate(uint16_t port, int sender) {
  RawRequest request;
  request.calling = "SCANNER" + std::to_string(sender);
  request.contexts = {{1, kCt, {kExplicit}}};
  return RawAssociation(port, request);
}

double quantile(std::vector<double> all, double q) {
  if (all.empty()) return 0;
  std::sort(all.begin(), all.end());
  return all[static_cast<size_t>(q * static_cast<double>(all.size() - 1))];
}

class BigStudy : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.ready()) << server_.ready_line(); }

  // What a study list asks; how long it took.
  double query(HttpClient& client) {
    const auto start = Clock::now();
    const HttpAnswer answer = client.get("/dicom-web/studies?StudyInstanceUID=" + kStudy);
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (answer.status != 200 || answer.body.find(kStudy) == std::string::npos) ++failures_;
    return ms;
  }

  // The same way without work behind it: what the machine itself makes everybody wait.
  double nothing(HttpClient& client) {
    const auto start = Clock::now();
    if (client.get("/healthz").status != 200) ++failures_;
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  }

  // A person who scrolls: a frame somewhere, its metadata, the list of a page, now and then a
  // thumbnail.
  void view(uint64_t seed) {
    std::mt19937_64 random(seed);
    HttpClient client(server_.http_port(), kTimeoutMs);
    const std::string series = "/dicom-web/studies/" + kStudy + "/series/" + kSeries;
    while (!sent_all_) {
      const double ms = query(client), least = nothing(client);
      {
        std::lock_guard lock(mutex_);
        waited_ms_.push_back(ms);
        floor_ms_.push_back(least);
      }
      const std::string instance =
          series + "/instances/" +
          uid_of(static_cast<int>(random() % acknowledged_of_first_) * kSenders);
      expect(client.get(instance + "/frames/1"));
      expect(client.get(instance + "/metadata"));
      expect(client.get(series + "/instances?limit=25&offset=" +
                        std::to_string(random() % acknowledged_of_first_)));
      if (random() % 16 == 0) expect(client.get(instance + "/thumbnail"));
    }
  }
  void expect(const HttpAnswer& answer) {
    ++reads_;
    if (answer.status != 200) ++failures_;
  }

  const int count_ = instances_wanted();
  TempDir dir_;
  ServerProcess server_{dir_ / "data"};
  std::atomic<int> acknowledged_{0}, acknowledged_of_first_{0}, failures_{0}, reads_{0};
  std::atomic<bool> sent_all_{false};
  std::mutex mutex_;
  std::vector<double> waited_ms_, floor_ms_;
};

TEST_F(BigStudy, ArrivesOverEightAssociationsWhileFourViewersRead) {
  {
    RawAssociation first = associate(server_.dicom_port(), 0);
    ASSERT_TRUE(first.established());
    ASSERT_TRUE(send(first, 0));
    first.release();
  }
  acknowledged_ = acknowledged_of_first_ = 1;
  HttpClient client(server_.http_port(), kTimeoutMs);
  std::vector<double> idle_ms;
  for (int i = 0; i < kIdleQueries; ++i) idle_ms.push_back(query(client));
  const uint64_t before = server_.resident_bytes();

  const auto start = Clock::now();
  std::vector<std::thread> senders, viewers;
  for (int s = 0; s < kSenders; ++s) {
    senders.emplace_back([this, s] {
      RawAssociation association = associate(server_.dicom_port(), s);
      for (int n = s == 0 ? kSenders : s; n < count_; n += kSenders) {
        if (!send(association, n)) {
          ++failures_;
          return;
        }
        ++acknowledged_;
        if (s == 0) ++acknowledged_of_first_;
      }
      association.release();
    });
  }
  for (int v = 0; v < kViewers; ++v)
    viewers.emplace_back([this, v] { view(static_cast<uint64_t>(v)); });
  uint64_t resident = before;
  std::thread watch([&] {
    while (!sent_all_) {
      resident = std::max(resident, server_.resident_bytes());
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  for (std::thread& thread : senders) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  sent_all_ = true;
  for (std::thread& thread : viewers) thread.join();
  watch.join();

  EXPECT_EQ(failures_, 0);
  EXPECT_EQ(acknowledged_, count_);
  const HttpAnswer study = client.get("/dicom-web/studies?StudyInstanceUID=" + kStudy);
  EXPECT_NE(
      study.body.find("\"00201208\":{\"vr\":\"IS\",\"Value\":[" + std::to_string(count_) + "]}"),
      std::string::npos)
      << study.body;
  // Every instance, in the order of a viewer that asks for the series.
  const HttpAnswer metadata =
      client.get("/dicom-web/studies/" + kStudy + "/series/" + kSeries + "/metadata");
  ASSERT_EQ(metadata.status, 200);
  int named = 0;
  for (size_t at = 0; (at = metadata.body.find("\"00080018\"", at)) != std::string::npos; ++at)
    ++named;
  EXPECT_EQ(named, count_);
#if !defined(__SANITIZE_ADDRESS__)  // keeps up to 256 MiB of what was freed
  EXPECT_LT(resident, before + kGrowthBytesMax);
#endif
  std::printf(
      "figure big-study instances=%d seconds=%.1f per_second=%.0f reads=%d qido_idle_p99=%.2fms "
      "qido_p50=%.2fms qido_p99=%.2fms "
      "nothing_p99=%.2fms rss_max=%lluMiB failures=%d\n",
      count_, seconds, count_ / seconds, reads_.load(), quantile(idle_ms, 0.99),
      quantile(waited_ms_, 0.5), quantile(waited_ms_, 0.99), quantile(floor_ms_, 0.99),
      static_cast<unsigned long long>(resident >> 20), failures_.load());
}

}  // namespace
}  // namespace medarc::test
