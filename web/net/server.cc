#include "web/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "base/scheduling.h"
#include "web/net/session.h"

// g++ 12 takes the coroutine frame's own operator delete for a mismatch.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace medarc::web {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

constexpr int kBacklog = 4096;
constexpr milliseconds kAcceptRetry{50};  // when the process is out of descriptors

Gauge& connections_gauge() {
  static Gauge& open = gauge("medarc_http_connections", "Open HTTP connections.");
  return open;
}

// As many descriptors as the system lets us have, up to what the limits ask for.
void raise_descriptor_limit(uint64_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    log(Level::warn, "http.descriptors", {{"wanted", wanted}, {"have", limit.rlim_cur}});
  }
}

// One io thread with the sessions it owns. Everything but `io` and `open` belongs to its thread.
struct Loop {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::steady_timer sweep{io};
  std::list<Session*> sessions;
  std::thread thread;
};

class BeastServer : public Server {
 public:
  BeastServer(ServerOptions options, Router router, security::Authenticator& authenticator)
      : pool_(options.worker_threads, options.queue_max, ask_for_short_turns), acceptor_(nullptr) {
    shared_.options = std::move(options);
    shared_.router = std::move(router);
    shared_.authenticator = &authenticator;
    for (uint32_t i = 0; i < std::max(1u, shared_.options.io_threads); ++i) {
      loops_.push_back(std::make_unique<Loop>());
    }
  }

  ~BeastServer() override { stop(0); }

  Status listen() {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(shared_.options.address, error);
    if (error) return make_error(Code::invalid_argument, "http.address is no IP address");
    const tcp::endpoint endpoint(address, shared_.options.port);
    acceptor_ = std::make_unique<tcp::acceptor>(loops_[0]->io);
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(kBacklog, error);
    if (!error) port_ = acceptor_->local_endpoint(error).port();
    if (error) {
      return make_error(Code::io, "cannot listen on " + shared_.options.address + ":" +
                                      std::to_string(shared_.options.port) + ": " +
                                      error.message());
    }
    shared_.authority =
        address.is_v6() ? "[" + shared_.options.address + "]" : shared_.options.address;
    shared_.authority += ":" + std::to_string(port_);
    raise_descriptor_limit(uint64_t{shared_.options.connections_max} + 1024);
    const ServerOptions& o = shared_.options;
    tick_ = milliseconds(std::clamp(std::min({o.header_timeout_ms, o.body_idle_timeout_ms,
                                              o.idle_timeout_ms, o.write_timeout_ms}) /
                                        4,
                                    10u, 250u));
    asio::co_spawn(loops_[0]->io, accept(), asio::detached);
    for (auto& loop : loops_) {
      asio::co_spawn(loop->io, sweep(*loop), asio::detached);
      loop->thread = std::thread([&io = loop->io] {
        ask_for_short_turns();
        io.run();
      });
    }
    return {};
  }

  uint16_t port() const override { return port_; }

  void stop(uint32_t drain_ms) override {
    std::lock_guard once(stop_mutex_);
    if (stopped_ || loops_[0]->thread.get_id() == std::thread::id()) return;
    stopped_ = true;
    shared_.stopping = true;
    asio::post(loops_[0]->io, [this] {
      boost::system::error_code ignored;
      acceptor_->close(ignored);
    });
    end_sessions(true);
    std::unique_lock lock(mutex_);
    empty_.wait_for(lock, milliseconds(drain_ms), [&] { return open_ == 0; });
    lock.unlock();
    end_sessions(false);
    lock.lock();
    // Steps on workers end by themselves; their sessions then see that they are over.
    empty_.wait(lock, [&] { return open_ == 0; });
    lock.unlock();
    over_ = true;
    for (auto& loop : loops_) {
      asio::post(loop->io, [&l = *loop] { l.sweep.cancel(); });
      loop->work.reset();
    }
    for (auto& loop : loops_) loop->thread.join();
  }

 private:
  void end_sessions(bool idle_only) {
    for (auto& loop : loops_) {
      asio::post(loop->io, [&l = *loop, idle_only] {
        for (Session* session : l.sessions) session->end(idle_only);
      });
    }
  }

  asio::awaitable<void> accept() {
    size_t turn = 0;
    while (!shared_.stopping) {
      Loop& loop = *loops_[turn++ % loops_.size()];
      boost::system::error_code error;
      auto token = asio::redirect_error(asio::use_awaitable, error);
      tcp::socket socket = co_await acceptor_->async_accept(loop.io, token);
      if (shared_.stopping) co_return;
      if (error) {
        // Out of descriptors or memory: connections that end will free some.
        asio::steady_timer timer(loops_[0]->io, kAcceptRetry);
        co_await timer.async_wait(token);
        continue;
      }
      if (!admit()) continue;  // closes it
      auto start = serve(loop, std::move(socket));
      asio::co_spawn(loop.io, std::move(start), asio::detached);
    }
  }

  bool admit() {
    static Counter& refused =
        counter("medarc_http_connections_refused_total", "Connections over the limit, closed.");
    std::lock_guard lock(mutex_);
    if (open_ >= shared_.options.connections_max) {
      refused.add();
      return false;
    }
    ++open_;
    connections_gauge().add(1);
    return true;
  }

  asio::awaitable<void> serve(Loop& loop, tcp::socket socket) {
    {
      Session session(shared_, pool_, std::move(socket));
      const auto place = loop.sessions.insert(loop.sessions.end(), &session);
      if (shared_.stopping) session.end(true);
      try {
        co_await session.run();
      } catch (const std::exception& e) {
        log(Level::error, "http.session", {{"what", e.what()}});
      }
      loop.sessions.erase(place);
    }
    std::lock_guard lock(mutex_);
    --open_;
    connections_gauge().add(-1);
    empty_.notify_all();
  }

  asio::awaitable<void> sweep(Loop& loop) {
    while (!over_) {
      loop.sweep.expires_after(tick_);
      boost::system::error_code ignored;
      auto token = asio::redirect_error(asio::use_awaitable, ignored);
      co_await loop.sweep.async_wait(token);
      const auto time = Session::Clock::now();
      for (Session* session : loop.sessions) session->check_deadline(time);
    }
  }

  Shared shared_;
  std::vector<std::unique_ptr<Loop>> loops_;
  ThreadPool pool_;  // joined before the loops go, so that no step outlives its session
  std::unique_ptr<tcp::acceptor> acceptor_;
  uint16_t port_ = 0;
  milliseconds tick_{250};
  std::mutex mutex_, stop_mutex_;
  std::condition_variable empty_;
  size_t open_ = 0;                // sessions; under mutex_
  bool stopped_ = false;           // under stop_mutex_
  std::atomic<bool> over_{false};  // every session has ended
};

}  // namespace

ServerOptions ServerOptions::from(Config& config) {
  ServerOptions o;
  const auto number = [&](const char* key, auto& value, const char* meaning, uint64_t min,
                          uint64_t max) {
    using T = std::remove_reference_t<decltype(value)>;
    value = static_cast<T>(config.size(std::string("http.") + key, value, meaning, min, max));
  };
  o.address = config.text("http.address", o.address, "Address to listen on.");
  number("port", o.port, "TCP port; 0 picks a free one.", 0, 65535);
  number("io_threads", o.io_threads, "Threads that wait for sockets.", 1, 64);
  number("worker_threads", o.worker_threads, "Threads that run requests.", 1, 1024);
  number("queue_max", o.queue_max, "Requests waiting for a worker; then 503.", 1, 1'000'000);
  number("connections_max", o.connections_max, "Open connections; more are closed.", 1, 1'000'000);
  number("header_bytes_max", o.header_bytes_max, "Longest request head, in bytes; then 431.", 1024,
         1u << 20);
  number("header_timeout_ms", o.header_timeout_ms,
         "From the first byte of a request to the end of its head.", 10, 3'600'000);
  number("body_idle_timeout_ms", o.body_idle_timeout_ms, "Longest silence inside a request body.",
         10, 3'600'000);
  number("body_bytes_per_second_min", o.body_bytes_per_second_min,
         "Least average rate of a request body, after body_idle_timeout_ms; 0: off.", 0, 1u << 30);
  number("idle_timeout_ms", o.idle_timeout_ms, "Between the requests of a connection.", 10,
         3'600'000);
  number("write_timeout_ms", o.write_timeout_ms, "Longest stall while an answer is sent.", 10,
         3'600'000);
  number("upload_bytes_max", o.upload_bytes_max, "Largest upload, in bytes; then 413.", 1,
         UINT64_MAX);
  number("buffer_bytes", o.buffer_bytes, "Largest piece of a body held in memory a connection.",
         16u << 10, 64u << 20);
  o.request_gzip = config.flag("http.request_gzip", o.request_gzip,
                               "Take request bodies with Content-Encoding: gzip.");
  o.cors_origins = config.text("http.cors_origins", o.cors_origins,
                               "Origins whose pages may read answers: \"*\", \"\" or a list.");
  return o;
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, std::vector<Route> routes,
                                              security::Authenticator& authenticator) {
  MEDARC_ASSIGN(Router router, Router::build(std::move(routes)));
  auto server = std::make_unique<BeastServer>(std::move(options), std::move(router), authenticator);
  MEDARC_TRY(server->listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace medarc::web
