// The engine through its front: what is stored is found and given back, and decisions are right.
#include "index/index.h"

#include <thread>

#include "index/fields.h"
#include "tests/index/maker.h"

namespace medarc::index::test {
namespace {

class IndexTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    index_.reset();
    index_ = must(open_index(posix_fs(), dir_ / "data", quick_options()));
  }
  TempDir dir_;
  std::unique_ptr<Index> index_;
};

TEST_F(IndexTest, AnInstanceIsFoundByEveryLevel) {
  InstanceSpec spec;
  EXPECT_EQ(store(*index_, spec, {5}).state, State::done);
  auto view = index_->view();
  auto row =
      must(view->instance(StudyUid("1.2.3"), SeriesUid("1.2.3.1"), SopInstanceUid("1.2.3.1.1")));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->version, 1u);
  EXPECT_EQ(row->received.us, 5);
  auto study = must(view->study(StudyUid("1.2.3")));
  ASSERT_TRUE(study);
  EXPECT_EQ(study->attributes.first(kModalitiesInStudy), "CT");
  EXPECT_EQ(study->attributes.first(kSopClassesInStudy), spec.sop_class);
  EXPECT_EQ(study->attributes.first(kSeriesInStudy), "1");
  EXPECT_EQ(study->attributes.first(kInstancesInStudy), "1");
  EXPECT_EQ(study->bytes, spec.content.size());
  auto series = must(view->series(StudyUid("1.2.3"), SeriesUid("1.2.3.1")));
  ASSERT_TRUE(series);
  EXPECT_EQ(series->attributes.first(kInstancesInSeries), "1");
  auto patient = must(view->patient(Identifier{"HOSP", "P1"}));
  ASSERT_TRUE(patient);
  EXPECT_EQ(patient->key, study->patient);
  EXPECT_EQ(patient->version, 1u);
  for (Kind kind : {Kind::study, Kind::series, Kind::instance}) {
    for (const Term& term : {equal(kAccessionNumber, {"A1"}), equal(kPatientName, {"DOE^jane"}),
                             equal(kPatientId, {"P1"}), equal(kModalitiesInStudy, {"CT"}),
                             equal(kStudyUid, {"1.2.3"})}) {
      EXPECT_EQ(ids(must(view->query(where(kind, {term})))).size(), 1u) << static_cast<int>(kind);
      EXPECT_EQ(must(view->count(where(kind, {term}), 0)).rows, 1u);
    }
    EXPECT_TRUE(ids(must(view->query(where(kind, {equal(kAccessionNumber, {"a1"})})))).empty());
  }
  auto page = must(view->query(where(Kind::instance, {equal(kSopInstanceUid, {"1.2.3.1.1"})})));
  ASSERT_EQ(page.matches.size(), 1u);
  ASSERT_TRUE(page.matches[0].study && page.matches[0].series);
  EXPECT_EQ(page.matches[0].study->uid.value, "1.2.3");
  EXPECT_EQ(page.matches[0].series->uid.value, "1.2.3.1");
}

TEST_F(IndexTest, DuplicatesAndNewVersions) {
  InstanceSpec spec;
  spec.envelope = "envelope one";
  EXPECT_EQ(store(*index_, spec).state, State::done);
  const auto before = dump(*index_);
  EXPECT_EQ(store(*index_, spec).state, State::duplicate);
  InstanceSpec over_dimse = spec;
  over_dimse.envelope.clear();
  EXPECT_EQ(store(*index_, over_dimse).state, State::duplicate);
  // Only the commit number has moved.
  auto after = dump(*index_);
  ASSERT_EQ(before.size(), after.size());
  size_t changed = 0;
  for (size_t i = 0; i < before.size(); ++i) changed += before[i] != after[i];
  EXPECT_EQ(changed, 1u);

  InstanceSpec other_envelope = spec;
  other_envelope.envelope = "envelope two";
  EXPECT_EQ(store(*index_, other_envelope).version, 2u);
  InstanceSpec other = spec;
  other.content = "other pixels, longer";
  other.metadata = R"({"new":1})";
  OpOutcome third = store(*index_, other);
  EXPECT_EQ(third.state, State::new_version);
  EXPECT_EQ(third.version, 3u);

  auto view = index_->view();
  const StudyUid study(spec.study);
  const SeriesUid series(spec.series);
  const SopInstanceUid uid(spec.instance);
  EXPECT_EQ(must(view->instance(study, series, uid))->dataset_bytes, other.content.size());
  EXPECT_EQ(must(view->instance(study, series, uid, 1))->envelope, "envelope one");
  EXPECT_EQ(must(view->instance(study, series, uid, 2))->envelope, "envelope two");
  EXPECT_FALSE(must(view->instance(study, series, uid, 4)));
  auto row = must(view->study(study));
  EXPECT_EQ(row->attributes.first(kInstancesInStudy), "1");
  EXPECT_EQ(row->bytes, other.content.size());
  EXPECT_EQ(must(index_->stats()).instances, 1u);
  int seen = 0;
  must(view->metadata(study, series, uid, [&](auto&, ByteView frame) {
    EXPECT_EQ(unzstd(frame), other.metadata);
    ++seen;
    return true;
  }));
  EXPECT_EQ(seen, 1);
}

TEST_F(IndexTest, MetadataOfASeriesComesInUidOrder) {
  std::string large = "{\"big\":\"" + std::string(300'000, 'x') + "\"}";
  for (int i : {3, 1, 2}) {
    InstanceSpec spec;
    spec.instance = "1.2.3.1." + std::to_string(i);
    spec.metadata = i == 2 ? large : "{\"n\":" + std::to_string(i) + "}";
    store(*index_, spec);
  }
  InstanceSpec empty;
  empty.instance = "1.2.3.1.9";
  empty.metadata = "";
  store(*index_, empty);
  std::vector<std::string> got;
  must(index_->view()->metadata(StudyUid("1.2.3"), SeriesUid("1.2.3.1"), std::nullopt,
                                [&](const SopInstanceUid&, ByteView frame) {
                                  got.push_back(unzstd(frame));
                                  return true;
                                }));
  EXPECT_EQ(got, (std::vector<std::string>{"{\"n\":1}", large, "{\"n\":3}", ""}));
  int visits = 0;
  must(index_->view()->metadata(StudyUid("1.2.3"), SeriesUid("1.2.3.1"), std::nullopt,
                                [&](const SopInstanceUid&, ByteView) { return ++visits < 2; }));
  EXPECT_EQ(visits, 2);
}

TEST_F(IndexTest, StudyKeepsTheFirstValuesAndGathersModalities) {
  InstanceSpec first;
  first.accession = "";
  store(*index_, first);
  InstanceSpec second = first;
  second.series = "1.2.3.2";
  second.instance = "1.2.3.2.1";
  second.accession = "A9";
  second.modality = "PT";
  second.name = "Other^Name";
  store(*index_, second);
  auto view = index_->view();
  auto row = must(view->study(StudyUid("1.2.3")));
  EXPECT_EQ(row->attributes.first(kAccessionNumber), "A9");
  EXPECT_EQ(row->attributes.first(kPatientName), "Doe^Jane");
  EXPECT_EQ(row->attributes.find(kModalitiesInStudy)->values,
            (std::vector<std::string>{"CT", "PT"}));
  EXPECT_EQ(row->attributes.first(kSeriesInStudy), "2");
  EXPECT_EQ(ids(must(view->query(where(Kind::study, {equal(kAccessionNumber, {"A9"})})))).size(),
            1u);
  EXPECT_EQ(ids(must(view->query(where(Kind::study, {equal(kModalitiesInStudy, {"PT"})})))).size(),
            1u);
  Query both = where(Kind::study, {{kModalitiesInStudy, TermOp::all_of, {"PT", "CT"}}});
  EXPECT_EQ(ids(must(view->query(both))).size(), 1u);
  both.all_of_any[0][0].values = {"PT", "MR"};
  EXPECT_TRUE(ids(must(view->query(both))).empty());
}

TEST_F(IndexTest, SixtyFourSendersOfOneNewPatientMakeOne) {
  std::vector<std::thread> senders;
  for (int t = 0; t < 8; ++t) {
    senders.emplace_back([&, t] {
      for (int i = 0; i < 8; ++i) {
        InstanceSpec spec;
        spec.study = "1.2." + std::to_string(t * 8 + i);
        spec.series = spec.study + ".1";
        spec.instance = spec.study + ".1.1";
        EXPECT_EQ(store(*index_, spec).state, State::done);
      }
    });
  }
  for (auto& s : senders) s.join();
  EXPECT_EQ(must(index_->stats()).patients, 1u);
  EXPECT_EQ(must(index_->stats()).studies, 64u);
  auto patient = must(index_->view()->patient(Identifier{"HOSP", "P1"}));
  EXPECT_EQ(must(index_->view()->count(
                     where(Kind::study, {equal(kFieldPatientKey, {patient->key.value})}), 0))
                .rows,
            64u);
}

TEST_F(IndexTest, EightThreadsStoringTheSameInstancesMakeOneRowEach) {
  std::atomic<int> done{0}, duplicate{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 40; ++i) {
        InstanceSpec spec;
        spec.instance = "1.2.3.1." + std::to_string(i);
        spec.content = "content " + std::to_string(i);
        const State state = store(*index_, spec).state;
        if (state == State::done) ++done;
        if (state == State::duplicate) ++duplicate;
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(done, 40);
  EXPECT_EQ(duplicate, 280);
  auto view = index_->view();
  EXPECT_EQ(must(index_->stats()).instances, 40u);
  EXPECT_EQ(must(view->study(StudyUid("1.2.3")))->attributes.first(kInstancesInStudy), "40");
  EXPECT_EQ(all_ids(*view, where(Kind::instance, {}), 7).size(), 40u);
  EXPECT_EQ(must(view->feed({0}, 1000)).size(), 41u);  // and one patient
}

TEST_F(IndexTest, EverythingIsThereAfterReopening) {
  for (int i = 0; i < 20; ++i) {
    InstanceSpec spec;
    spec.instance = "1.2.3.1." + std::to_string(i);
    store(*index_, spec);
    if (i == 10) must(index_->flush());
  }
  const auto before = dump(*index_);
  open();
  EXPECT_EQ(dump(*index_), before);
  EXPECT_EQ(store(*index_, InstanceSpec{.instance = "1.2.3.1.99"}).state, State::done);
}

TEST_F(IndexTest, FactsThatCannotBeAreRefused) {
  archive::StagedBlob blob = stage(*index_, "x");
  InstanceSpec spec;
  auto refused = [&](StoreInstance op, bool with_blob = true) {
    Facts facts{{1}, {}};
    facts.ops.push_back(std::move(op));
    auto r = index_->commit(with_blob ? std::vector{blob} : std::vector<archive::StagedBlob>{},
                            std::move(facts));
    return r.has_error() && r.error().code == Code::invalid_argument;
  };
  EXPECT_TRUE(refused(make_store(spec, blob), false));
  StoreInstance op = make_store(spec, blob);
  op.instance.study.value = std::string("1.2\0.3", 6);
  EXPECT_TRUE(refused(op));
  op = make_store(spec, blob);
  op.instance.uid.value.clear();
  EXPECT_TRUE(refused(op));
  op = make_store(spec, blob);
  op.instance.series.value.assign(256, '1');
  EXPECT_TRUE(refused(op));
  EXPECT_EQ(must(index_->stats()).instances, 0u);
  EXPECT_FALSE(refused(make_store(spec, blob)));
}

TEST_F(IndexTest, AViewDoesNotMove) {
  store(*index_, InstanceSpec{});
  auto view = index_->view();
  InstanceSpec other;
  other.study = "9.9";
  store(*index_, other);
  EXPECT_EQ(must(view->count(where(Kind::study, {}), 0)).rows, 1u);
  EXPECT_FALSE(must(view->study(StudyUid("9.9"))));
  EXPECT_TRUE(must(index_->view()->study(StudyUid("9.9"))));
}

}  // namespace
}  // namespace medarc::index::test
