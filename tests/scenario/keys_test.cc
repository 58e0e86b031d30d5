// medarc keys and medarc decrypt: a person's way from a key pair to a file that is for somebody.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/scenario/clients.h"
#include "tests/support/crypt4gh_maker.h"

namespace medarc::test {
namespace {

std::string read_back(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string at(const ServerProcess& server) {
  return "http://127.0.0.1:" + std::to_string(server.http_port());
}

TEST(Keys, FromAKeyPairToAFileThatIsForItsOwner) {
  TempDir dir;
  const auto made = run_medarc({"keys", "make", dir / "alice"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto mode = std::filesystem::status(dir / "alice.sec").permissions();
  EXPECT_EQ(mode & std::filesystem::perms(077), std::filesystem::perms::none);
  EXPECT_NE(run_medarc({"keys", "make", dir / "alice"}).exit_code, 0) << "files are kept";

  ServerProcess server(dir / "data");
  ASSERT_TRUE(server.ready()) << server.ready_line();
  const auto added =
      run_medarc({"keys", "recipient", "add", "alice", dir / "alice.pub", "--server", at(server)});
  ASSERT_EQ(added.exit_code, 0) << added.err;
  const auto listed = run_medarc({"keys", "recipient", "list", "--json", "--server", at(server)});
  EXPECT_NE(listed.out.find(R"("name":"alice")"), std::string::npos) << listed.out;

  HttpClient client(server.http_port());
  const std::string fastq = make_fastq(1, 2'000);
  const auto id = upload(client, "a.fastq", "P1", fastq);
  ASSERT_TRUE(id.has_value());
  const HttpAnswer sealed =
      http(server.http_port(), "GET",
           "/genomics/files/" + *id + "/content?encryption=crypt4gh&recipient=alice");
  ASSERT_EQ(sealed.status, 200) << sealed.body;
  std::ofstream(dir / "a.c4gh", std::ios::binary) << sealed.body;
  const auto opened =
      run_medarc({"decrypt", "--key", dir / "alice.sec", dir / "a.c4gh", dir / "a"});
  ASSERT_EQ(opened.exit_code, 0) << opened.err;
  EXPECT_EQ(read_back(dir / "a"), fastq);
  const auto part =
      run_medarc({"decrypt", "--key", dir / "alice.sec", "--range", "70000-70100", dir / "a.c4gh"});
  ASSERT_EQ(part.exit_code, 0) << part.err;
  EXPECT_EQ(part.out, fastq.substr(70'000, 100));

  // At once seen, and gone, by the running server.
  ASSERT_EQ(run_medarc({"keys", "recipient", "remove", "alice", "--server", at(server)}).exit_code,
            0);
  EXPECT_EQ(http(server.http_port(), "GET",
                 "/genomics/files/" + *id + "/content?encryption=crypt4gh&recipient=alice")
                .status,
            404);
  EXPECT_EQ(server.stop(), 0);
}

TEST(Keys, AStoppedArchiveIsWorkedOnToo) {
  TempDir dir;
  {
    ServerProcess server(dir / "data");
    ASSERT_TRUE(server.ready());
    EXPECT_EQ(server.stop(), 0);
  }
  ASSERT_EQ(run_medarc({"keys", "make", dir / "bob"}).exit_code, 0);
  const auto add = [&](const std::string& name) {
    return run_medarc({"keys", "recipient", "add", name, dir / "bob.pub", "--data", dir / "data"});
  };
  EXPECT_EQ(add("bob").exit_code, 0);
  EXPECT_EQ(add("not a name").exit_code, 2);
  const auto show = [&] {
    return run_medarc({"keys", "crypt4gh", "show", "--data", dir / "data"}).out;
  };
  const std::string first = show();
  EXPECT_TRUE(first.starts_with("-----BEGIN CRYPT4GH PUBLIC KEY-----\n")) << first;
  EXPECT_EQ(run_medarc({"keys", "crypt4gh", "renew", "--data", dir / "data"}).exit_code, 0);
  EXPECT_NE(show(), first);
  EXPECT_EQ(
      run_medarc({"keys", "crypt4gh", "import", dir / "bob.sec", "--data", dir / "data"}).exit_code,
      0);
  EXPECT_EQ(show(), read_back(dir / "bob.pub"));
  ServerProcess server(dir / "data");
  ASSERT_TRUE(server.ready());
  EXPECT_EQ(http(server.http_port(), "GET", "/genomics/crypt4gh/key").body,
            read_back(dir / "bob.pub"));
  EXPECT_EQ(run_medarc({"keys", "crypt4gh", "show", "--server", at(server)}).out,
            read_back(dir / "bob.pub"));
  const auto busy = run_medarc({"keys", "crypt4gh", "show", "--data", dir / "data"});
  EXPECT_NE(busy.err.find("--server"), std::string::npos) << busy.err;
  EXPECT_EQ(server.stop(), 0);
}

TEST(Keys, DecryptRefusesWhatIsNotForTheKeyAndLeavesNothing) {
  TempDir dir;
  std::ofstream(dir / "passphrase") << "open sesame\n";
  ASSERT_EQ(run_medarc({"keys", "make", dir / "carol", "--passphrase-file", dir / "passphrase"})
                .exit_code,
            0);
  const Crypt4ghKey other = Crypt4ghKey::make();
  std::ofstream(dir / "x.c4gh", std::ios::binary) << seal_crypt4gh("text", {other.known});
  const auto locked =
      run_medarc({"decrypt", "--key", dir / "carol.sec", dir / "x.c4gh", dir / "x"});
  EXPECT_NE(locked.exit_code, 0);
  EXPECT_NE(locked.err.find("passphrase"), std::string::npos) << locked.err;
  const auto wrong = run_medarc({"decrypt", "--key", dir / "carol.sec", "--passphrase-file",
                                 dir / "passphrase", dir / "x.c4gh", dir / "x"});
  EXPECT_NE(wrong.exit_code, 0);
  EXPECT_NE(wrong.err.find("other keys"), std::string::npos) << wrong.err;
  EXPECT_FALSE(std::filesystem::exists(dir / "x"));
}

}  // namespace
}  // namespace medarc::test
