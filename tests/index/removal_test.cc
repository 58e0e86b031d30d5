// Images that are removed leave nothing but a tombstone, and nothing else suffers.
#include <gtest/gtest.h>

#include <algorithm>

#include "index/fields.h"
#include "tests/index/maker.h"

namespace medarc::index::test {
namespace {

class RemovalTest : public ::testing::Test {
 protected:
  RemovalTest() : index_(must(open_index(posix_fs(), dir_ / "data", quick_options()))) {}

  InstanceSpec spec(int study, int series, int instance) const {
    InstanceSpec s;
    s.study = "1." + std::to_string(study);
    s.series = s.study + "." + std::to_string(series);
    s.instance = s.series + "." + std::to_string(instance);
    s.accession = "A" + std::to_string(study);
    s.modality = series % 2 == 0 ? "CT" : "SR";
    s.sop_class = series % 2 == 0 ? "1.2.840.10008.5.1.4.1.1.2" : "1.2.840.10008.5.1.4.1.1.88.11";
    s.content = "pixels of " + s.instance;
    return s;
  }
  OpOutcome remove(const InstanceSpec& s, bool series, bool instance) {
    RemoveImages op;
    op.study.value = s.study;
    if (series || instance) op.series = SeriesUid(s.series);
    if (instance) op.instance = SopInstanceUid(s.instance);
    op.reason = "wrong patient";
    return run(*index_, op, {5'000'000});
  }
  // Keys and values that removed images must not change: all but what tells of the time and of the
  // commits that were made. Rows of studies and series are told by the queries below.
  std::vector<std::pair<Bytes, Bytes>> rest() {
    auto all = dump(*index_);
    std::erase_if(all, [](const auto& row) {
      for (const char* prefix : {"default/applied", "events/", "audit/", "places/", "rows/\x15",
                                 "rows/\x02", "rows/\x03", "rows/\x01", "fields/\x01"}) {
        if (row.first.starts_with(prefix)) return true;
      }
      return row.first.starts_with("refs/c");
    });
    return all;
  }
  StudyRow study(const std::string& uid) { return *must(index_->view()->study(StudyUid(uid))); }

  TempDir dir_;
  std::unique_ptr<Index> index_;
};

TEST_F(RemovalTest, WhatCameLaterGoesWithoutATrace) {
  for (int series = 0; series < 2; ++series) store(*index_, spec(1, series, 1));
  const auto before = rest();
  const StudyRow study_before = study("1.1");
  // An instance, a series and a study more, one of them in two versions.
  for (const auto& s : {spec(1, 0, 2), spec(1, 5, 1), spec(1, 5, 2), spec(2, 0, 1)}) {
    store(*index_, s);
  }
  InstanceSpec other = spec(1, 0, 2);
  other.content = "other pixels";
  EXPECT_EQ(store(*index_, other).state, State::new_version);
  EXPECT_EQ(study("1.1").attributes.first(kInstancesInStudy), "5");

  EXPECT_EQ(remove(spec(1, 0, 2), true, true).state, State::done);
  EXPECT_EQ(remove(spec(1, 5, 1), true, false).version, 2u);
  EXPECT_EQ(remove(spec(2, 0, 1), false, false).version, 1u);
  EXPECT_EQ(rest(), before);
  StudyRow now = study("1.1");
  EXPECT_EQ(now.attributes, study_before.attributes);
  EXPECT_EQ(now.bytes, study_before.bytes);
  EXPECT_FALSE(must(index_->view()->study(StudyUid("1.2"))));
}

TEST_F(RemovalTest, ListsOfTheStudyFollowWhatIsLeft) {
  for (int series = 0; series < 2; ++series) {
    for (int i = 1; i <= 3; ++i) store(*index_, spec(1, series, i));
  }
  auto found = [&](const char* modality) {
    return must(index_->view()->count(where(Kind::study, {equal(kModalitiesInStudy, {modality})}),
                                      0))
        .rows;
  };
  EXPECT_EQ(found("SR"), 1u);
  for (int i = 1; i <= 3; ++i) remove(spec(1, 1, i), true, true);
  EXPECT_EQ(found("SR"), 0u);
  EXPECT_EQ(found("CT"), 1u);
  EXPECT_EQ(study("1.1").attributes.find(kSopClassesInStudy)->values.size(), 1u);
  EXPECT_EQ(study("1.1").attributes.first(kSeriesInStudy), "1");
  EXPECT_EQ(study("1.1").attributes.first(kInstancesInStudy), "3");
}

TEST_F(RemovalTest, TombstonesSayWhyAndStayBesideWhatComesBack) {
  store(*index_, spec(1, 0, 1));
  store(*index_, spec(1, 0, 2));
  auto tombstone = [&](int instance) {
    const InstanceSpec s = spec(1, 0, instance);
    return must(index_->view()->tombstone(StudyUid(s.study), SeriesUid(s.series),
                                          SopInstanceUid(s.instance)));
  };
  EXPECT_FALSE(tombstone(1));
  remove(spec(1, 0, 1), false, false);
  ASSERT_TRUE(tombstone(1));
  EXPECT_EQ(tombstone(1)->reason, "wrong patient");
  EXPECT_EQ(tombstone(1)->instances, 2u);
  EXPECT_EQ(tombstone(1)->removed.us, 5'000'000);
  EXPECT_EQ(remove(spec(1, 0, 1), false, false).state, State::not_found);
  EXPECT_EQ(store(*index_, spec(1, 0, 1)).state, State::done);
  EXPECT_EQ(study("1.1").attributes.first(kInstancesInStudy), "1");
  EXPECT_TRUE(tombstone(2));
}

TEST_F(RemovalTest, NothingOfThatNameIsNothingDone) {
  store(*index_, spec(1, 0, 12));
  EXPECT_EQ(remove(spec(1, 0, 1), true, true).state, State::not_found);  // 1.1.0.1 begins 1.1.0.12
  EXPECT_EQ(remove(spec(1, 1, 1), true, false).state, State::not_found);
  EXPECT_EQ(remove(spec(2, 0, 1), false, false).state, State::not_found);
  EXPECT_EQ(must(index_->stats()).instances, 1u);
}

}  // namespace
}  // namespace medarc::index::test
