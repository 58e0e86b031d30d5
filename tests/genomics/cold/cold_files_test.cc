// Whole files in the cold form: what readers get is what it was, by which rules it happens, and
// what stays as it is.
#include "genomics/cold/cold_files.h"

#include <filesystem>
#include <random>
#include <thread>

#include "archive/recoding.h"
#include "base/metrics.h"
#include "genomics/cold/sweep.h"
#include "genomics/sorting.h"
#include "tests/genomics/cold/zlib_block.h"
#include "tests/genomics/sam_maker.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/bed_maker.h"
#include "tests/support/variant_maker.h"

namespace medarc::genomics {
namespace {

class Turn final : public index::SweepTurn {
 public:
  bool go_on() override { return allowed-- > 0; }
  Timestamp time() override { return now(); }
  void worked(std::chrono::steady_clock::duration, uint64_t n) override { commits += n; }
  int allowed = 1'000'000;
  uint64_t commits = 0;
};

class ColdTest : public StoreTest {
 protected:
  ColdTest() { use_coder(); }
  void use_coder() {
    archive::recoding_of(index_->blobs())
        ->use({{kColdFirstByte, std::make_shared<ColdDecoder>()}}, 16 << 20);
  }
  void reopen() {
    open();
    use_coder();
  }
  ColdFiles files() { return {*index_, options_}; }
  ColdCounts make_cold(const FileRow& row) {
    Turn turn;
    const ColdFiles::Done done = must(files().make_cold(row, {}, turn));
    EXPECT_FALSE(done.stopped);
    return done.counts;
  }
  FileStorage storage(const FileRow& row) { return must(store_->storage(row)); }
  FileRow stored(const Bytes& bytes) { return must(upload(bytes)).file; }
  Bytes made_by(const std::vector<std::string>& words, const std::string& output) {
    test::run_tool(words);
    return test::read_file(output);
  }
  Bytes sorted_bam(uint32_t pairs = 3000) {
    test::write_file(dir_ / "a.sam", test::SamMaker({.pairs = pairs}).make());
    return made_by({"samtools", "sort", "-o", dir_ / "s.bam", dir_ / "a.sam"}, dir_ / "s.bam");
  }
  // Random ranges, as Range requests read them.
  void ranges_are_those_of(const FileRow& row, const Bytes& bytes) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 40; ++i) {
      const uint64_t from = random() % bytes.size();
      const uint64_t n = random() % std::min<uint64_t>(bytes.size() - from, 200'000) + 1;
      auto reader = must(store_->content(someone(), row));
      Bytes out(n, '\0');
      must(reader->read({from, n}, out.data()));
      EXPECT_TRUE(out == bytes.substr(from, n)) << from;
    }
  }

  index::RecompressOptions options_;
};

TEST_F(ColdTest, ABamIsReadAsBeforeWholeByRangeAndByRegion) {
  const Bytes bytes = sorted_bam();
  const FileRow row = stored(bytes);
  const std::vector<std::vector<std::string>> regions = {
      {}, {"chr1:1000-3000"}, {"chr2"}, {"chr1:1-50", "chr2:15000-20000"}, {"*"}};
  std::vector<Bytes> slices;
  for (const auto& r : regions) slices.push_back(slice(row, r));
  EXPECT_FALSE(storage(row).cold);
  EXPECT_GE(storage(row).stored_bytes, bytes.size());

  const ColdCounts counts = make_cold(row);
  EXPECT_EQ(counts.files, 1u);
  EXPECT_GT(counts.chunks, 0u);
  EXPECT_LT(counts.bytes_after, counts.bytes_before * 9 / 10);
  const auto whole = [&](const char* when) {
    EXPECT_TRUE(content(row) == bytes) << when;
    ranges_are_those_of(row, bytes);
    for (size_t i = 0; i < regions.size(); ++i) {
      EXPECT_TRUE(slice(row, regions[i]) == slices[i]) << when << i;
    }
    EXPECT_TRUE(storage(row).cold) << when;
    EXPECT_EQ(storage(row).bytes, bytes.size()) << when;
    EXPECT_LT(storage(row).stored_bytes, bytes.size() * 9 / 10) << when;
    const auto verified = must(index_->blobs().verify(0, nullptr));
    EXPECT_EQ(verified.corrupt + verified.dangling, 0u) << when;
  };
  whole("cold");
  reopen();
  whole("opened again");
  EXPECT_EQ(make_cold(row).files, 0u);  // done is done
  EXPECT_EQ(upload(bytes, {.id = "again"})->file.blob, row.blob);
  whole("stored again");

  const ColdCounts back = must(files().expand(row));
  EXPECT_EQ(back.files, 1u);
  EXPECT_EQ(back.chunks, counts.chunks);
  EXPECT_FALSE(storage(row).cold);
  archive::recoding_of(index_->blobs())->use({}, 0);
  EXPECT_TRUE(content(row) == bytes);
}

TEST_F(ColdTest, EveryFormatInBlocksComesBack) {
  const test::VcfOptions variants{.records = 6000};
  test::write_file(dir_ / "v.vcf", test::make_vcf(variants));
  const std::string vcf = dir_ / "v.vcf.gz", bcf = dir_ / "v.bcf";
  const Bytes made[] = {
      made_by({"bcftools", "view", "-Oz", "-o", vcf, dir_ / "v.vcf"}, vcf),
      made_by({"bcftools", "view", "-Ob", "-o", bcf, dir_ / "v.vcf"}, bcf),
      test::bgzip(test::make_fastq({.records = 3000})),
      test::bgzip(test::make_bed({.records = 9000})),
  };
  for (const Bytes& bytes : made) {
    const FileRow row = stored(bytes);
    Turn turn;
    const ColdEffort hard{.saving_percent = 1, .zstd_level = 19};  // random variants are dense
    EXPECT_EQ(must(files().make_cold(row, hard, turn)).counts.files, 1u) << row.format;
    EXPECT_TRUE(storage(row).cold) << row.format;
    EXPECT_LT(storage(row).stored_bytes, bytes.size()) << row.format;
    EXPECT_TRUE(content(row) == bytes) << row.format;
  }
}

TEST_F(ColdTest, TheSortedDerivativeGetsItToo) {
  const Bytes bytes = test::make_bam({.records = 5000, .sorted = false}).bytes;
  const FileRow came = stored(bytes);
  const auto jobs = must(index::Jobs::open(*index_, {}));
  const auto sorting = must(Sorting::open(posix_fs(), dir_ / "temporary", *index_, *jobs, *guard_,
                                          store_->limits(), {}, "medarc 1.2.3"));
  const auto handler = sorting->handler();
  while (must(sorting->step())) {
  }
  for (const auto& outcome : handler->run(must(index_->view()->jobs("", "", 10)))) {
    ASSERT_EQ(outcome.verdict, index::JobOutcome::Verdict::done) << outcome.problem;
  }
  const FileRow row = must(index_->view()->file(came.id)).value();
  const auto* sorted = index::attachment(row, "sorted");
  ASSERT_NE(sorted, nullptr);
  const auto reader_of = [&] { return must(store_->attachment(someone(), row, "sorted")); };
  Bytes before(reader_of()->size(), '\0'), after(before.size(), '\0');
  must(reader_of()->read({0, before.size()}, before.data()));
  EXPECT_EQ(make_cold(row).files, 1u);
  EXPECT_TRUE(must(archive::recoding_of(index_->blobs())->any_coded(sorted->blob)));
  must(reader_of()->read({0, after.size()}, after.data()));
  EXPECT_TRUE(after == before);
  EXPECT_TRUE(content(row) == bytes);
  EXPECT_EQ(must(files().expand(row)).files, 1u);
  EXPECT_FALSE(must(archive::recoding_of(index_->blobs())->any_coded(sorted->blob)));
}

TEST_F(ColdTest, WhatCannotBeOrDoesNotPayIsCountedAndStays) {
  const Bytes plain = test::make_fastq({.records = 2000});
  std::mt19937_64 random(1);
  Bytes noise = "@r\n";
  for (int i = 0; i < 60'000; ++i) noise += "ACGT"[random() % 4];
  noise += "\n+\n";
  for (int i = 0; i < 60'000; ++i) noise += static_cast<char>('!' + random() % 90);
  Bytes foreign;  // by a writer whose compressor splits what it compresses in its own way
  for (ByteView rest = plain; !rest.empty();
       rest.remove_prefix(std::min<size_t>(50'000, rest.size()))) {
    foreign += test::zlib_block(rest.substr(0, 50'000), 6, 5, Z_DEFAULT_STRATEGY);
  }
  foreign += kBgzfEof;
  struct Case {
    Bytes bytes;
    NotCold why;
  };
  const Case cases[] = {{plain, NotCold::not_blocks},
                        {test::gzip(plain), NotCold::not_blocks},
                        {foreign, NotCold::not_restorable},
                        {test::bgzip(noise + "\n"), NotCold::no_gain}};
  for (const Case& c : cases) {
    const FileRow row = stored(c.bytes);
    Counter& told = counter("medarc_cold_refused_total", "",
                            "reason=\"" + std::string(to_string(c.why)) + "\"");
    const uint64_t told_before = told.value(), disk = storage(row).stored_bytes;
    const ColdCounts counts = make_cold(row);
    EXPECT_EQ(counts.files + counts.chunks, 0u);
    EXPECT_EQ(counts.refused[static_cast<size_t>(c.why)], 1u) << to_string(c.why);
    EXPECT_EQ(told.value(), told_before + 1);
    EXPECT_EQ(storage(row).stored_bytes, disk);
    EXPECT_FALSE(storage(row).cold);
    EXPECT_TRUE(content(row) == c.bytes);
  }
}

TEST_F(ColdTest, LeftInTheMiddleItGoesOnThere) {
  const Bytes bytes = sorted_bam(8000);
  const FileRow row = stored(bytes);
  options_.batch_bytes_max = 1;  // a commit for each chunk
  Turn turn;
  turn.allowed = 3;
  const auto first = must(files().make_cold(row, {}, turn));
  EXPECT_TRUE(first.stopped);
  EXPECT_GE(first.counts.chunks, 1u);  // the header's may be too small to save anything
  EXPECT_LE(first.counts.chunks, 3u);
  EXPECT_EQ(first.counts.files, 0u);
  EXPECT_EQ(turn.commits, first.counts.chunks);
  EXPECT_TRUE(content(row) == bytes);
  const ColdCounts rest = make_cold(row);
  EXPECT_EQ(rest.files, 1u);
  EXPECT_GT(rest.chunks, 0u);
  EXPECT_TRUE(content(row) == bytes);
}

// ---- going over the archive ---------------------------------------------------------------------

class ColdSweepTest : public ColdTest {
 protected:
  ColdRules rules(const std::string& toml) {
    auto config = Config::parse(toml);
    EXPECT_TRUE(config.has_value());
    auto out = ColdRules::from(*config);
    EXPECT_TRUE(out.has_value()) << (out.has_error() ? out.error().text : "");
    return out.has_value() ? *out : ColdRules();
  }
  ColdCounts sweep(const ColdRules& rules) {
    ColdFiles files(*index_, options_);
    auto sweep = must(ColdSweep::open(posix_fs(), dir_ / "data", *index_, rules, options_, files,
                                      [this] { return Timestamp{now().us + later_us_}; }));
    while (must(sweep->step([] { return true; }))) {
    }
    progress_ = must(sweep->progress());
    return sweep->counts();
  }

  int64_t later_us_ = 0;
  index::SweepProgress progress_;
};

TEST_F(ColdSweepTest, RulesSayWhichFilesAndWhen) {
  const FileRow bam = stored(sorted_bam());
  const FileRow fastq = stored(test::bgzip(test::make_fastq({.records = 4000})));
  EXPECT_EQ(sweep(rules("")).files, 0u);  // none by default
  EXPECT_EQ(sweep(rules("[[genomics.cold]]\nformat = \"vcf, bcf\"\n")).files, 0u);
  EXPECT_EQ(sweep(rules("[[genomics.cold]]\nbytes_min = 100000000\n")).files, 0u);
  EXPECT_EQ(sweep(rules("[[genomics.cold]]\nsaving_percent = 95\n")).files, 0u);
  const ColdRules old_ones = rules("[[genomics.cold]]\nafter_days = 30\nformat = \"bam\"\n");
  EXPECT_EQ(sweep(old_ones).files, 0u);
  EXPECT_LT(progress_.commits_done, progress_.commits);
  later_us_ = 31 * 86'400'000'000ll;
  EXPECT_EQ(sweep(old_ones).files, 1u);
  EXPECT_EQ(progress_.commits_done, progress_.commits);
  EXPECT_TRUE(storage(bam).cold);
  EXPECT_FALSE(storage(fastq).cold);
  EXPECT_EQ(sweep(old_ones).files, 0u);
  EXPECT_EQ(sweep(rules("[[genomics.cold]]\nlevel = 1\n")).files, 1u);
  EXPECT_TRUE(storage(fastq).cold);
  // Without its file everything is looked at again, and found done.
  must(ColdSweep::forget(posix_fs(), dir_ / "data"));
  const ColdCounts again = sweep(rules("[[genomics.cold]]\nlevel = 1\n"));
  EXPECT_EQ(again.files + again.chunks, 0u);
  EXPECT_EQ(again.refused, (std::array<uint64_t, kNotColdCount>{}));
}

TEST_F(ColdSweepTest, WrongRulesAreRefused) {
  for (const char* wrong :
       {"after_days = -1", "after_days = 40000", "after_days = \"\"", "bytes_min = \"many\"",
        "saving_percent = 0", "saving_percent = 100", "level = 0", "level = 20",
        "format = \"cram\"", "format = \"sam\"", "Modality = \"CT\""}) {
    auto config = Config::parse(std::string("[[genomics.cold]]\n") + wrong + "\n");
    ASSERT_TRUE(config.has_value()) << wrong;
    const auto read = ColdRules::from(*config);
    ASSERT_TRUE(read.has_error()) << wrong;
    EXPECT_EQ(read.error().code, Code::invalid_argument) << wrong;
  }
  std::string many;
  for (size_t i = 0; i <= ColdRules::kRulesMax; ++i) {
    many += "[[genomics.cold]]\nbytes_min = " + std::to_string(i) + "\n";
  }
  auto config = Config::parse(many);
  EXPECT_EQ(ColdRules::from(*config).error().code, Code::invalid_argument);
}

TEST_F(ColdSweepTest, InTheBackgroundItFollowsWhatComes) {
  options_.share_percent = 100;
  options_.busy_commits_s = 0;
  const ColdRules every = rules("[[genomics.cold]]\nbytes_min = 1\n");
  ColdFiles files(*index_, options_);
  const auto sweep =
      must(ColdSweep::open(posix_fs(), dir_ / "data", *index_, every, options_, files));
  sweep->start();
  const Bytes bytes = sorted_bam();
  const FileRow row = stored(bytes);
  for (int i = 0; i < 1000 && !storage(row).cold; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(storage(row).cold);
  EXPECT_TRUE(content(row) == bytes);
  sweep->stop();
  EXPECT_GT(must(sweep->progress()).commits_done, 0u);
}

// Real files, when MEDARC_SAMPLE_DATA names a folder with `genomics`.
TEST_F(ColdTest, RealFilesComeBackByteForByte) {
  const char* root = std::getenv("MEDARC_SAMPLE_DATA");
  if (root == nullptr) GTEST_SKIP() << "MEDARC_SAMPLE_DATA is not set";
  uint64_t cold = 0, seen = 0;
  for (const char* folder : {"reads", "variants", "fastq"}) {
    for (const auto& file :
         std::filesystem::directory_iterator(std::string(root) + "/genomics/" + folder)) {
      const Bytes bytes = test::read_file(file.path());
      const auto done = upload(bytes);
      if (done.has_error()) continue;  // an index, or a file that is refused
      ++seen;
      cold += make_cold(done->file).files;
      EXPECT_TRUE(content(done->file) == bytes) << file.path();
    }
  }
  EXPECT_GE(seen, 8u);
  EXPECT_GE(cold, 5u);
}

}  // namespace
}  // namespace medarc::genomics
