// D4 as user: what routing delivers counts as delivered when the peer has promised to keep it, over
// whichever association the promise comes; what is not promised is sent again.
#include "base/log.h"
#include "dicom/dimse/deliveries.h"
#include "dicom/dimse_status.h"
#include "tests/dicom/net/committing_peer.h"
#include "tests/dicom/net/query_fixture.h"

namespace medarc::dicom::test {
namespace {

using dimse::CommitmentDataset;
using Report = CommittingPeer::Report;

constexpr const char* kCommitment = "1.2.840.10008.1.20.1";

class AwaitedNet : public QueryNet {
 protected:
  void SetUp() override {
    QueryNet::SetUp();
    set_log_level(medarc::Level::off);
    job_options.first_delay_ms = 10;
    job_options.longest_delay_ms = 40;
    commitment_options.report_same_association_ms = 5'000;
    for (int image = 1; image <= 2; ++image) store(some(1, 1, image));
  }
  void TearDown() override {
    close();
    QueryNet::TearDown();
  }
  // Medarc with its jobs, which know the peer.
  void open(CommittingPeer& peer) {
    auto opened = index::Jobs::open(*archive, job_options);
    ASSERT_TRUE(opened.has_value());
    jobs = std::move(*opened);
    awaited =
        std::make_shared<dimse::AwaitedCommitments>(*archive, *guard, *jobs, commitment_options);
    Config config = *Config::parse(
        "[[dicom.peer]]\naet = \"PEER\"\nport = " + std::to_string(peer.port()) + "\n");
    destinations = *Destinations::from(config);
    jobs->handle(dimse::kAwaitedCommitmentJob, awaited);
    jobs->handle(kDeliveryJob, std::make_shared<dimse::Deliveries>(*real, awaited, destinations,
                                                                   limits, "MEDARC"));
    options.commitment_receiver = awaited.get();
    listen();
    peer.medarc_port = port();
  }
  void close() {
    server.reset();
    jobs.reset();
    awaited.reset();
  }
  // Both objects, over one association if all goes well.
  void deliver(bool commit = true) {
    for (int image = 1; image <= 2; ++image) {
      const ImageRecipe r = some(1, 1, image);
      index::JobRow job;
      job.queue = "route:PEER";
      job.name = "000" + std::to_string(image);
      job.kind = kDeliveryJob;
      job.payload = encode(Delivery{StudyUid(r.study_uid), SeriesUid(r.series_uid),
                                    SopInstanceUid(r.sop_uid), commit});
      ASSERT_TRUE(jobs->put(std::move(job)).has_value());
    }
    jobs->start();
  }
  std::vector<index::JobRow> rows() { return *archive->view()->jobs("", "", 100); }
  bool all_done() {
    return eventually([&] { return rows().empty(); }, 30'000);
  }
  bool awaits() {
    return eventually(
        [&] {
          const auto all = rows();
          return all.size() == 1 && all[0].queue == "awaited:PEER";
        },
        30'000);
  }

  index::JobOptions job_options;
  dimse::CommitmentOptions commitment_options;
  Destinations destinations;
  std::unique_ptr<index::Jobs> jobs;
  std::shared_ptr<dimse::AwaitedCommitments> awaited;
  const std::string first = "2.25.1.1.1", second = "2.25.1.1.2";
};

TEST_F(AwaitedNet, D4_ThePromiseMayComeOverTheSameAssociation) {
  CommittingPeer peer("PEER");
  open(peer);
  deliver();
  EXPECT_TRUE(all_done());
  EXPECT_EQ(peer.stored(), (std::map<std::string, int>{{first, 1}, {second, 1}}));
  EXPECT_GE(peer.asked(), 1);
  for (const uint16_t status : peer.answers()) EXPECT_EQ(status, kSuccess);
}

TEST_F(AwaitedNet, D4_ThePromiseMayComeOverAnAssociationOfThePeers) {
  CommittingPeer peer("PEER");
  peer.report = Report::own_association;
  open(peer);
  deliver();
  EXPECT_TRUE(all_done());
  EXPECT_EQ(peer.stored(), (std::map<std::string, int>{{first, 1}, {second, 1}}));
  for (const uint16_t status : peer.answers()) EXPECT_EQ(status, kSuccess);
}

TEST_F(AwaitedNet, WithoutCommitNothingIsAsked) {
  CommittingPeer peer("PEER");
  open(peer);
  deliver(false);
  EXPECT_TRUE(all_done());
  EXPECT_EQ(peer.asked(), 0);
}

TEST_F(AwaitedNet, D4_WhatIsNotCommittedIsSentAgainUntilItIs) {
  CommittingPeer peer("PEER");
  peer.failing_reports = 2;
  open(peer);
  deliver();
  EXPECT_TRUE(all_done());
  const auto stored = peer.stored();
  EXPECT_GE(stored.at(first) + stored.at(second), 4);
  EXPECT_GE(peer.asked(), 3);
}

TEST_F(AwaitedNet, D4_NoReportInTimeMeansSentAgainWithALimit) {
  CommittingPeer peer("PEER");
  peer.report = Report::never;
  commitment_options.report_timeout_ms = 30;
  commitment_options.report_same_association_ms = 0;
  job_options.attempts_max = 3;
  open(peer);
  deliver();
  EXPECT_TRUE(eventually(
      [&] {
        const auto all = rows();
        return all.size() == 2 && all[0].state == index::JobRow::State::failed &&
               all[1].state == index::JobRow::State::failed;
      },
      30'000));
  for (const index::JobRow& row : rows()) {
    EXPECT_EQ(row.queue, "route:PEER");
    EXPECT_EQ(row.attempts, 3u);
    EXPECT_EQ(row.problem, "sent, but not committed: no report came in time");
  }
  EXPECT_EQ(peer.stored(), (std::map<std::string, int>{{first, 3}, {second, 3}}));
  // An operator tries once more, and now the peer keeps its word.
  peer.report = Report::same_association;
  close();
  commitment_options.report_timeout_ms = 60'000;
  commitment_options.report_same_association_ms = 5'000;
  open(peer);
  jobs->start();
  for (const index::JobRow& row : rows()) {
    EXPECT_TRUE(jobs->retry(row.queue, row.name, {}).has_value());
  }
  EXPECT_TRUE(all_done());
}

TEST_F(AwaitedNet, D4_APeerThatOffersNoCommitmentHasTheObjectsButTheDeliveryFailed) {
  CommittingPeer peer("PEER", false);
  open(peer);
  deliver();
  EXPECT_TRUE(eventually(
      [&] {
        const auto all = rows();
        return all.size() == 2 && all[0].state == index::JobRow::State::failed &&
               all[1].state == index::JobRow::State::failed;
      },
      30'000));
  EXPECT_NE(rows()[0].problem.find("no storage commitment"), std::string::npos);
  EXPECT_EQ(peer.stored(), (std::map<std::string, int>{{first, 1}, {second, 1}}));
}

TEST_F(AwaitedNet, D4_ARequestThatIsRefusedIsMadeAgain) {
  CommittingPeer peer("PEER");
  peer.action_status = 0x0213;
  open(peer);
  deliver();
  EXPECT_TRUE(eventually(
      [&] {
        for (const index::JobRow& row : rows()) {
          if (row.attempts > 0 && row.problem.find("0213") != std::string::npos) return true;
        }
        return false;
      },
      30'000));
  for (const index::JobRow& row : rows()) EXPECT_EQ(row.queue, "route:PEER");
  peer.action_status = 0;
  EXPECT_TRUE(all_done());
}

TEST_F(AwaitedNet, D4_WhatIsAwaitedSurvivesARestartAndIsSeen) {
  CommittingPeer peer("PEER");
  peer.report = Report::never;
  commitment_options.report_same_association_ms = 0;
  open(peer);
  deliver();
  ASSERT_TRUE(awaits());
  EXPECT_EQ(rows()[0].kind, "awaited-commitment");
  EXPECT_NE(rows()[0].problem.find("not yet promised"), std::string::npos);
  close();
  open(peer);
  CommitmentDataset report = *peer.last_request();
  const CommitmentDataset strange{"2.25.404", "", report.references};
  EXPECT_EQ(peer.bring(strange), kInvalidArgument);
  EXPECT_EQ(rows().size(), 1u);
  EXPECT_EQ(peer.bring(report), kSuccess);
  EXPECT_TRUE(rows().empty());
  EXPECT_EQ(peer.bring(report), kSuccess);  // its answer may have been lost
  EXPECT_EQ(peer.stored().at(first), 1);
}

TEST_F(AwaitedNet, D4_OnlyThePeerThatWasAskedMayReport) {
  CommittingPeer peer("PEER"), other("OTHER");
  peer.report = Report::never;
  commitment_options.report_same_association_ms = 0;
  open(peer);
  deliver();
  ASSERT_TRUE(awaits());
  other.medarc_port = port();
  EXPECT_EQ(other.bring(*peer.last_request()), kInvalidArgument);
  EXPECT_EQ(rows().size(), 1u);
}

TEST_F(AwaitedNet, D4_AnObjectThatTheReportLeavesOutIsSentAgain) {
  CommittingPeer peer("PEER");
  peer.report = Report::never;
  commitment_options.report_same_association_ms = 0;
  open(peer);
  deliver();
  ASSERT_TRUE(awaits());
  CommitmentDataset report = *peer.last_request();
  ASSERT_EQ(report.references.size(), 2u);
  report.references.pop_back();
  peer.report = Report::same_association;
  EXPECT_EQ(peer.bring(report), kSuccess);
  EXPECT_TRUE(eventually([&] { return peer.stored().at(second) == 2; }, 30'000));
  EXPECT_EQ(peer.stored().at(first), 1);
}

TEST_F(AwaitedNet, D4_WrongReportsAreToldWhy) {
  CommittingPeer peer("PEER");
  commitment_options.references_max = 1;
  commitment_options.dataset_bytes_max = 1024;
  open(peer);
  RawRequest request;
  request.contexts = {{1, kVerification, {kImplicit}}, {5, kCommitment, {kImplicit, kExplicit}}};
  request.user_items = ul_item(0x54, be16(20) + std::string(kCommitment) + std::string("\0\1", 2));
  RawAssociation a(port(), request);
  ASSERT_TRUE(a.established());
  EXPECT_NE(a.answer.find(std::string(kCommitment) + std::string("\0\1", 2)), std::string::npos);
  const auto report = [&](uint8_t context, uint16_t event, const std::string& dataset,
                          const std::string& instance = "1.2.840.10008.1.20.1.1") {
    EXPECT_TRUE(a.send_message(context, true,
                               command_set({{0x0002, ui(kCommitment)},
                                            {0x0100, le16(0x0100)},
                                            {0x0110, le16(3)},
                                            {0x0800, le16(0)},
                                            {0x1000, ui(instance)},
                                            {0x1002, le16(event)}})));
    EXPECT_TRUE(a.send_message(context, false, dataset));
    const auto answer = a.read_response();
    EXPECT_TRUE(answer && answer->command_field == 0x8100 && answer->message_id == 3);
    return answer ? answer->status : 0xFFFF;
  };
  const std::string good = dimse::write_commitment({"2.25.7", "", {{kCt, "1.2.3", 0}}}, kExplicit);
  EXPECT_EQ(report(5, 1, good), 0x0115);  // nobody waits for it
  EXPECT_EQ(report(5, 3, good), 0x0113);
  EXPECT_EQ(report(5, 1, good, "1.2.3"), 0x0112);
  EXPECT_EQ(report(1, 1, good), 0x0122);
  EXPECT_EQ(report(5, 1, "rubbish!"), 0x0115);
  EXPECT_EQ(report(5, 1,
                   dimse::write_commitment({"2.25.7", "", {{kCt, "1.2.3", 0}, {kCt, "1.2.4", 0}}},
                                           kExplicit)),
            0x0213);
  EXPECT_EQ(report(5, 1, std::string(2000, 'x')), 0x0213);
  EXPECT_EQ(a.echo(1)->status, 0);  // and the association goes on
}

TEST(AwaitedPayload, ComesBackAndDamageIsSeen) {
  const std::vector<dimse::AwaitedObject> want = {{kCt, "1.2.3", "route:A", "0001", "payload", 7},
                                                  {kCt, "1.2.4", "route:A", "0002", "", 0}};
  const Bytes bytes = dimse::encode(want);
  EXPECT_EQ(*dimse::decode_awaited(bytes), want);
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_EQ(dimse::decode_awaited(ByteView(bytes).substr(0, n)).error().code, Code::corrupt);
  }
}

TEST(DeliveryPayload, EarlierOnesAreRead) {
  const Delivery now{StudyUid("1"), SeriesUid("2"), SopInstanceUid("3"), true};
  Bytes bytes = encode(now);
  const auto back = decode_delivery(bytes);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->instance.value, "3");
  EXPECT_TRUE(back->commit);
  bytes[0] = 1;  // as they were before there was commitment
  EXPECT_TRUE(decode_delivery(bytes).has_error());
  bytes.pop_back();
  ASSERT_TRUE(decode_delivery(bytes).has_value());
  EXPECT_FALSE(decode_delivery(bytes)->commit);
}

}  // namespace
}  // namespace medarc::dicom::test
