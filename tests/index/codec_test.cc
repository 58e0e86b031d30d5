// Encodings of rows and facts: what goes in comes out, and nothing but what encode() writes is
// taken.
#include <gtest/gtest.h>

#include "index/apply.h"
#include "index/metadata_form.h"
#include "index/ops.h"
#include "tests/index/maker.h"
#include "tests/index/random_facts.h"

namespace medarc::index::test {
namespace {

// Every truncation, every byte changed by one bit, and a byte too many: decoded never, or to
// something that encodes to exactly those bytes.
template <class Row>
void check_hostile(const Bytes& good, Result<Row> (*decode)(ByteView), RandomFacts& random) {
  auto check = [&](const Bytes& bytes) {
    auto row = decode(bytes);
    if (row.has_value()) {
      EXPECT_EQ(encode(*row), bytes);
    } else {
      EXPECT_TRUE(row.error().code == Code::corrupt || row.error().code == Code::unsupported);
    }
  };
  for (size_t i = 0; i < good.size(); ++i) {
    EXPECT_TRUE(decode(ByteView(good).substr(0, i)).has_error());
    Bytes changed = good;
    changed[i] = static_cast<char>(changed[i] ^ (1 << random.pick(8)));
    check(changed);
    changed[i] = static_cast<char>(random.pick(256));
    check(changed);
  }
  EXPECT_TRUE(decode(good + 'x').has_error());
}

template <class Row>
void check_row(const Row& row, Result<Row> (*decode)(ByteView), RandomFacts& random, bool hostile) {
  const Bytes bytes = encode(row);
  auto back = decode(bytes);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(encode(*back), bytes);
  if (hostile) check_hostile(bytes, decode, random);
}

TEST(Codec, RowsComeBackAndHostileBytesAreRefused) {
  RandomFacts random(7);
  for (int n = 0; n < 400; ++n) {
    const bool hostile = n < 60;
    check_row(random.patient(), decode_patient, random, hostile);
    check_row(random.study(), decode_study, random, hostile);
    check_row(random.series(), decode_series, random, hostile);
    check_row(random.instance(), decode_instance, random, hostile);
    check_row(random.file(), decode_file, random, hostile);
    check_row(random.audit(), decode_audit, random, hostile);
    check_row(random.job(), decode_job, random, hostile);
    check_row(random.work_item(), decode_work_item, random, hostile);
    check_row(random.subscription(), decode_subscription, random, hostile);
  }
}

TEST(Codec, FactsComeBackAndHostileBytesAreRefused) {
  RandomFacts random(8);
  for (int n = 0; n < 200; ++n) check_row(random.facts(), decode_facts, random, n < 60);
}

TEST(Codec, EveryFieldOfARowSurvives) {
  RandomFacts random(9);
  for (int n = 0; n < 100; ++n) {
    const InstanceRow i = random.instance();
    const InstanceRow back = *decode_instance(encode(i));
    EXPECT_EQ(back.study, i.study);
    EXPECT_EQ(back.series, i.series);
    EXPECT_EQ(back.uid, i.uid);
    EXPECT_EQ(back.sop_class, i.sop_class);
    EXPECT_EQ(back.transfer_syntax, i.transfer_syntax);
    EXPECT_EQ(back.attributes, i.attributes);
    EXPECT_EQ(back.dataset, i.dataset);
    EXPECT_EQ(back.dataset_bytes, i.dataset_bytes);
    EXPECT_EQ(back.envelope, i.envelope);
    EXPECT_EQ(back.envelope_received, i.envelope_received);
    EXPECT_EQ(back.frame_table, i.frame_table);
    EXPECT_EQ(back.version, i.version);
    EXPECT_EQ(back.received, i.received);
    const FileRow f = random.file();
    const FileRow fback = *decode_file(encode(f));
    EXPECT_EQ(fback.samples, f.samples);
    EXPECT_EQ(fback.index_blob, f.index_blob);
    EXPECT_EQ(fback.block_map_blob, f.block_map_blob);
    EXPECT_EQ(fback.statistics_json, f.statistics_json);
    EXPECT_EQ(fback.attachments, f.attachments);
    EXPECT_EQ(fback.identities, f.identities);
    const PatientRow p = random.patient();
    const PatientRow pback = *decode_patient(encode(p));
    EXPECT_EQ(pback.identifiers, p.identifiers);
    EXPECT_EQ(pback.resource, p.resource);
    EXPECT_EQ(pback.version, p.version);
    EXPECT_EQ(pback.removed, p.removed);
  }
}

TEST(Codec, FactsOfANewerMedarcAreUnsupported) {
  Bytes bytes = encode(RandomFacts(1).facts());
  bytes[0] = 7;
  EXPECT_EQ(decode_facts(bytes).error().code, Code::unsupported);
}

TEST(Codec, FactsWithoutJobsAreWrittenAsBeforeThereWereAny) {
  Facts facts{{1}, {RecordAudit{{{1}, "a", "b", "c", "d", "e", 1, true}}}};
  Bytes bytes = encode(facts);
  EXPECT_EQ(bytes[0], 1);
  bytes[0] = 2;  // no encoder writes that
  EXPECT_EQ(decode_facts(bytes).error().code, Code::corrupt);
  facts.ops.emplace_back(RemoveJob{"q", "n", {}});
  bytes = encode(facts);
  EXPECT_EQ(bytes[0], 2);
  EXPECT_TRUE(decode_facts(bytes).has_value());
  bytes[0] = 1;
  EXPECT_EQ(decode_facts(bytes).error().code, Code::corrupt);
}

TEST(Codec, HugeCountsAskForNoMemory) {
  Encoder out;
  out.fixed(uint8_t{1});
  out.zigzag(0);
  out.varint(UINT64_MAX);
  EXPECT_EQ(decode_facts(out.view()).error().code, Code::corrupt);
}

TEST(Codec, RandomBytesAreRefused) {
  RandomFacts random(10);
  for (int n = 0; n < 20'000; ++n) {
    Bytes bytes = random.text(60);
    if (!bytes.empty()) bytes[0] = n % 2 == 0 ? 1 : 2;
    auto facts = decode_facts(bytes);
    if (facts.has_value()) {
      EXPECT_EQ(encode(*facts), bytes);
    }
  }
}

TEST(Codec, FillTakesWhatIsAbsentOrEmpty) {
  AttributeSet mine, other;
  mine.set({1}, "LO", {"a"});
  mine.set({2}, "LO", {});
  mine.set({3}, "LO", {""});
  other.set({1}, "LO", {"b"});
  other.set({2}, "LO", {"b"});
  other.set({3}, "LO", {"b"});
  other.set({4}, "LO", {});
  EXPECT_TRUE(mine.fill(other));
  EXPECT_EQ(mine.first({1}), "a");
  EXPECT_EQ(mine.first({2}), "b");
  EXPECT_EQ(mine.first({3}), "b");
  EXPECT_NE(mine.find({4}), nullptr);
  EXPECT_FALSE(mine.fill(other));
}

TEST(Codec, MetadataIsAFrameAgainWhateverItWas) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{4500}, size_t{131072}, size_t{131073}, size_t{700'000}}) {
    const Bytes plain(size, 'j');
    const Bytes stored = metadata_form(zstd(plain));
    EXPECT_EQ(stored.size(), size + 1);
    EXPECT_EQ(unzstd(metadata_frame(stored)), plain);
  }
  // Too large to keep plain, or no frame at all: as it came.
  const Bytes large = zstd(Bytes(kMetadataPlainBytesMax + 1, 'j'));
  EXPECT_EQ(metadata_frame(metadata_form(large)), large);
  EXPECT_EQ(metadata_frame(metadata_form("not a frame")), "not a frame");
  Bytes broken = zstd(Bytes(1000, 'j'));
  broken.pop_back();
  EXPECT_EQ(metadata_frame(metadata_form(broken)), broken);
}

TEST(Codec, ManifestsAndPlacesComeBack) {
  RandomFacts random(11);
  archive::ManifestPage page;
  page.blob_size = 77;
  page.first_offset = 5;
  for (uint32_t i = 0; i < 3; ++i) page.entries.push_back({random.digest(), i});
  auto back = decode_manifest(5, encode(page));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->blob_size, 77u);
  EXPECT_EQ(back->entries[2].chunk, page.entries[2].chunk);
  EXPECT_TRUE(decode_manifest(0, encode(page) + "x").has_error());
  const archive::ChunkLocation where{1, UINT32_MAX, 3, 4};
  EXPECT_EQ(*decode_location(encode(where)), where);
  EXPECT_TRUE(decode_location("\x01").has_error());
}

}  // namespace
}  // namespace medarc::index::test
