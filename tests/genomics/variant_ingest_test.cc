// VCF and BCF in: bytes kept, numbers equal to bcftools', indexes usable by tabix and bcftools,
// damage refused.
#include <algorithm>
#include <map>
#include <random>
#include <sstream>

#include "archive/hash.h"
#include "genomics/variant_walk.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/variant_maker.h"

namespace medarc::genomics {
namespace {

class VariantStore : public StoreTest {
 protected:
  void expect_refused(const std::string& bytes, const std::string& reason) {
    const auto refused = upload(bytes);
    ASSERT_TRUE(refused.has_error()) << reason;
    EXPECT_EQ(refused.error().code, Code::invalid_argument) << refused.error().text;
    EXPECT_NE(refused.error().text.find(reason), std::string::npos) << refused.error().text;
    EXPECT_EQ(must(index_->stats()).files, 0u);
    EXPECT_EQ(must(index_->blobs().stats()).blobs, 0u);
  }
  static bool says(const FileRow& row, const std::string& text) {
    return row.statistics_json.find(text) != std::string::npos;
  }
  // "number of SNPs:" and so on.
  std::map<std::string, uint64_t> bcftools_stats(const std::string& path) {
    std::map<std::string, uint64_t> out;
    std::istringstream lines(test::run_tool({"bcftools", "stats", path}));
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("SN\t0\tnumber of ")) continue;
      const size_t colon = line.find(':');
      out[line.substr(15, colon - 15)] = std::stoull(line.substr(colon + 2));
    }
    return out;
  }
  void expect_counts(const FileRow& row, const std::string& path) {
    auto theirs = bcftools_stats(path);
    for (const auto& [key, name] :
         {std::pair("records", "records"), std::pair("samples", "samples"),
          std::pair("noAlts", "no-ALTs"), std::pair("snvs", "SNPs"), std::pair("mnvs", "MNPs"),
          std::pair("indels", "indels"), std::pair("others", "others"),
          std::pair("multiallelic", "multiallelic sites"),
          std::pair("multiallelicSnvs", "multiallelic SNP sites")}) {
      EXPECT_TRUE(
          says(row, "\"" + std::string(key) + "\":" + std::to_string(theirs.at(name)) + ",") ||
          says(row, "\"" + std::string(key) + "\":" + std::to_string(theirs.at(name)) + "}"))
          << name << " " << theirs.at(name) << " in " << row.statistics_json;
    }
  }
  // Our index and the tools' own find the same records and the same numbers.
  void expect_index(const std::string& bytes, const FileRow& row,
                    const std::vector<std::string>& regions) {
    const std::string name = row.format == "bcf" ? "x.bcf" : "x.vcf.gz";
    const std::string ours = dir_ / ("ours." + name), theirs = dir_ / ("theirs." + name);
    test::write_file(ours, bytes);
    test::write_file(theirs, bytes);
    test::write_file(ours + "." + row.index_kind, index_of(row));
    test::run_tool({"bcftools", "index", "-f", row.index_kind == "csi" ? "-c" : "-t", theirs});
    for (const std::string& region : regions) {
      EXPECT_EQ(test::run_tool({"bcftools", "view", "-H", "-r", region, ours}),
                test::run_tool({"bcftools", "view", "-H", "-r", region, theirs}))
          << region;
      if (row.format == "bcf") continue;
      EXPECT_EQ(test::run_tool({"tabix", ours, region}), test::run_tool({"tabix", theirs, region}))
          << region;
    }
    EXPECT_EQ(test::run_tool({"bcftools", "index", "--stats", ours}),
              test::run_tool({"bcftools", "index", "--stats", theirs}));
    if (row.format != "bcf") {
      EXPECT_EQ(test::run_tool({"tabix", "-l", ours}), test::run_tool({"tabix", "-l", theirs}));
    }
  }
  static std::vector<std::string> random_regions(uint64_t seed, int count,
                                                 uint64_t bases = 200'000) {
    std::mt19937_64 random(seed);
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) {
      const uint64_t from = 1 + random() % bases;
      out.push_back("chr1:" + std::to_string(from) + "-" + std::to_string(from + random() % 5000));
    }
    return out;
  }
};

TEST_F(VariantStore, EveryWrappingComesBackByteForByteWithItsSamples) {
  const std::string text = test::make_vcf();
  const std::string wrappings[] = {text, test::gzip(text, 3), test::bgzip(text),
                                   test::bgzip_lines(text), test::to_bcf(text, dir_.path())};
  for (size_t i = 0; i < std::size(wrappings); ++i) {
    const UploadResult done = must(upload(wrappings[i], {.name = "x"}, 10'007));
    EXPECT_EQ(done.file.format, i == 4 ? "bcf" : "vcf");
    EXPECT_EQ(done.file.samples, (std::vector<std::string>{"S1", "S2"}));
    EXPECT_EQ(done.file.blob, archive::Sha256::of(wrappings[i]));
    EXPECT_EQ(content(done.file), wrappings[i]);
    EXPECT_EQ(says(done.file, "\"notSliceable\":\"notBgzf\""), i < 2);
    EXPECT_EQ(says(done.file, "\"sliceable\":true"), i >= 2);
    EXPECT_EQ(done.file.index_kind, i < 2 ? "" : i == 4 ? "csi" : "tbi");
  }
}

TEST_F(VariantStore, CountsEqualBcftools) {
  for (const uint64_t seed : {3, 4}) {
    const std::string text = test::make_vcf({.seed = seed, .records = 4000});
    test::write_file(dir_ / "x.vcf", text);
    expect_counts(must(upload(text)).file, dir_ / "x.vcf");
    expect_counts(must(upload(test::bgzip(text))).file, dir_ / "x.vcf");
    expect_counts(must(upload(test::to_bcf(text, dir_.path()))).file, dir_ / "x.vcf");
  }
}

TEST_F(VariantStore, SymbolicAllelesAndContigsAreCounted) {
  std::string text = test::make_vcf({.records = 0, .samples = {}});
  text +=
      "chr2\t5\t.\tA\t<DEL>\t.\t.\t.\nchr2\t6\t.\tA\t<NON_REF>\t.\t.\t.\nchr2\t7\t.\tA\tT\t.\t.\t."
      "\n";
  const auto row = must(upload(test::bgzip(text))).file;
  EXPECT_TRUE(says(row, "\"symbolic\":1,")) << row.statistics_json;
  EXPECT_TRUE(says(row, "\"contigs\":3,"));
  EXPECT_TRUE(says(row, R"("recordsByContig":[{"contig":"chr2","length":80000,"records":3}])"));
}

TEST_F(VariantStore, TheIndexFindsWhatTabixAndBcftoolsOwnIndexesFind) {
  const std::string text = test::make_vcf({.seed = 5, .records = 5000, .info_bytes = 60});
  std::vector<std::string> regions = random_regions(11, 12);
  regions.insert(regions.end(), {"chr1", "chr2", "{HLA:DRB1*1}:100-900", "chr1:1-1"});
  const std::string bgzipped = test::bgzip(text, 8192);
  regions.erase(regions.end() - 2);  // tabix takes no braces
  expect_index(bgzipped, must(upload(bgzipped)).file, regions);
  const std::string lines = test::bgzip_lines(text, 8192);
  expect_index(lines, must(upload(lines)).file, regions);
  const std::string bcf = test::to_bcf(text, dir_.path());
  expect_index(bcf, must(upload(bcf)).file, regions);
}

TEST_F(VariantStore, AnEndThatIsNotDeclaredIsStillFoundByTabix) {
  const std::string text = test::bgzip(test::make_vcf({.seed = 6, .declare_end = false}));
  expect_index(text, must(upload(text)).file, random_regions(12, 8));
}

TEST_F(VariantStore, AContigBeyondTbiGetsACsiIndexDeclaredOrNot) {
  for (const bool declared : {true, false}) {
    test::VcfOptions o{.records = 1500, .declare_lengths = declared};
    o.contigs = {{"chr1", 700'000'000}, {"chr2", 10'000}};
    const std::string bytes = test::bgzip(test::make_vcf(o));
    const auto row = must(upload(bytes)).file;
    EXPECT_EQ(row.index_kind, "csi");
    expect_index(bytes, row, {"chr1", "chr2", "chr1:600000000-650000000", "chr1:1-3000000"});
  }
}

TEST_F(VariantStore, ContigsInAnotherOrderThanDeclaredOrNotDeclaredAreIndexed) {
  test::VcfOptions o{.seed = 8, .contigs_backwards = true};
  const std::string backwards = test::bgzip(test::make_vcf(o));
  expect_index(backwards, must(upload(backwards)).file, {"chr1", "chr2", "chr1:5000-9000"});
  const std::string bcf = test::to_bcf(test::make_vcf(o), dir_.path());
  expect_index(bcf, must(upload(bcf)).file, {"chr1", "chr2", "chr1:5000-9000"});
  o.declare_contigs = false;
  const std::string undeclared = test::bgzip(test::make_vcf(o));
  const auto row = must(upload(undeclared)).file;
  expect_index(undeclared, row, {"chr1", "chr2", "chr1:5000-9000"});
  EXPECT_EQ(must(store_->read_set(someone(), row))->header.references.size(), 3u);
}

TEST_F(VariantStore, AFileThatIsNotSortedIsStoredWithoutRegions) {
  const std::string text = test::make_vcf({.sorted = false});
  for (const std::string& bytes : {test::bgzip(text), test::to_bcf(text, dir_.path())}) {
    const auto row = must(upload(bytes)).file;
    EXPECT_FALSE(row.index_blob);
    EXPECT_TRUE(says(row, "\"notSliceable\":\"notSortedByPosition\""));
    const auto refused = make_slice(must(store_->read_set(someone(), row)),
                                    {std::vector<Region>{{0, 0, 100}}, {}}, store_->limits());
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Code::unsupported);
    EXPECT_EQ(test::gunzip(slice(row, {})), test::gunzip(bytes)) << "whole it is given";
  }
  // A contig left and met again.
  std::string again = test::make_vcf({.records = 0, .samples = {}});
  again += "chr1\t5\t.\tA\tT\t.\t.\t.\nchr2\t5\t.\tA\tT\t.\t.\t.\nchr1\t6\t.\tA\tT\t.\t.\t.\n";
  EXPECT_FALSE(must(upload(test::bgzip(again))).file.index_blob);
}

TEST_F(VariantStore, TruncatedAndCorruptFilesAreRefusedAndNothingStays) {
  const std::string text = test::make_vcf({.records = 20'000});
  const std::string bytes = test::bgzip(text);
  expect_refused(test::bgzip(text, 65'280, false), "end-of-file marker is missing");
  expect_refused(bytes.substr(0, bytes.size() / 2), "truncated");
  std::string corrupt = bytes;
  corrupt[corrupt.size() / 2] ^= 0x55;
  expect_refused(corrupt, "damaged");
  const std::string gz = test::gzip(text);
  expect_refused(gz.substr(0, gz.size() / 2), "truncated");
}

TEST_F(VariantStore, LinesThatAreWrongAreRefusedByNumber) {
  const std::string head = test::make_vcf({.records = 0, .samples = {}});
  const auto line = std::to_string(std::count(head.begin(), head.end(), '\n') + 2);
  const std::string first = head + "chr1\t5\t.\tA\tT\t.\t.\t.\n";
  const auto refuse = [&](const std::string& bad, const std::string& reason) {
    const std::string where = "record 2 (line " + line + ") is damaged: " + reason;
    expect_refused(first + bad + "\n", where);
    expect_refused(test::bgzip(first + bad + "\nchr1\t9\t.\tA\tT\t.\t.\t.\n"), where);
    expect_refused(test::gzip(first + bad + "\n"), where);
  };
  refuse("chr1\t6\t.\tA\tT\t.\t.", "it has 7 columns, the header 8");
  refuse("chr1\t6\t.\tA\tT\t.\t.\t.\tGT", "it has 9 columns, the header 8");
  refuse("chr1\tx\t.\tA\tT\t.\t.\t.", "its POS");
  refuse("chr1\t\t.\tA\tT\t.\t.\t.", "its POS");
  refuse("chr1\t2147483648\t.\tA\tT\t.\t.\t.", "its POS");
  refuse("chr1\t6\t.\t\tT\t.\t.\t.", "it has no REF");
  refuse("chr1\t6\t.\t.\tT\t.\t.\t.", "it has no REF");
  refuse("chr1\t6\t.\tA\t\t.\t.\t.", "it has no ALT");
  refuse("\t6\t.\tA\tT\t.\t.\t.", "its CHROM");
  refuse("ch r\t6\t.\tA\tT\t.\t.\t.", "its CHROM");
  refuse("", "it is empty");
  refuse(std::string("chr1\t6\t.\tA\tT\t.\0\t.\t.", 19), "it holds a NUL");
}

TEST_F(VariantStore, DamagedHeadersAreRefused) {
  const std::string good = test::make_vcf({.records = 3});
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = good;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  expect_refused(with("##FILTER", "FILTER"), "line 2 starts with neither");
  expect_refused(with("#CHROM\t", "#CHRO\t"), "starts with neither ## nor #CHROM");
  expect_refused(with("\tQUAL\tFILTER", "\tFILTER\tQUAL"), "has not the columns");
  expect_refused(with("\tFORMAT\tS1", "\tFORMA\tS1"), "something else than FORMAT");
  expect_refused(with("\tS1\tS2", "\tS1\tS1"), "names a sample twice");
  expect_refused(with("\tS1\tS2", "\t\tS2"), "a sample without a name");
  expect_refused(with("##contig=<ID=chr1", "##contig=<ID="), "a contig without a name");
  expect_refused(with("ID=DP,Number", "ID=DP,IDX=99999999,Number"), "an IDX that cannot be");
  expect_refused(with("ID=AF,Number", "ID=AF,IDX=0,Number"), "an IDX that is taken");
  expect_refused(good.substr(0, good.find("#CHROM")), "ends inside its VCF header");
  expect_refused(test::bgzip("BCF\2\1" + good.substr(0, 400)), "no BCF 2.2");
  expect_refused(test::bgzip(std::string("BCF\2\2\xff\0\0\0", 9) + good.substr(0, 200)),
                 "ends inside its BCF header");
}

TEST_F(VariantStore, BcfRecordsThatContradictThemselvesAreRefusedByNumber) {
  const std::string plain = test::gunzip(test::to_bcf(test::make_vcf({.records = 3}), dir_.path()));
  const auto u8 = [&](size_t i) { return static_cast<uint8_t>(plain[i]); };
  const size_t first = 9 + (u8(5) | size_t{u8(6)} << 8 | size_t{u8(7)} << 16);
  const auto with = [&](size_t at, const std::string& bytes) {
    std::string changed = plain;
    changed.replace(first + at, bytes.size(), bytes);
    return test::bgzip(changed);
  };
  expect_refused(with(0, std::string("\x03\0\0\0", 4)), "record 1 is damaged: its length");
  expect_refused(with(8, std::string("\x63\0\0\0", 4)), "record 1 is damaged: its contig");
  expect_refused(with(12, std::string("\xfe\xff\xff\xff", 4)), "its position or length");
  expect_refused(with(16, std::string("\xff\xff\xff\xff", 4)), "its position or length");
  expect_refused(with(26, std::string("\0\0", 2)), "it has no REF");
  expect_refused(with(24, std::string("\xff\xff", 2)), "record 1 is damaged");
  expect_refused(with(28, std::string("\x03\0\0", 3)), "not as many samples");
  expect_refused(with(31, std::string("\xff", 1)), "record 1 is damaged");
  expect_refused(test::bgzip(plain.substr(0, plain.size() - 5)),
                 "record 3 is damaged: the file ends inside it");
}

TEST_F(VariantStore, LimitsOnHeadersLinesAndContigsHold) {
  const std::string text = test::make_vcf({.records = 500, .info_bytes = 5000});
  const std::string bgzipped = test::bgzip(text);
  const std::string bcf = test::to_bcf(text, dir_.path());
  const auto code_with = [&](const std::string& bytes, auto change) {
    Limits limits;
    change(limits);
    open(limits);
    const auto r = upload(bytes);
    return r.has_error() ? r.error().code : Code::internal;
  };
  for (const std::string& bytes : {text, bgzipped, bcf}) {
    EXPECT_EQ(code_with(bytes, [](Limits& l) { l.header_bytes_max = 200; }), Code::too_large);
    EXPECT_EQ(code_with(bytes, [](Limits& l) { l.references_max = 2; }), Code::too_large);
    EXPECT_EQ(code_with(bytes, [](Limits& l) { l.samples_max = 1; }), Code::too_large);
  }
  for (const std::string& bytes : {text, bgzipped}) {
    EXPECT_EQ(code_with(bytes, [](Limits& l) { l.line_bytes_max = 4000; }), Code::too_large);
  }
  EXPECT_EQ(code_with(bcf, [](Limits& l) { l.record_bytes_max = 4000; }), Code::too_large);
  EXPECT_EQ(code_with(bgzipped, [](Limits& l) { l.blocks_max = 3; }), Code::too_large);
  test::VcfOptions undeclared{.declare_contigs = false};
  EXPECT_EQ(code_with(test::make_vcf(undeclared), [](Limits& l) { l.references_max = 2; }),
            Code::too_large);
}

TEST_F(VariantStore, EmptyFilesWindowsLineEndsAndAMissingLastOneAreFine) {
  const auto empty = must(upload(test::bgzip(test::make_vcf({.records = 0})))).file;
  EXPECT_EQ(empty.index_kind, "tbi");
  const std::string windows = test::bgzip(test::make_vcf({.seed = 2, .line_end = "\r\n"}));
  const auto row = must(upload(windows)).file;
  EXPECT_EQ(row.samples, (std::vector<std::string>{"S1", "S2"}));
  std::string text = test::make_vcf();
  text.pop_back();
  EXPECT_TRUE(says(must(upload(test::bgzip(text))).file, "\"records\":2000,"));
  EXPECT_TRUE(says(must(upload(text)).file, "\"records\":2000,"));
}

// Changed bytes of the plain stream: refused, or stored as what they now say; never a crash.
TEST_F(VariantStore, ManyChangedFilesNeitherCrashNorPassUnread) {
  const std::string text = test::make_vcf({.records = 8});
  const std::string bcf = test::gunzip(test::to_bcf(text, dir_.path()));
  std::mt19937_64 random(99);
  for (const auto& [plain, kind] :
       {std::pair(text, RecordForm::Kind::vcf), std::pair(bcf, RecordForm::Kind::bcf)}) {
    int refused = 0;
    for (int i = 0; i < 8'000; ++i) {
      std::string changed = plain;
      for (uint64_t n = 1 + random() % 3; n > 0; --n) {
        const size_t at = random() % changed.size();
        switch (random() % 4) {
          case 0: changed[at] = static_cast<char>(random()); break;
          case 1: changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8)); break;
          case 2: changed.resize(at + 1); break;
          default: changed[at] = random() % 2 == 0 ? '\xff' : '\t'; break;
        }
      }
      BgzfBatch batch;
      batch.plain = changed;
      batch.plain_bytes = static_cast<uint32_t>(changed.size());
      batch.blocks.push_back({0, 0, 100, 0, batch.plain_bytes, 0});
      VariantWalk walk(kind, true, Limits{});
      Status done = walk.feed(batch);
      if (done.has_value()) {
        const auto summary = walk.finish();
        if (summary.has_error()) done = summary.error();
      }
      refused += done.has_error();
    }
    EXPECT_GT(refused, 1'000);
    EXPECT_LT(refused, 8'000);
  }
}

}  // namespace
}  // namespace medarc::genomics
