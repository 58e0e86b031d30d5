// What opens genomes must not lie about: bearer tokens, Passports and signed links are in no log
// line, no error, no audit entry and no metric.
#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "base/metrics.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;

class SecretsTest : public GenomeTest {
 protected:
  // Every segment of the archive, so that stored bytes fail their check.
  void damage() {
    for (const auto& file : std::filesystem::recursive_directory_iterator(dir_ / "data/log")) {
      if (!file.is_regular_file() || file.file_size() < 8192) continue;
      std::fstream out(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      for (uint64_t at = 4096; at + 8 < file.file_size(); at += 512) {
        out.seekp(static_cast<std::streamoff>(at));
        out.write("damaged", 7);
      }
    }
  }
  static std::string path_of(std::string_view url) {
    return std::string(url.substr(std::min(url.find('/', 8), url.size())));
  }
};

TEST_F(SecretsTest, H28NoTokenAndNoLinkIsInLogsErrorsOrAudit) {
  testing::internal::CaptureStderr();
  set_log_level(Level::debug);
  GenomicsOptions options;
  options.inline_bytes_max = 0;
  serve(options);
  upload("one", test::make_bam({.records = 3'000}).bytes);
  const std::string bearer = "tok-9f2c7aa1-secret", passport = "eyJhbGciOi.secret.passport";
  const test::HttpClient::Headers wrong = {{"Authorization", "Bearer " + bearer}};
  std::vector<std::string> links;
  for (const json::value& one : urls_of(get("/htsget/reads/one?referenceName=chr1&start=7"))) {
    const std::string url(one.at("url").as_string());
    if (url.starts_with("http")) links.push_back(path_of(url));
  }
  const std::string object = path_of(get("/ga4gh/drs/v1/objects/one").header("Location"));
  const json::value access = json::parse(get(object + "/access/https").body);
  links.push_back(path_of(std::string(access.at("url").as_string())));
  ASSERT_GE(links.size(), 3u);

  std::vector<HttpAnswer> refused = {
      get("/htsget/reads/one", wrong),
      post("/htsget/reads/one", "{}", wrong),
      get("/genomics/files/one/content", wrong),
      get("/refget/sequence/service-info", wrong),
      get("/ga4gh/drs/v1/objects/one", wrong),
      post(object, R"({"passports":[")" + passport + R"("])", {}),
      post(object, R"({"passports":[")" + passport + R"("]})", wrong),
      post("/ga4gh/drs/v1/objects", R"({"passports":[")" + passport + R"("]})"),
  };
  for (const std::string& link : links) {
    const std::string token = link.substr(link.rfind('/') + 1);
    std::string altered = link;
    altered[altered.size() - 9] = altered[altered.size() - 9] == 'A' ? 'B' : 'A';
    refused.push_back(get(altered));
    refused.push_back(get("/htsget/data/" + token + "/more"));
    refused.push_back(get("/genomics/files/" + token));
    refused.push_back(
        get((link.starts_with("/ga4gh") ? "/htsget/data/" : "/ga4gh/drs/v1/data/") + token));
    refused.push_back(test::http(port(), "POST", link, {}, "x"));
  }
  damage();
  size_t failed = 0;
  for (const std::string& link : links) {
    const HttpAnswer answer = get(link);  // what is in memory is given still
    failed += answer.status == 500;
    if (answer.status != 200) refused.push_back(answer);
  }
  EXPECT_GT(failed, 0u) << "something must have been logged";
  const std::string metrics = metrics_text();
  std::string audit;
  for (const auto& entry : index_->view()->audit(0, 1000).value()) {
    audit += entry.principal + " " + entry.object + " " + entry.detail + "\n";
  }
  set_log_level(Level::off);
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_NE(logged.find("http.failed"), std::string::npos) << logged;

  std::vector<std::string> secrets = {bearer, passport};
  for (const std::string& link : links) secrets.push_back(link.substr(link.rfind('/') + 1));
  for (const std::string& secret : secrets) {
    EXPECT_EQ(logged.find(secret), std::string::npos) << logged;
    EXPECT_EQ(metrics.find(secret), std::string::npos);
    for (const HttpAnswer& answer : refused) {
      EXPECT_GE(answer.status, 400);
      EXPECT_EQ(answer.body.find(secret), std::string::npos) << answer.body;
    }
  }
  EXPECT_EQ(audit.find(bearer), std::string::npos) << audit;
}

}  // namespace
}  // namespace medarc::web
