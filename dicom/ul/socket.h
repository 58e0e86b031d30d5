// Sockets as the upper layer uses them: owned descriptors, listening, and reads and writes that end
// by a deadline or a signal. All sockets here are non-blocking; waiting is done with poll.
//
// Errors: deadline (nothing moved for timeout_ms), unavailable (the signal was raised), cancelled
// (the peer is gone), io.
#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::dicom::ul {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Raised once, seen by every thread that waits with it, now or later. Thread-safe.
class Signal {
 public:
  Signal();
  void raise();
  bool raised() const { return raised_.load(std::memory_order_acquire); }
  int descriptor() const { return event_.get(); }

 private:
  Descriptor event_;
  std::atomic<bool> raised_{false};
};

struct Listener {
  Descriptor socket;
  uint16_t port = 0;
};
// `address` is numeric or a host name; port 0 takes a free one. Errors: invalid_argument (no such
// address), already_exists (in use), permission_denied, io.
Result<Listener> listen_on(const std::string& address, uint16_t port);

// Connects within timeout_ms; `host` is numeric or a name. Errors: unavailable, deadline, io.
Result<Descriptor> connect_to(const std::string& host, uint16_t port, uint32_t timeout_ms,
                              const Signal& stop);

// The next waiting connection, or an invalid descriptor with errno set as accept4 does. `peer` gets
// the numeric address without port, IPv4 in its own form also when it came over IPv6.
Descriptor accept_from(const Descriptor& listener, std::string& peer);

// TCP_NODELAY and keep-alive. Without TCP_NODELAY an answer waits for the peer's delayed
// acknowledgement of the one before.
void tune(const Descriptor& socket);

// Answers the bytes read, at least 1; 0 when the peer has closed its side. Acknowledges at once
// (TCP_QUICKACK is re-armed): a sender with Nagle's algorithm on holds its next small write back
// until then, 40 ms otherwise.
Result<size_t> read_some(const Descriptor& socket, char* out, size_t capacity, uint32_t timeout_ms,
                         const Signal& stop);

Status write_all(const Descriptor& socket, ByteView bytes, uint32_t timeout_ms, const Signal& stop);

// Lets this process open as many descriptors as the system permits (soft limit up to the hard one).
void raise_descriptor_limit();

}  // namespace medarc::dicom::ul
