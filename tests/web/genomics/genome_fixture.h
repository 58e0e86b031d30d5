// The genomics door: a real archive, a real server, and htsget tickets put together as clients do.
#pragma once

#include <boost/json.hpp>

#include "base/bytes.h"
#include "tests/support/genome_maker.h"
#include "tests/support/http_client.h"
#include "tests/support/temp_dir.h"
#include "tests/web/server_fixture.h"
#include "web/genomics/routes.h"
#include "web/url.h"

namespace medarc::web {

namespace json = boost::json;

class GenomeTest : public testing::Test {
 protected:
  GenomeTest() { open_store(); }
  ~GenomeTest() override { close(); }

  void open_store() {
    index::IndexOptions options;
    options.archive.sync = false;
    auto opened = index::open_index(posix_fs(), dir_ / "data", options);
    EXPECT_TRUE(opened.has_value()) << opened.error().text;
    index_ = std::move(*opened);
    guard_ = security::Guard::create(*index_, {});
  }
  void serve(GenomicsOptions options = {}, genomics::Limits limits = {},
             genomics::ResumableLimits resumable = {}) {
    store_ = genomics::GenomeStore::create(*index_, *guard_, limits);
    auto uploads = genomics::ResumableUploads::open(posix_fs(), dir_ / "uploads", *store_, resumable);
    ASSERT_TRUE(uploads.has_value());
    uploads_ = std::move(*uploads);
    ServerOptions server_options;
    server_options.port = 0;
    auto server =
        Server::start(server_options, genomics_routes(*store_, *uploads_, options), authenticator_);
    ASSERT_TRUE(server.has_value()) << server.error().text;
    server_ = std::move(*server);
  }
  void close() {
    server_.reset();
    uploads_.reset();
    store_.reset();
    guard_.reset();
    index_.reset();
  }

  uint16_t port() const { return server_->port(); }
  test::HttpAnswer get(std::string_view target, const test::HttpClient::Headers& headers = {}) {
    return test::http(port(), "GET", target, headers);
  }
  test::HttpAnswer post(std::string_view target, std::string_view body,
                        const test::HttpClient::Headers& headers = {}) {
    return test::http(port(), "POST", target, headers, body);
  }
  // Uploads under `id` and expects success.
  json::object upload(const std::string& id, const std::string& bytes, const std::string& more = "") {
    const auto answer = post("/genomics/files?id=" + percent_encode(id) + more, bytes);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return json::parse(answer.body).as_object();
  }
  static json::array urls_of(const test::HttpAnswer& ticket) {
    return json::parse(ticket.body).at("htsget").at("urls").as_array();
  }
  // Every url of a ticket, joined.
  std::string joined(const test::HttpAnswer& ticket) {
    EXPECT_EQ(ticket.status, 200) << ticket.body;
    std::string out;
    if (ticket.status != 200) return out;
    for (const json::value& one : urls_of(ticket)) {
      const std::string url(one.at("url").as_string());
      if (url.starts_with("data:;base64,")) {
        out += from_base64(url.substr(13)).value();
        continue;
      }
      const size_t path = url.find("/htsget/data/");
      if (path == std::string::npos) {
        ADD_FAILURE() << "neither data: nor ours: " << url;
        return out;
      }
      const auto piece = get(url.substr(path));
      EXPECT_EQ(piece.status, 200) << piece.body;
      out += piece.body;
    }
    return out;
  }
  // What `samtools view` prints of these bytes.
  std::string records(const std::string& bam, const std::vector<std::string>& arguments = {}) {
    test::write_file(dir_ / "answer.bam", bam);
    EXPECT_TRUE(test::runs_well({"samtools", "quickcheck", "-u", dir_ / "answer.bam"}));
    std::vector<std::string> words = {"samtools", "view"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.push_back(dir_ / "answer.bam");
    return test::run_tool(words);
  }
  std::string error_of(const test::HttpAnswer& answer) {
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    const json::value parsed = json::parse(answer.body);
    return std::string(parsed.at("htsget").at("error").as_string());
  }

  test::TempDir dir_;
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<security::Guard> guard_;
  std::unique_ptr<genomics::GenomeStore> store_;
  std::unique_ptr<genomics::ResumableUploads> uploads_;
  LenientAuthenticator authenticator_;
  std::unique_ptr<Server> server_;
};

}  // namespace medarc::web
