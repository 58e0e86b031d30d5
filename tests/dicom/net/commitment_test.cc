// D4, storage commitment over the real archive: nothing is called committed that was not just read
// back, every failure has its reason, and a report reaches a peer that has left.
#include <fstream>

#include "base/fs.h"
#include "base/log.h"
#include "dicom/dictionary.h"
#include "dicom/dimse/commitment_reports.h"
#include "tests/dicom/net/net_fixture.h"
#include "tests/support/report_receiver.h"

namespace medarc::dicom::test {
namespace {

using dimse::CommitmentDataset;
using dimse::Reference;
using medarc::test::ReceivedReport;
using medarc::test::ReportReceiver;

constexpr const char* kCommitment = "1.2.840.10008.1.20.1";
constexpr const char* kMr = "1.2.840.10008.5.1.4.1.1.4";

class CommitmentNet : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    set_log_level(medarc::Level::off);
    job_options.first_delay_ms = 20;
    job_options.longest_delay_ms = 50;
  }
  void open(const std::string& config = {}) {
    auto opened = index::open_index(posix_fs(), dir / "data", {});
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    archive = std::move(*opened);
    guard = security::Guard::create(*archive, {});
    real = Imaging::create(*archive, *guard, limits);
    auto opened_jobs = index::Jobs::open(*archive, job_options);
    ASSERT_TRUE(opened_jobs.has_value());
    jobs = std::move(*opened_jobs);
    commitments = std::make_unique<dimse::Commitments>(*archive, *guard, *jobs, commitment_options);
    auto parsed = Config::parse(config);
    auto read = Destinations::from(*parsed);
    ASSERT_TRUE(read.has_value());
    destinations = std::move(*read);
    jobs->handle(dimse::kCommitmentJob, std::make_shared<dimse::CommitmentReports>(
                                            *commitments, destinations, limits, options.aet));
    options.commitments = commitments.get();
    auto made = Server::start(options, limits, *real, authenticator);
    ASSERT_TRUE(made.has_value()) << made.error().text;
    server = std::move(*made);
    jobs->start();
  }
  void close() {
    server.reset();
    jobs.reset();
    commitments.reset();
    real.reset();
    guard.reset();
    archive.reset();
  }
  void TearDown() override {
    close();
    NetTest::TearDown();
  }

  RawRequest request() {
    RawRequest out;
    out.contexts = {{1, kVerification, {kImplicit}},
                    {3, kCt, {kExplicit}},
                    {5, kCommitment, {kImplicit, kExplicit}}};
    return out;
  }
  void store(RawAssociation& a, const std::string& instance) {
    const auto stored = a.store(3, kCt, instance, ct_dataset(instance, 3000));
    ASSERT_TRUE(stored);
    ASSERT_EQ(stored->status, 0);
  }
  static Bytes ask(const std::string& transaction, std::vector<Reference> references) {
    return dimse::write_commitment({transaction, "", std::move(references)}, kExplicit);
  }
  CommitmentDataset told(const std::string& dataset, const std::string& syntax = kExplicit) {
    auto out = dimse::read_commitment(dataset, syntax, limits, 1000);
    EXPECT_TRUE(out.has_value());
    return out.has_value() ? *out : CommitmentDataset{};
  }
  std::vector<index::JobRow> job_rows() { return *archive->view()->jobs("", "", 100); }
  std::string peer_at(uint16_t port) {
    return "[[dicom.peer]]\naet = \"RAW\"\nhost = \"127.0.0.1\"\nport = " + std::to_string(port) +
           "\n";
  }
  // Flips a bit of the stored pixels in the log.
  void damage() {
    for (const auto& file : std::filesystem::directory_iterator(dir / "data/log")) {
      std::fstream io(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      std::string bytes((std::istreambuf_iterator<char>(io)), {});
      const std::string wanted = ct_dataset("1.2.3", 3000).substr(500, 200);
      const size_t at = bytes.find(wanted);
      if (at == std::string::npos) continue;
      io.clear();
      io.seekp(static_cast<std::streamoff>(at + 50));
      io.put(static_cast<char>(bytes[at + 50] ^ 1));
      found_to_damage = true;
    }
  }

  index::JobOptions job_options;
  dimse::CommitmentOptions commitment_options;
  std::unique_ptr<index::Index> archive;
  std::unique_ptr<security::Guard> guard;
  std::unique_ptr<Imaging> real;
  std::unique_ptr<index::Jobs> jobs;
  std::unique_ptr<dimse::Commitments> commitments;
  Destinations destinations;
  bool found_to_damage = false;
};

TEST_F(CommitmentNet, D4_ReportsOverTheSameAssociation) {
  open();
  RawAssociation a(port(), request());
  ASSERT_TRUE(a.established());
  ASSERT_EQ(a.accepted[5], kExplicit);  // the one we write best
  store(a, "1.2.3");
  store(a, "1.2.4");
  const auto answer = a.request_commitment(5, ask("2.25.7", {{kCt, "1.2.3"}, {kCt, "1.2.4"}}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->command_field, 0x8130);
  EXPECT_EQ(answer->status, 0);
  const auto report = a.read_response(20'000);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->command_field, 0x0100);
  EXPECT_EQ(report->event_type, 1);
  const CommitmentDataset said = told(report->dataset);
  EXPECT_EQ(said.transaction, "2.25.7");
  EXPECT_EQ(said.retrieve_aet, "MEDARC");
  EXPECT_EQ(said.references, (std::vector<Reference>{{kCt, "1.2.3", 0}, {kCt, "1.2.4", 0}}));
  EXPECT_EQ(job_rows().size(), 1u);  // until it is answered
  a.answer_report(5, *report, 0);
  EXPECT_TRUE(eventually([&] { return job_rows().empty(); }));
  EXPECT_EQ(a.echo(1)->status, 0);
  EXPECT_TRUE(a.release());
}

TEST_F(CommitmentNet, D4_EachFailureHasItsReason) {
  open();
  RawAssociation a(port(), request());
  store(a, "1.2.3");
  store(a, "1.2.4");
  damage();
  ASSERT_TRUE(found_to_damage);
  ASSERT_EQ(a.request_commitment(
                 5, ask("2.25.7", {{kCt, "1.2.3"}, {kCt, "1.2.4"}, {kMr, "1.2.4"}, {kCt, "1.2.5"}}))
                ->status,
            0);
  const auto report = a.read_response(20'000);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->event_type, 2);
  const CommitmentDataset said = told(report->dataset);
  const std::vector<Reference> want = {
      {kCt, "1.2.3", 0x0110}, {kMr, "1.2.4", 0x0119}, {kCt, "1.2.5", 0x0112}, {kCt, "1.2.4", 0}};
  EXPECT_EQ(said.references, want);
  EXPECT_EQ(told(report->dataset).all_committed(), false);
  a.answer_report(5, *report, 0);
}

TEST_F(CommitmentNet, D4_ATransactionInUseForOthersIsADuplicate) {
  open();
  RawAssociation a(port(), request());
  store(a, "1.2.3");
  ASSERT_EQ(a.request_commitment(5, ask("2.25.7", {{kCt, "1.2.3"}}))->status, 0);
  const auto first = a.read_response(20'000);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->event_type, 1);  // not answered yet, so the transaction is in use
  // The very same again: nothing new to report.
  ASSERT_EQ(a.request_commitment(5, ask("2.25.7", {{kCt, "1.2.3"}}))->status, 0);
  EXPECT_EQ(job_rows().size(), 1u);
  ASSERT_EQ(a.request_commitment(5, ask("2.25.7", {{kCt, "1.2.9"}}))->status, 0);
  a.answer_report(5, *first, 0);
  const auto second = a.read_response(20'000);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->event_type, 2);
  EXPECT_EQ(told(second->dataset).references, (std::vector<Reference>{{kCt, "1.2.9", 0x0131}}));
  a.answer_report(5, *second, 0);
  EXPECT_TRUE(eventually([&] { return job_rows().empty(); }));
}

TEST_F(CommitmentNet, D4_WrongRequestsAreToldWhy) {
  open();
  commitment_options.references_max = 1;
  close();
  open();
  RawAssociation a(port(), request());
  EXPECT_EQ(a.request_commitment(5, ask("2.25.7", {{kCt, "1"}}), 2)->status, 0x0123);
  EXPECT_EQ(a.request_commitment(5, ask("2.25.7", {}))->status, 0x0115);
  EXPECT_EQ(a.request_commitment(5, ask("", {{kCt, "1"}}))->status, 0x0115);
  EXPECT_EQ(a.request_commitment(5, "rubbish")->status, 0x0115);
  EXPECT_EQ(a.request_commitment(5, ask("2.25.7", {{kCt, "1"}, {kCt, "2"}}))->status, 0x0213);
  EXPECT_EQ(a.request_commitment(1, ask("2.25.7", {{kCt, "1"}}))->status, 0x0122);
  EXPECT_TRUE(job_rows().empty());
  authenticator.roles = {security::Role::auditor};
  RawAssociation b(port(), request());
  EXPECT_EQ(b.request_commitment(5, ask("2.25.7", {{kCt, "1"}}))->status, 0x0124);
  EXPECT_TRUE(job_rows().empty());
}

TEST_F(CommitmentNet, D4_AFullQueueIsAResourceLimitation) {
  job_options.jobs_max = 1;
  open();
  RawAssociation a(port(), request());
  EXPECT_EQ(a.request_commitment(5, ask("2.25.7", {{kCt, "1"}}))->status, 0);
  const auto report = a.read_response(20'000);
  EXPECT_EQ(a.request_commitment(5, ask("2.25.8", {{kCt, "1"}}))->status, 0x0213);
  a.answer_report(5, *report, 0);
}

TEST_F(CommitmentNet, WithoutItTheContextIsRefused) {
  auto made = Server::start(options, limits, imaging, authenticator);
  ASSERT_TRUE(made.has_value());
  server = std::move(*made);
  RawAssociation a(port(), request());
  ASSERT_TRUE(a.established());
  EXPECT_EQ(a.results[5], 3);
}

TEST_F(CommitmentNet, D4_APeerThatHasLeftIsCalled) {
  ReportReceiver receiver;
  receiver.status = 0x0110;  // and is not content at first
  open(peer_at(receiver.port()));
  {
    RawAssociation a(port(), request());
    store(a, "1.2.3");
    ASSERT_EQ(a.request_commitment(5, ask("2.25.7", {{kCt, "1.2.3"}, {kCt, "1.2.4"}}))->status, 0);
    EXPECT_TRUE(a.release());
  }
  ASSERT_TRUE(eventually([&] { return receiver.reports().size() >= 2; }, 30'000));
  EXPECT_EQ(job_rows().size(), 1u);
  receiver.status = 0;
  ASSERT_TRUE(eventually([&] { return job_rows().empty(); }, 30'000));
  const auto reports = receiver.reports();
  const ReceivedReport& last = reports.back();
  EXPECT_EQ(last.event_type, 2);
  EXPECT_TRUE(last.provider_role);
  EXPECT_EQ(last.calling, "MEDARC          ");
  EXPECT_EQ(told(last.dataset, last.transfer_syntax).references,
            (std::vector<Reference>{{kCt, "1.2.4", 0x0112}, {kCt, "1.2.3", 0}}));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(receiver.reports().size(), reports.size());  // once it is taken, no more
}

TEST_F(CommitmentNet, D4_AReportNotAnsweredOnTheSameAssociationIsMadeAnew) {
  ReportReceiver receiver;
  open(peer_at(receiver.port()));
  RawAssociation a(port(), request());
  store(a, "1.2.3");
  ASSERT_EQ(a.request_commitment(5, ask("2.25.7", {{kCt, "1.2.3"}}))->status, 0);
  ASSERT_TRUE(a.read_response(20'000));
  a.abort();
  ASSERT_TRUE(eventually([&] { return receiver.reports().size() == 1; }, 30'000));
  EXPECT_TRUE(eventually([&] { return job_rows().empty(); }));
}

TEST_F(CommitmentNet, D4_TheReportSurvivesTheServerAndAPeerThatIsDown) {
  uint16_t free_port = 0;
  { free_port = ReportReceiver().port(); }
  open(peer_at(free_port));
  {
    RawAssociation a(port(), request());
    store(a, "1.2.3");
    ASSERT_EQ(a.request_commitment(5, ask("2.25.7", {{kCt, "1.2.3"}}))->status, 0);
    a.release();
  }
  ASSERT_TRUE(eventually([&] { return job_rows()[0].attempts > 0; }, 30'000));
  EXPECT_FALSE(job_rows()[0].problem.empty());
  close();
  ReportReceiver receiver(free_port);
  ASSERT_EQ(receiver.port(), free_port);
  open(peer_at(free_port));
  ASSERT_TRUE(eventually([&] { return job_rows().empty(); }, 30'000));
  ASSERT_EQ(receiver.reports().size(), 1u);
  EXPECT_EQ(receiver.reports()[0].event_type, 1);
}

TEST_F(CommitmentNet, D4_AttemptsHaveALimitAndTheFailureStaysVisible) {
  job_options.attempts_max = 3;
  ReportReceiver receiver;
  receiver.rejecting = true;
  open(peer_at(receiver.port()));
  {
    RawAssociation a(port(), request());
    ASSERT_EQ(a.request_commitment(5, ask("2.25.7", {{kCt, "1.2.3"}}))->status, 0);
    a.release();
  }
  ASSERT_TRUE(
      eventually([&] { return job_rows()[0].state == index::JobRow::State::failed; }, 30'000));
  EXPECT_EQ(job_rows()[0].attempts, 3u);
  EXPECT_NE(job_rows()[0].problem.find("rejected"), std::string::npos);
  receiver.rejecting = false;
  ASSERT_TRUE(jobs->retry(job_rows()[0].queue, job_rows()[0].name, {}).has_value());
  ASSERT_TRUE(eventually([&] { return job_rows().empty(); }, 30'000));
  EXPECT_EQ(receiver.reports().size(), 1u);
}

TEST(CommitmentDatasetTest, ComesBackInEverySyntaxAndHostileBytesAreRefused) {
  ASSERT_TRUE(load_dictionary().has_value());
  const CommitmentDataset want{
      "2.25.9", "MEDARC", {{kCt, "1.2.30", 0x0112}, {kMr, "1.2.31", 0x0119}, {kCt, "1.2.4", 0}}};
  for (const char* syntax : {kImplicit, kExplicit, "1.2.840.10008.1.2.2"}) {
    const Bytes bytes = dimse::write_commitment(want, syntax);
    const auto back = dimse::read_commitment(bytes, syntax, {}, 10);
    ASSERT_TRUE(back.has_value()) << syntax;
    EXPECT_EQ(*back, want) << syntax;
    EXPECT_EQ(dimse::read_commitment(bytes, syntax, {}, 2).error().code, Code::too_large);
    for (size_t n = 1; n < bytes.size(); ++n) {
      (void)dimse::read_commitment(ByteView(bytes).substr(0, n), syntax, {}, 10);
      Bytes changed = bytes;
      changed[n] = static_cast<char>(changed[n] ^ 0x55);
      (void)dimse::read_commitment(changed, syntax, {}, 10);
    }
  }
}

}  // namespace
}  // namespace medarc::dicom::test
