#include "tools/consent_book.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tools/opened.h"
#include "tools/server_call.h"
#include "web/genomics/consent_json.h"
#include "web/url.h"

namespace medarc::tools {
namespace {

namespace json = boost::json;
using genomics::FileId;
using genomics::FileRow;

class ArchiveConsent final : public ConsentBook {
 public:
  explicit ArchiveConsent(std::unique_ptr<Opened> opened) : opened_(std::move(opened)) {}

  Result<json::object> show(const std::string& file) override {
    MEDARC_ASSIGN(const FileRow row, store().file(operator_principal(), FileId(file)));
    return object_of(row);
  }
  Result<json::object> set(const std::string& file, const json::object& consent,
                           std::optional<uint64_t> version) override {
    MEDARC_ASSIGN(const auto header, store().places(operator_principal(), FileId(file)));
    MEDARC_ASSIGN(auto read,
                  web::read_consent_json(json::serialize(consent), header ? &*header : nullptr,
                                         store().consent_rules()));
    MEDARC_ASSIGN(const FileRow row, store().set_consent(operator_principal(), FileId(file),
                                                         std::move(read), version));
    return object_of(row);
  }

 private:
  genomics::GenomeStore& store() { return *opened_->genomes; }
  static json::object object_of(const FileRow& row) {
    return json::parse(web::consent_json(row)).as_object();
  }
  const std::unique_ptr<Opened> opened_;
};

class ServerConsent final : public ConsentBook {
 public:
  explicit ServerConsent(ServerCall server) : server_(std::move(server)) {}

  Result<json::object> show(const std::string& file) override {
    return object_of(server_.ask("GET", at(file)));
  }
  Result<json::object> set(const std::string& file, const json::object& consent,
                           std::optional<uint64_t> version) override {
    const std::string match = version ? '"' + std::to_string(*version) + '"' : "*";
    return object_of(server_.ask("PUT", at(file), {"application/json", json::serialize(consent)},
                                 {"If-Match", match}));
  }

 private:
  static std::string at(const std::string& file) {
    return "/genomics/files/" + web::percent_encode(file) + "/consent";
  }
  static Result<json::object> object_of(Result<json::value> answer) {
    MEDARC_ASSIGN(json::value came, std::move(answer));
    if (!came.is_object() || !came.get_object().contains("terms")) return no_medarc_answer();
    return std::move(came.get_object());
  }
  const ServerCall server_;
};

}  // namespace

Result<std::unique_ptr<ConsentBook>> open_consent_book(const Common& common) {
  auto archive = open_archive(common, false);
  if (archive.has_error() && archive.error().code == Code::conflict) {
    return make_error(Code::conflict, archive.error().text + " with --server");
  }
  MEDARC_ASSIGN(auto opened, std::move(archive));
  return std::unique_ptr<ConsentBook>(std::make_unique<ArchiveConsent>(std::move(opened)));
}

Result<std::unique_ptr<ConsentBook>> call_consent_book(const Common& common, const std::string& url,
                                                       const std::string& token_file) {
  MEDARC_ASSIGN(ServerCall server, ServerCall::to(common, url, token_file));
  return std::unique_ptr<ConsentBook>(std::make_unique<ServerConsent>(std::move(server)));
}

}  // namespace medarc::tools
