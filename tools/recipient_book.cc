#include "tools/recipient_book.h"

#include "genomics/crypt4gh_keys.h"
#include "tools/opened.h"
#include "tools/server_call.h"
#include "web/url.h"

namespace medarc::tools {
namespace {

namespace json = boost::json;
using genomics::crypt4gh::PublicKey;

constexpr const char* kRecipients = "/genomics/crypt4gh/recipients";

class ArchiveRecipients final : public RecipientBook {
 public:
  explicit ArchiveRecipients(std::unique_ptr<Opened> opened) : opened_(std::move(opened)) {}

  Result<std::vector<json::object>> list() override {
    MEDARC_ASSIGN(const auto all, crypt4gh().recipients(operator_principal()));
    std::vector<json::object> out;
    for (const auto& one : all) {
      out.push_back({{"name", one.name},
                     {"key", to_base64(one.key.view())},
                     {"added", to_rfc3339(one.added)}});
    }
    return out;
  }
  Status add(const std::string& name, const PublicKey& key) override {
    MEDARC_TRY(crypt4gh().put(operator_principal(), name, key));
    return {};
  }
  Status remove(const std::string& name) override {
    return crypt4gh().remove(operator_principal(), name);
  }
  Result<Bytes> own_key() override {
    MEDARC_ASSIGN(const PublicKey key, crypt4gh().public_key());
    return genomics::crypt4gh::write_public_key(key);
  }

 private:
  genomics::Crypt4gh& crypt4gh() { return *opened_->genomes->crypt4gh(); }
  const std::unique_ptr<Opened> opened_;
};

class ServerRecipients final : public RecipientBook {
 public:
  explicit ServerRecipients(ServerCall server) : server_(std::move(server)) {}

  Result<std::vector<json::object>> list() override {
    MEDARC_ASSIGN(const json::value answer, server_.ask("GET", kRecipients));
    const json::object* all = answer.if_object();
    const json::value* found = all == nullptr ? nullptr : all->if_contains("recipients");
    if (found == nullptr || !found->is_array()) return no_medarc_answer();
    std::vector<json::object> out;
    for (const json::value& one : found->get_array()) {
      if (!one.is_object()) return no_medarc_answer();
      out.push_back(one.get_object());
    }
    return out;
  }
  Status add(const std::string& name, const PublicKey& key) override {
    MEDARC_TRY(
        server_.ask("PUT", at(name), {"text/plain", genomics::crypt4gh::write_public_key(key)}));
    return {};
  }
  Status remove(const std::string& name) override {
    MEDARC_TRY(server_.ask("DELETE", at(name)));
    return {};
  }
  Result<Bytes> own_key() override { return server_.fetch("/genomics/crypt4gh/key"); }

 private:
  static std::string at(const std::string& name) {
    return std::string(kRecipients) + "/" + web::percent_encode(name);
  }
  const ServerCall server_;
};

}  // namespace

Result<std::unique_ptr<RecipientBook>> open_recipient_book(const Common& common) {
  auto archive = open_archive(common, false);
  if (archive.has_error() && archive.error().code == Code::conflict) {
    return make_error(Code::conflict, archive.error().text + " with --server");
  }
  MEDARC_ASSIGN(auto opened, std::move(archive));
  return std::unique_ptr<RecipientBook>(std::make_unique<ArchiveRecipients>(std::move(opened)));
}

Result<std::unique_ptr<RecipientBook>> call_recipient_book(const Common& common,
                                                           const std::string& url,
                                                           const std::string& token_file) {
  MEDARC_ASSIGN(ServerCall server, ServerCall::to(common, url, token_file));
  return std::unique_ptr<RecipientBook>(std::make_unique<ServerRecipients>(std::move(server)));
}

}  // namespace medarc::tools
