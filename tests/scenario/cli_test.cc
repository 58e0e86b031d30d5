// The command line: what a person meets first.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/scenario/clients.h"
#include "tests/support/dicom_maker.h"
#include "tests/support/genome_maker.h"

namespace medarc::test {
namespace {

TEST(CommandLine, ServeSaysWhenItIsReadyAndEndsOnSigterm) {
  TempDir dir;
  ServerProcess server(dir / "data");
  ASSERT_TRUE(server.ready()) << server.ready_line();
  EXPECT_EQ(server.ready_line(),
            "medarc ready http=127.0.0.1:" + std::to_string(server.http_port()) +
                " dicom=127.0.0.1:" + std::to_string(server.dicom_port()) +
                " data=" + (dir / "data"));
  EXPECT_NE(server.http_port(), 0);
  EXPECT_NE(server.dicom_port(), 0);
  EXPECT_EQ(http(server.http_port(), "GET", "/readyz").status, 200);
  EXPECT_EQ(server.stop(), 0);
}

TEST(CommandLine, ServeLogsTheLibrariesItRunsWith) {
  TempDir dir;
  ServerProcess server(dir / "data", {}, dir / "log");
  ASSERT_TRUE(server.ready());
  server.stop();
  std::ifstream in(dir / "log");
  const std::string log((std::istreambuf_iterator<char>(in)), {});
  for (const char* name : {"librocksdb", "libdcmdata", "libhts", "libcrypto"}) {
    EXPECT_NE(log.find(name), std::string::npos) << name;
  }
}

TEST(CommandLine, ServeRefusesToBeReachableWithoutCredentials) {
  TempDir dir;
  const auto http =
      run_medarc({"serve", "--data", dir / "a", "--http", "0.0.0.0:0", "--dicom", "127.0.0.1:0"});
  EXPECT_EQ(http.exit_code, 2);
  EXPECT_NE(http.err.find("security.token"), std::string::npos) << http.err;
  const auto dicom =
      run_medarc({"serve", "--data", dir / "a", "--http", "127.0.0.1:0", "--dicom", "0.0.0.0:0"});
  EXPECT_EQ(dicom.exit_code, 2);
  EXPECT_NE(dicom.err.find("dicom.peer"), std::string::npos) << dicom.err;
  EXPECT_FALSE(std::filesystem::exists(dir / "a"));
}

TEST(CommandLine, OneArchiveHasOneProcess) {
  TempDir dir;
  ServerProcess server(dir / "data");
  ASSERT_TRUE(server.ready());
  const auto stats = run_medarc({"stats", "--data", dir / "data"});
  EXPECT_EQ(stats.exit_code, 3);
  EXPECT_NE(stats.err.find("in use"), std::string::npos) << stats.err;
}

TEST(CommandLine, AMissingArchiveIsNotMadeByLookingAtIt) {
  TempDir dir;
  for (const char* verb : {"stats", "verify", "gc", "rebuild-index"}) {
    const auto result = run_medarc({verb, "--data", dir / "none"});
    EXPECT_EQ(result.exit_code, 3) << verb;
    EXPECT_NE(result.err.find("no archive"), std::string::npos) << verb << result.err;
  }
  EXPECT_FALSE(std::filesystem::exists(dir / "none"));
}

TEST(CommandLine, ConfigPrintsAFileThatItReadsBack) {
  TempDir dir;
  const auto printed = run_medarc({"config"});
  ASSERT_EQ(printed.exit_code, 0) << printed.err;
  EXPECT_NE(printed.out.find("[http]"), std::string::npos);
  std::ofstream(dir / "all.toml") << printed.out;
  const auto again = run_medarc({"config", "--config", dir / "all.toml"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(again.out, printed.out);
}

TEST(CommandLine, AMisspeltSettingIsAnErrorThatNamesIt) {
  const auto result = run_medarc({"config", "--set", "http.prot=1"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("http.prot"), std::string::npos) << result.err;
}

TEST(CommandLine, AWrongRuleForASenderIsRefusedWithItsReason) {
  TempDir dir;
  std::ofstream(dir / "wrong.toml") << "[[dicom.quirk]]\naet = \"CT1\"\ncharset = \"LATIN9\"\n";
  const auto result = run_medarc({"serve", "--data", dir / "a", "--config", dir / "wrong.toml"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("dicom.quirk: unknown charset LATIN9"), std::string::npos)
      << result.err;
  EXPECT_FALSE(std::filesystem::exists(dir / "a"));
}

TEST(CommandLine, ImportNamesIndexesThatAreNotOfTheirFiles) {
  TempDir dir;
  const std::vector<std::string> names = {"good.bam", "stale.bam", "damaged.bam"};
  for (size_t i = 0; i < names.size(); ++i) {
    write_file(dir / names[i], make_bam({.seed = i, .records = 500}).bytes);
    run_tool({"samtools", "index", dir / names[i]});
  }
  std::filesystem::copy_file(dir / "good.bam.bai", dir / "stale.bai");
  std::filesystem::remove(dir / "stale.bam.bai");
  std::filesystem::resize_file(dir / "damaged.bam.bai", 20);
  const auto done = run_medarc({"import", "--json", "--data", dir / "data", dir / "good.bam",
                                dir / "stale.bam", dir / "damaged.bam"});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_NE(done.out.find(R"("genomes":3,)"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find(R"("stale_indexes":2,)"), std::string::npos) << done.out;
  EXPECT_EQ(done.err.find("good.bam"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("stale.bai: "), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("damaged.bam.bai: "), std::string::npos) << done.err;
}

TEST(CommandLine, ImportTellsTheIdsOfGenomeFiles) {
  TempDir dir;
  write_file(dir / "one.bam", make_bam({.records = 500}).bytes);
  const std::vector<std::string> words = {"import", "--json", "--data", dir / "data",
                                          dir / "one.bam"};
  for (const char* stored : {"true", "false"}) {
    const auto done = run_medarc(words);
    ASSERT_EQ(done.exit_code, 0) << done.err;
    const std::string first = done.out.substr(0, done.out.find('\n'));
    EXPECT_NE(first.find("one.bam\""), std::string::npos) << done.out;
    EXPECT_NE(first.find(std::string("\"stored\":") + stored), std::string::npos) << done.out;
    const size_t id = first.find("\"id\":\"") + 6;
    const auto ticket =
        run_medarc({"bench", "ticket", "--json", "--data", dir / "data", "--count", "3", "--region",
                    "*", "--file", first.substr(id, first.find('"', id) - id)});
    EXPECT_EQ(ticket.exit_code, 0) << done.out << ticket.err;
  }
}

// BED has no magic: a text that begins with long comments is looked at until it is clear.
TEST(CommandLine, ImportTellsBedFromOtherText) {
  TempDir dir;
  std::filesystem::create_directory(dir / "in");
  const std::string comments(2'000, '#'), record = "chr1\t5\t9\n";
  write_file(dir / "in/a.bed", comments + "\n" + record);
  write_file(dir / "in/b.bed.gz", bgzip(comments + "\n" + record + record));
  write_file(dir / "in/damaged.bed", record + "chr1\t9\t5\n");
  write_file(dir / "in/script", "#!/bin/sh\n" + comments + "\necho hello\n");
  write_file(dir / "in/letter", "Dear Sir or Madam,\n");
  const auto done = run_medarc({"import", "--json", "--data", dir / "data", dir / "in"});
  EXPECT_NE(done.out.find(R"("genomes":2,)"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find(R"("skipped":2,)"), std::string::npos) << done.out;
  EXPECT_NE(done.err.find("damaged.bed: record 2 (line 2) is damaged"), std::string::npos)
      << done.err;
}

TEST(CommandLine, S11_SendersListsWhatTheyGotWrong) {
  TempDir dir;
  ImageRecipe recipe;
  recipe.sop_uid = "2.25.01";
  std::ofstream(dir / "odd.dcm", std::ios::binary) << make_file(recipe);
  ASSERT_EQ(run_medarc({"import", "--data", dir / "data", dir / "odd.dcm"}).exit_code, 0);
  const auto first = run_medarc({"senders", "--data", dir / "data", "--json"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_NE(first.out.find(R"("kind":"uid")"), std::string::npos) << first.out;
  EXPECT_NE(first.out.find(R"("example":"2.25.01")"), std::string::npos) << first.out;
  EXPECT_NE(first.out.find(R"("findings":1,)"), std::string::npos) << first.out;
  EXPECT_EQ(first.out.find("Muster"), std::string::npos);
  // Looking again counts nothing again.
  EXPECT_EQ(run_medarc({"senders", "--data", dir / "data", "--json"}).out, first.out);
  const auto other =
      run_medarc({"senders", "--data", dir / "data", "--json", "--day", "2001-01-01"});
  EXPECT_NE(other.out.find(R"("findings":0)"), std::string::npos) << other.out;
}

// The archive is open in the server, which is asked; the answer is the same as when it has stopped.
TEST(CommandLine, S11_SendersAsksTheServerThatRuns) {
  TempDir dir;
  ImageRecipe recipe;
  recipe.sop_uid = "2.25.01";
  const std::vector<std::string> verb{"senders", "--data", dir / "data", "--json"};
  std::string said;
  {
    ServerProcess server(dir / "data");
    ASSERT_TRUE(server.ready());
    HttpClient client(server.http_port());
    const HttpAnswer stored = client.request(
        "POST", "/dicom-web/studies", {{"Content-Type", "application/dicom"}}, make_file(recipe));
    ASSERT_EQ(stored.status / 100, 2) << stored.body;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (said.find(R"("findings":1,)") == std::string::npos &&
           std::chrono::steady_clock::now() < until) {
      const auto asked = run_medarc(verb);
      ASSERT_EQ(asked.exit_code, 0) << asked.err;
      said = asked.out;
    }
    EXPECT_NE(said.find(R"("kind":"uid")"), std::string::npos) << said;
    auto of_a_day = verb;
    of_a_day.insert(of_a_day.end(), {"--day", "2001-01-01"});
    EXPECT_NE(run_medarc(of_a_day).out.find(R"("findings":0)"), std::string::npos);
    EXPECT_EQ(server.stop(), 0);
  }
  EXPECT_FALSE(std::filesystem::exists(dir / "data/serving"));
  EXPECT_EQ(run_medarc(verb).out, said);
}

TEST(CommandLine, SendersNeedsATokenWhereTheServerDoes) {
  TempDir dir;
  std::ofstream(dir / "a.toml") << "[[security.token]]\nname = \"chief\"\nrole = "
                                   "\"administrator\"\nsha256 = \""
                                << sha256_hex("secret") << "\"\n";
  std::ofstream(dir / "token") << "secret\n";
  ServerProcess server(dir / "data", {"--config", dir / "a.toml"});
  ASSERT_TRUE(server.ready());
  const auto without = run_medarc({"senders", "--data", dir / "data"});
  EXPECT_EQ(without.exit_code, 3);
  EXPECT_NE(without.err.find("--token-file"), std::string::npos) << without.err;
  const auto with =
      run_medarc({"senders", "--data", dir / "data", "--token-file", dir / "token", "--json"});
  EXPECT_EQ(with.exit_code, 0) << with.err;
  EXPECT_NE(with.out.find(R"("findings":0)"), std::string::npos) << with.out;
  // What the file says of a process that is gone is not believed.
  server.kill();
  EXPECT_TRUE(std::filesystem::exists(dir / "data/serving"));
  EXPECT_EQ(run_medarc({"senders", "--data", dir / "data"}).exit_code, 0);
}

TEST(CommandLine, WrongUseExitsWithTwo) {
  EXPECT_EQ(run_medarc({}).exit_code, 2);
  EXPECT_EQ(run_medarc({"frobnicate"}).exit_code, 2);
  EXPECT_EQ(run_medarc({"serve", "--http", "nowhere"}).exit_code, 2);
  EXPECT_EQ(run_medarc({"--help"}).exit_code, 0);
}

}  // namespace
}  // namespace medarc::test
