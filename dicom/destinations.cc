#include "dicom/destinations.h"

#include <charconv>
#include <map>
#include <mutex>
#include <tuple>

#include "security/peers.h"

namespace medarc::dicom {
namespace {

using security::TlsContext;
using security::TlsOptions;

// Peers with the same files share a context.
using Contexts =
    std::map<std::tuple<std::string, std::string, std::string>, std::weak_ptr<TlsContext>>;

class Reader {
 public:
  Reader(const Config::Table& table, const TlsOptions& tls, Contexts& contexts)
      : table_(table), tls_(tls), contexts_(contexts) {}

  Result<std::shared_ptr<const Destination>> read() {
    Destination to{text("aet"), text("host")};
    if (to.host.empty()) to.host = "127.0.0.1";
    const std::string port = text("port");
    if (to.aet.empty() || port.empty()) return std::shared_ptr<const Destination>();
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), to.port);
    if (failed != std::errc() || end != port.data() + port.size() || to.port == 0) {
      return wrong("port must be a number from 1 to 65535");
    }
    MEDARC_ASSIGN(to.commit, flag("commit"));
    MEDARC_ASSIGN(const bool tls, flag("tls"));
    if (tls) MEDARC_TRY(read_tls(to));
    MEDARC_ASSIGN(to.identity, read_identity());
    return std::make_shared<const Destination>(std::move(to));
  }

 private:
  std::string text(const char* key) const {
    const auto found = table_.find(key);
    return found == table_.end() ? std::string() : found->second;
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
    TlsOptions options = tls_;
    if (const std::string own = text("tls_authorities"); !own.empty()) options.authorities = own;
    if (const std::string own = text("tls_certificate"), key = text("tls_key");
        !own.empty() || !key.empty()) {
      if (own.empty() || key.empty()) return wrong("tls_certificate and tls_key go together");
      options.certificate = own;
      options.key = key;
    }
    auto& shared = contexts_[{options.authorities, options.certificate, options.key}];
    to.tls = shared.lock();
    if (to.tls == nullptr) {
      MEDARC_ASSIGN(to.tls, TlsContext::client(std::move(options)));
      shared = to.tls;
    }
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

  const Config::Table& table_;
  const TlsOptions& tls_;
  Contexts& contexts_;
};

}  // namespace

struct Destinations::Shared {
  TlsOptions tls;  // written before anybody reads
  std::mutex reading;
  Contexts contexts;
  std::mutex mutex;  // of by_aet; never held while files are read
  std::map<std::string, std::shared_ptr<const Destination>> by_aet;
};

Destinations::Destinations() : shared_(std::make_shared<Shared>()) {}

Result<Destinations> Destinations::from(Config& config) {
  Destinations out;
  MEDARC_ASSIGN(out.shared_->tls, TlsOptions::from(config));
  for (const Config::Table& table : config.tables("dicom.peer", security::kPeersMeaning)) {
    MEDARC_ASSIGN(auto to, out.read(table));
    if (to) out.put(std::move(to));
  }
  return out;
}

Result<std::shared_ptr<const Destination>> Destinations::read(const Config::Table& table) const {
  std::lock_guard lock(shared_->reading);
  return Reader(table, shared_->tls, shared_->contexts).read();
}

std::shared_ptr<const Destination> Destinations::find(const std::string& aet) const {
  std::lock_guard lock(shared_->mutex);
  const auto found = shared_->by_aet.find(aet);
  return found == shared_->by_aet.end() ? nullptr : found->second;
}

void Destinations::put(std::shared_ptr<const Destination> to) {
  const std::string aet = to->aet;
  std::lock_guard lock(shared_->mutex);
  shared_->by_aet[aet] = std::move(to);
}

void Destinations::remove(const std::string& aet) {
  std::lock_guard lock(shared_->mutex);
  shared_->by_aet.erase(aet);
}

}  // namespace medarc::dicom
