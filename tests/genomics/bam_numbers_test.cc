// Numbers of a BAM at ingest: those of samtools stats, idxstats and depth, of mosdepth where it is
// installed.
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <sstream>

#include "genomics/depth_builder.h"
#include "genomics/depth_code.h"
#include "genomics/depth_track.h"
#include "tests/genomics/random_sam.h"
#include "tests/genomics/store_fixture.h"

namespace medarc::genomics {
namespace {

namespace json = boost::json;

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> out;
  std::stringstream in(line);
  for (std::string field; std::getline(in, field, '\t');) out.push_back(field);
  return out;
}
std::vector<std::vector<std::string>> table_of(const std::string& text) {
  std::vector<std::vector<std::string>> out;
  std::stringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(fields_of(line));
  return out;
}

class BamNumbersTest : public StoreTest {
 protected:
  FileRow stored(const std::string& bytes) {
    test::write_file(dir_ / "x.bam", bytes);
    return must(upload(bytes)).file;
  }
  Bytes attached(const FileRow& row, std::string_view role) {
    auto reader = must(store_->attachment(someone(), row, role));
    Bytes out(reader->size(), '\0');
    must(reader->read({0, out.size()}, out.data()));
    return out;
  }
  json::object quality(const FileRow& row) {
    return json::parse(attached(row, "quality")).as_object();
  }
  DepthTrack track(const FileRow& row) {
    return must(DepthTrack::open(must(store_->attachment(someone(), row, "depth"))));
  }
  // Every line of `samtools stats` that we answer too.
  void expect_stats(const FileRow& row, bool qualities) {
    const auto theirs = table_of(test::run_tool({"samtools", "stats", dir_ / "x.bam"}));
    const json::object ours = quality(row);
    std::map<std::string, std::map<int64_t, json::array>> rows;
    for (const char* section : {"IS", "FFQ", "LFQ", "RL"}) {
      for (const json::value& r : ours.at(section).as_array()) {
        rows[section][r.at(0).as_int64()] = r.as_array();
      }
    }
    size_t summary = 0;
    for (const auto& line : theirs) {
      if (line.empty()) continue;
      const std::string& section = line[0];
      if (section == "SN") {
        ++summary;
        const std::string member = "\"" + line[1].substr(0, line[1].size() - 1) + "\":" + line[2];
        const size_t at = row.statistics_json.find(member);
        ASSERT_NE(at, Bytes::npos) << member << "\n" << row.statistics_json;
        EXPECT_NE(std::string_view(",}").find(row.statistics_json[at + member.size()]),
                  std::string::npos)
            << member;
      }
      const bool by_cycle = section == "FFQ" || section == "LFQ";
      if (section != "IS" && section != "RL" && !(by_cycle && qualities)) continue;
      const int64_t key = std::stoll(line[1]);
      if (key > 512) continue;
      const json::array held = rows[section].contains(key) ? rows[section][key] : json::array();
      const size_t columns = section == "RL" ? 3 : line.size();
      for (size_t i = 2; i < std::min<size_t>(columns, by_cycle ? 97 : columns); ++i) {
        const int64_t own = i - 1 < held.size() ? held[i - 1].as_int64() : 0;
        EXPECT_EQ(own, std::stoll(line[i])) << section << " " << key << " column " << i;
      }
    }
    EXPECT_EQ(summary, 39u);
    EXPECT_EQ(json::serialize(ours.at("stats")),
              json::serialize(json::parse(row.statistics_json).at("stats")));
  }
};

TEST_F(BamNumbersTest, StatsEqualSamtoolsWhateverTheRecordsSay) {
  for (const uint64_t seed : {1, 2, 3}) {
    expect_stats(stored(test::to_bam(dir_, test::random_sam(seed, seed != 3, seed == 1))),
                 seed == 1);
  }
  expect_stats(stored(test::make_bam({.huge_cigar = true}).bytes), true);
  expect_stats(stored(test::make_bam({.records = 0, .unplaced = 0}).bytes), true);
}

TEST_F(BamNumbersTest, IdxstatsEqualSamtools) {
  const FileRow row = stored(test::to_bam(dir_, test::random_sam(4, true, true)));
  test::run_tool({"samtools", "index", dir_ / "x.bam"});
  const auto theirs = table_of(test::run_tool({"samtools", "idxstats", dir_ / "x.bam"}));
  const json::array ours = json::parse(row.statistics_json).at("idxstats").as_array();
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < theirs.size(); ++i) {
    EXPECT_EQ(ours[i].at("name").as_string(), theirs[i][0]);
    EXPECT_EQ(std::to_string(ours[i].at("length").as_int64()), theirs[i][1]);
    EXPECT_EQ(std::to_string(ours[i].at("mapped").as_int64()), theirs[i][2]);
    EXPECT_EQ(std::to_string(ours[i].at("unmapped").as_int64()), theirs[i][3]);
  }
  EXPECT_EQ(json::serialize(quality(row).at("idxstats")), json::serialize(ours));
}

TEST_F(BamNumbersTest, OfManyReferencesTheRowNamesThoseWithRecords) {
  test::References many;
  for (int i = 0; i < 5'000; ++i) many.emplace_back("contig" + std::to_string(i), 500);
  std::vector<test::SamLine> lines;
  for (size_t i = 0; i < 150; ++i) {
    lines.push_back(
        {i, 5, "r\t0\tcontig" + std::to_string(30 * i) + "\t5\t9\t4M\t*\t0\t0\tACGT\tIIII"});
  }
  const FileRow row =
      stored(test::to_bam(dir_, test::joined_lines(test::sam_header(many), lines, false)));
  const auto statistics = json::parse(row.statistics_json);
  EXPECT_EQ(statistics.at("idxstats").as_array().size(), 101u) << "and *";
  EXPECT_EQ(statistics.at("idxstats").at(1).at("name").as_string(), "contig30");
  EXPECT_EQ(statistics.at("idxstatsLeftOut").as_int64(), 50);
  EXPECT_LT(row.statistics_json.size(), 20'000u);
  EXPECT_EQ(quality(row).at("idxstats").as_array().size(), 5'001u);
}

const std::map<std::string, uint64_t> kBases = {{"chr1", 200'000}, {"chr2", 80'000}, {"x", 5'000}};

// Exact means by `samtools depth -a`, in bins of `bases`.
std::map<std::string, std::vector<double>> exact_depth(const std::string& bam, uint64_t bases) {
  std::map<std::string, std::vector<double>> sums;
  std::map<std::string, uint64_t> length;
  for (const auto& f : table_of(test::run_tool({"samtools", "depth", "-aa", bam}))) {
    const uint64_t at = std::stoull(f[1]) - 1;
    if (at >= kBases.at(f[0])) continue;  // the tool goes on where records do
    auto& s = sums[f[0]];
    if (at / bases >= s.size()) s.push_back(0);
    s[at / bases] += std::stod(f[2]);
    length[f[0]] = at + 1;
  }
  for (auto& [name, s] : sums) {
    for (size_t i = 0; i < s.size(); ++i) {
      s[i] /= static_cast<double>(std::min<uint64_t>(bases, length[name] - i * bases));
    }
  }
  return sums;
}

TEST_F(BamNumbersTest, DepthBinsEqualSamtoolsDepthAtEveryZoom) {
  const FileRow row = stored(test::to_bam(dir_, test::random_sam(5, true, true, 4'000)));
  const DepthTrack depth = track(row);
  EXPECT_EQ(depth.bin_bases_min(), 128u);
  const std::vector<std::pair<std::string, uint32_t>> references = {
      {"chr1", 200'000}, {"chr2", 80'000}, {"x", 5'000}};
  const auto base = exact_depth(dir_ / "x.bam", 128);
  for (int32_t tid = 0; tid < 3; ++tid) {
    const auto& [name, bases] = references[static_cast<size_t>(tid)];
    const DepthBins found = must(depth.bins({tid, 0, kToTheEnd}, 1'000'000));
    ASSERT_EQ(found.means.size(), base.at(name).size());
    for (size_t i = 0; i < found.means.size(); ++i) {
      EXPECT_EQ(found.means[i], depth_of(depth_code(base.at(name)[i]))) << name << " bin " << i;
    }
  }
  for (const uint64_t bin : {256, 512, 2048, 65536, 262144}) {
    const auto exact = exact_depth(dir_ / "x.bam", bin);
    const auto want = static_cast<uint32_t>(exact.at("chr1").size());
    const DepthBins found = must(depth.bins({0, 0, 200'000}, want));
    EXPECT_EQ(found.bin_bases, bin);
    ASSERT_EQ(found.means.size(), want);
    for (size_t i = 0; i < want; ++i) {
      EXPECT_NEAR(found.means[i], exact.at("chr1")[i], exact.at("chr1")[i] / 200)
          << bin << " bin " << i;
    }
  }
}

TEST_F(BamNumbersTest, DepthOfARegionIsTheWholeBinsItTouches) {
  const DepthTrack depth = track(stored(test::to_bam(dir_, test::random_sam(6, true, true))));
  const DepthBins all = must(depth.bins({0, 0, kToTheEnd}, 10'000));
  const DepthBins some = must(depth.bins({0, 1'000, 1'300}, 10'000));
  EXPECT_EQ(some.begin, 896u);
  ASSERT_EQ(some.means.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(some.means[i], all.means[7 + i]);
  EXPECT_EQ(must(depth.bins({0, 0, kToTheEnd}, 1)).means.size(), 1u);
  EXPECT_EQ(must(depth.bins({0, 100'000, 180'000}, 1)).bin_bases, 131'072u * 2);
  EXPECT_TRUE(must(depth.bins({0, 200'000, 300'000}, 5)).means.empty());
  EXPECT_EQ(depth.bins({7, 0, 5}, 5).error().code, Code::invalid_argument);
}

TEST_F(BamNumbersTest, DepthEqualsMosdepthWhereNothingIsDeletedOrSkipped) {
  if (!test::runs_well({"mosdepth", "--help"})) GTEST_SKIP() << "mosdepth is not installed";
  const test::References references = {{"chr1", 200'000}, {"chr2", 80'000}};
  std::mt19937_64 random(8);
  std::vector<test::SamLine> lines;
  for (size_t i = 0; i < 4'000; ++i) {  // inside the sequences: mosdepth fails on reads beyond
    const size_t r = random() % 2;
    const uint64_t at = 1 + random() % (references[r].second - 200);
    const char* flag = i % 10 == 0 ? "1024" : i % 7 == 0 ? "2048" : "0";
    lines.push_back({r, at,
                     "r\t" + std::string(flag) + "\t" + references[r].first + "\t" +
                         std::to_string(at) + "\t9\t100M\t*\t0\t0\t*\t*"});
  }
  const FileRow row = stored(
      test::to_bam(dir_, test::joined_lines(test::sam_header(references), std::move(lines), true)));
  test::run_tool({"samtools", "index", dir_ / "x.bam"});
  test::run_tool(
      {"mosdepth", "--fast-mode", "--no-per-base", "--by", "128", dir_ / "m", dir_ / "x.bam"});
  const DepthTrack depth = track(row);
  const std::map<std::string, int32_t> tids = {{"chr1", 0}, {"chr2", 1}};
  size_t compared = 0;
  for (const auto& f : table_of(test::gunzip(test::read_file(dir_ / "m.regions.bed.gz")))) {
    const auto begin = static_cast<uint32_t>(std::stoul(f[1])),
               end = static_cast<uint32_t>(std::stoul(f[2]));
    const DepthBins bin = must(depth.bins({tids.at(f[0]), begin, end}, 1));
    ASSERT_EQ(bin.means.size(), 1u);
    EXPECT_NEAR(bin.means[0], std::stod(f[3]), 0.006 + std::stod(f[3]) / 200)
        << f[0] << ":" << begin;
    ++compared;
  }
  EXPECT_EQ(compared, 200'000u / 128 + 1 + 80'000 / 128);
}

TEST_F(BamNumbersTest, AFileThatIsNotSortedHasNoDepth) {
  const FileRow row = stored(test::to_bam(dir_, test::random_sam(7, false, true)));
  EXPECT_EQ(index::attachment(row, "depth"), nullptr);
  EXPECT_EQ(store_->attachment(someone(), row, "depth").error().code, Code::not_found);
}

TEST(DepthCodes, AreWithinFourThousandthsAndKeepOrder) {
  EXPECT_EQ(depth_code(0), 0);
  EXPECT_EQ(depth_of(0), 0);
  double last = -1;
  for (double mean = 1e-9; mean < 1e9; mean *= 1.0009) {
    const double back = depth_of(depth_code(mean));
    EXPECT_NEAR(back, mean, mean / 250);
    EXPECT_GE(back, last);
    last = back;
  }
  for (const double exact : {1.0, 2.0, 30.0, 64.5, 0.25})
    EXPECT_EQ(depth_of(depth_code(exact)), exact);
}

// A record's cost follows its operations, whatever they span; nothing overflows.
TEST(DepthBuilders, OneRecordMayCoverEverything) {
  std::vector<Reference> references = {{"big", INT32_MAX}};
  DepthBuilder builder(references);
  Bytes cigar;
  for (int i = 0; i < 8; ++i) cigar += Bytes("\xf0\xff\xff\xff", 4);  // 2^28 - 1 M
  RecordFacts facts;
  facts.tid = 0;
  facts.begin = 3;
  RecordParts parts;
  parts.cigar = cigar;
  for (int i = 0; i < 1'000; ++i) builder.add(facts, parts);
  EXPECT_EQ(builder.sums()[0].counted, 1'000 * 8 * ((1ull << 28) - 1));
  EXPECT_LT(builder.finish().size(), 16u << 20);
}

class TextBlob final : public archive::BlobReader {
 public:
  explicit TextBlob(Bytes bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  Status read(ByteRange range, char* out) override {
    if (range.begin + range.length > bytes_.size())
      return make_error(Code::internal, "beyond the end");
    bytes_.copy(out, range.length, range.begin);
    return {};
  }

 private:
  const Bytes bytes_;
};

TEST(DepthTracks, DamagedOnesAreCorruptAndNeverReadBeyondTheirEnd) {
  DepthBuilder builder({{"a", 100'000}, {"b", 50}});
  RecordFacts facts;
  facts.tid = 0;
  facts.begin = 500;
  const Bytes cigar("\x40\x06\0\0", 4);
  RecordParts parts;
  parts.cigar = cigar;
  builder.add(facts, parts);
  const Bytes whole = builder.finish();
  std::mt19937_64 random(3);
  for (int i = 0; i < 3'000; ++i) {
    Bytes changed = whole;
    if (random() % 3 == 0) changed.resize(random() % changed.size());
    for (int n = 0; n < 3 && !changed.empty(); ++n) {
      changed[random() % std::min<size_t>(changed.size(), 70)] = static_cast<char>(random());
    }
    auto opened = DepthTrack::open(std::make_unique<TextBlob>(changed));
    if (opened.has_error()) {
      EXPECT_EQ(opened.error().code, Code::corrupt);
      continue;
    }
    for (const int32_t tid : {0, 1}) {
      const auto bins = opened->bins({tid, 0, kToTheEnd}, 50);
      if (bins.has_error()) {
        EXPECT_TRUE(bins.error().code == Code::corrupt ||
                    bins.error().code == Code::invalid_argument);
      } else {
        EXPECT_LE(bins->means.size(), 50u);
      }
    }
  }
}

}  // namespace
}  // namespace medarc::genomics
