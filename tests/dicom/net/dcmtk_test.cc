// DCMTK's own clients with their default settings, Nagle's algorithm included.
#include <algorithm>

#include "tests/dicom/net/net_fixture.h"

namespace medarc::dicom::test {
namespace {

using std::chrono::steady_clock;

class DcmtkNet : public NetTest {
 protected:
  std::string at() const { return " -aec MEDARC 127.0.0.1 " + std::to_string(port()); }
};

TEST_F(DcmtkNet, Echoscu) {
  start();
  const Ran ran = run("echoscu --repeat 3" + at());
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_NE(run("echoscu -aec WRONG 127.0.0.1 " + std::to_string(port())).exit_code, 0);
  EXPECT_EQ(run("echoscu -pdu 4096 -pts 30" + at()).exit_code, 0);
}

TEST_F(DcmtkNet, D1_StorescuAndDcmsendStoreWhatTheyRead) {
  start();
  std::string files;
  for (int i = 1; i <= 4; ++i) files += " " + ct_file(dir, "1.2." + std::to_string(i), 100'000);
  Ran ran = run("storescu" + at() + files);
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  for (int i = 1; i <= 4; ++i) {
    const std::string instance = "1.2." + std::to_string(i);
    ASSERT_TRUE(imaging.kept().contains(instance));
    EXPECT_EQ(imaging.kept().at(instance).dataset, ct_dataset(instance, 100'000));
  }
  ran = run("dcmsend -v" + at() + " " + ct_file(dir, "1.2.5", 300'000));
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_TRUE(imaging.kept().contains("1.2.5"));
}

TEST_F(DcmtkNet, D5_StorescuWithSmallAndLargePdus) {
  start();
  int n = 0;
  for (const char* pdu : {"4096", "131072"}) {
    const std::string instance = "1.2." + std::to_string(++n);
    const Ran ran = run(std::string("storescu -pdu ") + pdu + " --max-send-pdu " + pdu + at() +
                        " " + ct_file(dir, instance, 526'000));
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    EXPECT_EQ(imaging.kept().at(instance).dataset, ct_dataset(instance, 526'000));
  }
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int64_t kRoundTripMaxUs = 30'000;  // slow, but still under a delayed acknowledgement
#else
constexpr int64_t kRoundTripMaxUs = 10'000;
#endif
#if defined(__SANITIZE_THREAD__)
constexpr bool kLargeTell = false;  // reading a large object takes as long as the stall
#else
constexpr bool kLargeTell = true;
#endif

// T1: between two requests of a sender that waits for each answer lies one round trip. The times
// are taken where objects arrive; with delayed acknowledgements they would be 40 ms and more.
TEST_F(DcmtkNet, T1_AStockStorescuMeetsNo40MillisecondStall) {
  std::mutex mutex;
  std::vector<steady_clock::time_point> arrivals;
  imaging.on_begin = [&](const StoreStart&) -> std::optional<Error> {
    std::lock_guard lock(mutex);
    arrivals.push_back(steady_clock::now());
    return std::nullopt;
  };
  start();
  // Small ones as well: with large ones a slow reader's window updates can hide the stall.
  const int count = 30;
  std::string small, large;
  for (int i = 1; i <= count; ++i) {
    small += " " + ct_file(dir, "1.2." + std::to_string(i), 3'000);
    large += " " + ct_file(dir, "1.3." + std::to_string(i), 526'000);
  }
  const std::pair<std::string, std::string> runs[] = {{"storescu_small", "storescu" + at() + small},
                                                      {"storescu_ct", "storescu" + at() + large},
                                                      {"dcmsend_small", "dcmsend" + at() + small},
                                                      {"dcmsend_ct", "dcmsend" + at() + large}};
  for (const auto& [name, command] : runs) {
    if (!kLargeTell && name.ends_with("_ct")) continue;
    const Ran ran = run(command);
    ASSERT_EQ(ran.exit_code, 0) << ran.output;
    std::vector<steady_clock::time_point> times;
    {
      std::lock_guard lock(mutex);
      times.swap(arrivals);
    }
    ASSERT_EQ(times.size(), static_cast<size_t>(count));
    std::vector<int64_t> trips_us;
    for (size_t i = 1; i < times.size(); ++i) {
      trips_us.push_back(
          std::chrono::duration_cast<std::chrono::microseconds>(times[i] - times[i - 1]).count());
    }
    std::nth_element(trips_us.begin(), trips_us.begin() + count / 2, trips_us.end());
    RecordProperty(name + "_p50_us", static_cast<int>(trips_us[count / 2]));
    EXPECT_LT(trips_us[count / 2], kRoundTripMaxUs) << name;
  }
}

}  // namespace
}  // namespace medarc::dicom::test
