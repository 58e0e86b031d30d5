// A TCP connection with or without TLS: reads and writes that end by a deadline or a signal.
//
// Errors: deadline (nothing moved for timeout_ms), unavailable (the signal was raised), cancelled
// (the peer is gone), permission_denied (TLS refused), io. Not thread-safe.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "dicom/ul/socket.h"
#include "security/tls.h"

namespace medarc::dicom::ul {

class Channel {
 public:
  using Blocked = security::TlsStream::Blocked;
  using Moved = security::TlsStream::Moved;

  Channel() = default;
  explicit Channel(Descriptor socket) : socket_(std::move(socket)) {}
  // TLS; its memory is taken when the first byte moves. `host` as TlsContext::open.
  Channel(Descriptor socket, std::shared_ptr<security::TlsContext> tls, std::string host = {})
      : socket_(std::move(socket)), tls_(std::move(tls)), host_(std::move(host)) {}

  int descriptor() const { return socket_.get(); }

  // What moves at once. 0 bytes and not blocked: the peer has closed its side. Acknowledges what it
  // read at once (TCP_QUICKACK is re-armed): a sender with Nagle's algorithm on holds its next
  // small write back until then, 40 ms otherwise.
  Result<Moved> receive(char* out, size_t capacity);
  Result<Moved> send(ByteView bytes);

  // Answers the bytes read, at least 1; 0 when the peer has closed its side.
  Result<size_t> read_some(char* out, size_t capacity, uint32_t timeout_ms, const Signal& stop);
  Status write_all(ByteView bytes, uint32_t timeout_ms, const Signal& stop);

  bool bytes_waiting() const;  // to be read without waiting
  // Whether something is to be read, or the peer is gone, within timeout_ms.
  Result<bool> readable_within(uint32_t timeout_ms, const Signal& stop) const;
  void close_sending();  // nothing follows; reading goes on
  // Of the peer's verified certificate, when there is one and bytes have been read.
  std::set<std::string> certificate_names() const;

 private:
  Status begin();
  Status wait(Blocked blocked, uint32_t timeout_ms, const Signal& stop) const;

  Descriptor socket_;
  std::shared_ptr<security::TlsContext> tls_;  // null: plain
  std::string host_;
  std::unique_ptr<security::TlsStream> stream_;
};

}  // namespace medarc::dicom::ul
