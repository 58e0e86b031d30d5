// The power goes: the archive lives on a file system of its own in an image; while writers are busy
// the server is stopped dead and the image copied as the disk has it, without what the kernel still
// held in memory. On the copy everything acknowledged must be there.
//
// The negative control runs the same with archive.sync=false and must lose something, which shows
// that the test can see a loss. Needs root and loop devices; skipped without. Short here;
// MEDARC_POWER_CUTS=100 (tools/long/powercut) is the long form.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "tests/scenario/writers.h"

namespace medarc::test {
namespace {

int cuts_wanted(int fallback) {
  const char* text = getenv("MEDARC_POWER_CUTS");
  return text == nullptr ? fallback : std::atoi(text);
}

// An ext4 image mounted through a loop device; unmounted by the destructor.
class Mounted {
 public:
  Mounted(const std::string& image, const std::string& at) : at_(at) {
    std::filesystem::create_directories(at);
    mounted_ = run_command({"mount", "-o", "loop", image, at}).exit_code == 0;
  }
  ~Mounted() {
    // The server was killed a moment ago; its last file may still be closing.
    for (int i = 0; mounted_ && umount(at_.c_str()) != 0 && i < 50; ++i) usleep(100'000);
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  bool ok() const { return mounted_; }

 private:
  std::string at_;
  bool mounted_ = false;
};

bool make_image(const std::string& path) {
  return run_command({"truncate", "-s", "768M", path}).exit_code == 0 &&
         run_command({"mkfs.ext4", "-q", "-F", path}).exit_code == 0;
}

struct Cut {
  size_t acknowledged = 0;
  Reread found;
  bool ran = false;
};

Cut cut_once(const TempDir& dir, int number, bool sync) {
  Cut cut;
  const std::string image = dir / "disk", copy = dir / "copy";
  std::filesystem::remove(image);
  if (!make_image(image)) return cut;
  std::vector<Acknowledged> acknowledged;
  {
    Mounted disk(image, dir / "mnt");
    if (!disk.ok()) return cut;
    ServerProcess server(dir / "mnt/data", {"--set", sync ? "archive.sync=true" : "archive.sync=false"},
                         dir / "server.log");
    if (!server.ready()) return cut;
    Writers writers(server.http_port(), server.dicom_port(), uint64_t(number) * 1'000'000);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(400 + number % 7 * 100);
    while (std::chrono::steady_clock::now() < end || writers.acknowledged_count() < 20) {
      if (!server.running()) return cut;
      usleep(1000);
    }
    server.signal(SIGSTOP);
    const bool copied =
        run_command({"cp", "--sparse=always", image, copy}).exit_code == 0;
    server.kill();
    acknowledged = writers.stop();
    if (!copied) return cut;
  }
  cut.acknowledged = acknowledged.size();
  {
    Mounted disk(copy, dir / "mnt");
    if (!disk.ok()) return cut;
    ServerProcess server(dir / "mnt/data", {}, dir / "server.log");
    if (server.ready()) {
      cut.found = read_back(server.http_port(), acknowledged);
      cut.ran = true;
    } else if (!sync) {
      cut.found.lost = acknowledged.size();  // nothing that can be opened is left
      cut.ran = true;
    }
    server.kill();
  }
  std::filesystem::remove(copy);
  return cut;
}

class PowerCut : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0 || !std::filesystem::exists("/dev/loop-control")) {
      GTEST_SKIP() << "needs root and loop devices";
    }
    TempDir probe;
    if (!make_image(probe / "disk") || !Mounted(probe / "disk", probe / "mnt").ok()) {
      GTEST_SKIP() << "cannot mount an image here";
    }
  }
};

TEST_F(PowerCut, R2NothingAcknowledgedIsLost) {
  const int cuts = cuts_wanted(2);
  TempDir dir;
  uint64_t acknowledged = 0, lost = 0, altered = 0;
  for (int i = 0; i < cuts; ++i) {
    const Cut cut = cut_once(dir, i, true);
    ASSERT_TRUE(cut.ran) << "cut " << i << ": the server did not start on what the disk had";
    for (const std::string& example : cut.found.examples) ADD_FAILURE() << "cut " << i << ": " << example;
    acknowledged += cut.acknowledged;
    lost += cut.found.lost;
    altered += cut.found.altered;
  }
  std::printf("figure powercut cuts=%d acknowledged=%llu lost=%llu altered=%llu\n", cuts,
              (unsigned long long)acknowledged, (unsigned long long)lost, (unsigned long long)altered);
}

TEST_F(PowerCut, R2TheTestSeesALossWhenSyncingIsOff) {
  TempDir dir;
  uint64_t missing = 0, acknowledged = 0;
  int cuts = 0;
  for (; cuts < 5 && missing == 0; ++cuts) {
    const Cut cut = cut_once(dir, 100 + cuts, false);
    ASSERT_TRUE(cut.ran);
    acknowledged += cut.acknowledged;
    missing += cut.found.lost + cut.found.altered;
  }
  EXPECT_GT(missing, 0u) << "a build that does not sync lost nothing: the test proves nothing";
  std::printf("figure powercut-control cuts=%d acknowledged=%llu lost=%llu (syncing off)\n", cuts,
              (unsigned long long)acknowledged, (unsigned long long)missing);
}

}  // namespace
}  // namespace medarc::test
