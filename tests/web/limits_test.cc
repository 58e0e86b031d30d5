// Limits, deadlines and slow peers: what a flood or a stalled peer may cost others.
#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/metrics.h"
#include "tests/web/server_fixture.h"

namespace medarc::web {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::HttpClient;

int64_t ms_since(steady_clock::time_point t) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - t).count();
}

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  statm >> all >> resident;
  return resident * 4096;
}

class Limits : public ServerTest {};

TEST_F(Limits, HeaderDeadlineAnswers408) {
  ServerOptions options;
  options.header_timeout_ms = 200;
  start(options);
  HttpClient client(port());
  const auto begun = steady_clock::now();
  client.send("GET /hello HT");
  EXPECT_EQ(client.receive().status, 408);
  EXPECT_GE(ms_since(begun), 190);
  EXPECT_LT(ms_since(begun), 2000);
}

TEST_F(Limits, HeaderDeadlineIsNotMovedByTrickling) {
  ServerOptions options;
  options.header_timeout_ms = 300;
  start(options);
  HttpClient client(port());
  const auto begun = steady_clock::now();
  client.send("GET /hello HTTP/1.1\r\nX: ");
  EXPECT_TRUE(client.send("a"));
  while (ms_since(begun) < 250 && client.send("a")) std::this_thread::sleep_for(milliseconds(30));
  EXPECT_EQ(client.receive().status, 408);
  EXPECT_LT(ms_since(begun), 2000);
}

TEST_F(Limits, IdleConnectionsAreClosedSilently) {
  ServerOptions options;
  options.idle_timeout_ms = 200;
  start(options);
  HttpClient client(port());
  EXPECT_EQ(client.get("/hello").status, 200);
  const auto begun = steady_clock::now();
  EXPECT_TRUE(client.at_end());
  EXPECT_GE(ms_since(begun), 190);
  EXPECT_LT(ms_since(begun), 2000);
}

TEST_F(Limits, BodySilenceAndTrickleEndTheUpload) {
  ServerOptions options;
  options.body_idle_timeout_ms = 300;
  options.body_bytes_per_second_min = 1000;
  start(options);
  const std::string head = "POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
  HttpClient silent(port());
  silent.send(head);
  auto begun = steady_clock::now();
  EXPECT_TRUE(silent.at_end());
  EXPECT_LT(ms_since(begun), 2000);
  // One byte every 20 ms is 50 a second: never silent, yet too slow.
  HttpClient trickle(port());
  trickle.send(head);
  begun = steady_clock::now();
  while (ms_since(begun) < 4000 && trickle.send("a")) std::this_thread::sleep_for(milliseconds(20));
  EXPECT_GE(ms_since(begun), 290);
  EXPECT_LT(ms_since(begun), 2500);
  EXPECT_EQ(seen_.handlers, 0);
}

TEST_F(Limits, ReaderThatStopsIsClosed) {
  ServerOptions options;
  options.write_timeout_ms = 300;
  start(options);
  HttpClient client(port());
  client.send("GET /stream?bytes=100000000 HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(900));
  EXPECT_EQ(client.receive().status, 0);  // cut off
}

TEST_F(Limits, ConnectionsOverTheLimitAreClosedAndOthersServed) {
  ServerOptions options;
  options.connections_max = 3;
  start(options);
  HttpClient a(port()), b(port()), c(port());
  EXPECT_EQ(a.get("/hello").status, 200);
  EXPECT_EQ(b.get("/hello").status, 200);
  EXPECT_EQ(c.get("/hello").status, 200);
  HttpClient over(port(), 2000);
  EXPECT_EQ(over.get("/hello").status, 0);
  EXPECT_EQ(a.get("/hello").status, 200);
}

TEST_F(Limits, FullQueueAnswers503WithRetryAfter) {
  ServerOptions options;
  options.worker_threads = 1;
  options.queue_max = 2;
  start(options);
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(std::make_unique<HttpClient>(port()));
    clients.back()->send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  int ok = 0, busy = 0;
  for (auto& client : clients) {
    const auto answer = client->receive();
    ok += answer.status == 200;
    if (answer.status == 503) {
      ++busy;
      EXPECT_EQ(answer.header("Retry-After"), "2");
    }
  }
  EXPECT_GE(ok, 2);
  EXPECT_GE(busy, 5);
  EXPECT_EQ(ok + busy, 12);
}

TEST_F(Limits, StopLetsARunningRequestFinish) {
  start();
  HttpClient idle(port());
  EXPECT_EQ(idle.get("/hello").status, 200);
  HttpClient busy(port());
  busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  while (seen_.calls < 2) std::this_thread::sleep_for(milliseconds(1));
  std::thread stopper([&] { server_->stop(5000); });
  const auto answer = busy.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Connection"), "close");
  stopper.join();
  EXPECT_TRUE(idle.at_end());
  EXPECT_EQ(HttpClient(port(), 500).get("/hello").status, 0);
}

TEST_F(Limits, StopCutsOffWhatDoesNotFinish) {
  start();
  HttpClient stalled(port());
  stalled.send("POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  while (seen_.handlers == 0) std::this_thread::sleep_for(milliseconds(1));
  const auto begun = steady_clock::now();
  server_->stop(100);
  EXPECT_LT(ms_since(begun), 2000);
  EXPECT_EQ(seen_.handlers, 0);
}

// R9 in small (the long form is a bench): many slow senders and idle connections, one known peer.
TEST_F(Limits, R9SlowSendersAndIdleConnectionsDoNotDelayOthers) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const size_t half = std::min<size_t>(2000, files.rlim_max / 4);
  start();
  const uint64_t before = resident_bytes();
  const Gauge& open = gauge("medarc_http_connections", "Open HTTP connections.");
  ASSERT_EQ(open.value(), 0);
  std::vector<std::unique_ptr<HttpClient>> idle, slow;
  for (size_t i = 0; i < half; ++i) idle.push_back(std::make_unique<HttpClient>(port()));
  for (size_t i = 0; i < half / 4; ++i) {
    slow.push_back(std::make_unique<HttpClient>(port()));
    slow.back()->send("POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    slow.push_back(std::make_unique<HttpClient>(port()));
    slow.back()->send("GET /hello HTTP/1.1\r\nX-");
  }
  // Only when all are in: the time it takes to accept thousands is not what is measured.
  const auto crowd = static_cast<int64_t>(half + slow.size());
  for (int i = 0; i < 10'000 && open.value() < crowd; ++i) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  ASSERT_EQ(open.value(), crowd);
  int64_t worst = 0;
  for (int round = 0; round < 20; ++round) {
    for (auto& client : slow) client->send("a");
    HttpClient known(port());
    const auto begun = steady_clock::now();
    EXPECT_EQ(known.get("/hello").status, 200);
    worst = std::max(worst, ms_since(begun));
  }
  EXPECT_LT(worst, 5'000);  // stuck behind a slow sender it would be its time-out
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)  // they keep books of their own
  const uint64_t each = (resident_bytes() - before) / (half + slow.size());
  EXPECT_LT(each, 16u << 10) << "bytes of memory a connection";
#else
  EXPECT_GT(resident_bytes(), before / 2);
#endif
}

}  // namespace
}  // namespace medarc::web
