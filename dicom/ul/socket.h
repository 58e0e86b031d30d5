// Sockets as the upper layer uses them: owned descriptors, listening, connecting, and waiting by a
// deadline or a signal. All sockets here are non-blocking; waiting is done with poll. What is read
// and written goes through a Channel (channel.h).
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

// The peer's delayed acknowledgements are off until the next one; see Channel::receive.
void acknowledge_at_once(const Descriptor& socket);

// Until the socket is ready for `events` (of poll), or nothing happened for timeout_ms (deadline),
// or the signal was raised (unavailable).
Status wait_for(const Descriptor& socket, short events, uint32_t timeout_ms, const Signal& stop);

Error socket_error(const char* what, int error_number);

// Lets this process open as many descriptors as the system permits (soft limit up to the hard one).
void raise_descriptor_limit();

}  // namespace medarc::dicom::ul
