// Stopping: running messages finish, idle associations end, nobody waits longer than asked.
#include "tests/dicom/net/net_fixture.h"

namespace medarc::dicom::test {
namespace {

using StopNet = NetTest;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST_F(StopNet, IdleAssociationsAreAbortedAtOnceAndNewOnesRefused) {
  start();
  RawAssociation a(port(), ct_request());
  RawSocket silent(port());
  ASSERT_TRUE(a.established());
  const uint16_t old_port = port();
  const auto began = steady_clock::now();
  server->stop(5000);
  EXPECT_LT(steady_clock::now() - began, milliseconds(1000));
  const auto pdu = a.socket.read();
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->type, 7);
  EXPECT_TRUE(silent.closed_within(1000));
  EXPECT_FALSE(RawSocket(old_port).open());
}

TEST_F(StopNet, ARunningMessageIsFinishedAndAnswered) {
  start();
  RawAssociation a(port(), ct_request());
  a.send_store_rq(3, kCt, "1.2.3");
  ASSERT_TRUE(eventually([&] { return imaging.open_objects() == 1; }));
  std::thread stopper([&] { server->stop(5000); });
  std::this_thread::sleep_for(milliseconds(100));
  a.send_message(3, false, "dataset");
  const auto response = a.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 0x0000);
  stopper.join();
  EXPECT_EQ(imaging.kept().size(), 1u);
  EXPECT_TRUE(a.socket.closed_within(1000));
}

TEST_F(StopNet, AMessageThatDoesNotEndIsCutWhenTheDrainIsOver) {
  start();
  RawAssociation a(port(), ct_request());
  a.send_store_rq(3, kCt, "1.2.3");
  ASSERT_TRUE(eventually([&] { return imaging.open_objects() == 1; }));
  const auto began = steady_clock::now();
  server->stop(200);
  const auto took = steady_clock::now() - began;
  EXPECT_GE(took, milliseconds(200));
  EXPECT_LT(took, milliseconds(2000));
  EXPECT_EQ(imaging.open_objects(), 0u);
  EXPECT_TRUE(imaging.kept().empty());
}

TEST_F(StopNet, StartsAgainOnTheSamePortAndReportsATakenOne) {
  start();
  options.port = port();
  auto second = Server::start(options, limits, imaging, authenticator);
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().code, Code::already_exists);
  { RawAssociation a(port(), ct_request()); }
  server.reset();
  start();
  EXPECT_TRUE(RawAssociation(port(), ct_request()).established());

  options.address = "no such host.invalid";
  auto nowhere = Server::start(options, limits, imaging, authenticator);
  ASSERT_TRUE(nowhere.has_error());
  EXPECT_EQ(nowhere.error().code, Code::invalid_argument);
}

TEST_F(StopNet, AnAeTitleHas1To16Characters) {
  for (const char* aet : {"", "   ", "SEVENTEENLETTERSX"}) {
    options.aet = aet;
    auto made = Server::start(options, limits, imaging, authenticator);
    ASSERT_TRUE(made.has_error());
    EXPECT_EQ(made.error().code, Code::invalid_argument);
  }
}

TEST_F(StopNet, ManyAssociationsAtOnceThenStopUnderLoad) {
  start();
  std::atomic<bool> go{true};
  std::atomic<int> acknowledged{0};
  std::vector<std::thread> senders;
  for (int t = 0; t < 8; ++t) {
    senders.emplace_back([&, t] {
      for (int n = 0; go; ++n) {
        RawAssociation a(port(), ct_request());
        for (int i = 0; i < 5 && go; ++i) {
          const std::string instance =
              "1." + std::to_string(t + 1) + "." + std::to_string(n + 1) + "." + std::to_string(i);
          const auto response = a.store(3, kCt, instance, "dataset");
          if (!response || response->status != 0) return;
          ++acknowledged;
        }
        a.release();
      }
    });
  }
  std::this_thread::sleep_for(milliseconds(400));
  server->stop(1000);
  go = false;
  for (std::thread& t : senders) t.join();
  EXPECT_GT(acknowledged, 20);
  EXPECT_GE(static_cast<int>(imaging.kept().size()), acknowledged);
  EXPECT_EQ(imaging.open_objects(), 0u);
}

}  // namespace
}  // namespace medarc::dicom::test
