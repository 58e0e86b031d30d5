// BAM in: bytes kept, numbers equal to samtools', index usable by samtools, damage refused.
#include <algorithm>
#include <random>

#include "archive/hash.h"
#include "genomics/bam_walk.h"
#include "tests/genomics/store_fixture.h"

namespace medarc::genomics {
namespace {

std::string without_blanks(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\n'; }),
             text.end());
  return text;
}

class BamStore : public StoreTest {
 protected:
  void expect_refused(const std::string& bytes, const std::string& reason) {
    const auto refused = upload(bytes);
    ASSERT_TRUE(refused.has_error()) << reason;
    EXPECT_EQ(refused.error().code, Code::invalid_argument) << refused.error().text;
    EXPECT_NE(refused.error().text.find(reason), std::string::npos) << refused.error().text;
    EXPECT_EQ(must(index_->stats()).files, 0u);
    EXPECT_EQ(must(index_->blobs().stats()).blobs, 0u);
  }
  void expect_flagstat(const std::string& bytes, const FileRow& row) {
    test::write_file(dir_ / "x.bam", bytes);
    const std::string theirs =
        without_blanks(test::run_tool({"samtools", "flagstat", "-O", "json", dir_ / "x.bam"}));
    EXPECT_NE(without_blanks(row.statistics_json).find("\"flagstat\":" + theirs), std::string::npos)
        << row.statistics_json << "\n"
        << theirs;
  }
  // Our index and samtools' own find the same records.
  void expect_index(const std::string& bytes, const FileRow& row,
                    const std::vector<std::string>& regions) {
    test::write_file(dir_ / "ours.bam", bytes);
    test::write_file(dir_ / "theirs.bam", bytes);
    test::write_file(dir_ / ("ours.bam." + row.index_kind), index_of(row));
    test::run_tool(
        {"samtools", "index", row.index_kind == "csi" ? "-c" : "-b", dir_ / "theirs.bam"});
    for (const std::string& region : regions) {
      EXPECT_EQ(test::run_tool({"samtools", "view", dir_ / "ours.bam", region}),
                test::run_tool({"samtools", "view", dir_ / "theirs.bam", region}))
          << region;
    }
    EXPECT_EQ(test::run_tool({"samtools", "idxstats", dir_ / "ours.bam"}),
              test::run_tool({"samtools", "idxstats", dir_ / "theirs.bam"}));
  }
};

TEST_F(BamStore, AFileComesBackByteForByteWithItsDigests) {
  const test::MadeBam made = test::make_bam({.samples = {"S1", "S2", "S1"}});
  ASSERT_TRUE([&] {
    test::write_file(dir_ / "x.bam", made.bytes);
    return test::runs_well({"samtools", "quickcheck", dir_ / "x.bam"});
  }());
  const UploadResult done = must(upload(made.bytes, {.name = "x.bam", .id = "cohort/x.1"}, 10'007));
  EXPECT_EQ(done.file.id.value, "cohort/x.1");
  EXPECT_EQ(done.file.format, "bam");
  EXPECT_EQ(done.file.index_kind, "bai");
  EXPECT_EQ(done.file.samples, (std::vector<std::string>{"S1", "S2"}));
  EXPECT_EQ(done.file.blob, archive::Sha256::of(made.bytes));
  archive::Md5 md5;
  md5.update(made.bytes);
  EXPECT_EQ(done.file.md5_hex, md5.finish_hex());
  EXPECT_EQ(content(done.file), made.bytes);
  EXPECT_EQ(content(must(store_->file(someone(), FileId("cohort/x.1")))), made.bytes);
}

TEST_F(BamStore, FlagstatEqualsSamtools) {
  for (const bool straddle : {false, true}) {
    const auto made = test::make_bam({.seed = 7, .records = 5000, .straddle = straddle});
    expect_flagstat(made.bytes, must(upload(made.bytes)).file);
  }
}

TEST_F(BamStore, TheIndexFindsWhatSamtoolsOwnIndexFinds) {
  std::mt19937_64 random(11);
  for (const bool straddle : {false, true}) {
    test::BamOptions o{.seed = 5, .records = 6000, .straddle = straddle, .long_deletion_every = 50};
    o.block_plain_bytes = 8192;
    const auto made = test::make_bam(o);
    std::vector<std::string> regions = {"chr1", "chr2", "HLA:DRB1*1", "*", "chr1:1-1"};
    for (int i = 0; i < 15; ++i) {
      const uint64_t from = 1 + random() % 190'000;
      regions.push_back("chr1:" + std::to_string(from) + "-" +
                        std::to_string(from + random() % 5000));
    }
    expect_index(made.bytes, must(upload(made.bytes)).file, regions);
  }
}

TEST_F(BamStore, AReferenceBeyondBaiGetsACsiIndex) {
  test::BamOptions o{.records = 3000, .long_deletion_every = 100};
  o.references = {{"huge", 700'000'000}, {"small", 10'000}};
  const auto made = test::make_bam(o);
  const UploadResult done = must(upload(made.bytes));
  EXPECT_EQ(done.file.index_kind, "csi");
  expect_index(made.bytes, done.file,
               {"huge", "small", "*", "huge:600000000-650000000", "huge:1-3000000"});
}

TEST_F(BamStore, AFileThatIsNotSortedIsStoredWithoutRegions) {
  const auto made = test::make_bam({.sorted = false});
  const UploadResult done = must(upload(made.bytes));
  EXPECT_FALSE(done.file.index_blob);
  EXPECT_NE(done.file.statistics_json.find("notSortedByCoordinate"), std::string::npos);
  auto set = must(store_->read_set(someone(), done.file));
  const auto refused = make_slice(set, {std::vector<Region>{{0, 0, 100}}, {}}, store_->limits());
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(refused.error().text.find("notSortedByCoordinate"), std::string::npos);
  test::write_file(dir_ / "whole.bam", slice(done.file, {}));
  test::write_file(dir_ / "x.bam", made.bytes);
  EXPECT_EQ(test::run_tool({"samtools", "view", dir_ / "whole.bam"}),
            test::run_tool({"samtools", "view", dir_ / "x.bam"}));
}

TEST_F(BamStore, TruncatedCorruptOrUnfinishedFilesAreRefusedAndNothingStays) {
  const auto made = test::make_bam({.records = 20'000});
  expect_refused(test::make_bam({.eof = false}).bytes, "end-of-file marker is missing");
  expect_refused(made.bytes.substr(0, made.bytes.size() / 2), "truncated");
  std::string corrupt = made.bytes;
  corrupt[corrupt.size() / 2] ^= 0x55;
  expect_refused(corrupt, "damaged");
  const std::string plain = test::gunzip(made.bytes);
  std::string longer = plain;
  longer += std::string("\x50\0\0\0abc", 7);
  expect_refused(test::bgzip(longer), "the file ends inside it");
}

TEST_F(BamStore, RecordsThatContradictThemselvesAreRefusedByNumber) {
  test::BamOptions o{.records = 3, .unplaced = 0};
  const std::string plain = test::gunzip(test::make_bam(o).bytes);
  const size_t first =
      plain.find("read", plain.find("@RG")) - 36;  // block_size of the first record
  const auto with = [&](size_t at, const std::string& bytes) {
    std::string changed = plain;
    changed.replace(first + at, bytes.size(), bytes);
    return test::bgzip(changed);
  };
  expect_refused(with(0, std::string("\x03\0\0\0", 4)), "record 1 is damaged: its length");
  expect_refused(with(4, std::string("\x09\0\0\0", 4)), "record 1 is damaged: its reference");
  expect_refused(with(8, std::string("\xff\xff\xff\x7f", 4)),
                 "record 1 is damaged: its reference or position");
  expect_refused(with(12, std::string("\xff", 1)), "record 1 is damaged");
  expect_refused(with(16, std::string("\xff\xff", 2)), "longer than the record");
  expect_refused(with(20, std::string("\xff\xff\xff\x7f", 4)), "longer than the record");
  expect_refused(with(24, std::string("\x09\0\0\0", 4)), "mate");
}

TEST_F(BamStore, DamagedHeadersAreRefused) {
  const std::string plain = test::gunzip(test::make_bam({.records = 10}).bytes);
  const auto with = [&](size_t at, const std::string& bytes) {
    std::string changed = plain;
    changed.replace(at, bytes.size(), bytes);
    return test::bgzip(changed);
  };
  expect_refused(with(8, "#"), "header is damaged: line 1");
  expect_refused(test::bgzip(plain.substr(0, 40)), "ends inside its BAM header");
  const size_t count_at =
      8 + (static_cast<uint8_t>(plain[4]) | static_cast<uint8_t>(plain[5]) << 8);
  expect_refused(with(count_at + 4, std::string("\1\0\0\0", 4)), "reference name");
  expect_refused(with(count_at + 4 + 4, "*"), "reference name");
}

TEST_F(BamStore, LimitsOnHeadersRecordsAndFilesHold) {
  const auto made = test::make_bam({.samples = {"S1", "S2"}, .long_read_straddles = true});
  const auto code_with = [&](auto change) {
    Limits limits;
    change(limits);
    open(limits);
    const auto r = upload(made.bytes);
    return r.has_error() ? r.error().code : Code::internal;
  };
  EXPECT_EQ(code_with([](Limits& l) { l.file_bytes_max = 10'000; }), Code::too_large);
  EXPECT_EQ(code_with([](Limits& l) { l.header_bytes_max = 50; }), Code::too_large);
  EXPECT_EQ(code_with([](Limits& l) { l.references_max = 2; }), Code::too_large);
  EXPECT_EQ(code_with([](Limits& l) { l.record_bytes_max = 10'000; }), Code::too_large);
  EXPECT_EQ(code_with([](Limits& l) { l.samples_max = 1; }), Code::too_large);
  EXPECT_EQ(code_with([](Limits& l) { l.samples_max = 2; }), Code::internal) << "two are fine";
  EXPECT_EQ(code_with([](Limits& l) { l.blocks_max = 3; }), Code::too_large);
}

TEST_F(BamStore, AnEmptyBamAndOneWithoutReferencesAreStored) {
  const auto empty = must(upload(test::make_bam({.records = 0, .unplaced = 0}).bytes));
  EXPECT_EQ(empty.file.index_kind, "bai");
  test::write_file(dir_ / "e.bam", slice(empty.file, {"chr1:1-100"}));
  EXPECT_TRUE(test::runs_well({"samtools", "quickcheck", dir_ / "e.bam"}));
  test::BamOptions none{.records = 0};
  none.references.clear();
  const auto unaligned = must(upload(test::make_bam(none).bytes));
  EXPECT_EQ(unaligned.file.index_kind, "");
  EXPECT_NE(unaligned.file.statistics_json.find("\"sliceable\":false"), std::string::npos);
}

// Changed bytes of the plain stream: refused, or stored as what they now say; never a crash.
TEST_F(BamStore, TwentyThousandChangedFilesNeitherCrashNorPassUnread) {
  const std::string plain =
      test::gunzip(test::make_bam({.records = 12, .unplaced = 2, .read_bases = 20}).bytes);
  std::mt19937_64 random(99);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = plain;
    for (uint64_t n = 1 + random() % 3; n > 0; --n) {
      const size_t at = random() % changed.size();
      switch (random() % 4) {
        case 0: changed[at] = static_cast<char>(random()); break;
        case 1: changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8)); break;
        case 2: changed.resize(at + 1); break;
        default: changed[at] = random() % 2 == 0 ? '\xff' : '\x7f'; break;
      }
    }
    BgzfBatch batch;
    batch.plain = changed;
    batch.plain_bytes = static_cast<uint32_t>(changed.size());
    batch.blocks.push_back({0, 0, 100, 0, batch.plain_bytes, 0});
    BamWalk walk{Limits{}};
    Status done = walk.feed(batch);
    if (done.has_value()) {
      const auto summary = walk.finish();
      if (summary.has_error()) done = summary.error();
    }
    refused += done.has_error();
  }
  EXPECT_GT(refused, 5'000);
  EXPECT_LT(refused, 20'000);
}

}  // namespace
}  // namespace medarc::genomics
