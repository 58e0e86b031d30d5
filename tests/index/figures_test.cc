// Figures, not checks; run with --gtest_also_run_disabled_tests --gtest_filter='*Figures*':
// processor time to apply an instance, bytes an instance takes in the log and on disk, and what a
// lookup costs with 2,000 and with 100,000 studies.
#include <time.h>

#include "archive/catalog.h"
#include "index/fields.h"
#include "index/rocks_catalog.h"
#include "index/view.h"
#include "tests/index/maker.h"
#include "tests/index/random_facts.h"

namespace medarc::index::test {
namespace {

double cpu_us() {
  timespec t;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

// DICOM JSON of about 4.5 kB, in which an instance differs from the next as a CT slice does.
std::string metadata_of(const InstanceSpec& s, RandomFacts& random) {
  std::string out = "{\"00080018\":{\"vr\":\"UI\",\"Value\":[\"" + s.instance + "\"]}";
  for (int i = 0; i < 90; ++i) {
    out += ",\"0018" + std::to_string(1000 + i) + "\":{\"vr\":\"DS\",\"Value\":[" +
           std::to_string(i < 80 ? i * 7919 : static_cast<int>(random.pick(100'000))) + "]}";
  }
  return out + "}";
}

class Loader {
 public:
  explicit Loader(std::shared_ptr<RocksDb> db) : catalog_(db) { must(catalog_.load()); }
  void add(const InstanceSpec& s) {
    InstanceSpec spec = s;
    spec.metadata = metadata_of(s, random_);
    spec.envelope =
        std::string(128, '\0') + "DICM" + std::string(60, 'm') + s.instance + std::string(90, 'v');
    archive::StagedBlob blob;
    blob.digest = random_.digest();
    blob.size = 526'000;
    StoreInstance op = make_store(spec, blob);
    for (int i = 0; i < 12; ++i)
      op.instance.attributes.set({0x00280010u + static_cast<uint32_t>(i)}, "US", {"512"});
    op.instance.frame_table = Bytes(12, '\x01');
    Facts facts{{++time_}, {std::move(op)}};
    facts.ops.emplace_back(
        RecordAudit{{{time_}, "ae:CT1", "dimse", "store", "study/" + s.study, "", 1, true}});
    payloads_.push_back(encode(facts));
    payload_bytes_ += payloads_.back().size();
    archive::Application a;
    a.number.value = ++number_;
    a.blobs.push_back(
        {blob.digest, blob.size, {{random_.digest(), 4096}, {random_.digest(), 522'000}}});
    for (const auto& e : a.blobs[0].entries)
      a.chunks.push_back({e.chunk, {1, static_cast<uint32_t>(number_ * 1000), e.length, e.length}});
    group_.push_back(std::move(a));
    if (group_.size() == 8) flush_group();
  }
  void flush_group() {
    for (size_t i = 0; i < group_.size(); ++i) group_[i].payload = payloads_[i];
    const double before = cpu_us();
    must(catalog_.apply(group_));
    apply_us_ += cpu_us() - before;
    group_.clear();
    payloads_.clear();
  }
  double apply_us_per_instance() const { return apply_us_ / static_cast<double>(number_); }
  double payload_bytes() const {
    return static_cast<double>(payload_bytes_) / static_cast<double>(number_);
  }
  RocksCatalog& catalog() { return catalog_; }

 private:
  RocksCatalog catalog_;
  RandomFacts random_{1};
  std::vector<archive::Application> group_;
  std::vector<Bytes> payloads_;
  uint64_t number_ = 0, payload_bytes_ = 0;
  int64_t time_ = 1'700'000'000'000'000;
  double apply_us_ = 0;
};

InstanceSpec spec_of(uint32_t study, uint32_t series, uint32_t instance) {
  InstanceSpec s;
  const std::string root = "1.2.826.0.1.3680043.8.498.";
  s.study =
      root + std::to_string(10'000'000 + study * 7919 % 9'000'000) + "." + std::to_string(study);
  s.series = s.study + "." + std::to_string(series);
  s.instance = s.series + "." + std::to_string(instance);
  s.patient_id = "P" + std::to_string(study / 2);
  s.name = "Family" + std::to_string(study % 5000) + "^Given" + std::to_string(study % 37);
  s.accession = "ACC" + std::to_string(study);
  char date[9];
  std::snprintf(date, sizeof date, "20%02u%02u%02u", 15 + study % 10, 1 + study % 12,
                1 + study % 28);
  s.date = date;
  s.modality = study % 3 == 0 ? "CT" : study % 3 == 1 ? "MR" : "US";
  return s;
}

void measure(View& view, const char* what, const std::function<Query(int)>& make) {
  constexpr int kTimes = 2000;
  uint64_t rows = 0;
  for (int i = 0; i < 50; ++i) must(view.query(make(i)));
  const double before = cpu_us();
  for (int i = 0; i < kTimes; ++i) rows += must(view.query(make(i))).matches.size();
  std::printf("  %-36s %8.1f us CPU, %.1f rows\n", what, (cpu_us() - before) / kTimes,
              static_cast<double>(rows) / kTimes);
}

TEST(Figures, DISABLED_ApplyAndLookups) {
  {
    TempDir dir;
    IndexOptions options;
    std::shared_ptr<RocksDb> db = must(RocksDb::open(posix_fs(), dir.path(), options));
    Loader loader(db);
    const double before = cpu_us();
    for (uint32_t i = 0; i < 30'000; ++i) loader.add(spec_of(i / 300, i / 100 % 3, i));
    loader.flush_group();
    must(loader.catalog().flush());
    std::printf(
        "CT, 300 a study: apply %.1f us CPU an instance (all threads: %.1f with making it), %.0f "
        "bytes of facts in the log\n",
        loader.apply_us_per_instance(), (cpu_us() - before) / 30'000, loader.payload_bytes());
    std::printf("on disk, bytes an instance: %.0f\n%s", static_cast<double>(db->bytes()) / 30'000,
                db->figures().c_str());
  }
  for (uint32_t studies : {2'000u, 100'000u}) {
    TempDir dir;
    std::shared_ptr<RocksDb> db = must(RocksDb::open(posix_fs(), dir.path(), IndexOptions{}));
    Loader loader(db);
    for (uint32_t i = 0; i < studies; ++i) loader.add(spec_of(i, 1, 1));
    loader.flush_group();
    must(loader.catalog().flush());
    std::printf("%u studies: apply %.1f us CPU an instance, %.0f bytes on disk an instance\n",
                studies, loader.apply_us_per_instance(),
                static_cast<double>(db->bytes()) / studies);
    auto view = make_view(db->snapshot(), db);
    const auto n = [&](int i) { return static_cast<uint32_t>(i) * 7919 % studies; };
    measure(*view, "accession", [&](int i) {
      return where(Kind::study, {equal(kAccessionNumber, {spec_of(n(i), 1, 1).accession})});
    });
    measure(*view, "study UID", [&](int i) {
      return where(Kind::study, {equal(kStudyUid, {spec_of(n(i), 1, 1).study})});
    });
    measure(*view, "patient ID", [&](int i) {
      return where(Kind::study, {equal(kPatientId, {spec_of(n(i), 1, 1).patient_id})});
    });
    measure(*view, "series of a study", [&](int i) {
      Query q = where(Kind::series, {});
      q.study = StudyUid(spec_of(n(i), 1, 1).study);
      return q;
    });
    const auto page = [](Query q) {
      q.limit = 25;
      return q;
    };
    measure(*view, "name prefix, limit 25", [&](int i) {
      return page(
          where(Kind::study,
                {{kPatientName, TermOp::wildcard, {"family" + std::to_string(i % 50) + "*"}}}));
    });
    measure(*view, "year and modality, limit 25", [&](int) {
      return page(where(Kind::study, {equal(kModalitiesInStudy, {"CT"}),
                                      {kStudyDate, TermOp::range, {"20200101", "20201231"}}}));
    });
    measure(*view, "one date, limit 25",
            [&](int) { return page(where(Kind::study, {equal(kStudyDate, {"20200101"})})); });
  }
}

}  // namespace
}  // namespace medarc::index::test
