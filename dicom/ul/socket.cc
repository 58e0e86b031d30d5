#include "dicom/ul/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace medarc::dicom::ul {
namespace {

constexpr int kBacklog = 4096;  // the kernel lowers it to net.core.somaxconn

void set_option(const Descriptor& socket, int level, int option, int value) {
  // Tuning only: a socket without the option works, slower.
  (void)::setsockopt(socket.get(), level, option, &value, sizeof value);
}

}  // namespace

Error socket_error(const char* what, int error) {
  Code code = Code::io;
  if (error == EADDRINUSE) code = Code::already_exists;
  if (error == EACCES || error == EPERM) code = Code::permission_denied;
  if (error == EADDRNOTAVAIL) code = Code::invalid_argument;
  if (error == ECONNRESET || error == EPIPE || error == ETIMEDOUT) code = Code::cancelled;
  return make_error(code, std::string(what) + ": " + std::strerror(error));
}

Status wait_for(const Descriptor& socket, short events, uint32_t timeout_ms, const Signal& stop) {
  pollfd fds[2] = {{socket.get(), events, 0}, {stop.descriptor(), POLLIN, 0}};
  for (;;) {
    const int n = ::poll(fds, 2, static_cast<int>(std::min<uint32_t>(timeout_ms, INT32_MAX)));
    if (n == 0) return make_error(Code::deadline, "the peer is silent");
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return socket_error("poll", errno);
    if (fds[1].revents != 0) return make_error(Code::unavailable, "stopping");
    return {};
  }
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Signal::Signal() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Signal::raise() {
  raised_.store(true, std::memory_order_release);
  const uint64_t one = 1;
  (void)!::write(event_.get(), &one, sizeof one);  // never read, so it stays readable
}

Result<Listener> listen_on(const std::string& address, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(address.empty() ? nullptr : address.c_str(),
                                   std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {
    return make_error(Code::invalid_argument,
                      "listen address " + address + ": " + ::gai_strerror(failed));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> guard(found, ::freeaddrinfo);

  Listener out;
  out.socket = Descriptor(
      ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!out.socket) return socket_error("socket", errno);
  set_option(out.socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(out.socket.get(), found->ai_addr, found->ai_addrlen) != 0) {
    return socket_error("bind", errno);
  }
  if (::listen(out.socket.get(), kBacklog) != 0) return socket_error("listen", errno);

  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (::getsockname(out.socket.get(), reinterpret_cast<sockaddr*>(&bound), &length) != 0) {
    return socket_error("getsockname", errno);
  }
  out.port =
      ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                        : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
  return out;
}

Result<Descriptor> connect_to(const std::string& host, uint16_t port, uint32_t timeout_ms,
                              const Signal& stop) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
      failed != 0) {
    return make_error(Code::unavailable, host + ": " + ::gai_strerror(failed));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> guard(found, ::freeaddrinfo);
  Error last = make_error(Code::unavailable, host + ": no address");
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    Descriptor out(::socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!out) return socket_error("socket", errno);
    int error = 0;
    if (::connect(out.get(), a->ai_addr, a->ai_addrlen) != 0) error = errno;
    if (error == EINPROGRESS) {
      MEDARC_TRY(wait_for(out, POLLOUT, timeout_ms, stop));
      socklen_t length = sizeof error;
      ::getsockopt(out.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    }
    if (error == 0) return out;
    last = make_error(Code::unavailable, host + ":" + std::to_string(port) +
                                             " cannot be reached: " + std::strerror(error));
  }
  return last;
}

Descriptor accept_from(const Descriptor& listener, std::string& peer) {
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  Descriptor out(::accept4(listener.get(), reinterpret_cast<sockaddr*>(&from), &length,
                           SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!out) return out;
  char text[INET6_ADDRSTRLEN] = "";
  if (from.ss_family == AF_INET6) {
    const in6_addr& six = reinterpret_cast<const sockaddr_in6&>(from).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&six)) {
      ::inet_ntop(AF_INET, six.s6_addr + 12, text, sizeof text);
    } else {
      ::inet_ntop(AF_INET6, &six, text, sizeof text);
    }
  } else {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(from).sin_addr, text, sizeof text);
  }
  peer = text;
  return out;
}

void tune(const Descriptor& socket) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, IPPROTO_TCP, TCP_QUICKACK, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
}

void acknowledge_at_once(const Descriptor& socket) {
  set_option(socket, IPPROTO_TCP, TCP_QUICKACK, 1);
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace medarc::dicom::ul
