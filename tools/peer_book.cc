#include "tools/peer_book.h"

#include <boost/json/serialize.hpp>

#include "dicom/administration/entry_json.h"
#include "dicom/administration/table_json.h"
#include "tools/opened.h"
#include "tools/server_call.h"
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

class ServerBook final : public PeerBook {
 public:
  explicit ServerBook(ServerCall server) : server_(std::move(server)) {}

  Result<std::vector<json::object>> list() override {
    MEDARC_ASSIGN(const json::value answer, ask("GET", ""));
    std::vector<json::object> out;
    const json::object* all = answer.if_object();
    const json::value* peers = all == nullptr ? nullptr : all->if_contains("peers");
    if (peers == nullptr || !peers->is_array()) return no_medarc_answer();
    for (const json::value& one : peers->get_array()) {
      if (!one.is_object()) return no_medarc_answer();
      out.push_back(one.get_object());
    }
    return out;
  }
  Result<json::object> set(const std::string& aet, const Config::Table& table) override {
    // Of the version that is there now: who changes it in between is not overwritten.
    const auto there = ask("GET", at(aet));
    if (there.has_error() && there.error().code != Code::not_found) return there.error();
    const std::string version = there.has_value() ? text_at(*there, "version") : "";
    MEDARC_ASSIGN(const json::value answer,
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
    MEDARC_ASSIGN(const json::value answer, ask("POST", at(aet) + "/echo"));
    return object_of(answer);
  }

 private:
  static std::string at(const std::string& aet) { return "/" + web::percent_encode(aet); }
  static Result<json::object> object_of(const json::value& answer) {
    if (!answer.is_object()) return no_medarc_answer();
    return answer.get_object();
  }
  Result<json::value> ask(const std::string& method, const std::string& below,
                          const Bytes& body = {},
                          const std::pair<const char*, std::string>& condition = {}) {
    return server_.ask(method, "/admin/peers" + below, {"application/json", body}, condition);
  }

  const ServerCall server_;
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
  MEDARC_ASSIGN(ServerCall server, ServerCall::to(common, url, token_file));
  return std::unique_ptr<PeerBook>(std::make_unique<ServerBook>(std::move(server)));
}

}  // namespace medarc::tools
