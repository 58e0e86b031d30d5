// What every BlobStore promises, asked of each of them (archive/blob_store.h).
#include <gtest/gtest.h>
#include <stdlib.h>

#include <random>
#include <thread>

#include "archive/hash.h"
#include "archive/segment_store.h"
#include "tests/support/memory_catalog.h"
#include "tests/support/temp_dir.h"
#include "tests/support/vault_coder.h"

namespace medarc::archive {
namespace {

using test::MemoryCatalog;

struct Kind {
  const char* name;
  Result<std::unique_ptr<BlobStore>> (*open)(const std::string& dir, Catalog& catalog);
  bool recoded = false;  // every chunk gets another form as soon as it is committed
};

Result<std::unique_ptr<BlobStore>> open_segments(const std::string& dir, Catalog& catalog) {
  SegmentOptions options;
  options.segment_bytes = 1 << 20;
  return open_segment_store(posix_fs(), dir, catalog, options);
}
Result<std::unique_ptr<BlobStore>> open_prepared_segments(const std::string& dir,
                                                          Catalog& catalog) {
  SegmentOptions options;
  options.segment_bytes = 1 << 20;
  return open_segment_store(posix_fs(), dir, catalog, options);
}
Result<std::unique_ptr<BlobStore>> open_files(const std::string& dir, Catalog& catalog) {
  return open_file_store(posix_fs(), dir, catalog);
}

class BlobStoreConformance : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override { reopen(); }
  void TearDown() override { store_.reset(); }
  void reopen() {
    store_.reset();
    auto opened = GetParam().open(dir_ + "/store", catalog_);
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    store_ = std::move(*opened);
    if (GetParam().recoded) recoding_of(*store_)->use(test::in_use({coder_, other_}), 1 << 20);
  }
  static Bytes content(size_t n, uint64_t seed) {
    std::mt19937_64 random(seed);
    Bytes out(n, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
  }
  StagedBlob stage(ByteView bytes, Cuts cuts = Cuts::given) {
    auto writer = *store_->writer(cuts);
    for (size_t at = 0; at < bytes.size(); at += 33'333) {
      EXPECT_TRUE(writer->write(bytes.substr(at, 33'333)).has_value());
      if (at % 2 == 0) writer->cut();
    }
    return *writer->finish();
  }
  Digest store(ByteView bytes, Cuts cuts = Cuts::given) {
    StagedBlob blob = stage(bytes, cuts);
    const Digest digest = blob.digest;
    Commit commit;
    commit.blobs.push_back(std::move(blob));
    commit.payload = MemoryCatalog::keep(digest);
    EXPECT_TRUE(store_->commit(std::move(commit)).has_value());
    if (GetParam().recoded) {
      const auto recoded = test::recode_all(*store_, *coder_, digest, bytes, other_.get());
      EXPECT_TRUE(recoded.has_value()) << recoded.error().text;
      EXPECT_TRUE(bytes.size() < 1000 || recoded->chunks > 0 || recoded->as_before > 0);
    }
    return digest;
  }
  Bytes read(const Digest& digest) {
    auto reader = store_->open(digest);
    if (reader.has_error()) return "<" + reader.error().text + ">";
    Bytes out((*reader)->size(), '\0');
    auto done = (*reader)->read({0, out.size()}, out.data());
    return done.has_value() ? out : "<" + done.error().text + ">";
  }

  const test::TempDir temp_;
  const std::string dir_ = temp_.path();
  MemoryCatalog catalog_;
  const std::shared_ptr<test::VaultCoder> coder_ = std::make_shared<test::VaultCoder>();
  const std::shared_ptr<test::VaultCoder> other_ = std::make_shared<test::VaultCoder>('o');
  std::unique_ptr<BlobStore> store_;
};

TEST_P(BlobStoreConformance, BlobsOfAnySizeComeBackWholeAndInRanges) {
  for (const size_t n : {0u, 1u, 4095u, 65536u, 65537u, 1'000'000u}) {
    for (const Cuts cuts : {Cuts::given, Cuts::content_defined}) {
      const Bytes bytes = content(n, n + static_cast<size_t>(cuts));
      const Digest digest = store(bytes, cuts);
      EXPECT_EQ(digest, Sha256::of(bytes));
      EXPECT_TRUE(read(digest) == bytes);
      auto reader = *store_->open(digest);
      Bytes part(n / 2, '\0');
      ASSERT_TRUE(reader->read({n / 3, n / 2}, part.data()).has_value());
      EXPECT_TRUE(part == bytes.substr(n / 3, n / 2));
      EXPECT_EQ(reader->read({n, 1}, part.data()).error().code, Code::range_not_satisfiable);
      EXPECT_EQ(store_->stat(digest)->size, n);
    }
  }
  EXPECT_EQ(store_->open(Sha256::of("never stored")).error().code, Code::not_found);
  EXPECT_EQ(store_->stat(Sha256::of("never stored")).error().code, Code::not_found);
}

TEST_P(BlobStoreConformance, WhatIsNotCommittedIsNotThere) {
  const Bytes bytes = content(3'000'000, 1);
  { StagedBlob dropped = stage(bytes); }
  EXPECT_EQ(store_->open(Sha256::of(bytes)).error().code, Code::not_found);
  reopen();
  EXPECT_EQ(store_->open(Sha256::of(bytes)).error().code, Code::not_found);
  EXPECT_TRUE(read(store(bytes)) == bytes);
}

TEST_P(BlobStoreConformance, TheSameBytesTwiceAreOneBlob) {
  const Bytes bytes = content(500'000, 2);
  store(bytes);
  const uint64_t stored = store_->stats()->stored_bytes;
  StagedBlob again = stage(bytes);
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(again.new_bytes, 0u);
  Commit commit;
  commit.blobs.push_back(std::move(again));
  ASSERT_TRUE(store_->commit(std::move(commit)).has_value());
  EXPECT_EQ(store_->stats()->stored_bytes, stored);
  EXPECT_EQ(store_->stats()->blobs, 1u);
}

TEST_P(BlobStoreConformance, CommitsAreAppliedInOrderOnceAndReplayed) {
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (uint64_t i = 0; i < 10; ++i) store(content(1000, t * 100 + i));
    });
  }
  for (auto& t : threads) t.join();
  const auto applied = catalog_.payloads();
  const size_t commits = GetParam().recoded ? 80 : 40;  // a move is a commit without a payload
  ASSERT_EQ(applied.size(), commits);
  reopen();
  EXPECT_EQ(catalog_.payloads(), applied);
  catalog_.clear();  // an index lost entirely
  reopen();
  EXPECT_EQ(catalog_.payloads(), applied);
  uint64_t next = 11;
  ASSERT_TRUE(store_
                  ->replay(CommitNumber{10},
                           [&](const Committed& c) -> Status {
                             EXPECT_EQ(c.number.value, next);
                             EXPECT_EQ(c.payload, applied[next - 1]);
                             ++next;
                             return {};
                           })
                  .has_value());
  EXPECT_EQ(next, commits + 1);
  EXPECT_EQ(store_->stats()->last_commit, CommitNumber{commits});
}

TEST_P(BlobStoreConformance, CollectionTakesWhatNobodyNamesAndNothingElse) {
  const Digest kept = store(content(700'000, 1)), gone = store(content(900'000, 2));
  EXPECT_EQ(store_->plan_gc()->blobs, 0u);
  Commit commit;
  commit.payload = MemoryCatalog::let_go(gone);
  ASSERT_TRUE(store_->commit(std::move(commit)).has_value());
  auto plan = store_->plan_gc();
  EXPECT_EQ(plan->blobs, 1u);
  if (!GetParam().recoded) {
    EXPECT_GE(plan->bytes, 900'000u);
  }
  EXPECT_TRUE(read(gone) == content(900'000, 2));  // a plan changes nothing
  ASSERT_TRUE(store_->collect(*plan, nullptr).has_value());
  EXPECT_EQ(store_->open(gone).error().code, Code::not_found);
  EXPECT_TRUE(read(kept) == content(700'000, 1));
  EXPECT_EQ(store_->plan_gc()->blobs, 0u);
  EXPECT_TRUE(read(store(content(900'000, 2))) == content(900'000, 2));
}

TEST_P(BlobStoreConformance, VerifyReadsEveryByteAndCanBeStopped) {
  for (uint64_t i = 0; i < 5; ++i) store(content(100'000, i));
  auto report = store_->verify(0, nullptr);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->blobs, 5u);
  EXPECT_EQ(report->bytes, 500'000u);
  EXPECT_EQ(report->corrupt + report->dangling + report->orphans, 0u);
  EXPECT_EQ(store_->verify(0, [](uint64_t, uint64_t) { return false; }).error().code,
            Code::cancelled);
}

INSTANTIATE_TEST_SUITE_P(Stores, BlobStoreConformance,
                         testing::Values(Kind{"segments", open_segments},
                                         Kind{"prepared_segments", open_prepared_segments},
                                         Kind{"recoded_segments", open_segments, true},
                                         Kind{"files", open_files}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace medarc::archive
