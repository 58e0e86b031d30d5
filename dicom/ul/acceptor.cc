#include "dicom/ul/acceptor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <list>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"

namespace medarc::dicom::ul {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kScratchBytes = 64u << 10;
constexpr uint64_t kDiscardedBytesMax = 1u << 20;  // of a draining connection, then it is closed
constexpr int kAcceptsAtOnce = 64;                 // so that a flood of new ones starves nobody
constexpr auto kAcceptPause = std::chrono::milliseconds(100);  // without descriptors to accept with

void count_closed(std::string_view reason) {
  static constexpr std::string_view kName = "medarc_dimse_connections_closed_total";
  static constexpr std::string_view kHelp = "Connections closed before they had an association.";
  counter(kName, kHelp, "reason=\"" + std::string(reason) + "\"").add();
}

struct Held {
  Connection connection;
  Bytes bytes;                      // of the request so far
  size_t wanted = kPduHeaderBytes;  // length of `bytes` at which to look again
  bool draining = false;
  bool waits_to_write = false;
  uint64_t discarded_bytes = 0;
  Clock::time_point deadline;
};

class EpollAcceptor : public Acceptor {
 public:
  EpollAcceptor(Listener listener, const Limits& limits, std::shared_ptr<security::TlsContext> tls,
                Offer offer)
      : listener_(std::move(listener)),
        limits_(limits),
        tls_(std::move(tls)),
        offer_(std::move(offer)),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  Status begin() {
    if (!epoll_ || !wake_) return make_error(Code::exhausted, "no descriptors left to listen with");
    watch(listener_.socket.get());
    watch(wake_.get());
    watch(stop_.descriptor());
    thread_ = std::thread([this] { run(); });
    return {};
  }

  ~EpollAcceptor() override { stop(); }
  uint16_t port() const override { return listener_.port; }

  void drain(Connection connection) override {
    std::lock_guard lock(mutex_);
    if (stop_.raised()) return;
    finished_.push_back(std::move(connection));
    const uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
  }

  void stop() override {
    {
      std::lock_guard lock(mutex_);
      stop_.raise();
    }
    if (thread_.joinable()) thread_.join();
    finished_.clear();
    by_socket_.clear();
    held_.clear();
    listener_.socket = Descriptor();
  }

 private:
  using HeldAt = std::list<Held>::iterator;

  void run() {
    std::array<epoll_event, 256> events;
    while (!stop_.raised()) {
      const int n = ::epoll_wait(epoll_.get(), events.data(), events.size(), wait_ms());
      for (int i = 0; i < n; ++i) {
        const int fd = events[i].data.fd;
        if (fd == listener_.socket.get()) {
          accept_some();
        } else if (fd == wake_.get()) {
          take_finished();
        } else if (auto it = by_socket_.find(fd); it != by_socket_.end()) {
          readable(it->second);
        }
      }
      expire();
    }
  }

  int wait_ms() const {
    auto until = Clock::time_point::max();
    if (!held_.empty()) until = held_.front().deadline;
    if (paused_) until = std::min(until, resume_);
    if (until == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, INT32_MAX));
  }

  void watch(int fd) { control(EPOLL_CTL_ADD, fd, EPOLLIN); }
  void control(int operation, int fd, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll_.get(), operation, fd, &event);
  }
  void unwatch(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

  void accept_some() {
    for (int i = 0; i < kAcceptsAtOnce; ++i) {
      std::string peer;
      Descriptor socket = accept_from(listener_.socket, peer);
      if (!socket) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) return;
        const bool out = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        if (out && !make_room("descriptors")) return pause();
        continue;
      }
      admit(std::move(socket), std::move(peer));
    }
  }

  void admit(Descriptor socket, std::string peer) {
    if (counts_->of(peer) >= limits_.connections_per_peer_max) return count_closed("peer_limit");
    if (counts_->total() >= limits_.connections_max && !make_room("limit")) {
      return count_closed("limit");
    }
    tune(socket);
    hold({Channel(std::move(socket), tls_), peer, ConnectionCounts::enter(counts_, peer)}, false);
  }

  // New entries go to the end, all with the same time to live: the list is ordered by deadline.
  void hold(Connection connection, bool draining) {
    const int fd = connection.channel.descriptor();
    Held held;
    held.connection = std::move(connection);
    held.draining = draining;
    held.deadline = Clock::now() + std::chrono::milliseconds(limits_.artim_timeout_ms);
    held_.push_back(std::move(held));
    by_socket_[fd] = std::prev(held_.end());
    watch(fd);
  }

  Connection release(HeldAt at) {
    Connection out = std::move(at->connection);
    buffered_bytes_ -= at->bytes.size();
    unwatch(out.channel.descriptor());
    by_socket_.erase(out.channel.descriptor());
    held_.erase(at);
    return out;
  }

  bool make_room(std::string_view reason) {
    if (held_.empty()) return false;
    release(held_.begin());
    count_closed(reason);
    return true;
  }

  void pause() {
    unwatch(listener_.socket.get());
    paused_ = true;
    resume_ = Clock::now() + kAcceptPause;
    log(Level::warn, "dimse.no_descriptors");
  }

  void expire() {
    const auto now = Clock::now();
    while (!held_.empty() && held_.front().deadline <= now) {
      if (!held_.front().draining) count_closed("timeout");
      release(held_.begin());
    }
    if (paused_ && resume_ <= now) {
      paused_ = false;
      watch(listener_.socket.get());
    }
  }

  void take_finished() {
    uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof count);
    std::vector<Connection> taken;
    {
      std::lock_guard lock(mutex_);
      taken.swap(finished_);
    }
    for (Connection& connection : taken) start_draining(std::move(connection));
  }

  void start_draining(Connection connection) {
    connection.channel.close_sending();
    hold(std::move(connection), true);
  }

  // The last word on a connection: ten octets always fit an empty send buffer.
  void say_last(Connection connection, ByteView pdu) {
    (void)connection.channel.send(pdu);
    start_draining(std::move(connection));
  }

  void readable(HeldAt at) {
    const int at_socket = at->connection.channel.descriptor();
    while (at->draining || at->bytes.size() < at->wanted) {
      const size_t room =
          at->draining ? kScratchBytes : std::min(kScratchBytes, at->wanted - at->bytes.size());
      const auto moved = at->connection.channel.receive(scratch_.data(), room);
      if (moved.has_error()) return broken(at, moved.error());
      if (moved->blocked != Channel::Blocked::no) return wait_for_more(*at, moved->blocked);
      const size_t n = moved->bytes;
      if (n == 0) {
        release(at);
        return;
      }
      if (at->draining) {
        at->discarded_bytes += n;
        if (at->discarded_bytes > kDiscardedBytesMax) release(at);
        return;  // the next readiness brings the rest, after everybody else's
      }
      at->bytes.append(scratch_.data(), n);
      buffered_bytes_ += n;
      if (buffered_bytes_ > limits_.first_pdus_bytes_max && close_oldest_sender() == at_socket) {
        return;
      }
      if (at->bytes.size() == kPduHeaderBytes && !header_arrived(at)) return;
    }
    request_arrived(at);
  }

  void broken(HeldAt at, const Error& error) {
    if (error.code == Code::permission_denied) {
      count_closed("tls");
      log(Level::warn, "dimse.tls_refused",
          {{"peer", at->connection.peer}, {"reason", error.text}});
    }
    release(at);
  }

  // TLS may have to write before it can read on.
  void wait_for_more(Held& held, Channel::Blocked blocked) {
    const bool writes = blocked == Channel::Blocked::on_write;
    if (writes == held.waits_to_write) return;
    held.waits_to_write = writes;
    control(EPOLL_CTL_MOD, held.connection.channel.descriptor(), writes ? EPOLLOUT : EPOLLIN);
  }

  // Closes the connection that has been sending its request for longest; answers its descriptor.
  int close_oldest_sender() {
    auto oldest = std::find_if(held_.begin(), held_.end(),
                               [](const Held& held) { return !held.bytes.empty(); });
    if (oldest == held_.end()) return -1;
    const int socket = oldest->connection.channel.descriptor();
    release(oldest);
    count_closed("memory");
    return socket;
  }

  // False when the connection is gone from the list.
  bool header_arrived(HeldAt at) {
    const PduHeader header = parse_pdu_header(at->bytes.data());
    const bool known = header.type >= 1 && header.type <= 7;
    if (header.type != static_cast<uint8_t>(PduType::associate_rq)) {
      count_closed("protocol");
      const uint8_t reason = known ? kAbortUnexpectedPdu : kAbortUnrecognizedPdu;
      say_last(release(at), encode(Abort{2, reason}));
      return false;
    }
    if (header.length > limits_.first_pdu_bytes_max) {
      count_closed("too_large");
      say_last(release(at), encode(Abort{2, kAbortInvalidParameter}));
      return false;
    }
    at->wanted += header.length;
    return true;
  }

  void request_arrived(HeldAt at) {
    const Bytes bytes = std::move(at->bytes);
    buffered_bytes_ -= bytes.size();
    at->bytes.clear();
    Connection connection = release(at);
    auto rq = parse_associate_rq(ByteView(bytes).substr(kPduHeaderBytes),
                                 limits_.presentation_contexts_max);
    if (rq.has_error()) {
      count_closed("protocol");
      const bool too_large = rq.error().code == Code::too_large;
      // Permanent, provider (presentation), local limit exceeded; or what is malformed.
      say_last(std::move(connection),
               too_large ? encode(AssociateRj{1, 3, 2}) : encode(Abort{2, kAbortInvalidParameter}));
      return;
    }
    if (auto rejection = offer_(connection, *rq)) {
      say_last(std::move(connection), encode(*rejection));
    }
  }

  Listener listener_;
  const Limits limits_;
  const std::shared_ptr<security::TlsContext> tls_;
  const Offer offer_;
  Descriptor epoll_, wake_;
  Signal stop_;
  std::shared_ptr<ConnectionCounts> counts_ = std::make_shared<ConnectionCounts>();
  std::mutex mutex_;
  std::vector<Connection> finished_;  // guarded by mutex_

  // The thread's own.
  std::list<Held> held_;  // oldest deadline first
  std::unordered_map<int, HeldAt> by_socket_;
  uint64_t buffered_bytes_ = 0;
  std::array<char, kScratchBytes> scratch_;
  bool paused_ = false;
  Clock::time_point resume_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Acceptor>> Acceptor::start(const std::string& address, uint16_t port,
                                                  const Limits& limits,
                                                  std::shared_ptr<security::TlsContext> tls,
                                                  Offer offer) {
  MEDARC_ASSIGN(Listener listener, listen_on(address, port));
  auto out = std::make_unique<EpollAcceptor>(std::move(listener), limits, std::move(tls),
                                             std::move(offer));
  MEDARC_TRY(out->begin());
  return std::unique_ptr<Acceptor>(std::move(out));
}

}  // namespace medarc::dicom::ul
