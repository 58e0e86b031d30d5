// Limits of the association service: each with the answer it gives, and what it protects (X20).
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "dicom/ul/slots.h"
#include "dicom/ul/socket.h"
#include "tests/dicom/net/net_fixture.h"

namespace medarc::dicom::test {
namespace {

// What waits for a bad peer waits for its time-out, 30 s; how quick the others are on a quiet
// machine is measured elsewhere (tools/long/hostile).
constexpr int64_t kStuckMs = 10'000;

using LimitsNet = NetTest;
using std::chrono::steady_clock;

// Octets after the reserved one: result, source, reason.
std::string rejection(const RawAssociation& a) {
  return a.refused && a.refused->type == 3 ? a.refused->body.substr(1) : "";
}

int64_t echo_ms(uint16_t port) {
  const auto began = steady_clock::now();
  RawAssociation a(port, ct_request());
  const auto response = a.established() ? a.echo(1) : std::nullopt;
  EXPECT_TRUE(response && response->status == 0);
  a.release();
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - began).count();
}

TEST_F(LimitsNet, WrongTitlesAndVersionsAreRejectedForGood) {
  authenticator.refused = {"STRANGER"};
  start();
  RawRequest request = ct_request();
  request.called = "OTHER";
  EXPECT_EQ(rejection(RawAssociation(port(), request)), "\1\1\7");
  request.called = " MEDARC";  // blanks around a title do not count (D5)
  EXPECT_TRUE(RawAssociation(port(), request).established());
  request.calling = "STRANGER";
  EXPECT_EQ(rejection(RawAssociation(port(), request)), "\1\1\3");
  request = ct_request();
  request.application_context = "1.2.3";
  EXPECT_EQ(rejection(RawAssociation(port(), request)), "\1\1\2");
  request = ct_request();
  request.protocol_version = 2;
  EXPECT_EQ(rejection(RawAssociation(port(), request)), "\1\2\2");
}

TEST_F(LimitsNet, AnyCalledTitleByOption) {
  options.any_called_aet = true;
  start();
  RawRequest request = ct_request();
  request.called = "WHATEVER";
  EXPECT_TRUE(RawAssociation(port(), request).established());
}

TEST_F(LimitsNet, AssociationsOverTheLimitAreRejectedAndSlotsComeBack) {
  limits.associations_max = 3;
  limits.associations_per_peer_max = 3;
  limits.associations_reserved = 0;
  start();
  {
    std::vector<RawAssociation> open;
    for (int i = 0; i < 3; ++i) {
      open.emplace_back(port(), ct_request());
      ASSERT_TRUE(open.back().established());
    }
    // The peer's own limit comes first: transient, presentation, local limit.
    EXPECT_EQ(rejection(RawAssociation(port(), ct_request())), "\2\3\2");
    EXPECT_EQ(open[0].echo(1)->status, 0);
    EXPECT_TRUE(open[1].release());
    EXPECT_TRUE(eventually([&] { return RawAssociation(port(), ct_request()).established(); }));
  }
  EXPECT_TRUE(eventually([&] { return RawAssociation(port(), ct_request()).established(); }));
}

TEST_F(LimitsNet, CongestionIsToldWhenAllSlotsAreTakenAndKnownPeersHaveTheirs) {
  limits.associations_max = 4;
  limits.associations_reserved = 2;
  authenticator.has_peers = true;
  authenticator.known = {"CT1"};
  start();
  RawRequest known = ct_request();
  known.calling = "CT1";
  RawAssociation a(port(), ct_request()), b(port(), ct_request());
  ASSERT_TRUE(a.established() && b.established());
  EXPECT_EQ(rejection(RawAssociation(port(), ct_request())), "\2\3\1");
  RawAssociation c(port(), known), d(port(), known);
  EXPECT_TRUE(c.established() && d.established());
  EXPECT_EQ(rejection(RawAssociation(port(), known)), "\2\3\1");
}

TEST(Slots, NoReservationBeyondTheTotalAndGivenBackSlotsCount) {
  Limits limits;
  limits.associations_max = 2;
  limits.associations_reserved = 9;
  limits.associations_per_peer_max = 2;
  ul::Slots slots(limits);
  EXPECT_EQ(slots.take("a", false), ul::kCongestion);
  EXPECT_EQ(slots.take("a", true), std::nullopt);
  EXPECT_EQ(slots.take("a", true), std::nullopt);
  EXPECT_EQ(slots.take("a", true), ul::kLocalLimit);
  EXPECT_EQ(slots.take("b", true), ul::kCongestion);
  slots.give_back("a", true);
  EXPECT_EQ(slots.take("b", true), std::nullopt);
  EXPECT_EQ(slots.taken(), 2u);
}

TEST_F(LimitsNet, X20_AHugeFirstPduIsRefusedBeforeItIsSent) {
  start();
  for (const uint32_t length : {0xFFFFFFF0u, limits.first_pdu_bytes_max + 1}) {
    RawSocket socket(port());
    ASSERT_TRUE(socket.send(std::string("\1\0", 2) + be32(length) + std::string(200, 'x')));
    const auto pdu = socket.read();
    ASSERT_TRUE(pdu);
    EXPECT_EQ(pdu->type, 7);
    socket.close();
  }
  EXPECT_LT(echo_ms(port()), kStuckMs);
}

TEST_F(LimitsNet, X20_WhatIsNoAssociateRequestIsAborted) {
  start();
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n\r\n"), ul_pdu(4, "data"), ul_pdu(1, "short"), ul_pdu(1, ""),
        ul_pdu(5, std::string(4, '\0')), std::string(50, '\0')}) {
    RawSocket socket(port());
    ASSERT_TRUE(socket.send(bytes));
    const auto pdu = socket.read();
    ASSERT_TRUE(pdu);
    EXPECT_EQ(pdu->type, 7);
  }
  RawRequest twice = ct_request();
  twice.contexts.push_back(twice.contexts.front());
  RawAssociation a(port(), twice);
  ASSERT_TRUE(a.refused);
  EXPECT_EQ(a.refused->type, 7);
}

TEST_F(LimitsNet, X20_ArtimClosesSilentAndHalfRequests) {
  limits.artim_timeout_ms = 150;
  start();
  RawSocket silent(port()), half(port());
  ASSERT_TRUE(half.send(medarc::test::associate_rq(ct_request()).substr(0, 60)));
  EXPECT_TRUE(silent.closed_within(2000));
  EXPECT_TRUE(half.closed_within(2000));
  // A request that comes in pieces but in time is one.
  RawSocket slow(port());
  const std::string rq = medarc::test::associate_rq(ct_request());
  ASSERT_TRUE(slow.send(rq.substr(0, 3)));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(slow.send(rq.substr(3)));
  const auto pdu = slow.read();
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->type, 2);
}

TEST_F(LimitsNet, D5_SilenceInsideAMessageAndIdlenessAbort) {
  limits.pdu_timeout_ms = 100;
  limits.idle_timeout_ms = 400;
  start();
  RawAssociation a(port(), ct_request());
  a.send_store_rq(3, kCt, "1.2.3");
  auto began = steady_clock::now();
  auto pdu = a.socket.read();
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->type, 7);
  EXPECT_LT(steady_clock::now() - began, std::chrono::milliseconds(350));

  RawAssociation idle(port(), ct_request());
  began = steady_clock::now();
  pdu = idle.socket.read();
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->type, 7);
  EXPECT_GT(steady_clock::now() - began, std::chrono::milliseconds(300));
  EXPECT_EQ(imaging.open_objects(), 0u);
}

TEST_F(LimitsNet, APeerThatReadsNoAnswersIsGivenUp) {
  limits.pdu_timeout_ms = 200;
  start();
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  const std::string echo = command_set({{0x0002, ui(kVerification)},
                                        {0x0100, le16(0x0030)},
                                        {0x0110, le16(1)},
                                        {0x0800, le16(0x0101)}});
  std::string many;
  for (int i = 0; i < 1000; ++i) {
    many += ul_pdu(4, be32(static_cast<uint32_t>(echo.size() + 2)) + "\1\3" + echo);
  }
  // Sending blocks when both directions are full and fails when the server has given up.
  bool sent = true;
  for (int i = 0; i < 2000 && sent; ++i) sent = a.socket.send(many);
  EXPECT_FALSE(sent);
  EXPECT_LT(echo_ms(port()), 1000);
}

TEST_F(LimitsNet, ObjectBytesMaxRefusesAndThenEndsTheAssociation) {
  limits.object_bytes_max = 1 << 20;
  start();
  RawAssociation a(port(), ct_request());
  const auto refused = a.store(3, kCt, "1.2.3", std::string((1 << 20) + 1000, 'p'));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 0xA700);
  EXPECT_EQ(a.store(3, kCt, "1.2.4", std::string(1 << 20, 'p'))->status, 0x0000);
  EXPECT_FALSE(a.store(3, kCt, "1.2.5", std::string(8 << 20, 'p')));
  EXPECT_EQ(imaging.kept().size(), 1u);
}

TEST_F(LimitsNet, ConnectionsOverTheLimitPushOutTheOldestSilentOne) {
  limits.connections_max = 10;
  start();
  std::vector<RawSocket> silent;
  for (int i = 0; i < 10; ++i) silent.emplace_back(port());
  RawAssociation a(port(), ct_request());
  EXPECT_TRUE(a.established());
  EXPECT_TRUE(silent[0].closed_within(2000));
  EXPECT_FALSE(silent[5].closed_within(50));
}

TEST_F(LimitsNet, ConnectionsOfOnePeerOverItsLimitAreClosed) {
  limits.connections_per_peer_max = 5;
  start();
  std::vector<RawSocket> silent;
  for (int i = 0; i < 5; ++i) silent.emplace_back(port());
  EXPECT_TRUE(RawSocket(port()).closed_within(2000));
  silent.pop_back();
  EXPECT_TRUE(eventually([&] { return RawAssociation(port(), ct_request()).established(); }));
}

TEST_F(LimitsNet, RequestsArrivingTogetherShareABoundOfMemory) {
  limits.first_pdus_bytes_max = 100'000;
  start();
  std::vector<RawSocket> senders;
  for (int i = 0; i < 3; ++i) {
    senders.emplace_back(port());
    ASSERT_TRUE(
        senders.back().send(std::string("\1\0", 2) + be32(60'000) + std::string(40'000, '\0')));
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  }
  EXPECT_TRUE(senders[0].closed_within(2000));
  EXPECT_FALSE(senders[2].closed_within(50));
}

// The many sockets live in a child process, so that both ends fit under one descriptor limit.
class Crowd {
 public:
  Crowd(int silent, int half, int established) {
    int to_child[2], from_child[2];
    if (::pipe(to_child) != 0 || ::pipe(from_child) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      ul::raise_descriptor_limit();
      uint16_t port = 0;
      if (::read(to_child[0], &port, sizeof port) != sizeof port) ::_exit(1);
      std::vector<RawSocket> sockets;
      std::vector<RawAssociation> associations;
      const std::string rq = medarc::test::associate_rq(ct_request());
      for (int i = 0; i < silent + half; ++i) {
        sockets.emplace_back(port);
        if (i < half) sockets.back().send(rq.substr(0, 70));
      }
      for (int i = 0; i < established; ++i) associations.emplace_back(port, ct_request());
      int open = 0;
      for (RawSocket& s : sockets) open += s.open();
      for (RawAssociation& a : associations) open += a.established();
      if (::write(from_child[1], &open, sizeof open) != sizeof open) ::_exit(1);
      char end = 0;
      (void)!::read(to_child[0], &end, 1);
      ::_exit(0);
    }
    to_child_ = to_child[1];
    from_child_ = from_child[0];
  }
  ~Crowd() {
    (void)!::write(to_child_, "", 1);
    ::waitpid(child_, nullptr, 0);
    ::close(to_child_);
    ::close(from_child_);
  }
  int connect(uint16_t port) {  // how many are open
    int open = -1;
    if (::write(to_child_, &port, sizeof port) != sizeof port) return -1;
    if (::read(from_child_, &open, sizeof open) != sizeof open) return -1;
    return open;
  }

 private:
  pid_t child_ = 0;
  int to_child_ = -1, from_child_ = -1;
};

TEST_F(LimitsNet, X20_IdleConnectionsAndHalfOpenAssociationsDoNotDelayAnEcho) {
  const int silent = std::getenv("MEDARC_LONG") != nullptr ? 10'000 : 2'000;
  Crowd crowd(silent, 200, 200);  // forked before there are threads
  start();
  ASSERT_EQ(crowd.connect(port()), silent + 400);
  int64_t worst = 0;
  for (int i = 0; i < 20; ++i) worst = std::max(worst, echo_ms(port()));
  RecordProperty("echo_worst_ms", static_cast<int>(worst));
  EXPECT_LT(worst, kStuckMs);
}

}  // namespace
}  // namespace medarc::dicom::test
