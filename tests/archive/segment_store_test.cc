// The segment log by itself: what the shared conformance suite does not ask.
#include "archive/segment_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <random>
#include <thread>

#include "archive/hash.h"
#include "tests/support/memory_catalog.h"
#include "tests/support/temp_dir.h"

namespace medarc::archive {
namespace {

using test::MemoryCatalog;

Bytes random_bytes(size_t n, uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes out(n, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

class SegmentStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.segment_bytes = 1 << 20;
    reopen();
  }
  void TearDown() override {
    store_.reset();
  }
  void reopen() {
    store_.reset();
    auto opened = open_segment_store(posix_fs(), dir_ + "/log", catalog_, options_, keys_);
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    store_ = std::move(*opened);
  }
  StagedBlob stage(ByteView bytes, Cuts cuts = Cuts::given, std::vector<size_t> at = {}) {
    auto writer = *store_->writer(cuts);
    size_t from = 0;
    for (size_t c : at) {
      EXPECT_TRUE(writer->write(bytes.substr(from, c - from)).has_value());
      writer->cut();
      from = c;
    }
    EXPECT_TRUE(writer->write(bytes.substr(from)).has_value());
    return *writer->finish();
  }
  Digest store(ByteView bytes, Cuts cuts = Cuts::given, std::vector<size_t> at = {}) {
    StagedBlob blob = stage(bytes, cuts, at);
    const Digest digest = blob.digest;
    Commit commit;
    commit.blobs.push_back(std::move(blob));
    commit.payload = MemoryCatalog::keep(digest);
    auto done = store_->commit(std::move(commit));
    EXPECT_TRUE(done.has_value()) << done.error().text;
    return digest;
  }
  Bytes read(const Digest& digest) {
    auto reader = store_->open(digest);
    if (reader.has_error()) return "<" + reader.error().text + ">";
    Bytes out((*reader)->size(), '\0');
    auto done = (*reader)->read({0, out.size()}, out.data());
    return done.has_value() ? out : "<" + done.error().text + ">";
  }

  MemoryCatalog catalog_;
  SegmentOptions options_;
  const KeyRing* keys_ = nullptr;
  const test::TempDir temp_;
  const std::string dir_ = temp_.path();
  std::unique_ptr<BlobStore> store_;
};

TEST_F(SegmentStoreTest, EverySizeComesBackAlsoInPartsAndAfterReopening) {
  std::vector<std::pair<Digest, Bytes>> all;
  for (size_t n : {0u, 1u, 7u, 4096u, 65535u, 65536u, 65537u, 70000u, 524288u, 3000000u}) {
    Bytes bytes = random_bytes(n, n);
    all.emplace_back(store(bytes, Cuts::given, n > 5000 ? std::vector<size_t>{1500} : std::vector<size_t>{}), bytes);
  }
  Bytes large = random_bytes(9'000'000, 99);
  all.emplace_back(store(large, Cuts::content_defined), large);
  for (int round = 0; round < 3; ++round) {
    for (const auto& [digest, bytes] : all) {
      EXPECT_EQ(digest, Sha256::of(bytes));
      EXPECT_TRUE(read(digest) == bytes);
      auto reader = *store_->open(digest);
      std::mt19937_64 random(round);
      for (int i = 0; i < 20 && !bytes.empty(); ++i) {
        const uint64_t at = random() % bytes.size();
        const uint64_t n = random() % (bytes.size() - at + 1);
        Bytes part(n, '\0');
        ASSERT_TRUE(reader->read({at, n}, part.data()).has_value());
        EXPECT_TRUE(part == ByteView(bytes).substr(at, n));
      }
    }
    if (round == 1) catalog_.crash();  // then everything since the last flush is replayed
    reopen();
  }
}

TEST_F(SegmentStoreTest, AnyRangeOfACompressedChunkIsReadByItself) {
  Bytes text;
  for (int i = 0; text.size() < 900'000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  auto writer = *store_->writer(Cuts::given);
  writer->content(Content::text);
  ASSERT_TRUE(writer->write(text).has_value());
  StagedBlob blob = *writer->finish();
  const Digest digest = blob.digest;
  Commit commit;
  commit.blobs.push_back(std::move(blob));
  ASSERT_TRUE(store_->commit(std::move(commit)).has_value());
  ASSERT_LT(store_->stat(digest)->stored_bytes, text.size() / 2);
  for (const ByteRange range : {ByteRange{899'000, 1000}, ByteRange{500'000, 200'000},
                                ByteRange{70'000, 1}, ByteRange{0, 900'000}}) {
    Bytes part(range.length, '\0');
    auto reader = *store_->open(digest);
    ASSERT_TRUE(reader->read(range, part.data()).has_value()) << range.begin;
    EXPECT_TRUE(part == text.substr(range.begin, range.length)) << range.begin;
  }
}

TEST_F(SegmentStoreTest, TheSameContentIsStoredOnce) {
  const Bytes bytes = random_bytes(600'000, 5);
  store(bytes, Cuts::given, {1500});
  StagedBlob again = stage(bytes, Cuts::given, {1500});
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(again.new_bytes, 0u);
  Bytes other_head = random_bytes(1500, 6) + bytes.substr(1500);
  StagedBlob changed = stage(other_head, Cuts::given, {1500});
  EXPECT_FALSE(changed.existed);
  EXPECT_EQ(changed.new_bytes, 1500u);
  Bytes grown = random_bytes(8'000'000, 7);
  store(grown, Cuts::content_defined);
  StagedBlob inserted = stage("a few more at the start" + grown, Cuts::content_defined);
  EXPECT_LT(inserted.new_bytes, grown.size() * 6 / 10);
}

TEST_F(SegmentStoreTest, ManyWritersShareSyncsAndKeepOrder) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 40; ++i) store(random_bytes(20'000, t * 1000 + i));
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(catalog_.payloads().size(), 320u);
  std::vector<Bytes> replayed;
  ASSERT_TRUE(store_->replay(CommitNumber{0}, [&](const Committed& c) -> Status {
    replayed.emplace_back(c.payload);
    return {};
  }).has_value());
  EXPECT_EQ(replayed, catalog_.payloads());
}

TEST_F(SegmentStoreTest, CollectionRemovesExactlyWhatNobodyNamesAndSurvivesARebuild) {
  std::vector<std::pair<Digest, Bytes>> kept, gone;
  const Bytes shared = random_bytes(100'000, 1);
  for (int i = 0; i < 40; ++i) {
    Bytes bytes = random_bytes(150'000, 100 + i) + (i % 4 == 0 ? shared : Bytes());
    auto& list = i % 3 == 0 ? kept : gone;
    list.emplace_back(store(bytes, Cuts::given, {150'000}), bytes);
  }
  StagedBlob waiting = stage(gone[0].second, Cuts::given, {150'000});  // pins what it counts on
  for (const auto& [digest, bytes] : gone) {
    Commit commit;
    commit.payload = MemoryCatalog::let_go(digest);
    ASSERT_TRUE(store_->commit(std::move(commit)).has_value());
  }
  auto plan = store_->plan_gc();
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->blobs, gone.size() - 1);
  EXPECT_FALSE(plan->segments.empty());
  const uint64_t before = store_->stats()->log_bytes;
  ASSERT_TRUE(store_->collect(*plan, nullptr).has_value());
  EXPECT_LT(store_->stats()->log_bytes, before * 7 / 10);
  for (const auto& [digest, bytes] : kept) EXPECT_TRUE(read(digest) == bytes);
  EXPECT_TRUE(read(gone[0].first) == gone[0].second);
  EXPECT_EQ(store_->open(gone[1].first).error().code, Code::not_found);
  auto report = store_->verify(0, nullptr);
  EXPECT_EQ(report->corrupt + report->dangling + report->orphans, 0u);

  // A new catalog from the log alone says the same.
  waiting = {};
  MemoryCatalog fresh;
  store_.reset();
  {
    auto rebuilt = open_segment_store(posix_fs(), dir_ + "/log", fresh, options_);
    ASSERT_TRUE(rebuilt.has_value()) << rebuilt.error().text;
    EXPECT_EQ(fresh.payloads(), catalog_.payloads());
    auto again = (*rebuilt)->verify(0, nullptr);
    EXPECT_EQ(again->corrupt + again->dangling + again->orphans, 0u);
    EXPECT_EQ(again->blobs, report->blobs);
  }
  reopen();
}

class TestKeys final : public KeyRing {
 public:
  uint32_t current() const override { return 7; }
  Result<Bytes> key(uint32_t id) const override {
    if (id != 7) return make_error(Code::not_found, "no such key");
    return Bytes(32, 'k');
  }
};

TEST_F(SegmentStoreTest, EncryptedRecordsOpenWithTheKeyOnly) {
  TestKeys keys;
  keys_ = &keys;
  catalog_.clear();
  store_.reset();
  [[maybe_unused]] int r = ::system(("rm -rf " + dir_ + "/log").c_str());
  reopen();
  const Bytes bytes = Bytes(300'000, 'a') + "visible words";
  const Digest digest = store(bytes, Cuts::given, {1000});
  EXPECT_TRUE(read(digest) == bytes);
  EXPECT_NE(::system(("grep -rq 'visible words' " + dir_ + "/log").c_str()), 0);
  keys_ = nullptr;
  reopen();
  auto reader = *store_->open(digest);
  Bytes out(bytes.size(), '\0');
  EXPECT_EQ(reader->read({0, out.size()}, out.data()).error().code, Code::permission_denied);
}

TEST_F(SegmentStoreTest, ADamagedByteIsFoundAndNeverServed) {
  const Bytes bytes = random_bytes(400'000, 3);
  const Digest digest = store(bytes, Cuts::given, {1000});
  store(random_bytes(2'000'000, 4), Cuts::content_defined);
  store_.reset();
  auto file = *posix_fs().open(dir_ + "/log/seg-00000001.0", OpenMode::read_write);
  char byte;
  ASSERT_TRUE(file->read_at(200'000, &byte, 1).has_value());
  byte ^= 1;
  ASSERT_TRUE(file->write_at(200'000, {ByteView(&byte, 1)}).has_value());
  file.reset();
  reopen();
  auto reader = *store_->open(digest);
  Bytes out(bytes.size(), '\0');
  EXPECT_EQ(reader->read({0, out.size()}, out.data()).error().code, Code::corrupt);
  auto report = store_->verify(0, nullptr);
  EXPECT_EQ(report->corrupt, 1u);
  EXPECT_EQ(report->corrupt_blobs, std::vector<Digest>{digest});
}

TEST_F(SegmentStoreTest, DamageToAcknowledgedRecordsIsNotTakenForATornTail) {
  for (int i = 0; i < 5; ++i) store(random_bytes(10'000, i));
  catalog_.crash();  // nothing flushed: the open has to read the log
  catalog_.clear();
  store_.reset();
  auto file = *posix_fs().open(dir_ + "/log/seg-00000001.0", OpenMode::read_write);
  ASSERT_TRUE(file->write_at(200, {ByteView("damage", 6)}).has_value());
  file.reset();
  EXPECT_EQ(open_segment_store(posix_fs(), dir_ + "/log", catalog_, options_).error().code,
            Code::corrupt);
  [[maybe_unused]] int r = ::system(("rm -rf " + dir_ + "/log").c_str());
  reopen();
}

TEST_F(SegmentStoreTest, WhatCrashesLeaveUnflushedIsBoundedOverManyOfThem) {
  options_.flush_commits = 16;
  store_.reset();
  auto catalog = std::make_unique<MemoryCatalog>(catalog_);
  // Each life is too short for a flush of its own.
  for (uint64_t life = 0; life < 4; ++life) {
    auto opened = open_segment_store(posix_fs(), dir_ + "/log", *catalog, options_);
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    for (uint64_t i = 0; i < 10; ++i) {
      auto writer = *(*opened)->writer(Cuts::given);
      ASSERT_TRUE(writer->write(random_bytes(100, life * 100 + i)).has_value());
      Commit commit;
      commit.blobs.push_back(*writer->finish());
      ASSERT_TRUE((*opened)->commit(std::move(commit)).has_value());
    }
    const uint64_t all = (life + 1) * 10;
    std::unique_ptr<MemoryCatalog> crashed;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    do {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      crashed = std::make_unique<MemoryCatalog>(*catalog);
      crashed->crash();
    } while (crashed->applied().value + 16 < all && std::chrono::steady_clock::now() < deadline);
    EXPECT_GE(crashed->applied().value + 16, all);
    opened->reset();
    catalog = std::move(crashed);
  }
}

TEST_F(SegmentStoreTest, OneStoreAProcess) {
  MemoryCatalog other;
  EXPECT_EQ(open_segment_store(posix_fs(), dir_ + "/log", other, options_).error().code,
            Code::conflict);
}

}  // namespace
}  // namespace medarc::archive
