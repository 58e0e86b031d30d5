// kill -9 while a sorted derivative is being made, again and again: the next process makes it,
// whole, and nothing of the earlier attempts is left.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include "tests/support/genome_maker.h"
#include "tests/support/http_client.h"
#include "tests/support/server_process.h"

namespace medarc::test {
namespace {

bool is(const HttpAnswer& answer, const std::string& state) {
  return answer.body.find(R"("role":"sorted","state":")" + state + '"') != std::string::npos;
}

TEST(Sorting, AKilledSortIsDoneByTheNextProcess) {
  const char* text = getenv("MEDARC_KILL_CYCLES");
  const int cycles = text == nullptr ? 4 : std::atoi(text);
  TempDir dir;
  const std::string data = dir / "data";
  // Little memory: many temporary files, merged in several rounds.
  const std::vector<std::string> arguments = {"--set", "genomics.sort_memory_bytes=1048576",
                                              "--set", "genomics.sort_runs_merged_max=4"};
  const std::string bam =
      make_bam(
          {.seed = 61, .records = 120'000, .unplaced = 2'000, .straddle = true, .sorted = false})
          .bytes;
  std::mt19937_64 random(7);
  int killed_in_work = 0;
  for (int cycle = 0; cycle < cycles; ++cycle) {
    ServerProcess server(data, arguments);
    ASSERT_TRUE(server.ready()) << server.ready_line();
    if (cycle == 0) {
      ASSERT_EQ(http(server.http_port(), "POST", "/genomics/files?id=one", {}, bam).status, 201);
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    HttpAnswer file;
    do {
      file = http(server.http_port(), "GET", "/genomics/files/one");
      ASSERT_LT(std::chrono::steady_clock::now(), until);
    } while (!is(file, "running") && !is(file, "made"));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 100'000));
    killed_in_work += is(http(server.http_port(), "GET", "/genomics/files/one"), "running");
    server.kill();
  }
  EXPECT_GT(killed_in_work, 0) << "no kill met a sort";

  ServerProcess server(data, arguments);
  ASSERT_TRUE(server.ready());
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  HttpAnswer sorted;
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    sorted = http(server.http_port(), "GET", "/genomics/files/one/content?derivative=sorted");
    ASSERT_LT(std::chrono::steady_clock::now(), until);
  } while (sorted.status != 200);
  write_file(dir / "in.bam", bam);
  write_file(dir / "ours.bam", sorted.body);
  run_tool({"samtools", "sort", "-o", dir / "theirs.bam", dir / "in.bam"});
  EXPECT_TRUE(run_tool({"samtools", "view", dir / "ours.bam"}) ==
              run_tool({"samtools", "view", dir / "theirs.bam"}));
  EXPECT_EQ(http(server.http_port(), "GET", "/genomics/files/one/content").body, bam);
  EXPECT_TRUE(std::filesystem::is_empty(data + "/temporary")) << "temporary files";
  // The job goes when its derivative is seen already.
  while (http(server.http_port(), "GET", "/admin/jobs").body != "{\"jobs\":[]}") {
    ASSERT_LT(std::chrono::steady_clock::now(), until);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(server.stop(), 0);
  const CommandResult rebuilt =
      run_medarc({"rebuild-index", "--data", data, "--compare", "--json"});
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.out << rebuilt.err;
  EXPECT_EQ(run_medarc({"gc", "--data", data, "--json"}).exit_code, 0);
  const CommandResult verify = run_medarc({"verify", "--data", data, "--json"});
  EXPECT_EQ(verify.exit_code, 0) << verify.out << verify.err;
}

}  // namespace
}  // namespace medarc::test
