// Notes on studies: what stays of many peers, stable studies announced once for each change,
// replay.
#include "index/study_notes.h"

#include "index/removals.h"
#include "tests/index/maker.h"
#include "tests/index/random_facts.h"

namespace medarc::index::test {
namespace {

class StudyNotesTest : public ::testing::Test {
 protected:
  StudyNotesTest() { open(); }
  void open() {
    index_.reset();
    index_ = must(open_index(posix_fs(), dir_ / "data", quick_options()));
  }
  StudyNotes notes(const std::string& study = "1.2.3") {
    return must(study_notes(*index_->view(), StudyUid(study)));
  }
  Timestamp changed() { return must(index_->view()->study(StudyUid("1.2.3")))->changed; }
  std::vector<std::pair<Bytes, State>> stable_events() {
    std::vector<std::pair<Bytes, State>> out;
    for (const Event& event : must(index_->view()->feed({0}, 1000))) {
      if (event.kind == Kind::study) out.emplace_back(event.id, event.state);
    }
    return out;
  }
  OpOutcome announce(Timestamp of_change, uint64_t through, Timestamp time = {50}) {
    return run(*index_, announce_stable(StudyUid("1.2.3"), of_change, {through}), time);
  }

  TempDir dir_;
  std::unique_ptr<Index> index_;
};

TEST_F(StudyNotesTest, TheLastOfEachPeerStaysUpToALimit) {
  EXPECT_EQ(run(*index_, note_association(StudyUid("1.2.3"), "ae:CT1", true, 1)).state,
            State::not_found);
  store(*index_, {});
  const Timestamp before = changed();
  run(*index_, note_association(StudyUid("1.2.3"), "ae:CT1", false, 1), {10});
  run(*index_, note_association(StudyUid("1.2.3"), "ae:CT2", true, 2), {20});
  run(*index_, note_association(StudyUid("1.2.3"), "ae:CT1", true, 3), {30});
  StudyNotes held = notes();
  ASSERT_EQ(held.senders.size(), 2u);
  EXPECT_EQ(held.senders[1].name, "ae:CT1");
  EXPECT_TRUE(held.senders[1].released);
  EXPECT_EQ(held.senders[1].instances, 3u);
  EXPECT_EQ(held.senders[1].ended, Timestamp{30});
  for (size_t i = 0; i < kNotedPeersMax + 3; ++i) {
    run(*index_, note_commitment(StudyUid("1.2.3"), "ae:" + std::to_string(i), i, 0, 1));
  }
  held = notes();
  ASSERT_EQ(held.commitments.size(), kNotedPeersMax);
  EXPECT_EQ(held.commitments.front().name, "ae:3");
  EXPECT_EQ(held.commitments.back().committed, kNotedPeersMax + 2);
  EXPECT_EQ(changed(), before);  // notes are no change of the study
}

TEST_F(StudyNotesTest, AStudyIsAnnouncedOncePerChange) {
  EXPECT_EQ(announce({1}, 1).state, State::not_found);
  InstanceSpec spec;
  store(*index_, spec, {100});
  EXPECT_EQ(announce({99}, 2).state, State::precondition_failed);
  EXPECT_TRUE(stable_events().empty());
  EXPECT_EQ(announce({100}, 3).state, State::done);
  EXPECT_EQ(announce({100}, 2).state, State::duplicate);
  EXPECT_EQ(stable_events().size(), 1u);
  EXPECT_EQ(notes().stable_change, Timestamp{100});
  EXPECT_EQ(notes().stable_since, Timestamp{50});
  EXPECT_EQ(must(stable_through(*index_->view())), archive::CommitNumber{3});  // never back
  spec.instance += "1";
  store(*index_, spec, {200});
  EXPECT_EQ(announce({100}, 4).state, State::precondition_failed);
  EXPECT_EQ(announce({200}, 4).state, State::done);
  const auto events = stable_events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1], std::pair(Bytes("1.2.3"), State::done));
}

TEST_F(StudyNotesTest, ReplayGivesTheSameAndRemovalTakesThemAlong) {
  store(*index_, {}, {100});
  run(*index_, note_association(StudyUid("1.2.3"), "ae:CT1", true, 1), {110});
  run(*index_, note_commitment(StudyUid("1.2.3"), "ae:CT1", 1, 0, 0), {120});
  announce({100}, 3);
  const auto before = dump(*index_);
  index_.reset();
  must(rebuild_index(posix_fs(), dir_ / "data", quick_options(), nullptr));
  open();
  EXPECT_EQ(dump(*index_), before);
  run(*index_, RemoveImages{StudyUid("1.2.3"), {}, {}, ""}, {130});
  EXPECT_TRUE(notes().senders.empty());
  EXPECT_FALSE(notes().stable_change.has_value());
}

TEST_F(StudyNotesTest, TheLatestRemovalAroundAndBelow) {
  const auto last = [&](const char* series = nullptr) {
    return must(last_removal(*index_->view(), StudyUid("1.2.3"),
                             series == nullptr ? std::optional<SeriesUid>() : SeriesUid(series)));
  };
  InstanceSpec spec;
  for (const char* series : {"1.2.3.1", "1.2.3.2"}) {
    for (const char* instance : {".1", ".2"}) {
      spec.series = series;
      spec.instance = spec.series + instance;
      store(*index_, spec);
    }
  }
  EXPECT_FALSE(last().has_value());
  run(*index_,
      RemoveImages{StudyUid("1.2.3"), SeriesUid("1.2.3.1"), SopInstanceUid("1.2.3.1.1"), "a"},
      {10});
  EXPECT_EQ(last()->reason, "a");
  EXPECT_EQ(last("1.2.3.1")->reason, "a");
  EXPECT_FALSE(last("1.2.3.2").has_value());
  run(*index_, RemoveImages{StudyUid("1.2.3"), SeriesUid("1.2.3.2"), {}, "b"}, {20});
  EXPECT_EQ(last()->removed, Timestamp{20});
  EXPECT_EQ(last("1.2.3.1")->reason, "a");
  EXPECT_EQ(last("1.2.3.2")->reason, "b");
  run(*index_, RemoveImages{StudyUid("1.2.3"), {}, {}, "c"}, {30});
  EXPECT_EQ(last("1.2.3.1")->reason, "c");
  // Another study whose UID begins alike.
  spec.study = "1.2.3.4";
  store(*index_, spec);
  run(*index_, RemoveImages{StudyUid("1.2.3.4"), {}, {}, "d"}, {40});
  EXPECT_EQ(last()->reason, "c");
}

TEST_F(StudyNotesTest, OnlyEntriesOfTheirFormAreNotes) {
  store(*index_, {}, {100});
  const RecordAudit good = note_association(StudyUid("1.2.3"), "ae:CT1", true, 12);
  ASSERT_TRUE(read_note(good.entry).has_value());
  EXPECT_EQ(read_note(good.entry)->numbers, (std::vector<uint64_t>{1, 12}));
  const auto changed_by = [&](const std::function<void(AuditEntry&)>& change) {
    AuditEntry entry = good.entry;
    change(entry);
    return read_note(entry).has_value();
  };
  EXPECT_FALSE(changed_by([](AuditEntry& e) { e.door = "dicomweb"; }));
  EXPECT_FALSE(changed_by([](AuditEntry& e) { e.action = "store"; }));
  EXPECT_FALSE(changed_by([](AuditEntry& e) { e.action = "commitment"; }));
  EXPECT_FALSE(changed_by([](AuditEntry& e) { e.object = "studies"; }));
  EXPECT_FALSE(changed_by([](AuditEntry& e) { e.object = "study/"; }));
  for (const char* detail :
       {"", "released=1", "released=1 instances=", "released=x instances=1",
        "released=1 instances=12 more=1", "instances=12 released=1",
        "released=1 instances=99999999999999999999", "released=-1 instances=1"}) {
    EXPECT_FALSE(changed_by([&](AuditEntry& e) { e.detail = detail; })) << detail;
  }
  // It is an audit entry all the same, and part of the chain.
  const uint64_t before = must(index_->view()->check_audit()).entries;
  run(*index_, good);
  EXPECT_EQ(must(index_->view()->check_audit()).entries, before + 1);
  EXPECT_FALSE(must(index_->view()->check_audit()).first_wrong.has_value());
}

TEST(StudyNotes, RowsComeBackAndNothingElseIsTaken) {
  RandomFacts random(12);
  for (int n = 0; n < 300; ++n) {
    StudyNotes notes;
    for (uint32_t i = random.pick(3); i > 0; --i) {
      notes.senders.push_back({random.text(), random.pick(2) == 0, random.pick(9), random.time()});
    }
    for (uint32_t i = random.pick(3); i > 0; --i) {
      notes.commitments.push_back(
          {random.text(), random.pick(300), random.pick(3), random.pick(3), random.time()});
    }
    if (random.pick(2) == 0) {
      notes.stable_change = random.time();
      notes.stable_since = random.time();
    }
    const Bytes bytes = encode(notes);
    EXPECT_EQ(encode(must(decode_study_notes(bytes))), bytes);
    EXPECT_TRUE(decode_study_notes(bytes + "x").has_error());
    for (size_t i = 0; i < bytes.size(); ++i) {
      EXPECT_TRUE(decode_study_notes(ByteView(bytes).substr(0, i)).has_error());
      Bytes changed = bytes;
      changed[i] = static_cast<char>(random.pick(256));
      const auto back = decode_study_notes(changed);
      if (back.has_value()) {
        EXPECT_EQ(encode(*back), changed);
      }
    }
  }
}

}  // namespace
}  // namespace medarc::index::test
