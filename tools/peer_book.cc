#include "tools/peer_book.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "dicom/administration/entry_json.h"
#include "dicom/administration/table_json.h"
#include "tools/opened.h"
#include "web/client/http_client.h"
#include "web/url.h"

namespace medarc::tools {
namespace {

namespace json = boost::json;

class ArchiveBook final : public PeerBook {
 public:
  explicit ArchiveBook(std::unique_ptr<Opened> opened) : opened_(std::move(opened)) {}

  Result<std::vector<json::object>> list() override {
    MEDARC_ASSIGN(const auto entries, peers().list(operator_principal()));
    std::vector<json::object> out;
    for (const auto& entry : entries) out.push_back(dicom::entry_json(entry));
    return out;
  }
  Result<json::object> set(const std::string& aet, const Config::Table& table) override {
    dicom::Expected expected;
    const auto there = peers().get(operator_principal(), aet);
    expected.any = there.has_value();
    MEDARC_ASSIGN(const auto done, peers().put(operator_principal(), aet, table, expected));
    return dicom::entry_json(done.entry);
  }
  Status remove(const std::string& aet) override {
    return peers().remove(operator_principal(), aet, {});
  }
  Result<json::object> echo(const std::string& aet) override {
    MEDARC_ASSIGN(const auto came, peers().echo(operator_principal(), aet));
    return dicom::echo_json(aet, came);
  }

 private:
  dicom::AdministeredPeers& peers() { return opened_->administration->peers(); }
  const std::unique_ptr<Opened> opened_;
};

std::string text_at(const json::value& value, const char* key) {
  const json::object* object = value.if_object();
  const json::value* found = object == nullptr ? nullptr : object->if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

class ServerBook final : public PeerBook {
 public:
  explicit ServerBook(dicom::WebDestination to) : to_(std::move(to)) {}

  Result<std::vector<json::object>> list() override {
    MEDARC_ASSIGN(const Answer answer, ask("GET", ""));
    std::vector<json::object> out;
    const json::object* all = answer.body.if_object();
    const json::value* peers = all == nullptr ? nullptr : all->if_contains("peers");
    if (peers == nullptr || !peers->is_array()) return no_answer();
    for (const json::value& one : peers->get_array()) {
      if (!one.is_object()) return no_answer();
      out.push_back(one.get_object());
    }
    return out;
  }
  Result<json::object> set(const std::string& aet, const Config::Table& table) override {
    // Of the version that is there now: who changes it in between is not overwritten.
    const auto there = ask("GET", at(aet));
    if (there.has_error() && there.error().code != Code::not_found) return there.error();
    const std::string version = there.has_value() ? text_at(there->body, "version") : "";
    MEDARC_ASSIGN(const Answer answer,
                  ask("PUT", at(aet), json::serialize(dicom::table_json(table)),
                      version.empty() ? std::pair("If-None-Match", std::string("*"))
                                      : std::pair("If-Match", '"' + version + '"')));
    return object_of(answer);
  }
  Status remove(const std::string& aet) override {
    MEDARC_TRY(ask("DELETE", at(aet)));
    return {};
  }
  Result<json::object> echo(const std::string& aet) override {
    MEDARC_ASSIGN(const Answer answer, ask("POST", at(aet) + "/echo"));
    return object_of(answer);
  }

 private:
  struct Answer {
    json::value body;
  };

  static std::string at(const std::string& aet) { return "/" + web::percent_encode(aet); }
  static Error no_answer() {
    return make_error(Code::unavailable, "the answer is not that of a Medarc server");
  }
  static Result<json::object> object_of(const Answer& answer) {
    if (!answer.body.is_object()) return no_answer();
    return answer.body.get_object();
  }

  // not_found and the like as the server says; its own text.
  Result<Answer> ask(const std::string& method, const std::string& below, const Bytes& body = {},
                     const std::pair<const char*, std::string>& condition = {}) {
    web::ClientRequest request{
        method, to_.path + "/admin/peers" + below, {{"Accept", "application/json"}}, body.size()};
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    if (!condition.second.empty()) request.headers.emplace_back(condition.first, condition.second);
    MEDARC_ASSIGN(std::string authorization, web::authorization_of(to_));
    if (!authorization.empty()) {
      request.headers.emplace_back("Authorization", std::move(authorization));
    }
    MEDARC_ASSIGN(const auto connection, web::HttpConnection::open(to_, stop_));
    StringSource source(body);
    MEDARC_ASSIGN(const web::ClientAnswer came, connection->exchange(request, source));
    Answer out;
    boost::system::error_code failed;
    if (!came.body.empty()) out.body = json::parse(came.body, failed);
    if (came.status / 100 == 2) {
      if (failed) return no_answer();
      return out;
    }
    std::string detail = failed ? std::string() : text_at(out.body, "detail");
    if (detail.empty()) detail = "the server answered " + std::to_string(came.status);
    return make_error(came.status == 404   ? Code::not_found
                      : came.status == 400 ? Code::invalid_argument
                                           : Code::conflict,
                      std::move(detail));
  }

  const dicom::WebDestination to_;
  dicom::ul::Signal stop_;
};

}  // namespace

Result<std::unique_ptr<PeerBook>> open_peer_book(const Common& common) {
  auto archive = open_archive(common, false);
  if (archive.has_error() && archive.error().code == Code::conflict) {
    return make_error(Code::conflict, archive.error().text + " with --server");
  }
  MEDARC_ASSIGN(auto opened, std::move(archive));
  MEDARC_TRY(open_administration(*opened));
  return std::unique_ptr<PeerBook>(std::make_unique<ArchiveBook>(std::move(opened)));
}

Result<std::unique_ptr<PeerBook>> call_peer_book(const Common& common, const std::string& url,
                                                 const std::string& token_file) {
  MEDARC_ASSIGN(Config config, common.config());
  Config::Table table{{"name", "server"}, {"url", url}};
  if (!token_file.empty()) table["token_file"] = token_file;
  MEDARC_ASSIGN(dicom::WebDestination to, dicom::WebDestinations::read(config, table));
  return std::unique_ptr<PeerBook>(std::make_unique<ServerBook>(std::move(to)));
}

}  // namespace medarc::tools
