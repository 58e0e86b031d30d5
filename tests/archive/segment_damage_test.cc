// Logs that no honest disk holds: fields that contradict each other, places that are missing. None
// of it may be served, and none of it may cost what was acknowledged.
#include <gtest/gtest.h>

#include "archive/commit_record.h"
#include "archive/hash.h"
#include "archive/segment.h"
#include "archive/segment_store.h"
#include "base/codec.h"
#include "base/log.h"
#include "tests/support/fault_fs.h"
#include "tests/support/memory_catalog.h"

namespace medarc::archive {
namespace {

using test::FaultFs;
using test::MemoryCatalog;

class SegmentDamage : public testing::Test {
 protected:
  SegmentDamage() {
    header_.number = 1;
    header_.first_commit = 1;
    header_.salt = 77;
  }
  // Appends a record; answers where it starts.
  uint64_t add(RecordHeader h, Bytes payload) {
    auto record = *FramedRecord::make(h, std::move(payload), {});
    std::vector<ByteView> parts;
    record.place(next_sequence_++, durable_, header_.salt, parts);
    const uint64_t at = kSegmentHeaderBytes + records_.size();
    for (const ByteView p : parts) records_.append(p);
    return at;
  }
  ChunkLocation chunk(const Bytes& plain) {
    RecordHeader h;
    h.digest = Sha256::of(plain);
    h.plain_length = static_cast<uint32_t>(plain.size());
    const uint64_t at = add(h, plain);
    return {1, static_cast<uint32_t>(at / kRecordAlignment),
            static_cast<uint32_t>(stored_length(h.plain_length)), h.plain_length};
  }
  uint64_t commit(uint64_t number, const CommitBody& body) {
    RecordHeader h;
    h.type = RecordType::commit;
    h.digest.value[0] = static_cast<uint8_t>(number);
    Bytes payload = encode(body);
    h.plain_length = static_cast<uint32_t>(payload.size());
    return add(h, std::move(payload));
  }
  // One blob of one chunk, committed.
  CommitBody one_blob(const Bytes& plain) {
    const Digest digest = Sha256::of(plain);
    CommitBody body;
    body.chunks.push_back({digest, chunk(plain)});
    body.blobs.push_back({digest, plain.size(), {{digest, static_cast<uint32_t>(plain.size())}}});
    body.payload = MemoryCatalog::keep(digest);
    return body;
  }
  void put(const std::string& name, const Bytes& bytes) {
    auto file = *fs_.open("/s/" + name, OpenMode::create_new);
    ASSERT_TRUE(file->write_at(0, {bytes}).has_value() && file->sync().has_value());
    ASSERT_TRUE(fs_.sync_dir("/s").has_value());
  }
  void put() { put("seg-00000001.0", encode(header_) + records_); }
  Result<std::unique_ptr<BlobStore>> open() {
    SegmentOptions options;
    options.segment_bytes = 1 << 16;
    return open_segment_store(fs_, "/s", catalog_, options);
  }
  Code refusal() {
    auto opened = open();
    return opened.has_error() ? opened.error().code : Code::internal;
  }

  FaultFs fs_;
  MemoryCatalog catalog_;
  SegmentHeader header_;
  Bytes records_;
  uint64_t next_sequence_ = 1, durable_ = 0;
};

TEST_F(SegmentDamage, TheLogOfThisTestIsSound) {
  commit(1, one_blob("one"));
  commit(2, one_blob("two"));
  put();
  auto store = open();
  ASSERT_TRUE(store.has_value()) << store.error().text;
  EXPECT_EQ(catalog_.payloads().size(), 2u);
  EXPECT_EQ((*store)->verify(0, nullptr)->corrupt, 0u);
}

TEST_F(SegmentDamage, AManifestThatReachesBeyondItsChunkIsRefused) {
  const Bytes plain(100, 'x');
  CommitBody body = one_blob(plain);
  body.blobs[0].size = body.blobs[0].entries[0].length = 150;
  commit(1, body);
  put();
  auto store = open();
  ASSERT_TRUE(store.has_value()) << store.error().text;
  auto reader = *(*store)->open(body.blobs[0].digest);
  char out[150];
  for (const ByteRange range : {ByteRange{0, 150}, ByteRange{120, 5}, ByteRange{99, 2}}) {
    EXPECT_EQ(reader->read(range, out).error().code, Code::corrupt) << range.begin;
  }
  EXPECT_TRUE(reader->read({0, 100}, out).has_value());
}

TEST_F(SegmentDamage, ACompressedChunkServesNoMoreThanItHolds) {
  const Bytes plain(10'000, 'x');
  const Digest digest = Sha256::of(plain);
  RecordHeader h;
  h.digest = digest;
  h.plain_length = 10'000;
  h.flags = kFlagZstd;
  const Bytes packed = compress_chunk(plain);
  CommitBody body;
  const auto at = static_cast<uint32_t>(add(h, packed) / kRecordAlignment);
  body.chunks.push_back(
      {digest,
       {1, at, static_cast<uint32_t>(stored_length(static_cast<uint32_t>(packed.size()))),
        10'000}});
  // The same chunk twice, the second time for more than there is.
  body.blobs.push_back({digest, 30'000, {{digest, 10'000}, {digest, 20'000}}});
  commit(1, body);
  put();
  auto store = open();
  ASSERT_TRUE(store.has_value()) << store.error().text;
  auto reader = *(*store)->open(digest);
  Bytes out(30'000, '\0');
  EXPECT_TRUE(reader->read({0, 10'000}, out.data()).has_value());
  EXPECT_EQ(reader->read({15'000, 10'000}, out.data()).error().code, Code::corrupt);
  EXPECT_EQ(reader->read({25'000, 10}, out.data()).error().code, Code::corrupt);
}

TEST_F(SegmentDamage, RecordHeadersNoWriterMakesAreNoRecords) {
  RecordHeader chunk;
  chunk.plain_length = chunk.payload_length = 10;
  chunk.sequence = 1;
  const auto parses = [](const RecordHeader& h) {
    char bytes[kRecordHeaderBytes];
    encode_header(h, 5, bytes);
    return parse_header({bytes, sizeof bytes}, 5).has_value();
  };
  EXPECT_TRUE(parses(chunk));
  RecordHeader h = chunk;
  h.plain_length = 11;
  EXPECT_FALSE(parses(h));
  h.flags = kFlagZstd;
  EXPECT_TRUE(parses(h));
  h.plain_length = kChunkBytesMax;
  EXPECT_TRUE(parses(h));
  ++h.plain_length;
  EXPECT_FALSE(parses(h));
  h = chunk;
  h.flags = kFlagCoded;
  EXPECT_FALSE(parses(h));  // as long as its plain bytes
  h.plain_length = 11;
  EXPECT_TRUE(parses(h));
  h.flags = kFlagCoded | kFlagZstd;
  EXPECT_FALSE(parses(h));
  h.plain_length = 10;
  h.flags = 4;
  EXPECT_FALSE(parses(h));
  h = chunk;
  h.type = RecordType::seal;
  EXPECT_FALSE(parses(h));
  h.type = static_cast<RecordType>(4);
  EXPECT_FALSE(parses(h));
  h = chunk;
  h.type = RecordType::commit;
  EXPECT_TRUE(parses(h));
  h.flags = kFlagZstd;
  EXPECT_FALSE(parses(h));
}

TEST_F(SegmentDamage, ManifestsWithAHoleAreRefused) {
  const auto refused = [&](std::vector<ManifestEntry> entries, uint64_t size) {
    CommitBody body = one_blob("four");
    for (ManifestEntry& e : entries) e.chunk = body.blobs[0].digest;
    body.blobs[0].entries = std::move(entries);
    body.blobs[0].size = size;
    return !manifests_whole(body);
  };
  EXPECT_FALSE(refused({}, 0));
  EXPECT_FALSE(refused({{{}, 4}}, 4));
  EXPECT_TRUE(refused({}, 4));
  EXPECT_TRUE(refused({{{}, 4}}, 5));
  EXPECT_TRUE(refused({{{}, 4}}, 3));
  EXPECT_TRUE(refused({{{}, 4}, {{}, 0}}, 4));
  // And by the store: reading on would never end.
  CommitBody body = one_blob("four");
  body.blobs[0].entries[0].length = 0;
  records_.clear();
  commit(1, body);
  put();
  EXPECT_EQ(refusal(), Code::corrupt);
}

TEST_F(SegmentDamage, NumbersInACommitThatDoNotFitAreRefused) {
  for (int field = 0; field < 4; ++field) {
    Encoder out;
    out.varint(1);
    out.varint(1);
    out.raw(Bytes(32, 'd'));
    for (int i = 0; i < 4; ++i) out.varint(i == field ? (1ull << 32) + 1 : 1);
    for (int i = 0; i < 4; ++i) out.varint(0);
    EXPECT_EQ(decode_commit(out.take()).error().code, Code::corrupt) << field;
  }
}

TEST_F(SegmentDamage, AMissingCommitIsReported) {
  commit(1, one_blob("one"));
  commit(3, one_blob("three"));
  put();
  EXPECT_EQ(refusal(), Code::corrupt);
}

TEST_F(SegmentDamage, ARepeatedCommitIsReported) {
  commit(1, one_blob("one"));
  commit(1, one_blob("again"));
  put();
  EXPECT_EQ(refusal(), Code::corrupt);
}

TEST_F(SegmentDamage, AMissingFirstSegmentIsReported) {
  header_.number = 2;
  commit(1, one_blob("one"));
  put("seg-00000002.0", encode(header_) + records_);
  EXPECT_EQ(refusal(), Code::corrupt);
}

TEST_F(SegmentDamage, ADamagedHeaderOfTheLastSegmentDoesNotCostWhatIsInIt) {
  commit(1, one_blob("one"));
  put();
  fs_.flip_bit("/s/seg-00000001.0", 30);
  EXPECT_EQ(refusal(), Code::corrupt);
  EXPECT_TRUE(*fs_.exists("/s/seg-00000001.0"));
  fs_.flip_bit("/s/seg-00000001.0", 30);
  EXPECT_TRUE(open().has_value());
  EXPECT_EQ(catalog_.payloads().size(), 1u);
}

TEST_F(SegmentDamage, ASegmentWhoseFirstWriteWasLostIsMadeAnew) {
  put("seg-00000001.0", Bytes(70'000, '\0'));
  EXPECT_TRUE(open().has_value());
}

TEST_F(SegmentDamage, AnEmptyRewriteBesideTheSegmentIsReportedAndLeftAlone) {
  commit(1, one_blob("one"));
  put();
  put("seg-00000001.3", Bytes());
  EXPECT_EQ(refusal(), Code::corrupt);
  EXPECT_TRUE(fs_.open("/s/seg-00000001.0", OpenMode::read).has_value());
}

TEST_F(SegmentDamage, ALogThatIsBehindItsIndexIsReportedAndLeftAlone) {
  commit(1, one_blob("one"));
  const size_t second = records_.size();
  commit(2, one_blob("two"));
  put();
  ASSERT_TRUE(open().has_value());  // the index has both, durably
  ASSERT_EQ(catalog_.applied().value, 2u);
  fs_.flip_bit("/s/seg-00000001.0", kSegmentHeaderBytes + second);
  EXPECT_EQ(refusal(), Code::corrupt);
  fs_.flip_bit("/s/seg-00000001.0", kSegmentHeaderBytes + second);
  auto store = open();
  ASSERT_TRUE(store.has_value()) << store.error().text;
  EXPECT_EQ((*store)->verify(0, nullptr)->corrupt, 0u);
}

TEST_F(SegmentDamage, AReplayThatCannotReachTheLastCommitSaysSo) {
  commit(1, one_blob("one"));
  const size_t second = records_.size();
  commit(2, one_blob("two"));
  RecordHeader seal;
  seal.type = RecordType::seal;
  add(seal, {});
  put();
  ASSERT_TRUE(open().has_value());  // the index has both, and there is a next segment
  ASSERT_TRUE(*fs_.exists("/s/seg-00000002.0"));
  fs_.flip_bit("/s/seg-00000001.0", kSegmentHeaderBytes + second);
  auto store = open();
  ASSERT_TRUE(store.has_value()) << store.error().text;
  std::vector<Bytes> seen;
  const auto note = [&](const Committed& c) -> Status {
    seen.emplace_back(c.payload);
    return {};
  };
  EXPECT_EQ((*store)->replay(CommitNumber{0}, note).error().code, Code::corrupt);
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_TRUE((*store)->replay(CommitNumber{2}, note).has_value());
  EXPECT_EQ((*store)->verify(0, nullptr)->corrupt, 1u);
}

TEST_F(SegmentDamage, AnIntactCommitThatCannotBeUnderstoodIsNotCutOffAsTorn) {
  commit(1, one_blob("one"));
  RecordHeader h;
  h.type = RecordType::commit;
  h.digest.value[0] = 2;
  add(h, "\x01 not a commit");
  put();
  EXPECT_EQ(refusal(), Code::corrupt);
  EXPECT_EQ(refusal(), Code::corrupt);  // and still there
}

TEST_F(SegmentDamage, ASequenceWithoutRoomBehindItIsReported) {
  commit(1, one_blob("one"));
  next_sequence_ = UINT64_MAX;
  commit(2, one_blob("two"));
  put();
  EXPECT_EQ(refusal(), Code::corrupt);
}

}  // namespace
}  // namespace medarc::archive
