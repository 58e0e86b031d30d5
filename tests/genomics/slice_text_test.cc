// SAM, depth and pileup against samtools, JSON against SAM.
#include <boost/json.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <sstream>

#include "genomics/depth_scan.h"
#include "genomics/hts_record.h"
#include "genomics/pileup.h"
#include "genomics/slice_text.h"
#include "tests/genomics/sam_maker.h"
#include "tests/genomics/store_fixture.h"

namespace medarc::genomics {
namespace {

namespace json = boost::json;

class ReadsTest : public StoreTest {
 protected:
  void store(const std::string& bytes) {
    row_ = must(upload(bytes)).file;
    set_ = must(store_->read_set(someone(), row_));
    test::write_file(dir_ / "x.bam", bytes);
    test::run_tool({"samtools", "index", dir_ / "x.bam"});
  }
  Selection select(const std::vector<std::string>& regions, RecordMask mask = {}) {
    Selection out;
    out.mask = std::move(mask);
    if (!regions.empty()) out.regions.emplace();
    for (const std::string& r : regions) {
      out.regions->push_back(must(parse_samtools_region(r, set_->header)));
    }
    return out;
  }
  auto reader() { return must(store_->open_admitted(row_.blob)); }
  Bytes text(RecordsForm form, const std::vector<std::string>& regions, bool header = true,
             RecordMask mask = {}) {
    auto scan =
        must(RecordScan::open(set_, select(regions, std::move(mask)), store_->limits(), reader()));
    return drain(*must(open_slice_text(std::move(scan), form, header)), 7'777);
  }
  std::string samtools(std::vector<std::string> words, const std::vector<std::string>& regions) {
    words.push_back(dir_ / "x.bam");
    words.insert(words.end(), regions.begin(), regions.end());
    return test::run_tool(words);
  }
  void expect_sam(const std::vector<std::string>& regions) {
    std::vector<std::string> words = {"samtools", "view", "--no-PG"};
    if (regions.size() > 1) words.push_back("-M");  // which does not take "chr1:5,000-"
    const std::string lines = samtools(words, regions);
    words.push_back("-h");
    EXPECT_TRUE(text(RecordsForm::sam, regions) == samtools(words, regions)) << regions.at(0);
    EXPECT_TRUE(text(RecordsForm::sam, regions, false) == lines) << regions.at(0);
  }

  // As `samtools depth -a`.
  std::string depths(const std::string& region, const DepthOptions& options) {
    const Region r = must(parse_samtools_region(region, set_->header));
    auto scan = must(DepthScan::open(set_, r, options, store_->limits(), reader()));
    uint32_t at = scan.region().begin;
    std::string out;
    for (auto piece = must(scan.next()); !piece.empty(); piece = must(scan.next())) {
      for (const uint32_t depth : piece) {
        out += set_->header.references[static_cast<size_t>(r.tid)].name + "\t" +
               std::to_string(++at) + "\t" + std::to_string(depth) + "\n";
      }
    }
    return out;
  }
  void expect_depths(const std::string& region) {
    const auto theirs = [&](std::vector<std::string> words) {
      words.insert(words.begin(), {"samtools", "depth", "-a", "-r", region});
      return samtools(words, {});
    };
    EXPECT_TRUE(depths(region, {}) == theirs({})) << region;
    DepthOptions strict;
    strict.mapping_quality_min = 20;
    strict.base_quality_min = 15;
    EXPECT_TRUE(depths(region, strict) == theirs({"-Q", "20", "-q", "15"})) << region;
    DepthOptions all;
    all.excluded_flags = kUnmapped;
    all.deletions = true;
    EXPECT_TRUE(depths(region, all) == theirs({"-J", "-g", "SECONDARY,QCFAIL,DUP"})) << region;
  }

  // What mpileup's fifth column says, counted.
  struct Counted {
    std::map<char, Strands> bases;
    Strands deleted, skipped;
    std::map<std::string, Strands> insertions;
    std::map<uint32_t, Strands> deletions;
    uint32_t depth = 0;
  };
  static Counted count(uint32_t depth, const std::string& column) {
    Counted out;
    out.depth = depth;
    if (depth == 0) return out;
    for (size_t i = 0; i < column.size(); ++i) {
      const char c = column[i];
      if (c == '^') {
        ++i;  // a mapping quality follows
      } else if (c == '$') {
        continue;
      } else if (c == '+' || c == '-') {
        size_t used = 0;
        const auto n = static_cast<size_t>(std::stoul(column.substr(i + 1), &used));
        std::string bases = column.substr(i + 1 + used, n);
        const bool reverse = std::any_of(bases.begin(), bases.end(), [](unsigned char b) {
          return std::islower(b) != 0 || b == '#';
        });
        for (char& b : bases)
          b = b == '#' ? '*' : static_cast<char>(std::toupper(static_cast<unsigned char>(b)));
        if (c == '+') {
          out.insertions[bases].add(reverse);
        } else {
          out.deletions[static_cast<uint32_t>(n)].add(reverse);
        }
        i += used + n;
      } else if (c == '*' || c == '#') {
        out.deleted.add(c == '#');
      } else if (c == '>' || c == '<') {
        out.skipped.add(c == '<');
      } else {
        out.bases[static_cast<char>(std::toupper(static_cast<unsigned char>(c)))].add(
            std::islower(static_cast<unsigned char>(c)) != 0);
      }
    }
    return out;
  }
  static std::string strands(const Strands& s) {
    return std::to_string(s.forward) + "/" + std::to_string(s.reverse);
  }
  template <class Column>
  static std::string tell(const Column& c) {
    std::string out =
        std::to_string(c.depth) + " * " + strands(c.deleted) + " > " + strands(c.skipped);
    for (const auto& [what, n] : c.bases) out += std::string(" ") + what + strands(n);
    for (const auto& [what, n] : c.insertions) out += " +" + what + strands(n);
    for (const auto& [what, n] : c.deletions) out += " -" + std::to_string(what) + "n" + strands(n);
    return out;
  }
  void expect_pileup(const std::string& region, const PileupOptions& options,
                     std::vector<std::string> words) {
    // Strands of deletions as well, and reads where every base is too poor.
    words.insert(words.begin(), {"samtools", "mpileup", "-B", "--reverse-del", "-r", region});
    std::istringstream theirs(samtools(words, {}));
    auto scan = must(PileupScan::open(set_, must(parse_samtools_region(region, set_->header)),
                                      options, store_->limits(), reader()));
    PileupColumn column;
    size_t columns = 0;
    for (std::string line; std::getline(theirs, line); ++columns) {
      std::istringstream fields(line);
      std::string name, reference, bases;
      uint32_t position = 0, depth = 0;
      fields >> name >> position >> reference >> depth >> bases;
      ASSERT_TRUE(must(scan.next(column))) << region;
      ASSERT_EQ(column.position + 1, position);
      ASSERT_EQ(tell(column), tell(count(depth, bases))) << line;
      if (options.reads) {
        ASSERT_EQ(column.reads.size(), depth);
      }
    }
    EXPECT_FALSE(must(scan.next(column)));
    EXPECT_GT(columns, 0u) << region;
  }

  FileRow row_;
  std::shared_ptr<const ReadSet> set_;
};

TEST_F(ReadsTest, SamIsThatOfSamtoolsByteForByte) {
  store(test::bam_of(test::make_sam({.seed = 41, .pairs = 900}), dir_.path(), true));
  expect_sam({"chr1:1000-3000"});
  expect_sam({"chr1"});
  expect_sam({"chr2:5,000-"});
  expect_sam({"*"});
  expect_sam({"chr2:100-2000", "chr1:500-501", "chr1:400-600"});
  EXPECT_TRUE(text(RecordsForm::sam, {}) == samtools({"samtools", "view", "--no-PG", "-h"}, {}));
}

TEST_F(ReadsTest, SamOfLongCigarsAndRecordsAcrossManyBlocks) {
  store(test::make_bam({.seed = 42,
                        .records = 3'000,
                        .unplaced = 400,
                        .straddle = true,
                        .long_read_straddles = true,
                        .huge_cigar = true})
            .bytes);
  expect_sam({"chr1"});
  expect_sam({"chr1:5000-9000"});
  EXPECT_TRUE(text(RecordsForm::sam, {}) == samtools({"samtools", "view", "--no-PG", "-h"}, {}));
}

TEST_F(ReadsTest, AHeaderWithoutSqLinesGetsThem) {
  BamHeader header;
  header.text = "@CO\tnothing else";
  header.references = {{"a", 10}, {"b", 20}};
  std::string out;
  append_sam_header(header, out);
  EXPECT_EQ(out, "@CO\tnothing else\n@SQ\tSN:a\tLN:10\n@SQ\tSN:b\tLN:20\n");
}

TEST_F(ReadsTest, JsonSaysWhatSamSays) {
  store(test::bam_of(test::make_sam({.seed = 43, .pairs = 300}), dir_.path(), true));
  const json::value parsed = json::parse(text(RecordsForm::json, {}));
  std::istringstream sam(samtools({"samtools", "view"}, {}));
  std::istringstream lines(text(RecordsForm::ndjson, {}));
  size_t i = 0;
  for (std::string line; std::getline(sam, line); ++i) {
    std::vector<std::string> f;
    std::istringstream fields(line);
    for (std::string one; std::getline(fields, one, '\t');) f.push_back(one);
    const json::object& o = parsed.as_array().at(i).as_object();
    std::string ndjson;
    ASSERT_TRUE(std::getline(lines, ndjson));
    EXPECT_EQ(json::parse(ndjson), o);
    const auto as_sam = [&](const char* key) -> std::string {
      const json::value& v = o.at(key);
      if (v.is_null()) return key == std::string("pos") || key == std::string("pnext") ? "0" : "*";
      return v.is_string() ? std::string(v.get_string()) : json::serialize(v);
    };
    if (f[6] == "=") f[6] = f[2];
    const char* keys[] = {"qname", "flag",  "rname", "pos", "mapq", "cigar",
                          "rnext", "pnext", "tlen",  "seq", "qual"};
    for (size_t k = 0; k < std::size(keys); ++k) EXPECT_EQ(as_sam(keys[k]), f[k]) << keys[k];
    const json::object& tags = o.at("tags").as_object();
    EXPECT_EQ(tags.size(), f.size() - 11);
    for (size_t k = 11; k < f.size(); ++k) {
      const json::value& tag = tags.at(f[k].substr(0, 2));
      const std::string value = f[k].substr(5);
      switch (f[k][3]) {
        case 'i': EXPECT_EQ(json::serialize(tag), value); break;
        case 'f': EXPECT_NEAR(tag.to_number<double>(), std::stod(value), 1e-3); break;
        case 'B':
          EXPECT_EQ(tag.as_array().size(),
                    static_cast<size_t>(std::count(value.begin(), value.end(), ',')));
          break;
        default: EXPECT_EQ(tag.as_string(), value); break;
      }
    }
  }
  EXPECT_EQ(i, parsed.as_array().size());
  EXPECT_EQ(text(RecordsForm::json, {"chr1:1-1"}), "[]\n");
  EXPECT_EQ(text(RecordsForm::ndjson, {"chr1:1-1"}), "");
}

TEST_F(ReadsTest, JsonLeavesOutWhatWasNotAskedForAndEscapesWhatIsNoText) {
  store(test::bam_of(
      "@SQ\tSN:c\tLN:100\nq\"\\x\t0\tc\t5\t9\t4M\t*\t0\t0\tACGT\tIIII\tNM:i:1\tZZ:Z:\x01\xe9\n",
      dir_.path(), true));
  EXPECT_EQ(
      text(RecordsForm::ndjson, {}),
      "{\"qname\":\"q\\\"\\\\x\",\"flag\":0,\"rname\":\"c\",\"pos\":5,\"mapq\":9,\"cigar\":\"4M\","
      "\"rnext\":null,\"pnext\":null,\"tlen\":0,\"seq\":\"ACGT\",\"qual\":\"IIII\","
      "\"tags\":{\"NM\":1,\"ZZ\":\"\\u0001\\u00e9\"}}\n");
  RecordMask mask;
  mask.fields = 1u << static_cast<int>(Field::pos) | 1u << static_cast<int>(Field::seq);
  mask.notags = {"ZZ"};
  EXPECT_EQ(text(RecordsForm::ndjson, {}, true, mask),
            "{\"pos\":5,\"seq\":\"ACGT\",\"tags\":{\"NM\":1}}\n");
}

TEST_F(ReadsTest, DepthsAreThoseOfSamtools) {
  store(test::bam_of(test::make_sam({.seed = 44, .pairs = 1'500, .without_bases = false}),
                     dir_.path(), true));
  for (const char* region :
       {"chr1", "chr2:5000-5000", "chr1:19990-20000", "chr1:333-8000", "chr2:1-100"}) {
    expect_depths(region);
  }
}

TEST_F(ReadsTest, DepthsAcrossLongSkipsAndBeyondOnePiece) {
  store(test::make_bam({.seed = 45,
                        .records = 4'000,
                        .straddle = true,
                        .long_deletion_every = 50,
                        .huge_cigar = true})
            .bytes);
  expect_depths("chr1");
  expect_depths("chr1:50001-90000");
}

TEST_F(ReadsTest, DepthsHaveALimit) {
  Limits limits;
  limits.depth_bases_max = 1'000;
  open(limits);
  store(test::make_bam({.records = 100}).bytes);
  const auto open_depths = [&](const char* region) {
    return DepthScan::open(set_, must(parse_samtools_region(region, set_->header)), {},
                           store_->limits(), reader());
  };
  EXPECT_TRUE(open_depths("chr1:1-1000").has_value());
  EXPECT_EQ(open_depths("chr1:1-1001").error().code, Code::too_large);
  EXPECT_EQ(open_depths("*").error().code, Code::invalid_argument);
  EXPECT_TRUE(must(must(open_depths("chr1:300000-400000")).next()).empty())
      << "behind the reference";
}

TEST_F(ReadsTest, PileupsAreThoseOfSamtools) {
  store(test::bam_of(test::make_sam({.seed = 46, .pairs = 2'000, .without_bases = false}),
                     dir_.path(), true));
  PileupOptions o;
  expect_pileup("chr1:1000-4000", o, {});
  expect_pileup("chr2:19000-20000", o, {});
  o.reads = true;
  expect_pileup("chr1:7777-7777", o, {});
  o.orphans = true;
  o.base_quality_min = 0;
  expect_pileup("chr1:4000-6000", o, {"-A", "-Q", "0"});
  o.overlaps_once = false;
  o.mapping_quality_min = 30;
  expect_pileup("chr1:4000-6000", o, {"-A", "-Q", "0", "-x", "-q", "30"});
}

TEST_F(ReadsTest, DeepPileupsLeaveOutTheSameReadsAsSamtools) {
  Limits limits;
  limits.pileup_depth_max = 50;
  open(limits);
  store(test::bam_of(
      test::make_sam(
          {.seed = 47, .pairs = 2'000, .reference_bases = 1'000, .without_bases = false}),
      dir_.path(), true));
  expect_pileup("chr1:50-150", {}, {"-d", "50"});
}

TEST_F(ReadsTest, ReadsOfAPileupSayWhereTheyAre) {
  store(
      test::bam_of("@SQ\tSN:c\tLN:100\n"
                   "a\t0\tc\t5\t9\t2S2M1I2M3D2M\t*\t0\t0\tTTACGTTAC\tIIIIIIIII\n"
                   "b\t16\tc\t6\t60\t2M\t*\t0\t0\tGG\tI5\n",
                   dir_.path(), true));
  PileupOptions o;
  o.reads = true;
  auto scan = must(PileupScan::open(set_, must(parse_samtools_region("c:6-9", set_->header)), o,
                                    store_->limits(), reader()));
  PileupColumn c;
  ASSERT_TRUE(must(scan.next(c)));
  ASSERT_EQ(c.reads.size(), 2u);
  EXPECT_EQ(c.reads[0].name, "a");
  EXPECT_EQ(c.reads[0].base, 'C');
  EXPECT_EQ(c.reads[0].inserted, "G");
  EXPECT_EQ(c.reads[0].read_position, 3u);
  EXPECT_TRUE(c.reads[1].reverse);
  EXPECT_TRUE(c.reads[1].first);
  ASSERT_TRUE(must(scan.next(c)));
  EXPECT_TRUE(c.reads[1].last);
  EXPECT_EQ(c.reads[1].base_quality, 20);
  EXPECT_EQ(c.quality_mean, 30.0);
  ASSERT_TRUE(must(scan.next(c)));
  EXPECT_EQ(c.reads[0].deleted, 3u);
  ASSERT_TRUE(must(scan.next(c)));
  EXPECT_EQ(c.reads[0].base, '*');
  EXPECT_FALSE(must(scan.next(c)));
}

// HTSlib's pileup would end the process: no aligned base, operations without a length, no
// operations.
TEST_F(ReadsTest, AlignmentsThatWouldEndAPileupAreLeftOut) {
  store(
      test::bam_of("@SQ\tSN:c\tLN:1000\n"
                   "a\t0\tc\t5\t60\t4S\t*\t0\t0\tACGT\tIIII\n"
                   "b\t0\tc\t5\t60\t2S2I\t*\t0\t0\tACGT\tIIII\n"
                   "c\t0\tc\t5\t60\t*\t*\t0\t0\tACGT\tIIII\n"
                   "d\t0\tc\t5\t60\t10D\t*\t0\t0\t*\t*\n"
                   "e\t0\tc\t5\t60\t2M0D2M\t*\t0\t0\tACGT\tIIII\n"
                   "f\t0\tc\t5\t60\t4M\t*\t0\t0\tACGT\tIIII\n",
                   dir_.path(), true));
  auto scan = must(PileupScan::open(set_, must(parse_samtools_region("c", set_->header)), {},
                                    store_->limits(), reader()));
  PileupColumn c;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(must(scan.next(c)));
    EXPECT_EQ(c.depth, 1u);
  }
  EXPECT_FALSE(must(scan.next(c)));
}

TEST_F(ReadsTest, PileupsHaveLimits) {
  Limits limits;
  limits.pileup_bases_max = 100;
  limits.pileup_bytes_max = 500;
  open(limits);
  store(test::bam_of(test::make_sam({.seed = 48, .pairs = 500}), dir_.path(), true));
  const auto open_pileup = [&](const char* region) {
    return PileupScan::open(set_, must(parse_samtools_region(region, set_->header)), {},
                            store_->limits(), reader());
  };
  EXPECT_EQ(open_pileup("chr1:1-101").error().code, Code::too_large);
  EXPECT_EQ(open_pileup("*").error().code, Code::invalid_argument);
  const auto first_error = [&](const char* region) {
    auto scan = must(open_pileup(region));
    PileupColumn column;
    for (;;) {
      const auto more = scan.next(column);
      if (more.has_error()) return more.error().text;
      if (!*more) return std::string();
    }
  };
  EXPECT_NE(first_error("chr1:5000-5099").find("pileup_bytes_max"), std::string::npos);
  limits.pileup_bytes_max = 1u << 30;
  limits.pileup_lead_bases_max = 200;
  open(limits);
  store(test::bam_of("@SQ\tSN:c\tLN:1000\na\t0\tc\t5\t60\t2M500N2M\t*\t0\t0\tACGT\tIIII\n",
                     dir_.path(), true));
  EXPECT_NE(first_error("c:507-510").find("pileup_lead_bases_max"), std::string::npos);
  EXPECT_EQ(first_error("c:150-200"), "");
}

TEST_F(ReadsTest, RealFilesAsSamtools) {
  const char* base = std::getenv("MEDARC_SAMPLE_DATA");
  if (base == nullptr) GTEST_SKIP() << "MEDARC_SAMPLE_DATA is not set";
  const std::string reads = std::string(base) + "/genomics/reads/";
  store(test::read_file(reads + "NA12878.20.21.unmapped.orig.bam"));
  for (const char* region : {"20:10003262-10003484", "21:10001823-10001994"}) {
    expect_sam({region});
    expect_depths(region);
    expect_pileup(region, {}, {});
  }
  store(test::read_file(reads + "HG002_chr11_119076212_119102218_2.bam"));
  expect_sam({"chr11:119080000-119081000"});
  expect_depths("chr11:119076212-119102218");
  expect_pileup("chr11:119080000-119082000", {}, {});
}

}  // namespace
}  // namespace medarc::genomics
