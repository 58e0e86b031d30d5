// C-MOVE over the real archive (D2): destinations, counts, what failed.
#include "tests/dicom/net/query_fixture.h"

namespace medarc::dicom::test {
namespace {

class MoveNet : public QueryNet {
 protected:
  // Knows WS1, which runs, and GONE, where nobody listens. What arrives at WS1 is what was sent.
  void listen_with_destinations() {
    ServerOptions there;
    there.port = 0;
    there.aet = "WS1";
    auto started = Server::start(there, limits, elsewhere, all);
    ASSERT_TRUE(started.has_value());
    destination = std::move(*started);
    Config config = *Config::parse("[[dicom.peer]]\naet = \"WS1\"\nhost = \"127.0.0.1\"\nport = " +
                                   std::to_string(destination->port()) +
                                   "\n[[dicom.peer]]\naet = \"GONE\"\nport = 1\n");
    options.destinations = *Destinations::from(config);
    listen();
  }
  void TearDown() override {
    destination.reset();
    QueryNet::TearDown();
  }

  struct Moved {
    std::vector<RawResponse> pending;
    RawResponse last;
  };
  Moved move(const std::string& aet, const std::string& identifier) {
    RawRequest request;
    request.contexts = {{1, kStudyMove, {kImplicit}}};
    RawAssociation association(port(), request);
    std::string title = aet;
    if (title.size() % 2 != 0) title += ' ';
    EXPECT_TRUE(association.send_message(1, true,
                                         command_set({{0x0002, ui(kStudyMove)},
                                                      {0x0100, le16(0x0021)},
                                                      {0x0110, le16(5)},
                                                      {0x0600, title},
                                                      {0x0800, le16(0)}})));
    EXPECT_TRUE(association.send_message(1, false, identifier));
    Moved out;
    while (auto response = association.read_response()) {
      EXPECT_EQ(response->command_field, 0x8021);
      if (response->status != 0xFF00) {
        out.last = *response;
        return out;
      }
      out.pending.push_back(*response);
    }
    ADD_FAILURE() << "the association ended";
    return out;
  }
  static std::string study(const std::string& uid) {
    return key(0x00080052, "STUDY") + key(0x0020000D, uid, '\0');
  }

  MemoryImaging elsewhere;
  TestAuthenticator all;
  std::unique_ptr<Server> destination;
};

TEST_F(MoveNet, D2_MovescuReachesAConfiguredDestinationAndNoOther) {
  store_some();
  listen_with_destinations();
  const Ran ran = run("movescu -S -aem WS1 -k 0008,0052=STUDY -k 0020,000D=2.25.2" + at());
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  const auto kept = elsewhere.kept();
  ASSERT_EQ(kept.size(), 4u) << ran.output;
  EXPECT_EQ(kept.at("2.25.2.1.1").dataset, make_dataset(some(2, 1, 1)));
  EXPECT_EQ(kept.at("2.25.2.1.1").transfer_syntax, kExplicit);
  EXPECT_EQ(move("NOWHERE", study("2.25.1")).last.status, 0xA801);
  EXPECT_EQ(elsewhere.kept().size(), 4u);
}

TEST_F(MoveNet, D2_PendingResponsesCountDownAndTheLastHasNoneRemaining) {
  store_some();
  listen_with_destinations();
  const Moved moved = move("WS1", study("2.25.1"));
  EXPECT_EQ(moved.last.status, 0x0000);
  EXPECT_EQ(moved.last.completed, 4);
  EXPECT_EQ(moved.last.failed, 0);
  EXPECT_EQ(moved.last.warning, 0);
  EXPECT_EQ(moved.last.remaining, std::nullopt);
  EXPECT_EQ(moved.last.dataset, "");
  for (const RawResponse& pending : moved.pending) {
    ASSERT_TRUE(pending.remaining && pending.completed && pending.failed && pending.warning);
    EXPECT_EQ(*pending.remaining + *pending.completed, 4);
  }
}

TEST_F(MoveNet, D2_SomeFailuresAreB000WithCountsAndTheirUids) {
  elsewhere.on_begin = [](const StoreStart& start) -> std::optional<Error> {
    if (start.instance.value != "2.25.3.1.2" && start.instance.value != "2.25.3.2.1") return {};
    return make_error(Code::permission_denied, "not these");
  };
  store_some();
  listen_with_destinations();
  const RawResponse last = move("WS1", study("2.25.3")).last;
  EXPECT_EQ(last.status, 0xB000);
  EXPECT_EQ(last.completed, 2);
  EXPECT_EQ(last.failed, 2);
  EXPECT_EQ(last.remaining, std::nullopt);
  EXPECT_EQ(value_of(last.dataset, 0x00080058), "2.25.3.1.2\\2.25.3.2.1");
}

TEST_F(MoveNet, D2_MoreThanCanBeCountedIsA701AndNothingIsSent) {
  options.suboperations_max = 3;
  store_some();
  listen_with_destinations();
  const Moved moved = move("WS1", study("2.25.1"));
  EXPECT_EQ(moved.last.status, 0xA701);
  EXPECT_TRUE(moved.pending.empty());
  EXPECT_EQ(moved.last.dataset, "");
  EXPECT_TRUE(elsewhere.kept().empty());
  // One less fits.
  server.reset();
  options.suboperations_max = 4;
  listen();
  EXPECT_EQ(move("WS1", study("2.25.1")).last.status, 0x0000);
  EXPECT_EQ(elsewhere.kept().size(), 4u);
}

TEST_F(MoveNet, D2_ADestinationThatIsAwayIsA702WithAllUids) {
  store_some();
  listen_with_destinations();
  const RawResponse last = move("GONE", study("2.25.1")).last;
  EXPECT_EQ(last.status, 0xA702);
  EXPECT_EQ(last.failed, 4);
  EXPECT_EQ(last.completed, 0);
  EXPECT_EQ(value_of(last.dataset, 0x00080058), "2.25.1.1.1\\2.25.1.1.2\\2.25.1.2.1\\2.25.1.2.2");
}

}  // namespace
}  // namespace medarc::dicom::test
