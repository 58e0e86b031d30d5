// A line between a client and a server on this machine that changes a byte or breaks, once, after
// so many bytes in one direction, or every connection of it after so many. Everything else goes
// through unchanged, and is counted.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "dicom/ul/socket.h"

namespace medarc::test {

class BrokenLine {
 public:
  enum class Fault { none, flip, cut, cut_each };

  // `to_server`: the direction whose bytes are counted.
  BrokenLine(uint16_t server_port, Fault fault, bool to_server, uint64_t after_bytes)
      : server_port_(server_port),
        fault_(fault),
        to_server_(to_server),
        after_(after_bytes),
        listener_(*dicom::ul::listen_on("127.0.0.1", 0)),
        thread_([this] { accept(); }) {}
  ~BrokenLine() {
    stop_.raise();
    thread_.join();
    for (std::thread& line : lines_) line.join();
  }
  uint16_t port() const { return listener_.port; }
  bool faulted() const { return faulted_; }
  // In that direction, of all connections.
  uint64_t counted() const {
    std::lock_guard lock(mutex_);
    return counted_;
  }

 private:
  void accept() {
    while (!stop_.raised()) {
      if (!dicom::ul::wait_for(listener_.socket, POLLIN, 60'000, stop_)) continue;
      std::string peer;
      auto client = dicom::ul::accept_from(listener_.socket, peer);
      if (!client) continue;
      lines_.emplace_back([this, socket = std::move(client)]() mutable { carry(socket); });
    }
  }

  void carry(dicom::ul::Descriptor& client) {
    auto server = dicom::ul::connect_to("127.0.0.1", server_port_, 5'000, stop_);
    if (!server) return;
    std::vector<char> piece(64 << 10);
    uint64_t of_this = 0;
    while (!stop_.raised()) {
      pollfd both[2] = {{client.get(), POLLIN, 0}, {server->get(), POLLIN, 0}};
      if (::poll(both, 2, 100) < 0) return;
      for (int i = 0; i < 2; ++i) {
        if (both[i].revents == 0) continue;
        const ssize_t n = ::recv(both[i].fd, piece.data(), piece.size(), 0);
        if (n <= 0) return;
        if ((i == 0) == to_server_ && broken(piece.data(), static_cast<size_t>(n), of_this)) return;
        if (!send(i == 0 ? *server : client, piece.data(), static_cast<size_t>(n))) return;
      }
    }
  }

  // Whether the line is cut now.
  bool broken(char* bytes, size_t n, uint64_t& of_this) {
    std::lock_guard lock(mutex_);
    const uint64_t before = counted_;
    counted_ += n;
    of_this += n;
    if (fault_ == Fault::none) return false;
    if (fault_ == Fault::cut_each) {
      if (of_this > after_) faulted_ = true;
      return of_this > after_;
    }
    if (faulted_ || counted_ <= after_) return false;
    faulted_ = true;
    if (fault_ == Fault::cut) return true;
    bytes[after_ - before] ^= 0x20;
    return false;
  }

  bool send(const dicom::ul::Descriptor& to, const char* bytes, size_t n) {
    while (n > 0) {
      const ssize_t sent = ::send(to.get(), bytes, n, MSG_NOSIGNAL);
      if (sent < 0 && !dicom::ul::wait_for(to, POLLOUT, 10'000, stop_)) return false;
      if (sent > 0) {
        bytes += sent;
        n -= static_cast<size_t>(sent);
      }
    }
    return true;
  }

  const uint16_t server_port_;
  const Fault fault_;
  const bool to_server_;
  const uint64_t after_;
  dicom::ul::Listener listener_;
  dicom::ul::Signal stop_;
  mutable std::mutex mutex_;
  uint64_t counted_ = 0;
  std::atomic<bool> faulted_{false};
  std::vector<std::thread> lines_;
  std::thread thread_;
};

}  // namespace medarc::test
