#include "security/tls.h"

#include <openssl/ssl.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <mutex>

#include "base/log.h"
#include "security/tls_stream.h"

namespace medarc::security {
namespace {

// RFC 9325 4.2.1; those of TLS 1.3 are good as they come.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK:!aNULL";
constexpr size_t kReadAheadBytes = 64u << 10;

using ContextPtr = std::shared_ptr<SSL_CTX>;

Error wrong(const std::string& file, std::string_view what) {
  return make_error(Code::invalid_argument,
                    file + ": " + std::string(what) + " (" + take_openssl_errors() + ")");
}

Result<ContextPtr> load(const TlsOptions& options, bool server) {
  ContextPtr out(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()), SSL_CTX_free);
  SSL_CTX* c = out.get();
  if (c == nullptr) return make_error(Code::exhausted, "no memory for TLS");
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_options(
      c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                          SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(c, 1);
  SSL_CTX_set_default_read_buffer_len(c, kReadAheadBytes);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  if (SSL_CTX_set_cipher_list(c, kCiphers) != 1) return wrong("TLS", "no usable cipher");
  if (server || !options.certificate.empty()) {
    if (SSL_CTX_use_certificate_chain_file(c, options.certificate.c_str()) != 1) {
      return wrong(options.certificate, "no certificate in PEM");
    }
    if (SSL_CTX_use_PrivateKey_file(c, options.key.c_str(), SSL_FILETYPE_PEM) != 1) {
      return wrong(options.key, "no private key in PEM, or not the certificate's");
    }
  }
  const bool verifies = !server || options.peers != PeerCertificates::ignored;
  if (!verifies) return out;
  if (SSL_CTX_load_verify_locations(c, options.authorities.c_str(), nullptr) != 1) {
    return wrong(options.authorities, "no certificates in PEM");
  }
  int mode = SSL_VERIFY_PEER;
  if (server && options.peers == PeerCertificates::required) {
    mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(c, mode, nullptr);
  if (server) {
    SSL_CTX_set_client_CA_list(c, SSL_load_client_CA_file(options.authorities.c_str()));
  }
  return out;
}

// Of files that are not there: the oldest time.
std::filesystem::file_time_type changed(const std::string& file) {
  std::error_code missing;
  const auto at = std::filesystem::last_write_time(file, missing);
  return missing ? std::filesystem::file_time_type::min() : at;
}

struct Stamps {
  std::filesystem::file_time_type certificate, key, authorities;
  bool operator==(const Stamps&) const = default;
  static Stamps of(const TlsOptions& o) {
    return {changed(o.certificate), changed(o.key), changed(o.authorities)};
  }
};

class ReloadedContext : public TlsContext {
 public:
  ReloadedContext(TlsOptions options, bool server, Stamps stamps, ContextPtr context)
      : options_(std::move(options)),
        server_(server),
        stamps_(stamps),
        context_(std::move(context)),
        checked_(Clock::now()) {}

  Result<std::unique_ptr<TlsStream>> open(int socket, const std::string& host) override {
    return open_stream(*fresh(), socket, server_, host);
  }

 private:
  using Clock = std::chrono::steady_clock;

  ContextPtr fresh() {
    std::lock_guard lock(mutex_);
    if (Clock::now() - checked_ < std::chrono::milliseconds(options_.reload_check_ms)) {
      return context_;
    }
    checked_ = Clock::now();
    const Stamps now = Stamps::of(options_);
    if (now == stamps_) return context_;
    stamps_ = now;
    auto loaded = load(options_, server_);
    if (loaded.has_error()) {
      log(Level::error, "tls.reload_failed", {{"reason", loaded.error().text}});
    } else {
      log(Level::info, "tls.reloaded", {{"certificate", options_.certificate}});
      context_ = std::move(*loaded);
    }
    return context_;
  }

  const TlsOptions options_;
  const bool server_;
  std::mutex mutex_;
  Stamps stamps_;
  ContextPtr context_;
  Clock::time_point checked_;
};

Result<std::shared_ptr<TlsContext>> make(TlsOptions options, bool server) {
  // OpenSSL writes with write(2): a peer that has gone must not end the process.
  std::signal(SIGPIPE, SIG_IGN);
  const Stamps stamps = Stamps::of(options);
  MEDARC_ASSIGN(ContextPtr context, load(options, server));
  return std::shared_ptr<TlsContext>(
      std::make_shared<ReloadedContext>(std::move(options), server, stamps, std::move(context)));
}

}  // namespace

Result<TlsOptions> TlsOptions::from(Config& config) {
  TlsOptions o;
  o.certificate = config.text("tls.certificate", "", "PEM file: own certificate, then its chain.");
  o.key = config.text("tls.key", "", "PEM file: the certificate's private key.");
  o.authorities =
      config.text("tls.authorities", "", "PEM file: who may have signed a peer's certificate.");
  const std::string peers = config.text(
      "tls.peers", "required", "Certificates of those who call: required, asked or ignored.");
  if (peers == "ignored") {
    o.peers = PeerCertificates::ignored;
  } else if (peers == "asked") {
    o.peers = PeerCertificates::asked;
  } else if (peers != "required") {
    return make_error(Code::invalid_argument, "tls.peers: required, asked or ignored");
  }
  o.reload_check_ms = static_cast<uint32_t>(
      config.size("tls.reload_check_ms", o.reload_check_ms,
                  "How long changed files may stay unnoticed.", 0, 3'600'000));
  return o;
}

Result<std::shared_ptr<TlsContext>> TlsContext::server(TlsOptions options) {
  return make(std::move(options), true);
}
Result<std::shared_ptr<TlsContext>> TlsContext::client(TlsOptions options) {
  return make(std::move(options), false);
}

}  // namespace medarc::security
