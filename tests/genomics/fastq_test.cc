#include "genomics/fastq_parser.h"

#include "tests/genomics/store_fixture.h"

namespace medarc::genomics {
namespace {

FastqCounts counts_of(const std::string& text, size_t step = 1000) {
  FastqParser parser{Limits{}};
  for (size_t at = 0; at < text.size(); at += step) must(parser.feed(ByteView(text).substr(at, step)));
  must(parser.finish());
  return parser.counts();
}

std::string refusal_of(const std::string& text) {
  FastqParser parser{Limits{}};
  Status done = parser.feed(text);
  if (done.has_value()) done = parser.finish();
  EXPECT_TRUE(done.has_error()) << text;
  return done.has_error() ? done.error().text : "";
}

TEST(Fastq, CountsAreThoseOfTheText) {
  const FastqCounts c = counts_of("@a\nACGT\n+\nIIII\n@b\nGGNNN\n+b\n!!#%J\n");
  EXPECT_EQ(c.records, 2u);
  EXPECT_EQ(c.bases, 9u);
  EXPECT_EQ(c.length_min, 4u);
  EXPECT_EQ(c.length_max, 5u);
  EXPECT_EQ(c.gc, 4u);
  EXPECT_EQ(c.acgt, 6u);
  EXPECT_EQ(c.quality_min, '!');
  EXPECT_EQ(c.quality_max, 'J');
  EXPECT_EQ(c.json(),
            R"({"records":2,"bases":9,"readLength":{"min":4,"max":5,"mean":4.50},"gcPercent":66.67,)"
            R"("qualityCharacters":{"min":33,"max":74},"phredOffset":33,"quality":{"min":0,"max":41}})");
}

TEST(Fastq, AnySplitAndBothLineEndsGiveTheSameCounts) {
  const std::string text = test::make_fastq({.records = 300});
  const std::string expected = counts_of(text).json();
  for (const size_t step : {1u, 2u, 3u, 64u, 1'000'000u}) EXPECT_EQ(counts_of(text, step).json(), expected);
  EXPECT_EQ(counts_of(test::make_fastq({.records = 300, .crlf = true}), 5).json(), expected);
  EXPECT_EQ(counts_of(text.substr(0, text.size() - 1)).json(), expected) << "no last line end";
  EXPECT_EQ(counts_of(text + "\n\n").json(), expected) << "empty lines at the end";
}

TEST(Fastq, ThePhredOffsetIsDetectedOrUndecidable) {
  EXPECT_EQ(counts_of(test::make_fastq({.quality_min = 2, .quality_max = 40})).phred_offset(), 33);
  EXPECT_EQ(counts_of(test::make_fastq({.phred_offset = 64, .quality_min = 2, .quality_max = 40})).phred_offset(), 64);
  EXPECT_EQ(counts_of(test::make_fastq({.quality_min = 30, .quality_max = 40})).phred_offset(), 0);
  EXPECT_EQ(counts_of(test::make_fastq({.quality_min = 30, .quality_max = 90})).phred_offset(), 33) << "consensus reads";
}

TEST(Fastq, RefusalsNameTheRecordAndTheReason) {
  const std::string good = "@a\nAC\n+\nII\n";
  EXPECT_NE(refusal_of(good + "@b\nACG\n+\nII\n").find("record 2: SEQ and QUAL"), std::string::npos);
  EXPECT_NE(refusal_of(good + "b\nAC\n+\nII\n").find("record 2: it does not start with @"), std::string::npos);
  EXPECT_NE(refusal_of(good + "@b\nAC\nII\n").find("third line"), std::string::npos);
  EXPECT_NE(refusal_of(good + "@b\nA C\n+\nIII\n").find("no base"), std::string::npos);
  EXPECT_NE(refusal_of(good + "@b\nAC\n+\nI\x01\n").find("not printable"), std::string::npos);
  EXPECT_NE(refusal_of(good + "@b\nAC\n+\n").find("record 2: the file ends"), std::string::npos);
  EXPECT_NE(refusal_of(good + "\n" + good).find("empty line"), std::string::npos);
  EXPECT_NE(refusal_of("").find("no record"), std::string::npos);
}

TEST(Fastq, ALineOverItsLimitIsRefused) {
  Limits limits;
  limits.line_bytes_max = 1024;
  FastqParser parser{limits};
  must(parser.feed("@a\n" + std::string(1024, 'A')));
  const Status over = parser.feed("A");
  ASSERT_TRUE(over.has_error());
  EXPECT_EQ(over.error().code, Code::too_large);
}

class FastqStore : public StoreTest {};

TEST_F(FastqStore, EveryWrappingIsStoredAsItCameAndCountedTheSame) {
  const std::string text = test::make_fastq({.records = 20'000});
  std::vector<std::string> statistics;
  for (const std::string& bytes : {text, test::gzip(text), test::gzip(text, 3), test::bgzip(text)}) {
    const UploadResult done = must(upload(bytes, {.sample = "S9"}, 70'001));
    EXPECT_EQ(done.file.format, "fastq");
    EXPECT_EQ(done.file.bytes, bytes.size());
    EXPECT_EQ(done.file.samples, std::vector<std::string>{"S9"});
    EXPECT_EQ(content(done.file), bytes);
    statistics.push_back(done.file.statistics_json);
  }
  EXPECT_EQ(std::count(statistics.begin(), statistics.end(), statistics[0]), 4);
}

TEST_F(FastqStore, ATruncatedGzipIsRefusedWithItsRecordNumber) {
  const std::string text = test::make_fastq({.records = 5'000});
  for (const std::string& bytes : {test::gzip(text), test::gzip(text, 3), test::bgzip(text)}) {
    const auto refused = upload(bytes.substr(0, bytes.size() * 2 / 3));
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
    EXPECT_NE(refused.error().text.find("record "), std::string::npos) << refused.error().text;
    EXPECT_NE(refused.error().text.find("truncated"), std::string::npos) << refused.error().text;
  }
  EXPECT_EQ(must(index_->stats()).files, 0u);
}

}  // namespace
}  // namespace medarc::genomics
