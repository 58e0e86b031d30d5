#include "dicom/ul/channel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

namespace medarc::dicom::ul {
namespace {

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

Status Channel::begin() {
  if (tls_ == nullptr || stream_ != nullptr) return {};
  MEDARC_ASSIGN(stream_, tls_->open(socket_.get(), host_));
  return {};
}

Result<Channel::Moved> Channel::receive(char* out, size_t capacity) {
  MEDARC_TRY(begin());
  Moved moved;
  if (stream_ != nullptr) {
    MEDARC_ASSIGN(moved, stream_->receive(out, capacity));
  } else {
    ssize_t n = 0;
    do n = ::recv(socket_.get(), out, capacity, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0 && !would_block()) return socket_error("receive", errno);
    if (n < 0) moved.blocked = Blocked::on_read;
    if (n > 0) moved.bytes = static_cast<size_t>(n);
  }
  if (moved.bytes > 0) acknowledge_at_once(socket_);
  return moved;
}

Result<Channel::Moved> Channel::send(ByteView bytes) {
  MEDARC_TRY(begin());
  if (stream_ != nullptr) return stream_->send(bytes);
  ssize_t n = 0;
  do n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0 && !would_block()) return socket_error("send", errno);
  if (n < 0) return Moved{0, Blocked::on_write};
  return Moved{static_cast<size_t>(n)};
}

Status Channel::wait(Blocked blocked, uint32_t timeout_ms, const Signal& stop) const {
  return wait_for(socket_, blocked == Blocked::on_write ? POLLOUT : POLLIN, timeout_ms, stop);
}

Result<size_t> Channel::read_some(char* out, size_t capacity, uint32_t timeout_ms,
                                  const Signal& stop) {
  for (;;) {
    MEDARC_ASSIGN(const Moved moved, receive(out, capacity));
    if (moved.blocked == Blocked::no) return moved.bytes;
    MEDARC_TRY(wait(moved.blocked, timeout_ms, stop));
  }
}

Status Channel::write_all(ByteView bytes, uint32_t timeout_ms, const Signal& stop) {
  while (!bytes.empty()) {
    MEDARC_ASSIGN(const Moved moved, send(bytes));
    bytes.remove_prefix(moved.bytes);
    if (moved.blocked != Blocked::no) MEDARC_TRY(wait(moved.blocked, timeout_ms, stop));
  }
  return {};
}

bool Channel::bytes_waiting() const {
  if (stream_ != nullptr && stream_->has_pending()) return true;
  int waiting = 0;
  return ::ioctl(socket_.get(), FIONREAD, &waiting) == 0 && waiting > 0;
}

Result<bool> Channel::readable_within(uint32_t timeout_ms, const Signal& stop) const {
  if (bytes_waiting()) return true;
  const Status waited = wait(Blocked::on_read, timeout_ms, stop);
  if (waited.has_value()) return true;
  if (waited.error().code == Code::deadline) return false;
  return waited.error();
}

void Channel::close_sending() {
  if (stream_ != nullptr) stream_->close();
  ::shutdown(socket_.get(), SHUT_WR);
}

std::set<std::string> Channel::certificate_names() const {
  return stream_ != nullptr ? stream_->peer_names() : std::set<std::string>();
}

}  // namespace medarc::dicom::ul
