// Stops the world at every I/O step of a scripted life of the segment log (stores small and large,
// lets go, collects, rewrites, reopens), in every way a disk can then look, and checks the
// promises: what was acknowledged is there and unaltered, once, in order; what was not is whole or
// absent.
//
// MEDARC_FAULT_STATES=N runs about N states instead of the 5,000 and more of the normal run.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <mutex>
#include <random>
#include <thread>

#include "archive/segment_store.h"
#include "base/log.h"
#include "tests/support/fault_fs.h"
#include "tests/support/memory_catalog.h"
#include "tests/support/vault_coder.h"

namespace medarc::archive {
namespace {

using test::FaultFs;
using test::MemoryCatalog;

Bytes content(size_t n, uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes out(n, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

SegmentOptions small_segments() {
  SegmentOptions o;
  o.segment_bytes = 96 << 10;  // so that a short life has many
  o.flush_log_bytes = 1 << 30;
  return o;
}

const auto kCoder = std::make_shared<test::VaultCoder>();
const auto kOther = std::make_shared<test::VaultCoder>('o');

// What the outside was told.
struct Told {
  std::map<Digest, Bytes> kept;    // acknowledged
  std::map<Digest, Bytes> unsure;  // the commit failed: whole or absent
  std::vector<Bytes> payloads;     // acknowledged, in order
  std::vector<Bytes> maybe;        // the unacknowledged one that may follow
};

class Life {
 public:
  // `recodes`: chunks get other forms on the way, and plain ones back.
  Life(FaultFs& fs, MemoryCatalog& catalog, uint64_t seed, bool recodes = false)
      : fs_(fs), catalog_(catalog), seed_(seed), recodes_(recodes) {}

  // Runs until the first failure; every step of it is a place to stop the world.
  void run() {
    if (!open()) return;
    for (int i = 0; i < 6; ++i) {
      if (!store(content(3000 + 700 * i, seed_ + i), {500})) return;
    }
    if (!store(content(150'000, seed_ + 50), {1000, 90'000})) return;
    if (!recode(0) || !recode(6)) return;
    if (catalog_.flush().has_error() || !open()) return;
    for (int i = 0; i < 4; ++i) {
      if (!store(content(30'000, seed_ + 100 + i), {800})) return;
    }
    if (!recode(2) || !recode(7) || !expand(6)) return;
    if (!let_go(2) || !let_go(3)) return;
    auto plan = store_->plan_gc();
    if (plan.has_error() || store_->collect(*plan, nullptr).has_error()) return;
    if (!recode(6) || !recode(8)) return;
    if (!store(content(2000, seed_ + 200), {})) return;
    if (!open()) return;
    store(content(100, seed_ + 201), {});
  }
  const Told& told() const { return told_; }
  void close() { store_.reset(); }

 private:
  bool open() {
    store_.reset();
    auto opened = open_segment_store(fs_, "/s", catalog_, small_segments());
    if (opened.has_error()) return false;
    store_ = std::move(*opened);
    recoding_of(*store_)->use(test::in_use({kCoder, kOther}), 1 << 20);
    return true;
  }
  bool recode(size_t which) {
    const Digest& blob = order_[which];
    return !recodes_ ||
           test::recode_all(*store_, *kCoder, blob, told_.kept.at(blob), kOther.get()).has_value();
  }
  bool expand(size_t which) {
    return !recodes_ || test::expand_all(*store_, order_[which]).has_value();
  }
  bool commit(Commit c, const Digest& digest, const Bytes* bytes) {
    const Bytes payload = c.payload;
    auto done = store_->commit(std::move(c));
    if (done.has_value()) {
      told_.payloads.push_back(payload);
      if (bytes != nullptr) told_.kept[digest] = *bytes;
      if (bytes == nullptr) told_.kept.erase(digest);
      return true;
    }
    told_.maybe.push_back(payload);
    if (bytes != nullptr) told_.unsure[digest] = *bytes;
    if (bytes == nullptr) {
      told_.unsure[digest] = told_.kept[digest];
      told_.kept.erase(digest);
    }
    return false;
  }
  bool store(const Bytes& bytes, std::vector<size_t> cuts) {
    auto writer = store_->writer(Cuts::given);
    if (writer.has_error()) return false;
    size_t from = 0;
    for (size_t at : cuts) {
      if ((*writer)->write(ByteView(bytes).substr(from, at - from)).has_error()) return false;
      (*writer)->cut();
      from = at;
    }
    if ((*writer)->write(ByteView(bytes).substr(from)).has_error()) return false;
    auto staged = (*writer)->finish();
    if (staged.has_error()) return false;
    const Digest digest = staged->digest;
    Commit c;
    c.payload = MemoryCatalog::keep(digest);
    c.blobs.push_back(std::move(*staged));
    order_.push_back(digest);
    return commit(std::move(c), digest, &bytes);
  }
  bool let_go(size_t which) {
    Commit c;
    c.payload = MemoryCatalog::let_go(order_[which]);
    return commit(std::move(c), order_[which], nullptr);
  }

  FaultFs& fs_;
  MemoryCatalog& catalog_;
  const uint64_t seed_;
  const bool recodes_;
  std::unique_ptr<BlobStore> store_;
  std::vector<Digest> order_;
  Told told_;
};

void check(FaultFs& fs, MemoryCatalog& catalog, const Told& told, const std::string& what) {
  auto opened = open_segment_store(fs, "/s", catalog, small_segments());
  ASSERT_TRUE(opened.has_value()) << what << ": " << opened.error().text;
  auto& store = **opened;
  recoding_of(store)->use(test::in_use({kCoder, kOther}), 1 << 20);
  auto read = [&](const Digest& digest) -> Result<Bytes> {
    MEDARC_ASSIGN(auto reader, store.open(digest));
    Bytes out(reader->size(), '\0');
    MEDARC_TRY(reader->read({0, out.size()}, out.data()));
    return out;
  };
  for (const auto& [digest, bytes] : told.kept) {
    auto got = read(digest);
    ASSERT_TRUE(got.has_value()) << what << ": lost: " << got.error().text;
    ASSERT_TRUE(*got == bytes) << what << ": altered";
  }
  for (const auto& [digest, bytes] : told.unsure) {
    auto got = read(digest);
    if (got.has_error()) {
      ASSERT_EQ(got.error().code, Code::not_found) << what << ": half there: " << got.error().text;
    } else {
      ASSERT_TRUE(*got == bytes) << what << ": altered";
    }
  }
  // Drops are commits without a payload; the rest is what was told, then at most what was not.
  std::vector<Bytes> payloads;
  for (const Bytes& p : catalog.payloads()) {
    if (!p.empty()) payloads.push_back(p);
  }
  ASSERT_GE(payloads.size(), told.payloads.size()) << what;
  ASSERT_LE(payloads.size(), told.payloads.size() + told.maybe.size()) << what;
  for (size_t i = 0; i < told.payloads.size(); ++i)
    ASSERT_TRUE(payloads[i] == told.payloads[i]) << what;
  auto plan = store.plan_gc();
  ASSERT_TRUE(plan.has_value() && store.collect(*plan, nullptr).has_value()) << what;
  auto report = store.verify(0, nullptr);
  ASSERT_TRUE(report.has_value()) << what;
  ASSERT_EQ(report->corrupt + report->dangling + report->orphans, 0u) << what;
  // And it takes new ones.
  auto writer = *store.writer(Cuts::given);
  ASSERT_TRUE(writer->write("still alive").has_value()) << what;
  Commit c;
  c.blobs.push_back(*writer->finish());
  ASSERT_TRUE(store.commit(std::move(c)).has_value()) << what;
}

uint64_t wanted_states() {
  const char* text = ::getenv("MEDARC_FAULT_STATES");
  return text == nullptr ? 5000 : ::strtoull(text, nullptr, 10);
}

// Hundreds of provoked failures would bury a real one in the log.
class ArchiveFaults : public testing::Test {
 protected:
  void SetUp() override { set_log_level(Level::off); }
  void TearDown() override { set_log_level(Level::info); }
};

// `states_wanted`: about so many, but each step once at least.
void cut_power_at_every_step(bool recodes, uint64_t states_wanted) {
  uint64_t steps;
  {
    FaultFs fs;
    MemoryCatalog catalog;
    Life life(fs, catalog, 1, recodes);
    fs.set_fault({});
    life.run();
    steps = fs.steps();
    life.close();
    ASSERT_EQ(life.told().payloads.size(), 15u);
    check(fs, catalog, life.told(), "without a fault");
  }
  ASSERT_GT(steps, 50u);
  uint64_t states = 0;
  for (uint64_t round = 0; states < states_wanted; ++round) {
    for (uint64_t k = 0; k < steps; ++k) {
      FaultFs fs;
      MemoryCatalog catalog;
      Life life(fs, catalog, round * 1000 + 1, recodes);
      fs.set_fault({k, true, Code::io, false});
      life.run();
      if (!fs.crashed()) continue;
      const FaultFs::Cut cuts[] = {FaultFs::Cut::synced_only, FaultFs::Cut::everything,
                                   FaultFs::Cut::torn, FaultFs::Cut::torn, FaultFs::Cut::torn};
      MemoryCatalog before = catalog;
      for (size_t v = 0; v < std::size(cuts); ++v) {
        auto disk = fs.after_power_cut(cuts[v], round * 7919 + k * 31 + v);
        MemoryCatalog index = before;
        index.crash();
        check(*disk, index, life.told(),
              "step " + std::to_string(k) + ", look " + std::to_string(v));
        if (testing::Test::HasFatalFailure()) return;
        ++states;
      }
    }
  }
  std::printf("%llu crash states, 0 lost, 0 altered\n", static_cast<unsigned long long>(states));
}

TEST_F(ArchiveFaults, PowerCutAtEveryStep) { cut_power_at_every_step(false, wanted_states()); }

TEST_F(ArchiveFaults, PowerCutAtEveryStepOfChunksThatChangeTheirForm) {
  cut_power_at_every_step(true, wanted_states() / 5);
}

void fail_every_call(bool recodes) {
  for (const bool short_write : {false, true}) {
    for (const Code code : {Code::io, Code::exhausted}) {
      for (uint64_t k = 0; k < 200; ++k) {
        FaultFs fs;
        MemoryCatalog catalog;
        Life life(fs, catalog, 5, recodes);
        fs.set_fault({k, false, code, short_write});
        life.run();
        auto disk = fs.after_power_cut(FaultFs::Cut::everything, k);
        MemoryCatalog index = catalog;
        index.crash();
        check(*disk, index, life.told(), "failing step " + std::to_string(k));
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST_F(ArchiveFaults, AFailedCallIsNeverAFalseSuccess) { fail_every_call(false); }
TEST_F(ArchiveFaults, AFailedCallWhileChunksChangeTheirFormCostsNothing) { fail_every_call(true); }

TEST_F(ArchiveFaults, AfterAFailedSyncNothingIsTakenUntilReopened) {
  for (uint64_t k = 0;; ++k) {
    FaultFs fs;
    MemoryCatalog catalog;
    auto store = *open_segment_store(fs, "/s", catalog, small_segments());
    fs.set_fault({k, false, Code::io, false});
    auto put = [&](ByteView bytes) {
      auto writer = *store->writer(Cuts::given);
      EXPECT_TRUE(writer->write(bytes).has_value());
      Commit c;
      c.blobs.push_back(*writer->finish());
      return store->commit(std::move(c));
    };
    auto first = put("one");
    if (first.has_value()) break;  // the fault lies beyond the first commit
    if (!store->writable()) {      // it was the sync
      EXPECT_EQ(put("two").error().code, Code::io);
      store.reset();
      EXPECT_TRUE(open_segment_store(fs, "/s", catalog, small_segments()).has_value());
      return;
    }
    EXPECT_TRUE(put("two").has_value());  // it was the write: the next one goes well
  }
  FAIL() << "no sync was met";
}

// Committers that wait for one another's sync: a failure reaches all of them, and none waits on.
TEST_F(ArchiveFaults, AFailureAmongManyCommittersIsNeverAFalseSuccess) {
  constexpr int kWriters = 8, kEach = 12;
  for (uint64_t k = 4; k < 120; k += 4) {
    FaultFs fs;
    MemoryCatalog catalog;
    Told told;
    std::mutex told_mutex;
    {
      auto store = *open_segment_store(fs, "/s", catalog, small_segments());
      fs.set_fault({k, k % 8 == 0, Code::io, false});
      std::vector<std::thread> writers;
      for (int w = 0; w < kWriters; ++w) {
        writers.emplace_back([&, w] {
          for (int i = 0; i < kEach; ++i) {
            const Bytes bytes = content(2000 + 100 * w, w * 1000 + i);
            auto writer = store->writer(Cuts::given);
            if (writer.has_error() || (*writer)->write(bytes).has_error()) return;
            auto staged = (*writer)->finish();
            if (staged.has_error()) return;
            const Digest digest = staged->digest;
            Commit c;
            c.payload = MemoryCatalog::keep(digest);
            c.blobs.push_back(std::move(*staged));
            if (store->commit(std::move(c)).has_error()) return;
            std::lock_guard lock(told_mutex);
            told.kept.emplace(digest, bytes);
          }
        });
      }
      for (auto& w : writers) w.join();
    }
    EXPECT_LT(told.kept.size(), size_t{kWriters} * kEach) << "no fault at step " << k;
    auto disk = fs.after_power_cut(FaultFs::Cut::synced_only, k);
    MemoryCatalog index;
    auto reopened = open_segment_store(*disk, "/s", index, small_segments());
    ASSERT_TRUE(reopened.has_value()) << reopened.error().text;
    for (const auto& [digest, bytes] : told.kept) {
      auto reader = (*reopened)->open(digest);
      ASSERT_TRUE(reader.has_value()) << "step " << k << ": lost";
      Bytes got((*reader)->size(), '\0');
      ASSERT_TRUE((*reader)->read({0, got.size()}, got.data()).has_value());
      ASSERT_TRUE(got == bytes) << "step " << k << ": altered";
    }
  }
}

}  // namespace
}  // namespace medarc::archive
