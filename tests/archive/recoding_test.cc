// Chunks in another form: what is read, counted, found again and refused. What every store promises
// is asked of recoded chunks too in blob_store_conformance_test; crashes are in fault_test.
#include "archive/recoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>

#include "archive/segment_store.h"
#include "tests/support/memory_catalog.h"
#include "tests/support/temp_dir.h"
#include "tests/support/vault_coder.h"

namespace medarc::archive {
namespace {

using test::MemoryCatalog;
using test::VaultCoder;

Bytes random_bytes(size_t n, uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes out(n, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

class RecodingTest : public testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen(uint64_t kept_bytes_max = 1 << 20) {
    store_.reset();
    SegmentOptions options;
    options.segment_bytes = 1 << 20;
    auto opened = open_segment_store(posix_fs(), dir_, catalog_, options);
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    store_ = std::move(*opened);
    recoding().use(test::in_use({coder_, other_}), kept_bytes_max);
  }
  Recoding& recoding() { return *recoding_of(*store_); }
  StagedBlob stage(ByteView bytes, const std::vector<size_t>& cuts) {
    auto writer = *store_->writer(Cuts::given);
    size_t from = 0;
    for (const size_t at : cuts) {
      EXPECT_TRUE(writer->write(bytes.substr(from, at - from)).has_value());
      writer->cut();
      from = at;
    }
    EXPECT_TRUE(writer->write(bytes.substr(from)).has_value());
    return *writer->finish();
  }
  Digest store(ByteView bytes, const std::vector<size_t>& cuts) {
    Commit commit;
    commit.blobs.push_back(stage(bytes, cuts));
    const Digest digest = commit.blobs[0].digest;
    commit.payload = MemoryCatalog::keep(digest);
    EXPECT_TRUE(store_->commit(std::move(commit)).has_value());
    return digest;
  }
  Result<Bytes> read(const Digest& blob, ByteRange range) {
    MEDARC_ASSIGN(auto reader, store_->open(blob));
    Bytes out(range.length, '\0');
    MEDARC_TRY(reader->read(range, out.data()));
    return out;
  }
  // Format version of each segment file, in order.
  std::vector<int> versions() {
    std::map<std::string, int> found;
    for (const auto& file : std::filesystem::directory_iterator(dir_)) {
      const std::string name = file.path().filename();
      if (!name.starts_with("seg-")) continue;
      std::ifstream in(file.path(), std::ios::binary);
      in.seekg(8);
      found[name] = in.get();
    }
    std::vector<int> out;
    for (const auto& [name, version] : found) out.push_back(version);
    return out;
  }

  const Bytes bytes_ = random_bytes(400'000, 1);
  const std::vector<size_t> cuts_ = {10'000, 110'000, 210'000};
  const test::TempDir temp_;
  const std::string dir_ = temp_.path() + "/log";
  const std::shared_ptr<VaultCoder> coder_ = std::make_shared<VaultCoder>();
  const std::shared_ptr<VaultCoder> other_ = std::make_shared<VaultCoder>('o');
  MemoryCatalog catalog_;
  std::unique_ptr<BlobStore> store_;
};

TEST_F(RecodingTest, NobodyWhoReadsSeesIt) {
  const Digest blob = store(bytes_, cuts_);
  const uint64_t before = store_->stats()->stored_bytes;
  const auto recoded = test::recode_all(*store_, *coder_, blob, bytes_);
  ASSERT_TRUE(recoded.has_value()) << recoded.error().text;
  EXPECT_EQ(recoded->chunks, 4u);
  EXPECT_EQ(recoded->commits, 1u);
  EXPECT_EQ(recoded->bytes_before, before);
  EXPECT_EQ(recoded->bytes_after, store_->stats()->stored_bytes);
  EXPECT_LT(recoded->bytes_after, 1000u);
  EXPECT_EQ(store_->stat(blob)->stored_bytes, recoded->bytes_after);
  EXPECT_EQ(store_->stat(blob)->size, bytes_.size());
  for (const ByteRange range :
       {ByteRange{0, 400'000}, ByteRange{9'999, 2}, ByteRange{10'000, 100'000},
        ByteRange{109'000, 102'000}, ByteRange{399'999, 1}, ByteRange{210'000, 1}}) {
    const auto got = read(blob, range);
    ASSERT_TRUE(got.has_value()) << got.error().text;
    EXPECT_TRUE(*got == ByteView(bytes_).substr(range.begin, range.length)) << range.begin;
  }
  const auto report = store_->verify(0, nullptr);
  EXPECT_EQ(report->corrupt + report->dangling + report->orphans, 0u);
}

TEST_F(RecodingTest, TheFormSurvivesReopeningALostIndexAndCollection) {
  const Digest blob = store(bytes_, cuts_);
  const Digest other = store(random_bytes(300'000, 2), {});
  ASSERT_TRUE(test::recode_all(*store_, *coder_, blob, bytes_).has_value());
  // The old forms are dead: their segments give back the room, the blob stays.
  store(random_bytes(1'200'000, 3), {});  // so that the segments before are sealed
  const auto plan = store_->plan_gc();
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->blobs + plan->chunks, 0u);
  EXPECT_FALSE(plan->segments.empty());
  const uint64_t with_both = store_->stats()->log_bytes;
  ASSERT_TRUE(store_->collect(*plan, nullptr).has_value());
  EXPECT_LT(store_->stats()->log_bytes + bytes_.size(), with_both);
  const auto whole = [&](const char* when) {
    const auto got = read(blob, {0, bytes_.size()});
    ASSERT_TRUE(got.has_value()) << when << ": " << got.error().text;
    EXPECT_TRUE(*got == bytes_) << when;
    EXPECT_TRUE(read(other, {0, 300'000}).value() == random_bytes(300'000, 2)) << when;
    for (const StoredChunk& c : *recoding().chunks(blob)) EXPECT_TRUE(c.coded) << when;
  };
  whole("collected");
  reopen();
  whole("reopened");
  catalog_.clear();
  reopen();
  whole("index made anew");
}

TEST_F(RecodingTest, AnIdenticalBlobThatArrivesLaterAddsNothing) {
  const Digest blob = store(bytes_, cuts_);
  ASSERT_TRUE(test::recode_all(*store_, *coder_, blob, bytes_).has_value());
  const uint64_t stored = store_->stats()->stored_bytes;
  StagedBlob again = stage(bytes_, cuts_);
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(again.new_bytes, 0u);
  // Another header, the same pixels.
  const Bytes renamed = random_bytes(10'000, 9) + bytes_.substr(10'000);
  StagedBlob pixels_again = stage(renamed, cuts_);
  EXPECT_EQ(pixels_again.new_bytes, 10'000u);
  Commit commit;
  commit.payload = MemoryCatalog::keep(pixels_again.digest);
  const Digest second = pixels_again.digest;
  commit.blobs.push_back(std::move(again));
  commit.blobs.push_back(std::move(pixels_again));
  ASSERT_TRUE(store_->commit(std::move(commit)).has_value());
  EXPECT_LT(store_->stats()->stored_bytes, stored + 11'000);
  EXPECT_TRUE(*read(second, {0, renamed.size()}) == renamed);
}

TEST_F(RecodingTest, WhatDoesNotComeBackExactlyStaysAsItIs) {
  const Digest blob = store(bytes_, cuts_);
  const uint64_t stored = store_->stats()->stored_bytes;
  coder_->lying = true;
  const auto lied = test::recode_all(*store_, *coder_, blob, bytes_);
  ASSERT_TRUE(lied.has_value()) << lied.error().text;
  EXPECT_EQ(lied->chunks + lied->commits, 0u);
  EXPECT_EQ(lied->not_proved, 4u);
  coder_->lying = false;
  coder_->failing = Code::unavailable;  // it cannot be told now
  EXPECT_EQ(test::recode_all(*store_, *coder_, blob, bytes_).error().code, Code::unavailable);
  coder_->failing = Code::unsupported;  // and never
  EXPECT_EQ(test::recode_all(*store_, *coder_, blob, bytes_)->not_proved, 4u);
  EXPECT_EQ(store_->stats()->stored_bytes, stored);
  EXPECT_TRUE(*read(blob, {0, bytes_.size()}) == bytes_);  // without the coder
  coder_->failing.reset();
  // A form for another chunk, and one that is no smaller.
  const auto chunks = *recoding().chunks(blob);
  const auto wrong =
      recoding().recode({{chunks[1].chunk, coder_->encode(bytes_.substr(0, 100'000))},
                         {chunks[2].chunk, random_bytes(100'000, 4)}});
  ASSERT_TRUE(wrong.has_value());
  EXPECT_EQ(wrong->not_proved, 1u);
  EXPECT_EQ(wrong->as_before, 1u);
  EXPECT_EQ(recoding().recode({{chunks[1].chunk, {}}}).error().code, Code::invalid_argument);
  EXPECT_EQ(recoding().chunks(Sha256::of("never stored")).error().code, Code::not_found);
}

TEST_F(RecodingTest, ExpandingGivesThePlainFormBack) {
  const Digest blob = store(bytes_, cuts_);
  const uint64_t stored = store_->stats()->stored_bytes;
  ASSERT_TRUE(test::recode_all(*store_, *coder_, blob, bytes_).has_value());
  EXPECT_EQ(test::recode_all(*store_, *coder_, blob, bytes_)->as_before, 4u);  // done is done
  const auto back = test::expand_all(*store_, blob);
  ASSERT_TRUE(back.has_value()) << back.error().text;
  EXPECT_EQ(back->chunks, 4u);
  EXPECT_EQ(store_->stats()->stored_bytes, stored);
  EXPECT_EQ(test::expand_all(*store_, blob)->as_before, 4u);
  recoding().use({}, 0);
  EXPECT_TRUE(*read(blob, {0, bytes_.size()}) == bytes_);
  catalog_.clear();
  reopen();
  for (const StoredChunk& c : *recoding().chunks(blob)) EXPECT_FALSE(c.coded);
}

TEST_F(RecodingTest, WithoutACodecReadingIsAnHonestError) {
  const Digest blob = store(bytes_, cuts_);
  ASSERT_TRUE(test::recode_all(*store_, *coder_, blob, bytes_).has_value());
  recoding().use({}, 0);
  EXPECT_EQ(read(blob, {50'000, 10}).error().code, Code::unavailable);
  // Which says nothing of the bytes: verify does not call them corrupt.
  EXPECT_EQ(store_->verify(0, nullptr).error().code, Code::unavailable);
  recoding().use(test::in_use({coder_}), 0);
  coder_->failing = Code::deadline;
  EXPECT_EQ(read(blob, {50'000, 10}).error().code, Code::deadline);
  coder_->failing.reset();
  EXPECT_TRUE(*read(blob, {50'000, 10}) == bytes_.substr(50'000, 10));
}

TEST_F(RecodingTest, DamageIsFoundAndNothingIsServed) {
  const Digest blob = store(bytes_, cuts_);
  ASSERT_TRUE(test::recode_all(*store_, *coder_, blob, bytes_).has_value());
  coder_->lying = true;  // the coded bytes are whole, what they give is not
  EXPECT_EQ(read(blob, {50'000, 10}).error().code, Code::corrupt);
  EXPECT_EQ(store_->verify(0, nullptr)->corrupt, 1u);
  coder_->lying = false;
  EXPECT_TRUE(read(blob, {50'000, 10}).has_value());
  reopen();
  for (const auto& file : std::filesystem::directory_iterator(dir_)) {
    std::fstream raw(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    const Bytes all((std::istreambuf_iterator<char>(raw)), {});
    for (size_t at = all.find("in the vault: "); at != Bytes::npos;
         at = all.find("in the vault: ", at + 1)) {
      raw.clear();
      raw.seekp(static_cast<std::streamoff>(at + 3));
      raw.put('X');
    }
  }
  EXPECT_EQ(read(blob, {50'000, 10}).error().code, Code::corrupt);
  EXPECT_EQ(test::expand_all(*store_, blob).error().code, Code::corrupt);
  EXPECT_EQ(store_->verify(0, nullptr)->corrupt, 1u);
}

TEST_F(RecodingTest, ChunksReadLatelyAreUndoneOnceWithinABound) {
  const Digest blob = store(bytes_, cuts_);
  ASSERT_TRUE(test::recode_all(*store_, *coder_, blob, bytes_).has_value());
  const auto undone_by = [&](const std::function<void()>& reads) {
    const int before = coder_->decoded;
    reads();
    return coder_->decoded - before;
  };
  const auto read_in_pieces = [&] {
    for (uint64_t at = 10'000; at < 110'000; at += 10'000) {
      EXPECT_TRUE(*read(blob, {at, 10'000}) == bytes_.substr(at, 10'000));
    }
  };
  EXPECT_EQ(undone_by(read_in_pieces), 1);
  EXPECT_EQ(undone_by(read_in_pieces), 0);
  // What is verified is what lies on the disk.
  EXPECT_EQ(undone_by([&] { EXPECT_TRUE(store_->verify(0, nullptr).has_value()); }), 4);
  reopen(0);  // nothing is kept: a reader keeps its own chunk
  EXPECT_EQ(undone_by(read_in_pieces), 10);
  EXPECT_EQ(undone_by([&] {
              auto reader = *store_->open(blob);
              Bytes out(1'000, '\0');
              for (uint64_t at = 20'000; at < 30'000; at += 1'000) {
                EXPECT_TRUE(reader->read({at, 1'000}, out.data()).has_value());
              }
            }),
            1);
  reopen(120'000);  // room for one of the chunks of 100,000
  EXPECT_EQ(undone_by([&] {
              for (const uint64_t at : {20'000, 120'000, 120'000, 20'000}) {
                EXPECT_TRUE(*read(blob, {at, 10}) == bytes_.substr(at, 10));
              }
            }),
            3);
}

// An older Medarc must not take a coded record for the end of the log: it refuses the segment.
TEST_F(RecodingTest, OnlySegmentsWithCodedChunksAreOfTheNewFormat) {
  const Digest blob = store(bytes_, cuts_);
  EXPECT_EQ(versions(), std::vector<int>({1}));
  ASSERT_TRUE(test::recode_all(*store_, *coder_, blob, bytes_).has_value());
  EXPECT_EQ(versions(), std::vector<int>({1, 2}));
  reopen();
  store(random_bytes(1'200'000, 5), {});
  store(random_bytes(1'200'000, 6), {});
  const std::vector<int> later = versions();
  ASSERT_GT(later.size(), 2u);
  EXPECT_EQ(later[0], 1);
  EXPECT_EQ(std::count(later.begin(), later.end(), 2), static_cast<long>(later.size()) - 1);
}

// Which coder made a form is told by its first byte, chunk by chunk.
TEST_F(RecodingTest, SeveralCodersServeOneStore) {
  const Digest blob = store(bytes_, cuts_);
  EXPECT_FALSE(recoding().any_coded(blob).value());
  const auto recoded = test::recode_all(*store_, *coder_, blob, bytes_, other_.get());
  ASSERT_TRUE(recoded.has_value()) << recoded.error().text;
  EXPECT_EQ(recoded->chunks, 4u);
  EXPECT_TRUE(recoding().any_coded(blob).value());
  EXPECT_EQ(recoding().any_coded(Sha256::of("never stored")).error().code, Code::not_found);
  reopen(0);
  const int by_one = coder_->decoded, by_other = other_->decoded;
  EXPECT_TRUE(*read(blob, {0, bytes_.size()}) == bytes_);
  EXPECT_EQ(coder_->decoded - by_one, 2);
  EXPECT_EQ(other_->decoded - by_other, 2);
  // What one cannot read now holds nobody up who reads what the other made.
  recoding().use(test::in_use({coder_}), 0);
  EXPECT_TRUE(*read(blob, {0, 10'000}) == bytes_.substr(0, 10'000));
  EXPECT_EQ(read(blob, {10'000, 1}).error().code, Code::unavailable);
  EXPECT_EQ(test::expand_all(*store_, blob).error().code, Code::unavailable);
  // A form that nobody here can undo is not taken.
  const Digest more = store(random_bytes(300'000, 8), {});
  const auto unknown = recoding().recode({{recoding().chunks(more)->at(0).chunk, "unknown form"}});
  ASSERT_TRUE(unknown.has_error());
  EXPECT_EQ(unknown.error().code, Code::unavailable);
  recoding().use(test::in_use({coder_, other_}), 0);
  ASSERT_TRUE(test::expand_all(*store_, blob).has_value());
  EXPECT_FALSE(recoding().any_coded(blob).value());
  EXPECT_TRUE(*read(blob, {0, bytes_.size()}) == bytes_);
}

TEST_F(RecodingTest, AStoreOfFilesCannotAndSaysSo) {
  MemoryCatalog catalog;
  auto files = open_file_store(posix_fs(), temp_.path() + "/files", catalog);
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(recoding_of(**files), nullptr);
}

}  // namespace
}  // namespace medarc::archive
