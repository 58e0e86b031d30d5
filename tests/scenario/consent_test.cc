// medarc consent: terms and withheld regions from the command line, kept by the server at once.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>

#include "tests/scenario/clients.h"

namespace medarc::test {
namespace {

namespace json = boost::json;

class ConsentVerb : public ::testing::Test {
 protected:
  static std::string at(const ServerProcess& server) {
    return "http://127.0.0.1:" + std::to_string(server.http_port());
  }
  void serve() {
    server_.emplace(dir_ / "data");
    ASSERT_TRUE(server_->ready()) << server_->ready_line();
    where_ = {"--server", at(*server_)};
  }
  void upload_one() {
    HttpClient client(server_->http_port());
    const auto id = upload(client, "a.bam", "P1", make_bam(1));
    ASSERT_TRUE(id.has_value());
    id_ = *id;
  }
  void stop() {
    EXPECT_EQ(server_->stop(), 0);
    server_.reset();
    where_ = {"--data", dir_ / "data"};
  }
  CommandResult run(std::vector<std::string> words) {
    words.insert(words.begin(), "consent");
    words.insert(words.end(), where_.begin(), where_.end());
    return run_medarc(words);
  }
  json::object result(std::vector<std::string> words) {
    words.push_back("--json");
    const CommandResult ran = run(words);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return ran.exit_code == 0 ? json::parse(ran.last_line()).as_object() : json::object();
  }
  void refused(const std::vector<std::string>& words, const std::string& why, int code) {
    const CommandResult ran = run(words);
    EXPECT_EQ(ran.exit_code, code) << ran.err;
    EXPECT_NE(ran.err.find(why), std::string::npos) << ran.err;
  }
  HttpAnswer slice(const std::string& purpose) {
    return http(server_->http_port(), "GET",
                "/genomics/files/" + id_ + "/slice?region=chr1" +
                    (purpose.empty() ? "" : "&purpose=" + purpose));
  }

  TempDir dir_;
  std::optional<ServerProcess> server_;
  std::vector<std::string> where_;
  std::string id_;
};

TEST_F(ConsentVerb, SetsWhatARunningServerKeeps) {
  serve();
  upload_one();
  EXPECT_EQ(result({"show", id_}).at("version").to_number<int>(), 0);
  EXPECT_EQ(slice("").status, 200);
  json::object now = result({"set", id_, "--use", "DUO:0000006", "IRB"});
  EXPECT_EQ(now.at("terms").as_array().size(), 2u);
  EXPECT_EQ(now.at("terms").at(0).at("abbreviation").as_string(), "HMB");
  EXPECT_EQ(slice("POA").status, 403);
  EXPECT_EQ(slice("HMB,IRB").status, 200);
  EXPECT_EQ(slice("HMB,IRB").header("Medarc-Withheld"), "");

  // What is not named stays.
  now = result(
      {"set", id_, "--withhold", "chr1:101-2000", "--region", "chr2:1-500=DS=MONDO:0005015,IRB"});
  EXPECT_EQ(now.at("terms").as_array().size(), 2u);
  ASSERT_EQ(now.at("regions").as_array().size(), 2u);
  EXPECT_EQ(now.at("regions").at(1).at("terms").at(0).at("qualifier").as_string(), "MONDO:0005015");
  EXPECT_NE(slice("HMB,IRB").header("Medarc-Withheld"), "");
  now = result({"set", id_, "--use", "GRU"});
  EXPECT_EQ(now.at("regions").as_array().size(), 2u);
  EXPECT_EQ(slice("GRU").status, 200);

  const CommandResult shown = run({"show", id_});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_NE(shown.out.find("DUO:0000042 (GRU, "), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("chr1:101-2000"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("chr2:1-500 DUO:0000007=MONDO:0005015"), std::string::npos) << shown.out;

  const auto version = std::to_string(now.at("version").to_number<uint64_t>());
  refused({"clear", id_, "--version", "0"}, "another version", 3);
  now = result({"set", id_, "--no-regions", "--version", version});
  EXPECT_TRUE(now.at("regions").as_array().empty());
  EXPECT_EQ(now.at("terms").as_array().size(), 1u);
  refused({"set", id_, "--no-terms", "--version", version}, "another version", 3);
  now = result({"clear", id_});
  EXPECT_TRUE(now.at("terms").as_array().empty());
  EXPECT_EQ(slice("").status, 200);
  EXPECT_EQ(server_->stop(), 0);
}

TEST_F(ConsentVerb, SaysWhatIsWrongAndChangesNothing) {
  serve();
  upload_one();
  const auto refuse_all = [&] {
    refused({"set", id_}, "--use HMB", 2);
    refused({"set", id_, "--use", "HMBB"}, "HMBB", 2);
    refused({"set", id_, "--use", "IRB"}, "need a permission", 2);
    refused({"set", id_, "--withhold", "chr9:1-2"}, "no such reference sequence", 2);
    refused({"set", id_, "--withhold", "chr1:1-2=HMB"}, "--region", 2);
    refused({"set", id_, "--region", "chr1:1-2"}, "--withhold", 2);
    refused({"set", id_, "--use", "HMB", "--no-terms"}, "--no-terms", 2);
    refused({"show", "nothing"}, "no genome file of this id", 3);
    refused({"set", "nothing", "--use", "HMB"}, "no genome file of this id", 3);
    EXPECT_EQ(result({"show", id_}).at("version").to_number<int>(), 0);
  };
  refuse_all();
  where_ = {"--data", dir_ / "data"};
  refused({"show", id_}, "--server", 3);
  stop();
  refuse_all();
  EXPECT_EQ(result({"set", id_, "--use", "HMB,IRB"}).at("terms").as_array().size(), 2u);
  serve();
  EXPECT_EQ(slice("").status, 403);
  EXPECT_EQ(slice("HMB,IRB").status, 200);
  EXPECT_EQ(server_->stop(), 0);
}

}  // namespace
}  // namespace medarc::test
