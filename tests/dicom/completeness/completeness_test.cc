// What is said of a study's completeness, and when studies are announced as stable.
#include "dicom/completeness/completeness.h"

#include <atomic>
#include <set>
#include <thread>

#include "dicom/completeness/noter.h"
#include "dicom/completeness/stable.h"
#include "dicom/part10.h"
#include "tests/support/dicom_maker.h"
#include "tests/support/imaging_fixture.h"

namespace medarc::dicom {
namespace {

using test::DatasetMaker;
using test::ImageRecipe;

constexpr char kCt[] = "1.2.840.10008.5.1.4.1.1.2";
constexpr char kKeyObjects[] = "1.2.840.10008.5.1.4.1.1.88.59";

class CompletenessTest : public test::ImagingFixture {
 protected:
  CompletenessTest() { options_.stable_after_s = 0; }

  static ImageRecipe image(int number, const std::string& series = "2.25.1002") {
    ImageRecipe r;
    r.rows = r.columns = 8;
    r.series_uid = series;
    r.sop_uid = series + "." + std::to_string(number);
    r.instance_number = number;
    r.seed = static_cast<uint64_t>(number);
    return r;
  }
  void store(const ImageRecipe& r) { ASSERT_TRUE(store_file(test::make_file(r)).has_value()); }
  void store_numbers(const std::vector<int>& numbers) {
    for (const int number : numbers) store(image(number));
  }
  void remove(const ImageRecipe& r) {
    ASSERT_TRUE(imaging_
                    ->remove(who_, StudyUid(r.study_uid), SeriesUid(r.series_uid),
                             SopInstanceUid(r.sop_uid), "")
                    .has_value());
  }
  Result<Assessment> assessed() {
    return Completeness(*index_, *guard_, options_).of(who_, StudyUid("2.25.1001"));
  }
  Verdict verdict() {
    const auto found = assessed();
    EXPECT_TRUE(found.has_value()) << found.error().text;
    return found.has_value() ? found->verdict : Verdict::unknown;
  }
  // What one kind of evidence says, the strongest first; nullopt: there is none.
  static std::optional<Says> says(const Assessment& a, std::string_view what) {
    std::optional<Says> out;
    for (const Evidence& e : a.evidence) {
      if (e.what == what && (!out || e.says > *out)) out = e.says;
    }
    return out;
  }
  // A key object selection that names instances of series 2.25.1002.
  static Bytes manifest(const std::vector<std::string>& instances,
                        const std::string& study = "2.25.1001") {
    DatasetMaker d;
    d.text(0x00080016, "UI", kKeyObjects).text(0x00080018, "UI", "2.25.3000");
    d.text(0x00080060, "CS", "KO").text(0x00100020, "LO", "MDA-0001");
    d.text(0x00100021, "LO", "HOSPITAL");
    d.text(0x0020000D, "UI", "2.25.1001").text(0x0020000E, "UI", "2.25.2999");
    d.text(0x00200013, "IS", "1");
    d.head(0x0040A375, "SQ", 0xFFFFFFFF).item();
    d.head(0x00081115, "SQ", 0xFFFFFFFF).item();
    d.head(0x00081199, "SQ", 0xFFFFFFFF);
    for (const std::string& uid : instances) {
      d.item().text(0x00081150, "UI", kCt).text(0x00081155, "UI", uid).end_item();
    }
    d.end_sequence().text(0x0020000E, "UI", "2.25.1002").end_item().end_sequence();
    d.text(0x0020000D, "UI", study).end_item().end_sequence();
    return Bytes(make_envelope(SopClassUid(kKeyObjects), SopInstanceUid("2.25.3000"),
                               TransferSyntaxUid(std::string(kExplicitLittle)))) +
           d.view();
  }

  CompletenessOptions options_;
};

TEST_F(CompletenessTest, NothingKnownIsUnknown) {
  EXPECT_EQ(assessed().error().code, Code::not_found);
  store_numbers({1, 2, 3});
  const Assessment a = *assessed();
  EXPECT_EQ(a.verdict, Verdict::unknown);
  EXPECT_EQ(a.look.instances, 3u);
  ASSERT_EQ(a.look.series.size(), 1u);
  EXPECT_EQ(a.look.series[0].numbering.last, 3);
  EXPECT_EQ(a.look.series[0].modality, "CT");
  ASSERT_TRUE(imaging_->remove(who_, StudyUid("2.25.1001"), {}, {}, "").has_value());
  EXPECT_EQ(assessed().error().code, Code::gone);
}

TEST_F(CompletenessTest, HolesInNumbersUntilTheyAreFilled) {
  store_numbers({1, 2, 4, 5, 6, 8});
  const Assessment a = *assessed();
  EXPECT_EQ(a.verdict, Verdict::incomplete);
  EXPECT_EQ(says(a, "number_gaps"), Says::incomplete);
  EXPECT_EQ(a.look.series[0].numbering.gaps, (std::vector<NumberGap>{{3, 3}, {7, 7}}));
  store_numbers({3, 7});
  EXPECT_EQ(verdict(), Verdict::unknown);
}

TEST_F(CompletenessTest, NumbersThatAreNoHoles) {
  store_numbers({1, 3, 5, 7});
  EXPECT_EQ(verdict(), Verdict::unknown);
  EXPECT_EQ(says(*assessed(), "number_gaps"), Says::nothing);
}

TEST_F(CompletenessTest, ExpectedCounts) {
  // NumberOfSeriesRelatedInstances as some senders give it.
  const auto with = [](ImageRecipe r, uint32_t tag, const std::string& value) {
    r.before_pixels = DatasetMaker().text(tag, "IS", value).view();  // out of order, and read
    return r;
  };
  store(with(image(1), 0x00201209, "2"));
  EXPECT_EQ(verdict(), Verdict::incomplete);
  store(image(2));
  EXPECT_EQ(verdict(), Verdict::complete);  // the only series is whole
  store(image(1, "2.25.1005"));
  EXPECT_EQ(verdict(), Verdict::unknown);  // of another one nothing is known
  store(with(image(2, "2.25.1005"), 0x00201208, "5"));
  EXPECT_EQ(verdict(), Verdict::incomplete);
  store(image(3, "2.25.1005"));
  EXPECT_EQ(verdict(), Verdict::complete);
  EXPECT_EQ(assessed()->look.counts[0].attribute, "NumberOfStudyRelatedInstances");
  options_.stable_after_s = 3600;  // more may come
  EXPECT_EQ(verdict(), Verdict::unknown);
}

TEST_F(CompletenessTest, ImagesInAcquisition) {
  const auto of_acquisition = [](int number, const std::string& series, int acquisition,
                                 int count) {
    ImageRecipe r = image(number, series);
    r.before_pixels = DatasetMaker()
                          .text(0x00200012, "IS", std::to_string(acquisition))
                          .text(0x00201002, "IS", std::to_string(count))
                          .view();
    return r;
  };
  for (int n = 1; n <= 3; ++n) store(of_acquisition(n, "2.25.10", 1, 4));
  store(of_acquisition(1, "2.25.11", 1, 1));  // a localizer with the same acquisition number
  Assessment a = *assessed();
  EXPECT_EQ(a.verdict, Verdict::incomplete);
  EXPECT_EQ(a.look.series[0].counts[0].held, 3u);
  EXPECT_EQ(a.look.series[1].counts[0].held, 1u);
  store(of_acquisition(4, "2.25.10", 1, 4));
  EXPECT_EQ(verdict(), Verdict::complete);
  // Shared between two series: neither is short of images.
  store(of_acquisition(1, "2.25.12", 2, 2));
  store(of_acquisition(1, "2.25.13", 2, 2));
  a = *assessed();
  EXPECT_EQ(a.verdict, Verdict::unknown);
  EXPECT_TRUE(a.look.series[2].counts.empty());
}

TEST_F(CompletenessTest, PartsOfConcatenations) {
  const auto part = [](int number, const std::string& of, int total) {
    ImageRecipe r = image(number);
    DatasetMaker d;
    d.text(0x00209161, "UI", of).us(0x00209162, static_cast<uint16_t>(number));
    if (total > 0) d.us(0x00209163, static_cast<uint16_t>(total));
    r.before_pixels = d.view();
    return r;
  };
  store(part(1, "2.25.40", 3));
  store(part(2, "2.25.40", 3));
  Assessment a = *assessed();
  EXPECT_EQ(a.verdict, Verdict::incomplete);
  EXPECT_EQ(says(a, "concatenation"), Says::incomplete);
  store(part(3, "2.25.40", 3));
  a = *assessed();
  EXPECT_EQ(a.verdict, Verdict::unknown);
  EXPECT_EQ(a.look.series[0].concatenations[0].held, 3u);
  store(part(5, "2.25.41", 0));  // without a total: the first four are not here
  a = *assessed();
  EXPECT_EQ(a.verdict, Verdict::incomplete);
  EXPECT_FALSE(a.look.series[0].concatenations[1].expected_given);
}

TEST_F(CompletenessTest, ReferencesAndManifests) {
  store_numbers({1, 2});
  const std::string one = image(1).sop_uid, two = image(2).sop_uid, three = image(3).sop_uid;
  ASSERT_TRUE(store_file(manifest({one, two, three})).has_value());
  Assessment a = *assessed();
  EXPECT_EQ(a.verdict, Verdict::incomplete);
  EXPECT_EQ(a.look.missing_told, (std::vector<std::string>{three}));
  store(image(3));
  a = *assessed();
  EXPECT_EQ(a.verdict, Verdict::complete);
  EXPECT_EQ(says(a, "manifest"), Says::complete);
  store(image(5));  // of which the manifest says nothing, and number 4 is missing
  a = *assessed();
  EXPECT_EQ(a.verdict, Verdict::incomplete);
  EXPECT_EQ(a.look.manifests_whole, 0u);
  remove(image(5));
  EXPECT_EQ(verdict(), Verdict::complete);
  // What somebody removed is not missing, but the manifest is whole no more.
  remove(image(3));
  a = *assessed();
  EXPECT_EQ(a.verdict, Verdict::unknown);
  EXPECT_EQ(a.look.removed, 1u);
  // References into other studies are not looked for.
  ASSERT_TRUE(store_file(manifest({"2.25.88"}, "2.25.77")).has_value());
  EXPECT_EQ(assessed()->look.references, 0u);
}

TEST_F(CompletenessTest, AssociationsAndCommitment) {
  store_numbers({1, 2, 4, 5});
  StudyNoter noter(*index_);
  noter.association_ended("ae:CT1", {{"2.25.1001", 4}}, false);
  Assessment a = *assessed();
  EXPECT_EQ(says(a, "association"), Says::incomplete);
  EXPECT_EQ(a.notes.senders[0].instances, 4u);
  noter.association_ended("ae:CT1", {{"2.25.1001", 1}}, true);
  EXPECT_EQ(says(*assessed(), "association"), Says::nothing);
  EXPECT_EQ(verdict(), Verdict::incomplete);  // number 3
  // The sender asks for all of it: there is no number 3.
  CommitmentTally tally;
  for (const int n : {1, 2, 4, 5, 5}) tally.committed("2.25.1001", image(n).sop_uid);
  noter.commitment_checked("ae:CT1", tally);
  a = *assessed();
  EXPECT_EQ(says(a, "commitment"), Says::complete);
  EXPECT_EQ(a.verdict, Verdict::complete);
  EXPECT_EQ(a.notes.commitments[0].committed, 4u);
  // For more than there is.
  CommitmentTally more = tally;
  more.missing("2.25.4711");
  noter.commitment_checked("ae:CT1", more);
  EXPECT_EQ(verdict(), Verdict::incomplete);
  // Since then something came: what was asked for says nothing of now.
  store(image(3));
  a = *assessed();
  EXPECT_EQ(says(a, "commitment"), Says::nothing);
  EXPECT_EQ(a.verdict, Verdict::unknown);
  // Of studies in one transaction missing instances are nobody's.
  CommitmentTally two;
  two.committed("2.25.1001", "2.25.1");
  two.committed("2.25.1009", "2.25.2");
  two.missing("2.25.3");
  noter.commitment_checked("ae:CT2", two);
  EXPECT_EQ(assessed()->notes.commitments.back().missing, 0u);
}

TEST_F(CompletenessTest, LimitsOfWhatIsLookedAt) {
  store_numbers({1, 3, 4, 5, 7, 8, 9, 10, 11, 12});
  std::vector<std::string> missing;
  for (int n = 20; n < 30; ++n) missing.push_back(image(n).sop_uid);
  ASSERT_TRUE(store_file(manifest(missing)).has_value());
  options_.told_max = 1;
  Assessment a = *assessed();
  EXPECT_EQ(a.look.series[0].numbering.gaps.size(), 1u);
  EXPECT_EQ(a.look.series[0].numbering.missing, 2u);
  EXPECT_EQ(a.look.missing_told.size(), 1u);
  EXPECT_EQ(a.look.missing, 10u);
  options_.references_max = 4;
  a = *assessed();
  EXPECT_TRUE(a.look.references_cut);
  EXPECT_EQ(a.look.missing, 4u);
  options_.instances_max = 11;
  EXPECT_TRUE(assessed().has_value());
  options_.instances_max = 10;
  EXPECT_EQ(assessed().error().code, Code::too_large);
}

class StableTest : public CompletenessTest {
 protected:
  void SetUp() override {
    CompletenessTest::SetUp();
    options_.stable_after_s = 60;
    watch();
  }
  // A process that begins anew, with nothing in memory.
  void watch() {
    stable_ = std::make_unique<StableStudies>(
        *index_, options_, nullptr, [this] { return Timestamp{now().us + ahead_s_ * 1'000'000}; });
  }
  void steps() {
    for (bool more = true; more;) {
      const auto step = stable_->step();
      ASSERT_TRUE(step.has_value()) << step.error().text;
      more = *step;
    }
  }
  // The announcements so far, by study.
  std::vector<std::string> announced() {
    std::vector<std::string> out;
    archive::CommitNumber after;
    while (true) {
      const auto page = Completeness(*index_, *guard_, options_).stable(who_, after, 2);
      EXPECT_TRUE(page.has_value());
      for (const StableStudy& one : page->studies) out.push_back(one.study.value);
      if (page->next == after) return out;
      after = page->next;
    }
  }
  static ImageRecipe of_study(const std::string& study, int number) {
    ImageRecipe r = image(number, study + ".1");
    r.study_uid = study;
    return r;
  }

  int64_t ahead_s_ = 0;
  std::unique_ptr<StableStudies> stable_;
};

TEST_F(StableTest, OncePerChangeAcrossRestarts) {
  using Studies = std::vector<std::string>;
  store(of_study("2.25.1", 1));
  steps();
  EXPECT_TRUE(announced().empty());
  EXPECT_EQ(stable_->waiting(), 1u);
  watch();  // before it was due
  ahead_s_ = 61;
  steps();
  EXPECT_EQ(announced(), (Studies{"2.25.1"}));
  EXPECT_EQ(stable_->waiting(), 0u);
  steps();
  watch();
  steps();
  EXPECT_EQ(announced(), (Studies{"2.25.1"}));
  // The same once more is no change; another image is.
  store(of_study("2.25.1", 1));
  steps();
  EXPECT_EQ(announced(), (Studies{"2.25.1"}));
  store(of_study("2.25.1", 2));
  ahead_s_ = 0;
  steps();
  EXPECT_EQ(announced(), (Studies{"2.25.1"}));
  ahead_s_ = 61;
  watch();
  steps();
  EXPECT_EQ(announced(), (Studies{"2.25.1", "2.25.1"}));
  // What is removed before it was due is not announced.
  store(of_study("2.25.2", 1));
  ASSERT_TRUE(imaging_->remove(who_, StudyUid("2.25.2"), {}, {}, "").has_value());
  steps();
  EXPECT_EQ(announced(), (Studies{"2.25.1", "2.25.1"}));
}

TEST_F(StableTest, OneThatWaitsDoesNotHoldOthersNorGetLost) {
  store(of_study("2.25.1", 1));
  steps();
  // 2.25.2 becomes due while 2.25.1 goes on receiving: each time anew, over restarts.
  store(of_study("2.25.2", 1));
  const Timestamp begun = now();
  ahead_s_ = 61;
  while (now() <= begun) {
  }
  store(of_study("2.25.1", 2));
  // Only what came before `begun` is due at begun + 61 s.
  StableStudies exact(*index_, options_, nullptr,
                      [&] { return Timestamp{begun.us + int64_t{60} * 1'000'000}; });
  for (bool more = true; more;) more = *exact.step();
  EXPECT_EQ(announced(), (std::vector<std::string>{"2.25.2"}));
  watch();  // the feed was dealt with up to what 2.25.1 still waits for
  steps();
  EXPECT_EQ(announced(), (std::vector<std::string>{"2.25.2", "2.25.1"}));
}

TEST_F(StableTest, ManyStudiesWithRoomForFew) {
  options_.waiting_studies_max = 3;
  watch();
  std::set<std::string> all;
  for (int n = 0; n < 20; ++n) {
    const std::string study = "2.25.7" + std::to_string(n);
    store(of_study(study, 1));
    all.insert(study);
  }
  ahead_s_ = 61;
  steps();
  const auto told = announced();
  EXPECT_EQ(told.size(), 20u);
  EXPECT_EQ(std::set<std::string>(told.begin(), told.end()), all);
}

TEST_F(StableTest, RacesWithSendersLoseNothing) {
  options_.stable_after_s = 0;
  watch();
  std::atomic<bool> done{false};
  std::thread sender([&] {
    for (int n = 1; n <= 60; ++n) store(of_study("2.25." + std::to_string(n % 3), n));
    done = true;
  });
  while (!done) EXPECT_TRUE(stable_->step().has_value());
  sender.join();
  steps();
  const auto view = index_->view();
  for (const char* study : {"2.25.0", "2.25.1", "2.25.2"}) {
    const auto row = *view->study(StudyUid(study));
    EXPECT_EQ(index::study_notes(*view, StudyUid(study))->stable_change, row->changed);
  }
}

}  // namespace
}  // namespace medarc::dicom
