// TLS for any door: contexts from PEM files, and streams over sockets that do not block. TLS 1.2
// with forward secrecy and AEAD only, and TLS 1.3 (BCP 195: RFC 9325 4.2, RFC 8996; PS3.15 B.12): a
// peer that offers less is refused, never met half-way.
//
// Files that change are read again within reload_check_ms, for connections that begin afterwards;
// those that run keep theirs. A new file that is wrong is reported, and the old one stays in use.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/bytes.h"
#include "base/config.h"
#include "base/result.h"

namespace medarc::security {

// What of the peer's certificate is asked for, by a server.
enum class PeerCertificates { ignored, asked, required };

struct TlsOptions {
  std::string certificate;  // PEM file: the own certificate, then its chain; a client may have none
  std::string key;          // PEM file, not encrypted
  std::string authorities;  // PEM file: who may have signed a peer's; a client needs it
  PeerCertificates peers = PeerCertificates::required;  // of a server; a client always checks
  uint32_t reload_check_ms = 1000;
  // Section [tls]: certificate, key, authorities, peers ("required", "asked" or "ignored").
  static Result<TlsOptions> from(Config& config);
};

// One side of a TLS connection. Not thread-safe. Errors: permission_denied (a certificate is
// missing or not trusted, or there is no common protocol), cancelled (the peer is gone), io.
class TlsStream {
 public:
  enum class Blocked { no, on_read, on_write };  // what the socket must be ready for
  struct Moved {
    size_t bytes = 0;  // 0 and not blocked: the peer has said its last
    Blocked blocked = Blocked::no;
  };
  virtual ~TlsStream() = default;
  virtual Result<Moved> receive(char* out, size_t capacity) = 0;  // shakes hands first
  virtual Result<Moved> send(ByteView bytes) = 0;
  virtual bool has_pending() const = 0;  // bytes that the socket no longer shows
  virtual void close() = 0;              // says that nothing follows
  // The common name and the DNS names of the peer's certificate, once it was verified.
  virtual const std::set<std::string>& peer_names() const = 0;
};

// Thread-safe.
class TlsContext {
 public:
  // Errors: invalid_argument, with the file that is wrong.
  static Result<std::shared_ptr<TlsContext>> server(TlsOptions options);
  static Result<std::shared_ptr<TlsContext>> client(TlsOptions options);
  virtual ~TlsContext() = default;
  // Over a connected, non-blocking socket, which must outlive the stream. A client's `host`, when
  // not empty, must be a name of the server's certificate. Errors: exhausted.
  virtual Result<std::unique_ptr<TlsStream>> open(int socket, const std::string& host = {}) = 0;
};

}  // namespace medarc::security
