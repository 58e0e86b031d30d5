// kill -9 under load, again and again: nothing acknowledged is lost or altered, nothing is left over.
// Short here; MEDARC_KILL_CYCLES=200 (tools/long/kill9) is the long form.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "tests/scenario/writers.h"
#include "tools/sample/random.h"

namespace medarc::test {
namespace {

int cycles_wanted(const char* name, int fallback) {
  const char* text = getenv(name);
  return text == nullptr ? fallback : std::atoi(text);
}

TEST(Kill, R1NothingAcknowledgedIsLostOrAltered) {
  const int cycles = cycles_wanted("MEDARC_KILL_CYCLES", 5);
  TempDir dir;
  const std::string data = dir / "data";
  tools::sample::Random random(4711);
  std::vector<Acknowledged> all;
  double recovery_seconds_max = 0;
  uint64_t lost = 0, altered = 0;
  for (int cycle = 0; cycle < cycles; ++cycle) {
    ServerProcess server(data);
    ASSERT_TRUE(server.ready()) << "cycle " << cycle << ": " << server.ready_line();
    recovery_seconds_max = std::max(recovery_seconds_max, server.seconds_to_ready());
    Writers writers(server.http_port(), server.dicom_port(), uint64_t(cycle) * 1'000'000);
    // Until about a hundred objects are in, then a moment more, so that the kill meets any state.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (writers.acknowledged_count() < 100 && server.running() &&
           std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(60'000)));
    ASSERT_TRUE(server.running()) << "the server ended by itself";
    server.kill();
    const auto acknowledged = writers.stop();
    EXPECT_GE(acknowledged.size(), 20u) << "too few writes to prove anything";

    ServerProcess again(data);
    ASSERT_TRUE(again.ready()) << "cycle " << cycle;
    recovery_seconds_max = std::max(recovery_seconds_max, again.seconds_to_ready());
    const Reread found = read_back(again.http_port(), acknowledged);
    for (const std::string& example : found.examples) ADD_FAILURE() << "cycle " << cycle << ": " << example;
    lost += found.lost;
    altered += found.altered;
    all.insert(all.end(), acknowledged.begin(), acknowledged.end());
    again.kill();  // without a clean close, every time
  }

  // At the end everything again, then the offline checks.
  {
    ServerProcess server(data);
    ASSERT_TRUE(server.ready());
    const Reread found = read_back(server.http_port(), all);
    EXPECT_EQ(found.lost + found.altered, 0u);
    lost += found.lost;
    altered += found.altered;
    EXPECT_EQ(server.stop(), 0);
  }
  EXPECT_EQ(run_medarc({"gc", "--data", data, "--json"}).exit_code, 0);
  const CommandResult verify = run_medarc({"verify", "--data", data, "--json"});
  EXPECT_EQ(verify.exit_code, 0) << verify.out << verify.err;
  const std::string report = verify.last_line();
  EXPECT_EQ(json_number(report, "corrupt"), 0u);
  EXPECT_EQ(json_number(report, "dangling"), 0u);
  EXPECT_EQ(json_number(report, "orphans"), 0u) << report;
  const CommandResult rebuilt = run_medarc({"rebuild-index", "--data", data, "--compare", "--json"});
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.out << rebuilt.err;

  std::array<uint64_t, 4> kinds{};
  for (const Acknowledged& one : all) {
    ++kinds[one.kind == "C-STORE" ? 0 : one.kind == "STOW" ? 1 : one.kind == "upload" ? 2 : 3];
  }
  for (const uint64_t of_kind : kinds) EXPECT_GT(of_kind, 0u) << "a writer got nothing through";
  std::printf(
      "figure kill9 cycles=%d acknowledged=%zu (dimse %llu, stow %llu, upload %llu, fhir %llu) "
      "lost=%llu altered=%llu orphans=%llu recovery_max=%.3fs\n",
      cycles, all.size(), (unsigned long long)kinds[0], (unsigned long long)kinds[1],
      (unsigned long long)kinds[2], (unsigned long long)kinds[3], (unsigned long long)lost,
      (unsigned long long)altered, (unsigned long long)json_number(report, "orphans"),
      recovery_seconds_max);
}

}  // namespace
}  // namespace medarc::test
