// The rows are a cache of the log: whatever is lost of them comes back the same.
#include <fstream>

#include "index/apply.h"
#include "index/rocks_catalog.h"
#include "index/view.h"
#include "tests/index/maker.h"
#include "tests/index/random_facts.h"

namespace medarc::index::test {
namespace {

namespace files = std::filesystem;

// A life of random ops over few names, so that everything meets everything.
class Life {
 public:
  Life(Index& index, uint32_t seed) : index_(index), random_(seed) {}

  void run(int commits) {
    for (int n = 0; n < commits; ++n) {
      Facts facts{{++time_}, {}};
      std::vector<archive::StagedBlob> blobs;
      for (uint32_t ops = 1 + random_.pick(4); ops > 0; --ops) facts.ops.push_back(op(blobs));
      must(index_.commit(std::move(blobs), std::move(facts)));
    }
  }

 private:
  Op op(std::vector<archive::StagedBlob>& blobs) {
    auto number = [&](uint32_t n) { return std::to_string(random_.pick(n)); };
    switch (random_.pick(16)) {
      case 11: {
        PutWorkItem p{random_.work_item(), random_.pick(4)};
        p.item.uid.value = "7." + number(4);
        p.item.attributes.set({0x00100010}, "PN", {"Name^" + number(4)});
        return p;
      }
      case 12: {
        PutSubscription p{random_.subscription(), random_.pick(2) == 0};
        p.subscription.target.value = "7." + number(4);
        p.subscription.aet = "AE" + number(3);
        return p;
      }
      case 13: {
        const SopInstanceUid uid("7." + number(4));
        if (random_.pick(4) == 0) return RemoveWorkItem{uid, random_.pick(4)};
        return RemoveSubscription{uid, "AE" + number(3)};
      }
      case 0: {
        blobs.push_back(stage(index_, "file " + number(30)));
        StoreFile o;
        o.file.id.value = "f" + number(10);
        o.file.blob = blobs.back().digest;
        o.file.bytes = blobs.back().size;
        o.file.samples = {"P" + number(6)};
        if (random_.pick(3) == 0) o.patient = Identifier{"", "P" + number(6)};
        o.patient_if_new.value = "k" + number(6);
        if (random_.pick(3) == 0) {
          o.file.attachments.push_back({"depth", blobs.back().digest, 1});
          o.file.identities = {"reads:" + number(4)};
        }
        return o;
      }
      case 7: {
        if (random_.pick(3) == 0) {
          SetConsent o{FileId("f" + number(10)), {}, {}};
          o.consent.terms = {{"DUO:000000" + number(9), number(3)}};
          if (random_.pick(2) == 0) o.consent.regions = {{"chr" + number(3), 1, 2, {}}};
          if (random_.pick(3) == 0) o.expect_version = 0;
          return o;
        }
        AmendFile o;
        o.id.value = "f" + number(10);
        o.blob = stage(index_, "file " + number(30)).digest;
        blobs.push_back(stage(index_, "beside " + number(9)));
        o.attachments.push_back({"role " + number(3), blobs.back().digest, blobs.back().size});
        if (random_.pick(2) == 0) o.identities = {"reads:" + number(4)};
        o.statistics_json = random_.pick(2) == 0 ? "" : "{\"n\":" + number(3) + "}";
        return o;
      }
      case 1: return RemoveFile{FileId("f" + number(10))};
      case 2: {
        PutPatient o;
        o.patient.key.value = "k" + number(6);
        for (uint32_t n = random_.pick(3); n > 0; --n)
          o.patient.identifiers.push_back({random_.pick(2) == 0 ? "" : "HOSP", "P" + number(6)});
        o.patient.attributes.set({0x00100010}, "PN", {"Name^" + number(4)});
        o.patient.removed = random_.pick(5) == 0;
        if (random_.pick(2) == 0) o.expect_version = random_.pick(3);
        return o;
      }
      case 3: return RecordAudit{random_.audit()};
      case 4: {
        JobRow j = random_.job();
        j.queue = "q" + number(2);
        j.name = "n" + number(4);
        return PutJob{j, random_.pick(2) == 0};
      }
      case 5: {
        if (random_.pick(2) == 0) return RemoveJob{"q" + number(2), "n" + number(4), {}};
        const JobRow j = random_.job();
        return ChangeJob{"q" + number(2), "n" + number(4), 1 + random_.pick(2), j.state, j.attempts,
                         j.due,           j.problem};
      }
      case 6: {
        RemoveImages r;
        r.study.value = "1." + number(5);
        if (random_.pick(3) > 0) r.series = SeriesUid(r.study.value + "." + number(3));
        if (r.series && random_.pick(3) > 0) {
          r.instance = SopInstanceUid(r.series->value + "." + number(6));
        }
        return r;
      }
      default: {
        InstanceSpec s;
        s.study = "1." + number(5);
        s.series = s.study + "." + number(3);
        s.instance = s.series + "." + number(6);
        s.patient_id = random_.pick(3) == 0 ? "" : "P" + number(6);
        s.issuer = random_.pick(2) == 0 ? "" : "HOSP";
        s.name = random_.pick(3) == 0 ? "" : "Doe^" + number(3);
        s.date = random_.pick(3) == 0 ? "" : "2025010" + number(9);
        s.modality = random_.pick(3) == 0 ? "" : "M" + number(4);
        s.content = "dataset " + number(3) + std::string(random_.pick(9000), 'x');
        s.envelope = random_.pick(2) == 0 ? "" : "envelope " + number(2);
        blobs.push_back(stage(index_, s.content));
        return make_store(s, blobs.back());
      }
    }
  }

  Index& index_;
  RandomFacts random_;
  int64_t time_ = 0;
};

class ReplayTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  std::unique_ptr<Index> open(const std::string& dir) {
    return must(open_index(posix_fs(), dir, quick_options()));
  }
  TempDir dir_;
};

TEST_P(ReplayTest, RowsDeletedComeBackByteForByte) {
  const std::string dir = dir_ / "data";
  auto index = open(dir);
  Life life(*index, GetParam());
  life.run(150);
  const auto want = dump(*index);
  index.reset();
  files::remove_all(dir + "/index");
  index = open(dir);
  EXPECT_EQ(dump(*index), want);
  EXPECT_FALSE(must(index->view()->check_audit()).first_wrong);
  index.reset();
  uint64_t done = 0, total = 0, calls = 0;
  must(rebuild_index(posix_fs(), dir, quick_options(), [&](uint64_t d, uint64_t t) {
    EXPECT_GE(d, done);
    done = d;
    total = t;
    ++calls;
    return true;
  }));
  EXPECT_EQ(done, total);
  EXPECT_GT(calls, 150u);
  index = open(dir);
  EXPECT_EQ(dump(*index), want);
}

TEST_P(ReplayTest, AnOlderIndexCatchesUpWithTheLog) {
  const std::string dir = dir_ / "data";
  auto index = open(dir);
  Life life(*index, GetParam() + 100);
  life.run(60);
  must(index->flush());
  files::copy(dir + "/index", dir_ / "older", files::copy_options::recursive);
  life.run(60);  // as if none of this had been flushed when the process died
  const auto want = dump(*index);
  index.reset();
  files::remove_all(dir + "/index");
  files::rename(dir_ / "older", dir + "/index");
  index = open(dir);
  EXPECT_EQ(dump(*index), want);
  index.reset();
  EXPECT_EQ(dump(*open(dir)), want);  // and once more
}

TEST_P(ReplayTest, CollectingChangesNoRowThatARebuildWouldNot) {
  const std::string dir = dir_ / "data";
  auto index = open(dir);
  Life life(*index, GetParam() + 200);
  life.run(80);
  auto& blobs = index->blobs();
  must(blobs.collect(must(blobs.plan_gc()), [](uint64_t, uint64_t) { return true; }));
  life.run(20);
  EXPECT_EQ(must(blobs.verify(0, [](uint64_t, uint64_t) { return true; })).dangling, 0u);
  const auto want = dump(*index);
  index.reset();
  files::remove_all(dir + "/index");
  EXPECT_EQ(dump(*open(dir)), want);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReplayTest, ::testing::Values(1u, 2u, 3u));

TEST(Replay, AStoppedRebuildIsFinishedByTheNextStart) {
  TempDir dir;
  auto index = must(open_index(posix_fs(), dir / "data", quick_options()));
  Life(*index, 9).run(40);
  const auto want = dump(*index);
  index.reset();
  int left = 10;
  auto stopped = rebuild_index(posix_fs(), dir / "data", quick_options(),
                               [&](uint64_t, uint64_t) { return --left > 0; });
  EXPECT_EQ(stopped.error().code, Code::cancelled);
  EXPECT_EQ(dump(*must(open_index(posix_fs(), dir / "data", quick_options()))), want);
}

TEST(Replay, ARebuildIsRefusedWhileTheArchiveRuns) {
  TempDir dir;
  auto index = must(open_index(posix_fs(), dir / "data", quick_options()));
  EXPECT_EQ(rebuild_index(posix_fs(), dir / "data", quick_options(), {}).error().code,
            Code::conflict);
  EXPECT_EQ(open_index(posix_fs(), dir / "data", quick_options()).error().code, Code::conflict);
  EXPECT_EQ(store(*index, InstanceSpec{}).state, State::done);
  EXPECT_EQ(rebuild_index(posix_fs(), dir / "nothing", quick_options(), {}).error().code,
            Code::not_found);
}

// The catalog alone, without a log in front.
class CatalogTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    catalog_.reset();
    db_.reset();
    db_ = must(RocksDb::open(posix_fs(), dir_.path(), quick_options()));
    catalog_ = std::make_unique<RocksCatalog>(db_);
    must(catalog_->load());
  }
  archive::Application application(uint64_t number, ByteView payload) {
    archive::Application a;
    a.number.value = number;
    a.payload = payload;
    return a;
  }
  TempDir dir_;
  std::shared_ptr<RocksDb> db_;
  std::unique_ptr<RocksCatalog> catalog_;
};

TEST_F(CatalogTest, AppliedTwiceIsAppliedOnce) {
  Facts facts{{1}, {RecordAudit{{{1}, "a", "b", "c", "d", "e", 1, true}}}};
  const Bytes payload = encode(facts);
  const archive::Application group[] = {application(1, payload), application(2, payload)};
  must(catalog_->apply(group));
  must(catalog_->apply(group));
  must(catalog_->apply({group, 1}));
  Counts counts = must(decode_counts(*must(db_->get(Table::meta, key::kCounts))));
  EXPECT_EQ(counts.audit_entries, 2u);
  EXPECT_EQ(catalog_->applied().value, 0u);
  must(catalog_->flush());
  EXPECT_EQ(catalog_->applied().value, 2u);
  open();
  EXPECT_EQ(catalog_->applied().value, 2u);
}

TEST_F(CatalogTest, AGroupThatFailsLeavesNothing) {
  Facts facts{{1}, {RecordAudit{{{1}, "a", "b", "c", "d", "e", 1, true}}}};
  const Bytes good = encode(facts);
  const archive::Application group[] = {application(1, good), application(2, "\x01rubbish")};
  EXPECT_EQ(catalog_->apply(group).error().code, Code::corrupt);
  EXPECT_FALSE(must(db_->get(Table::meta, key::kCounts)));
  must(catalog_->apply({group, 1}));
}

TEST_F(CatalogTest, LongManifestsAreFoundByOffset) {
  archive::Application a = application(1, {});
  archive::NewBlob blob;
  RandomFacts random(3);
  blob.digest = random.digest();
  for (uint32_t i = 0; i < 3000; ++i) {
    blob.entries.push_back({random.digest(), 10 + i % 7});
    blob.size += 10 + i % 7;
  }
  archive::NewBlob empty;
  empty.digest = random.digest();
  a.blobs = {blob, empty};
  must(catalog_->apply({&a, 1}));
  uint64_t at = 0;
  for (uint32_t i = 0; i < 3000; ++i) {
    for (uint64_t offset : {at, at + blob.entries[i].length - 1}) {
      auto page = must(catalog_->find_manifest(blob.digest, offset));
      ASSERT_TRUE(page);
      EXPECT_EQ(page->blob_size, blob.size);
      uint64_t end = page->first_offset;
      for (const auto& e : page->entries) end += e.length;
      EXPECT_LE(page->first_offset, offset);
      EXPECT_GT(end, offset);
    }
    at += blob.entries[i].length;
  }
  EXPECT_TRUE(must(catalog_->find_manifest(empty.digest, 0)));
  EXPECT_FALSE(must(catalog_->find_manifest(random.digest(), 0)));
  EXPECT_TRUE(must(catalog_->chunk_referenced(blob.entries[2999].chunk)));
  size_t blobs = 0;
  must(catalog_->for_each_blob([&](const archive::BlobInfo& b) {
    EXPECT_EQ(b.size, b.digest == blob.digest ? blob.size : 0);
    ++blobs;
    return true;
  }));
  EXPECT_EQ(blobs, 2u);
  archive::Application drop = application(2, {});
  drop.dropped_blobs = {blob.digest};
  must(catalog_->apply({&drop, 1}));
  EXPECT_FALSE(must(catalog_->find_manifest(blob.digest, 0)));
  EXPECT_FALSE(must(catalog_->chunk_referenced(blob.entries[2999].chunk)));
}

TEST_F(CatalogTest, AuditEntriesChangedRemovedOrCutOffAreFound) {
  Facts facts{{1}, {}};
  for (int i = 0; i < 5; ++i) {
    facts.ops.emplace_back(RecordAudit{{{i}, "a", "b", "c", "d", "e", 1, true}});
  }
  const Bytes payload = encode(facts);
  const archive::Application a = application(1, payload);
  must(catalog_->apply({&a, 1}));
  auto first_wrong = [&] {
    return must(make_view(db_->snapshot(), db_)->check_audit()).first_wrong;
  };
  EXPECT_FALSE(first_wrong());
  auto tamper = [&](uint64_t n, std::optional<Bytes> value) {
    Bytes sequence;
    key::append_be64(sequence, n);
    Bytes before = *must(db_->get(Table::audit, sequence));
    Batch batch(*db_);
    if (value) {
      batch.put(Table::audit, sequence, *value);
    } else {
      batch.remove(Table::audit, sequence);
    }
    must(db_->write(batch));
    const auto found = first_wrong();
    batch.put(Table::audit, sequence, before);
    must(db_->write(batch));
    EXPECT_FALSE(first_wrong());
    return found;
  };
  for (uint64_t n = 1; n <= 5; ++n) {
    Bytes sequence;
    key::append_be64(sequence, n);
    const Bytes good = *must(db_->get(Table::audit, sequence));
    for (size_t i = 0; i < good.size(); ++i) {
      Bytes bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 4);
      EXPECT_EQ(tamper(n, bad), n);
    }
    EXPECT_EQ(tamper(n, std::nullopt), n);
  }
}

TEST_F(CatalogTest, ANewerSchemaIsRefusedAndAnOlderOneDerivedAnew) {
  for (int step : {1, -1}) {
    Batch batch(*db_);
    Bytes schema;
    key::append_be32(schema, kSchemaVersion + static_cast<uint32_t>(step));
    batch.put(Table::meta, Bytes(key::kSchema), schema);
    must(db_->write(batch));
    must(catalog_->flush());
    catalog_.reset();
    db_.reset();
    auto opened = RocksDb::open(posix_fs(), dir_.path(), quick_options());
    EXPECT_EQ(opened.error().code, step > 0 ? Code::unsupported : Code::not_found);
    std::filesystem::remove_all(dir_.path());
    open();
  }
}

TEST(Replay, AnIndexDamagedBeyondOpeningIsDerivedAnew) {
  TempDir dir;
  auto index = must(open_index(posix_fs(), dir / "data", quick_options()));
  Life(*index, 5).run(40);
  const auto want = dump(*index);
  index.reset();
  for (const auto& entry : files::directory_iterator(dir / "data" + "/index")) {
    if (entry.path().filename().string().starts_with("MANIFEST")) {
      files::resize_file(entry.path(), files::file_size(entry.path()) / 2);
      std::ofstream(entry.path(), std::ios::in | std::ios::out) << "damage";
    }
  }
  EXPECT_EQ(dump(*must(open_index(posix_fs(), dir / "data", quick_options()))), want);
}

}  // namespace
}  // namespace medarc::index::test
