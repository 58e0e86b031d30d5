// Whole studies on their way once they are stable: each object once, what came since when a study
// grew, and nothing lost between the announcement and the deliveries.
#include "dicom/stable_routes.h"

#include <algorithm>

#include "dicom/delivery.h"
#include "tests/support/dicom_maker.h"
#include "tests/support/imaging_fixture.h"

namespace medarc::dicom {
namespace {

using index::JobOutcome;
using index::JobRow;
using test::ImageRecipe;
using Names = std::vector<std::string>;

class StableRoutesTest : public test::ImagingFixture {
 protected:
  void SetUp() override {
    ImagingFixture::SetUp();
    options_.stable_after_s = 60;
  }
  void TearDown() override {
    stop();
    ImagingFixture::TearDown();
  }

  void rules(const std::string& toml) {
    auto config = Config::parse(
        "[[dicom.peer]]\naet = \"PACS\"\nport = 104\n[[dicom.peer]]\naet = \"LAB\"\nport = 105\n" +
        toml);
    ASSERT_TRUE(config.has_value());
    auto destinations = Destinations::from(*config);
    auto web = WebDestinations::from(*config);
    auto routes = Routes::from(*config, *destinations, *web);
    ASSERT_TRUE(routes.has_value()) << routes.error().text;
    routes_ = std::move(*routes);
    restart();
  }
  void stop() {
    stable_.reset();
    work_.reset();
    jobs_.reset();
  }
  // A process that begins anew. No job runs of its own accord here.
  void restart(index::JobOptions options = {}) {
    stop();
    auto jobs = index::Jobs::open(*index_, options);
    ASSERT_TRUE(jobs.has_value());
    jobs_ = std::move(*jobs);
    work_ = std::make_unique<StableRoutes>(*index_, routes_, *jobs_);
    stable_ = std::make_unique<StableStudies>(*index_, options_, work_.get(), [this] {
      return Timestamp{now().us + ahead_s_ * 1'000'000};
    });
  }
  void become_stable() {
    ahead_s_ += 61;
    for (bool more = true; more;) {
      const auto step = stable_->step();
      ASSERT_TRUE(step.has_value()) << step.error().text;
      more = *step;
    }
  }
  void store(int number, const std::string& modality = "CT", const std::string& calling = "CT1") {
    ImageRecipe r;
    r.rows = r.columns = 8;
    r.series_uid = "2.25.1." + modality;
    r.sop_uid = "2.25.9." + std::to_string(number);
    r.modality = modality;
    r.seed = static_cast<uint64_t>(number);
    const Principal sender{"ae:" + calling, {security::Role::modality}, "dimse", "127.0.0.1"};
    auto object = receive_file(*imaging_, sender, std::nullopt);
    ASSERT_TRUE(object->write(test::make_file(r)).has_value());
    auto prepared = object->prepare();
    ASSERT_TRUE(prepared.has_value()) << prepared.error().text;
    std::vector<Prepared> all;
    all.push_back(std::move(*prepared));
    ASSERT_TRUE(imaging_->commit(sender, std::move(all)).has_value());
  }
  std::vector<JobRow> jobs(const std::string& queue) {
    return *index_->view()->jobs(queue, "", 1000);
  }
  // Runs what was committed with announcements, as the jobs do.
  JobOutcome::Verdict expand() {
    JobOutcome::Verdict worst = JobOutcome::Verdict::done;
    for (const JobRow& job : jobs(kStableRouteQueue)) {
      const auto outcomes = work_->run({job});
      EXPECT_EQ(outcomes.size(), 1u);
      worst = std::max(worst, outcomes[0].verdict);
      if (outcomes[0].verdict != JobOutcome::Verdict::done) continue;
      EXPECT_TRUE(index_->commit({}, {now(), {index::RemoveJob{job.queue, job.name, job.version}}})
                      .has_value());
    }
    return worst;
  }
  // The numbers of what is on its way to a peer, which then has it.
  Names delivered(const std::string& peer) {
    Names out;
    for (const JobRow& job : jobs(std::string(kDeliveryQueue) + peer)) {
      const auto delivery = decode_delivery(job.payload);
      EXPECT_TRUE(delivery.has_value());
      out.push_back(delivery->instance.value.substr(7));
      EXPECT_TRUE(index_->commit({}, {now(), {index::RemoveJob{job.queue, job.name, job.version}}})
                      .has_value());
    }
    return out;
  }

  CompletenessOptions options_;
  int64_t ahead_s_ = 0;
  Routes routes_;
  std::unique_ptr<index::Jobs> jobs_;
  std::unique_ptr<StableRoutes> work_;
  std::unique_ptr<StableStudies> stable_;
};

constexpr char kToPacs[] = "[[dicom.route]]\nto = \"PACS\"\nwhen = \"stable\"\n";

TEST_F(StableRoutesTest, AStudyGoesOutOnceAndThenWhatIsNew) {
  rules(kToPacs);
  for (int n = 1; n <= 3; ++n) store(n);
  ASSERT_TRUE(stable_->step().has_value());
  EXPECT_TRUE(jobs("").empty());
  become_stable();
  EXPECT_EQ(jobs(kStableRouteQueue).size(), 1u);
  EXPECT_EQ(expand(), JobOutcome::Verdict::done);
  EXPECT_EQ(delivered("PACS"), (Names{"1", "2", "3"}));
  // Nothing new, over restarts.
  restart();
  become_stable();
  store(2);
  become_stable();
  EXPECT_TRUE(jobs("").empty());
  store(4);
  store(5);
  ahead_s_ = 0;
  ASSERT_TRUE(stable_->step().has_value());
  EXPECT_TRUE(jobs("").empty());
  restart();  // it is still waited for
  become_stable();
  EXPECT_EQ(expand(), JobOutcome::Verdict::done);
  EXPECT_EQ(delivered("PACS"), (Names{"4", "5"}));
}

TEST_F(StableRoutesTest, AllOfItAgainWhereThatIsWanted) {
  rules(std::string(kToPacs) +
        "[[dicom.route]]\nto = \"LAB\"\nwhen = \"stable\"\nagain = \"all\"\n");
  store(1);
  become_stable();
  EXPECT_EQ(expand(), JobOutcome::Verdict::done);
  EXPECT_EQ(delivered("PACS"), (Names{"1"}));
  EXPECT_EQ(delivered("LAB"), (Names{"1"}));
  store(2);
  become_stable();
  EXPECT_EQ(expand(), JobOutcome::Verdict::done);
  EXPECT_EQ(delivered("PACS"), (Names{"2"}));
  EXPECT_EQ(delivered("LAB"), (Names{"1", "2"}));
}

TEST_F(StableRoutesTest, ConditionsAreThoseOfEachObject) {
  rules(
      "[[dicom.route]]\nto = \"PACS\"\nwhen = \"stable\"\nModality = \"MR\"\n"
      "[[dicom.route]]\nto = \"LAB\"\nwhen = \"stable\"\ncalling = \"CT*, LAB\"\n");
  store(1, "CT");
  store(2, "MR");
  store(3, "CT", "MR7");
  store(4, "CT", "LAB");  // has it already
  become_stable();
  EXPECT_EQ(expand(), JobOutcome::Verdict::done);
  EXPECT_EQ(delivered("PACS"), (Names{"2"}));
  EXPECT_EQ(delivered("LAB"), (Names{"1", "2"}));
}

TEST_F(StableRoutesTest, WhatComesBetweenTheAnnouncementAndTheDeliveriesIsTheNextOnes) {
  rules(kToPacs);
  store(1);
  become_stable();
  store(2);
  restart();  // the job is there
  EXPECT_EQ(expand(), JobOutcome::Verdict::done);
  EXPECT_EQ(delivered("PACS"), (Names{"1"}));
  become_stable();
  EXPECT_EQ(expand(), JobOutcome::Verdict::done);
  EXPECT_EQ(delivered("PACS"), (Names{"2"}));
}

TEST_F(StableRoutesTest, TwoAnnouncementsBeforeTheFirstWasDealtWith) {
  rules(kToPacs);
  store(1);
  become_stable();
  store(2);
  become_stable();
  EXPECT_EQ(jobs(kStableRouteQueue).size(), 2u);
  EXPECT_EQ(expand(), JobOutcome::Verdict::done);
  EXPECT_EQ(delivered("PACS"), (Names{"1", "2"}));
}

TEST_F(StableRoutesTest, WithoutRoomItWaitsAndDoublesNothing) {
  rules(kToPacs);
  store(1);
  store(2);
  become_stable();
  index::JobOptions few;
  few.jobs_max = 2;
  restart(few);
  EXPECT_EQ(expand(), JobOutcome::Verdict::later);
  EXPECT_TRUE(delivered("PACS").empty());
  restart();
  // Begun again, as by a process that died after the first time.
  const JobRow job = jobs(kStableRouteQueue).at(0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(work_->run({job}).at(0).verdict, JobOutcome::Verdict::done);
  }
  EXPECT_EQ(delivered("PACS"), (Names{"1", "2"}));
}

// A study that changes just before its announcement leaves a job that is not due yet.
TEST_F(StableRoutesTest, AJobWithoutItsAnnouncementWaits) {
  rules(kToPacs);
  store(1);
  const archive::CommitNumber first = index_->view()->feed({}, 1)->at(0).number;
  JobRow early = work_->job_for(index::StudyUid("2.25.1001"), first, false, now());
  ASSERT_TRUE(index_->commit({}, {now(), {index::PutJob{early, false}}}).has_value());
  EXPECT_EQ(expand(), JobOutcome::Verdict::later);
  EXPECT_TRUE(delivered("PACS").empty());
  become_stable();
  EXPECT_EQ(jobs(kStableRouteQueue).size(), 1u);
  EXPECT_EQ(expand(), JobOutcome::Verdict::done);
  EXPECT_EQ(delivered("PACS"), (Names{"1"}));
  // And one whose study is gone has nothing to do; one that cannot be read is seen.
  early.name = "other";
  early.payload = "x";
  EXPECT_EQ(work_->run({early}).at(0).verdict, JobOutcome::Verdict::failed);
}

}  // namespace
}  // namespace medarc::dicom
