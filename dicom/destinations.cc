#include "dicom/destinations.h"

#include <charconv>
#include <tuple>

#include "security/peers.h"

namespace medarc::dicom {
namespace {

using security::TlsContext;

class Reader {
 public:
  explicit Reader(Config& config) : config_(config) {}

  // nullopt: it is not called.
  Result<std::optional<Destination>> read(const Config::Table& table) {
    table_ = &table;
    Destination to{text("aet"), text("host")};
    if (to.host.empty()) to.host = "127.0.0.1";
    const std::string port = text("port");
    if (to.aet.empty() || port.empty()) return std::optional<Destination>();
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), to.port);
    if (failed != std::errc() || end != port.data() + port.size() || to.port == 0) {
      return wrong("port must be a number from 1 to 65535");
    }
    MEDARC_ASSIGN(to.commit, flag("commit"));
    MEDARC_ASSIGN(const bool tls, flag("tls"));
    if (tls) MEDARC_TRY(read_tls(to));
    MEDARC_ASSIGN(to.identity, read_identity());
    return std::optional<Destination>(std::move(to));
  }

 private:
  std::string text(const char* key) const {
    const auto found = table_->find(key);
    return found == table_->end() ? std::string() : found->second;
  }
  Error wrong(const std::string& what) const {
    return make_error(Code::invalid_argument, "dicom.peer " + text("aet") + ": " + what);
  }
  Result<bool> flag(const char* key) const {
    const std::string value = text(key);
    if (value.empty() || value == "false") return false;
    if (value == "true") return true;
    return wrong(std::string(key) + " is true or false");
  }

  Status read_tls(Destination& to) {
    to.tls_name = text("certificate");
    MEDARC_ASSIGN(const bool host_check, flag("tls_host_check"));
    if (host_check && to.tls_name.empty()) to.tls_name = to.host;
    MEDARC_ASSIGN(security::TlsOptions options, security::TlsOptions::from(config_));
    if (const std::string own = text("tls_authorities"); !own.empty()) options.authorities = own;
    if (const std::string own = text("tls_certificate"), key = text("tls_key");
        !own.empty() || !key.empty()) {
      if (own.empty() || key.empty()) return wrong("tls_certificate and tls_key go together");
      options.certificate = own;
      options.key = key;
    }
    auto& context = contexts_[{options.authorities, options.certificate, options.key}];
    if (context == nullptr) {
      MEDARC_ASSIGN(context, TlsContext::client(std::move(options)));
    }
    to.tls = context;
    return {};
  }

  Result<std::optional<OwnIdentity>> read_identity() const {
    OwnIdentity out{text("user"), text("passcode_file"), text("token_file")};
    MEDARC_ASSIGN(out.confirmed, flag("user_confirmed"));
    const bool any = !out.user.empty() || !out.token_file.empty();
    if (!any && (out.confirmed || !out.passcode_file.empty())) {
      return wrong("passcode_file and user_confirmed need a user");
    }
    if (!out.token_file.empty() && !(out.user.empty() && out.passcode_file.empty())) {
      return wrong("either token_file or user, with or without passcode_file");
    }
    return any ? std::optional<OwnIdentity>(std::move(out)) : std::nullopt;
  }

  Config& config_;
  const Config::Table* table_ = nullptr;
  // Peers with the same files share a context.
  std::map<std::tuple<std::string, std::string, std::string>, std::shared_ptr<TlsContext>>
      contexts_;
};

}  // namespace

Result<Destinations> Destinations::from(Config& config) {
  Destinations out;
  Reader reader(config);
  for (const Config::Table& table : config.tables("dicom.peer", security::kPeersMeaning)) {
    MEDARC_ASSIGN(auto to, reader.read(table));
    if (to) out.by_aet_[to->aet] = std::move(*to);
  }
  return out;
}

const Destination* Destinations::find(const std::string& aet) const {
  const auto found = by_aet_.find(aet);
  return found == by_aet_.end() ? nullptr : &found->second;
}

}  // namespace medarc::dicom
