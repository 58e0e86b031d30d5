#include "security/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>

namespace medarc::security {
namespace {

using SslPtr = std::unique_ptr<SSL, decltype(&SSL_free)>;

std::string text_of(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  const int n = ASN1_STRING_to_UTF8(&utf8, value);
  if (n < 0) return {};
  std::string out(reinterpret_cast<const char*>(utf8), static_cast<size_t>(n));
  OPENSSL_free(utf8);
  return out;
}

std::set<std::string> names_of(X509* certificate) {
  std::set<std::string> out;
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) {
    out.insert(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  }
  auto* alternatives = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
    if (name->type == GEN_DNS) out.insert(text_of(name->d.dNSName));
  }
  GENERAL_NAMES_free(alternatives);
  out.erase(std::string());
  return out;
}

class OpenSslStream : public TlsStream {
 public:
  explicit OpenSslStream(SslPtr ssl) : ssl_(std::move(ssl)) {}

  Result<Moved> receive(char* out, size_t capacity) override {
    Moved moved;
    ERR_clear_error();
    const int ok = SSL_read_ex(ssl_.get(), out, capacity, &moved.bytes);
    return settled(ok, moved);
  }

  Result<Moved> send(ByteView bytes) override {
    Moved moved;
    if (bytes.empty()) return moved;
    ERR_clear_error();
    const int ok = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &moved.bytes);
    return settled(ok, moved);
  }

  bool has_pending() const override { return SSL_has_pending(ssl_.get()) == 1; }

  void close() override {
    ERR_clear_error();
    if (!failed_) (void)SSL_shutdown(ssl_.get());
  }

  const std::set<std::string>& peer_names() const override { return names_; }

 private:
  Result<Moved> settled(int ok, Moved moved) {
    if (!shaken_ && SSL_is_init_finished(ssl_.get()) == 1) {
      shaken_ = true;
      X509* peer = SSL_get0_peer_certificate(ssl_.get());
      if (peer != nullptr && SSL_get_verify_result(ssl_.get()) == X509_V_OK) {
        names_ = names_of(peer);
      }
    }
    if (ok == 1) return moved;
    moved.bytes = 0;
    const int why = SSL_get_error(ssl_.get(), ok);
    switch (why) {
      case SSL_ERROR_WANT_READ: moved.blocked = Blocked::on_read; return moved;
      case SSL_ERROR_WANT_WRITE: moved.blocked = Blocked::on_write; return moved;
      case SSL_ERROR_ZERO_RETURN: return moved;
      default: break;
    }
    failed_ = true;
    const int system = errno;
    const bool gone = why == SSL_ERROR_SYSCALL ||
                      ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    std::string text = take_openssl_errors();
    if (gone) {
      const bool broken = system != 0 && system != ECONNRESET && system != EPIPE;
      return make_error(broken ? Code::io : Code::cancelled, "TLS: the connection is gone");
    }
    return make_error(shaken_ ? Code::io : Code::permission_denied, "TLS: " + std::move(text));
  }

  SslPtr ssl_;
  bool shaken_ = false, failed_ = false;
  std::set<std::string> names_;
};

}  // namespace

Result<std::unique_ptr<TlsStream>> open_stream(SSL_CTX& context, int socket, bool server,
                                               const std::string& host) {
  SslPtr ssl(SSL_new(&context), SSL_free);
  bool ready = ssl != nullptr && SSL_set_fd(ssl.get(), socket) == 1;
  if (ready && !host.empty()) {
    ready = SSL_set1_host(ssl.get(), host.c_str()) == 1 &&
            SSL_set_tlsext_host_name(ssl.get(), host.c_str()) == 1;
  }
  if (!ready) return make_error(Code::exhausted, "TLS: " + take_openssl_errors());
  if (server) SSL_set_accept_state(ssl.get());
  if (!server) SSL_set_connect_state(ssl.get());
  return std::unique_ptr<TlsStream>(std::make_unique<OpenSslStream>(std::move(ssl)));
}

std::string take_openssl_errors() {
  std::string out;
  while (const unsigned long error = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(error);
    if (!out.empty()) out += "; ";
    out += reason != nullptr ? reason : "error " + std::to_string(error);
  }
  return out.empty() ? "no reason given" : out;
}

}  // namespace medarc::security
