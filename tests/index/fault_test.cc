// The whole stack, log and RocksDB, on a file system that stops at any step: whatever was
// acknowledged is there after the power comes back, nothing is there twice, and the rows are those
// that the log alone would give.
//
// MEDARC_FAULT_STATES=N runs N states instead of those of the normal run.
#include <stdlib.h>

#include <set>

#include "base/log.h"
#include "index/fields.h"
#include "tests/index/maker.h"
#include "tests/support/fault_fs.h"

namespace medarc::index::test {
namespace {

using medarc::test::FaultFs;

const std::string kDir = "/data";

IndexOptions small() {
  IndexOptions o = quick_options();
  o.archive.sync = true;
  o.archive.segment_bytes = 64u << 10;
  o.archive.flush_log_bytes = 1u << 20;
  o.write_buffer_bytes = 4u << 20;
  return o;
}

// Answers whether it was acknowledged. No failure is a test failure here.
bool try_store(Index& index, const std::string& study, int number) {
  InstanceSpec spec;
  spec.study = study;
  spec.series = study + ".1";
  spec.instance = spec.series + "." + std::to_string(number);
  spec.content = "dataset " + spec.instance + std::string(static_cast<size_t>(number) * 700, 'x');
  auto writer = index.blobs().writer(archive::Cuts::given);
  if (writer.has_error() || (*writer)->write(spec.content).has_error()) return false;
  auto blob = (*writer)->finish();
  if (blob.has_error()) return false;
  Facts facts{{number}, {make_store(spec, *blob)}};
  facts.ops.emplace_back(
      RecordAudit{{{number}, "dr", "dimse", "store", "study/" + study, "", 1, true}});
  return index.commit({*blob}, std::move(facts)).has_value();
}

// A life until the power goes; answers the instances acknowledged.
std::set<std::pair<std::string, int>> live(FaultFs& fs) {
  std::set<std::pair<std::string, int>> told;
  for (int round = 0; round < 3; ++round) {
    auto index = open_index(fs, kDir, small());
    if (index.has_error()) return told;
    for (int n = 0; n < 6; ++n) {
      const std::string study = "1.2." + std::to_string(round);
      if (!try_store(**index, study, n)) return told;
      told.emplace(study, n);
      if (n == 2 && (*index)->flush().has_error()) return told;
    }
    if (round == 1) {
      auto plan = (*index)->blobs().plan_gc();
      if (plan.has_error() || (*index)->blobs().collect(*plan, {}).has_error()) return told;
    }
  }
  return told;
}

void check(FaultFs& fs, const std::set<std::pair<std::string, int>>& told) {
  auto index = must(open_index(fs, kDir, small()));
  auto view = index->view();
  for (const auto& [study, n] : told) {
    const std::string series = study + ".1";
    const std::string uid = series + "." + std::to_string(n);
    auto row = must(view->instance(StudyUid(study), SeriesUid(series), SopInstanceUid(uid)));
    ASSERT_TRUE(row) << "lost: " << uid;
    EXPECT_EQ(row->version, 1u);
    auto reader = must(index->blobs().open(row->dataset));
    Bytes bytes(reader->size(), '\0');
    must(reader->read({0, bytes.size()}, bytes.data()));
    EXPECT_EQ(bytes, "dataset " + uid + std::string(static_cast<size_t>(n) * 700, 'x'));
  }
  // At most the one commit in flight is there beside them, whole.
  const IndexStats stats = must(index->stats());
  EXPECT_LE(stats.instances, told.size() + 1);
  EXPECT_EQ(stats.instances, stats.audit_entries);
  EXPECT_EQ(must(view->count(where(Kind::instance, {equal(kPatientId, {"P1"})}), 0)).rows,
            stats.instances);
  EXPECT_FALSE(must(view->check_audit()).first_wrong);
  view.reset();

  const auto rows = dump(*index);
  index.reset();
  must(rebuild_index(fs, kDir, small(), {}));
  index = must(open_index(fs, kDir, small()));
  EXPECT_EQ(dump(*index), rows);
  EXPECT_TRUE(try_store(*index, "9.9", 1));
}

TEST(IndexFault, PowerCutsAtAnyStepLoseNothingAcknowledged) {
  set_log_level(Level::error);
  const char* wanted = ::getenv("MEDARC_FAULT_STATES");
  const uint64_t states = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 60;
  FaultFs whole;
  ASSERT_EQ(live(whole).size(), 18u);
  const uint64_t steps = whole.steps();
  ASSERT_GT(steps, 100u);
  std::mt19937_64 random(1);
  size_t crashed = 0, unfinished = 0;
  for (uint64_t n = 0; n < states && !::testing::Test::HasFailure(); ++n) {
    FaultFs fs;
    FaultFs::Fault fault;
    fault.step = states >= steps * 3 ? n / 3 % steps : random() % steps;
    fs.set_fault(fault);
    const auto told = live(fs);
    crashed += fs.crashed();
    unfinished += told.size() < 18;
    const auto cut = static_cast<FaultFs::Cut>(n % 3);
    auto after = fs.after_power_cut(cut, n);
    SCOPED_TRACE("step " + std::to_string(fault.step) + " cut " + std::to_string(n % 3));
    check(*after, told);
  }
  EXPECT_GT(crashed, states / 2);
  EXPECT_GT(unfinished, states / 4);
}

TEST(IndexFault, ErrorsAreNeverAnsweredAsSuccess) {
  set_log_level(Level::error);
  FaultFs whole;
  live(whole);
  const uint64_t steps = whole.steps();
  std::mt19937_64 random(2);
  for (int n = 0; n < 20 && !::testing::Test::HasFailure(); ++n) {
    FaultFs fs;
    FaultFs::Fault fault;
    fault.step = random() % steps;
    fault.crash = false;
    fault.code = n == 19 ? Code::exhausted : Code::io;  // RocksDB waits a while for space
    fault.short_write = n % 3 == 0;
    fs.set_fault(fault);
    const auto told = live(fs);
    fs.set_fault({});
    SCOPED_TRACE("error at step " + std::to_string(fault.step));
    // What could not be acknowledged may be there; what was acknowledged must be.
    auto index = must(open_index(fs, kDir, small()));
    auto view = index->view();
    for (const auto& [study, i] : told) {
      const std::string uid = study + ".1." + std::to_string(i);
      EXPECT_TRUE(
          must(view->instance(StudyUid(study), SeriesUid(study + ".1"), SopInstanceUid(uid))));
    }
  }
}

}  // namespace
}  // namespace medarc::index::test
