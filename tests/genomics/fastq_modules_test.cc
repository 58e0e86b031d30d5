// FastQC's modules: equal to FastQC where it is installed, and by hand where it is not.
#include "genomics/fastq_modules.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>

#include "genomics/base_groups.h"
#include "genomics/fastq_parser.h"
#include "genomics/letter_counts.h"
#include "tests/genomics/random_sam.h"
#include "tests/genomics/store_fixture.h"

namespace medarc::genomics {
namespace {

namespace json = boost::json;

// Module name to rows, each column name to value.
using Rows = std::vector<std::map<std::string, std::string>>;
std::map<std::string, Rows> fastqc_data(const std::string& text) {
  std::map<std::string, Rows> out;
  std::stringstream in(text);
  std::string module;
  std::vector<std::string> columns;
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> fields;
    std::stringstream split(line);
    for (std::string field; std::getline(split, field, '\t');) fields.push_back(field);
    if (line.starts_with(">>")) {
      module = line == ">>END_MODULE" ? "" : fields[0].substr(2);
      if (!module.empty()) out[module];
    } else if (line.starts_with("#")) {
      columns = fields;
      columns[0].erase(0, 1);
      if (columns[0] == "Total Deduplicated Percentage") {
        out[module].push_back({{columns[0], columns[1]}});
      }
    } else if (!module.empty()) {
      std::map<std::string, std::string> row;
      for (size_t i = 0; i < fields.size(); ++i) row[columns.at(i)] = fields[i];
      out[module].push_back(row);
    }
  }
  return out;
}

void expect_value(const json::value& ours, const std::string& theirs, const std::string& what) {
  if (ours.is_string()) {
    EXPECT_EQ(std::string(ours.as_string()), theirs) << what;
  } else if (ours.is_null()) {
    EXPECT_EQ(theirs, "NaN") << what;
  } else {
    const double wanted = std::stod(theirs);
    EXPECT_NEAR(ours.to_number<double>(), wanted, 1e-6 * std::max(1.0, std::abs(wanted))) << what;
  }
}

void expect_rows(const json::array& ours, const Rows& theirs, const std::string& module) {
  ASSERT_EQ(ours.size(), theirs.size()) << module << json::serialize(ours);
  for (size_t i = 0; i < theirs.size(); ++i) {
    for (const auto& [column, value] : theirs[i]) {
      if (column == "Possible Source") continue;
      ASSERT_TRUE(ours[i].as_object().contains(column)) << module << ": " << column;
      expect_value(ours[i].at(column), value, module + " row " + std::to_string(i) + " " + column);
    }
  }
}

void expect_equal(const json::object& ours, const std::map<std::string, Rows>& theirs) {
  for (const auto& row : theirs.at("Basic Statistics")) {
    const auto* held = ours.at("Basic Statistics").as_object().if_contains(row.at("Measure"));
    if (held != nullptr) expect_value(*held, row.at("Value"), row.at("Measure"));
  }
  EXPECT_EQ(ours.at("Basic Statistics").as_object().size(), 5u);
  for (const char* module :
       {"Per base sequence quality", "Per sequence quality scores", "Per base sequence content",
        "Per sequence GC content", "Per base N content", "Sequence Length Distribution",
        "Overrepresented sequences", "Adapter Content"}) {
    expect_rows(ours.at(module).as_array(), theirs.at(module), module);
  }
  const Rows& levels = theirs.at("Sequence Duplication Levels");
  const auto& own = ours.at("Sequence Duplication Levels").as_object();
  expect_value(own.at("Total Deduplicated Percentage"),
               levels.at(0).at("Total Deduplicated Percentage"), "deduplicated");
  expect_rows(own.at("levels").as_array(), Rows(levels.begin() + 1, levels.end()), "levels");
}

// Reads of several lengths, some repeated, some running into an adapter, some with N and small
// letters.
std::string reads(uint64_t seed, size_t records, size_t bases, int offset) {
  std::mt19937_64 random(seed);
  const std::string often = test::random_letters(random, bases);
  std::string out;
  for (size_t i = 0; i < records; ++i) {
    std::string letters =
        test::random_letters(random, bases - (random() % 3 == 0 ? random() % (bases / 2) : 0),
                             i % 7 == 0 ? "ACGTN" : "ACGTacgtGG");
    if (i % 20 == 3) letters = often;
    if (i % 30 == 4) letters = test::random_letters(random, bases - 13).replace(5, 3, "GGG");
    if (i % 11 == 0)
      letters = letters.substr(0, 10) + "AGATCGGAAGAG" +
                letters.substr(std::min<size_t>(22, letters.size()));
    if (i % 50 == 0) letters += "CTGTCTCTTATA";
    std::string characters;
    for (size_t b = 0; b < letters.size(); ++b) {
      characters += static_cast<char>(offset + 2 + static_cast<int>(random() % (b < 20 ? 39 : 30)));
    }
    out += "@q" + std::to_string(i) + "\n" + letters + "\n+\n" + characters + "\n";
  }
  return out;
}

json::object modules_of(const std::string& text) {
  FastqModules modules;
  FastqParser parser(Limits{}, [&](const FastqRead& read) {
    modules.add(read.sequence, read.qualities);
    return Status();
  });
  must(parser.feed(text));
  must(parser.finish());
  return json::parse(modules.modules()).as_object();
}

TEST(FastqModuleNumbers, EqualFastqc) {
  if (!test::runs_well({"fastqc", "--version"})) GTEST_SKIP() << "fastqc is not installed";
  const test::TempDir dir;
  const std::map<std::string, std::string> files = {{"short", reads(1, 1'100, 70, 33)},
                                                    {"long", reads(2, 1'100, 301, 33)},
                                                    {"old", reads(3, 1'100, 120, 64)}};
  std::vector<std::string> words = {"fastqc", "-q", "--extract", "-o", dir / "."};
  for (const auto& [name, text] : files) {
    test::write_file(dir / (name + ".fastq"), text);
    words.push_back(dir / (name + ".fastq"));
  }
  test::run_tool(words);
  for (const auto& [name, text] : files) {
    SCOPED_TRACE(name);
    expect_equal(modules_of(text),
                 fastqc_data(test::read_file(dir / (name + "_fastqc/fastqc_data.txt"))));
  }
}

TEST(FastqModuleNumbers, AreThoseOfAFewReads) {
  const json::object m = modules_of("@a\nACGT\n+\nIIII\n@b\nACGT\n+\n!!!!\n@c\nNC\n+\n5I\n");
  EXPECT_EQ(
      json::serialize(m.at("Basic Statistics")),
      R"({"Encoding":"Sanger / Illumina 1.9","Total Sequences":3,"Sequences flagged as poor quality":0,)"
      R"("Sequence length":"2-4","%GC":55})");
  EXPECT_EQ(json::serialize(m.at("Per base sequence quality").at(0)),
            R"({"Base":"1","Mean":20,"Median":null,"Lower Quartile":null,"Upper Quartile":null,)"
            R"("10th Percentile":null,"90th Percentile":null})");
  EXPECT_EQ(m.at("Per sequence quality scores").as_array().size(), 41u) << "0 to 40";
  EXPECT_EQ(json::serialize(m.at("Per base sequence content").at(1)),
            R"({"Base":"2","G":0,"A":0,"T":0,"C":100})");
  EXPECT_NEAR(m.at("Per base N content").at(0).at("N-Count").to_number<double>(), 33.333, 0.001);
  EXPECT_NEAR(
      m.at("Sequence Duplication Levels").at("Total Deduplicated Percentage").to_number<double>(),
      66.667, 0.001);
  EXPECT_EQ(m.at("Overrepresented sequences").at(0).at("Sequence").as_string(), "ACGT");
  EXPECT_TRUE(m.at("Adapter Content").as_array().empty());
}

TEST(FastqModuleNumbers, LongReadsAreCountedInClassesAndEveryReadOnce) {
  std::string text;
  for (const size_t bases : {300u, 600u, 5'000u, 70'000u}) {
    text += "@r\n" + std::string(bases, 'G') + "\n+\n" + std::string(bases, '5') + "\n";
  }
  const json::object m = modules_of(text);
  const auto& quality = m.at("Per base sequence quality").as_array();
  EXPECT_LT(quality.size(), 600u);
  for (const json::value& row : quality) EXPECT_EQ(row.at("Mean").to_number<double>(), 20);
  EXPECT_TRUE(std::string(quality.back().at("Base").as_string()).ends_with("-70000"));
  int64_t reads_count = 0;
  for (const json::value& row : m.at("Sequence Length Distribution").as_array())
    reads_count += row.at("Count").as_int64();
  EXPECT_EQ(reads_count, 4);
  double spread = 0;
  for (const json::value& row : m.at("Per sequence GC content").as_array())
    spread += row.at("Count").to_number<double>();
  EXPECT_NEAR(spread, 1.0 / 3 + 1.0 / 4 + 1.0 / 26 + 1, 1e-6)
      << "shared by the counts that may be 100 %";
}

TEST(FastqModuleNumbers, GroupsCoverEveryPositionOnceAndStayFew) {
  for (const uint64_t longest : {1u, 9u, 10u, 75u, 76u, 150u, 151u, 301u, 512u, 5'000u, 100'000u}) {
    const auto groups = base_groups(longest);
    EXPECT_LE(groups.size(), 75u);
    uint64_t next = 1;
    for (const BaseGroup& g : groups) {
      EXPECT_EQ(g.first, next);
      next = g.last + 1;
    }
    EXPECT_EQ(next, longest + 1);
  }
  EXPECT_EQ(base_groups(151).at(9).label(), "10-14");
  EXPECT_TRUE(base_groups(0).empty());
}

TEST(FastqModuleNumbers, AnAdapterIsFoundWhereverItFirstBegins) {
  std::mt19937 random(5);
  for (size_t length = kAdapterBases; length <= 40; ++length) {
    for (size_t at = 0; at + kAdapterBases <= length; ++at) {
      const size_t which = random() % kAdapters.size();
      std::string read(length, 'A');
      for (char& c : read) c = "ACGTN"[random() % 5];
      read.replace(at, kAdapterBases, kAdapters[which].sequence);
      AdapterContent content;
      content.add(read);
      for (size_t i = 0; i < kAdapters.size(); ++i) {
        const size_t begin = read.find(kAdapters[i].sequence);
        for (size_t position = 1; position <= length; ++position) {
          EXPECT_EQ(content.percent(i, position), position > begin ? 100 : 0) << read;
        }
      }
    }
  }
}

TEST(FastqModuleNumbers, ACycleCountsMoreReadsThanFitItsSmallCounter) {
  constexpr uint64_t kReads = 3 * 65'536 + 7;
  const std::string qualities(600, 'I');  // the last 88 share rows
  CycleQualities counts;
  for (uint64_t i = 0; i < kReads; ++i) counts.add(qualities, i % 2 == 0, 33);
  EXPECT_EQ(counts.sum(), kReads * 600 * 40);
  EXPECT_EQ(counts.count(0, 40), kReads);
  EXPECT_EQ(counts.count(511, 40), kReads);
  EXPECT_EQ(counts.count(512, 40), kReads * 32);
}

TEST(FastqModuleNumbers, LettersAreCountedWhateverStandsBesideThem) {
  std::mt19937 random(6);
  for (size_t length = 0; length < 800; length += 1 + random() % 7) {
    std::string text(length, ' ');
    for (char& c : text)
      c = random() % 2 == 0 ? "ACGTUNacgtun"[random() % 12] : static_cast<char>(random());
    const auto count = [&](std::string_view of) {
      return static_cast<uint64_t>(std::count_if(
          text.begin(), text.end(), [&](char c) { return of.find(c) != std::string_view::npos; }));
    };
    const LetterCounts counts = letter_counts(text);
    EXPECT_EQ(counts.at, count("ATUatu"));
    EXPECT_EQ(counts.gc, count("CGcg"));
    EXPECT_EQ(counts.n, count("Nn"));
  }
}

// More different reads than are followed: what is found is scaled to the whole.
TEST(FastqModuleNumbers, RepeatsBehindTheLimitAreEstimated) {
  SequenceRepeats repeats;
  std::mt19937_64 random(5);
  for (size_t i = 0; i < 150'000; ++i) {
    const std::string one = test::random_letters(random, 20);
    repeats.add(one);
    repeats.add(one);
  }
  const auto levels = repeats.levels();
  EXPECT_NEAR(levels.remaining_percent, 50, 0.5);
  EXPECT_GT(levels.total[1], 99);
  EXPECT_TRUE(repeats.overrepresented().empty());
}

class FastqPairs : public StoreTest {
 protected:
  static std::string fastq(size_t records, const std::string& number, uint64_t seed,
                           size_t odd_one = SIZE_MAX) {
    std::mt19937_64 random(seed);
    std::string out;
    for (size_t i = 0; i < records; ++i) {
      out += "@run:" + std::to_string(i == odd_one ? 999'999 : i) + number + "\n" +
             test::random_letters(random, 50) + "\n+\n" + std::string(50, 'F') + "\n";
    }
    return out;
  }
  std::string refusal(const std::string& bytes, const std::string& mate) {
    const auto done = upload(bytes, {.id = "second", .mate = mate});
    EXPECT_TRUE(done.has_error());
    EXPECT_FALSE(must(index_->view()->file(FileId("second"))))
        << "nothing stays of what is refused";
    return done.has_error() ? done.error().text : "";
  }
};

TEST_F(FastqPairs, MatesAgreeRecordByRecordInEveryWrapping) {
  const std::string first = fastq(3'000, " 1:N:0:AC", 1), second = fastq(3'000, " 2:N:0:AC", 2);
  int n = 0;
  for (const std::string& stored : {first, test::gzip(first, 3), test::bgzip(first)}) {
    const std::string id = "first" + std::to_string(n++);
    must(upload(stored, {.id = id}));
    const FileRow row = must(upload(test::gzip(second), {.mate = id})).file;
    EXPECT_EQ(json::parse(row.statistics_json).at("mate").as_string(), id);
    const FileRow mate = *must(index_->view()->file(FileId(id)));
    EXPECT_EQ(json::parse(mate.statistics_json).at("mate").as_string(), row.id.value);
    EXPECT_EQ(json::parse(mate.statistics_json).at("readNumber").as_int64(), 1);
  }
}

TEST_F(FastqPairs, APairThatCameApartIsRefusedAtItsRecord) {
  must(upload(test::gzip(fastq(2'000, "/1", 1)), {.id = "first"}));
  EXPECT_NE(
      refusal(fastq(2'000, "/2", 2, 1'234), "first").find("record 1235: its mate has another name"),
      std::string::npos);
  EXPECT_NE(refusal(fastq(2'001, "/2", 2), "first").find("record 2001: its mate is missing"),
            std::string::npos);
  EXPECT_NE(refusal(fastq(1'999, "/2", 2), "first").find("record 2000: it is missing"),
            std::string::npos);
  EXPECT_NE(refusal(fastq(2'000, "/1", 2), "first").find("record 1: it and its mate both say"),
            std::string::npos);
  EXPECT_NE(refusal(fastq(5, "/2", 2), "nobody").find("mate"), std::string::npos);
  must(upload(test::make_bam({.records = 5}).bytes, {.id = "bam"}));
  EXPECT_NE(refusal(fastq(5, "/2", 2), "bam").find("only FASTQ"), std::string::npos);
  EXPECT_NE(refusal(test::make_bam({.records = 5}).bytes, "first").find("only FASTQ"),
            std::string::npos);
}

TEST(ReadNames, EndAtTheFirstBlankAndLoseTheirNumber) {
  const auto is = [](std::string_view line, std::string_view name, int number) {
    const ReadName r = read_name(line);
    return r.name == name && r.number == number;
  };
  EXPECT_TRUE(is("r1/1", "r1", 1));
  EXPECT_TRUE(is("r1/2 text", "r1", 2));
  EXPECT_TRUE(is("r1 2:N:0:ACGT", "r1", 2));
  EXPECT_TRUE(is("r1\t1:Y:18:1", "r1", 1));
  EXPECT_TRUE(is("r1/3", "r1/3", 0));
  EXPECT_TRUE(is("r1 length=5", "r1", 0));
  EXPECT_TRUE(is("/1", "/1", 0));
}

}  // namespace
}  // namespace medarc::genomics
