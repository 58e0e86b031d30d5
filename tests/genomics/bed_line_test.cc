// Lines of BED files: cut, refused, and held against the standard.
#include "genomics/bed_line.h"

#include <gtest/gtest.h>

#include "genomics/bed_columns.h"
#include "genomics/bed_sniff.h"

namespace medarc::genomics {
namespace {

std::string refusal(ByteView line) {
  const auto columns = split_bed_line(line);
  return columns.has_error() ? columns.error().text : "";
}

// "9", or "4: its score …"; "!…": refused.
std::string standard(const std::string& line) {
  const auto columns = split_bed_line(line);
  if (columns.has_error()) return "!" + columns.error().text;
  const auto found = standard_of_bed(*columns);
  if (found.has_error()) return "!" + found.error().text;
  std::string out = std::to_string(found->columns);
  if (found->departs != nullptr) out += std::string(": ") + found->departs;
  return out;
}

TEST(BedLine, IsCutAtTabsOrWithoutThemAtBlanks) {
  for (const char* line : {"chr1\t5\t9\ta b\t\tx\n", "chr1\t5\t9\ta b\t\tx\r\n"}) {
    const auto c = split_bed_line(line);
    ASSERT_TRUE(c.has_value()) << c.error().text;
    EXPECT_EQ(c->contig, "chr1");
    EXPECT_EQ(c->begin, 5u);
    EXPECT_EQ(c->end, 9u);
    EXPECT_EQ(c->more, "a b\t\tx");
    EXPECT_EQ(c->columns, 6u);
    EXPECT_TRUE(c->tabs);
  }
  const auto blanks = split_bed_line("  chr1  5 9   a b  ");
  ASSERT_TRUE(blanks.has_value()) << blanks.error().text;
  EXPECT_EQ(blanks->columns, 5u);
  EXPECT_FALSE(blanks->tabs);
  EXPECT_EQ(split_bed_line("chr1\t5\t9")->columns, 3u);
  EXPECT_EQ(split_bed_line("chr1\t5\t9\t")->columns, 4u) << "the fourth is empty";
  EXPECT_EQ(split_bed_line("chr1\t0\t2147483647")->end, 2'147'483'647u);
}

TEST(BedLine, WhatCannotBeIsSaid) {
  EXPECT_EQ(refusal("chr1"), "it has 1 column, a BED record has 3 at least");
  EXPECT_EQ(refusal("chr1\t5"), "it has 2 columns, a BED record has 3 at least");
  EXPECT_EQ(refusal("\t5\t9"), "its chromosome is no name");
  EXPECT_EQ(refusal("chr 1\t5\t9"), "its chromosome is no name");
  for (const char* start : {"", "-1", "x", "5.0", "+5", "2147483648", "99999999999999999999"}) {
    EXPECT_EQ(refusal("chr1\t" + std::string(start) + "\t9"),
              "its start is no number from 0 to 2147483647")
        << start;
    EXPECT_EQ(refusal("chr1\t5\t" + std::string(start)),
              "its end is no number from 0 to 2147483647")
        << start;
  }
  EXPECT_EQ(refusal("chr1\t5\t4"), "its end lies before its start");
  EXPECT_EQ(refusal("chr1\t5\t5"), "") << "between two bases";
  EXPECT_EQ(refusal(ByteView("chr1\t5\t9\ta\0b", 12)), "it holds a NUL");
}

TEST(BedLine, RecordsAreToldFromWhatStandsBetweenThem) {
  for (const char* other : {"", "\n", " \t\r\n", "#chr1\t5\t9", "track name=x", "track",
                            "track\r\n", "browser position chr7:1-2"}) {
    EXPECT_FALSE(is_bed_record(other)) << other;
  }
  for (const char* record : {"chr1\t5\t9", "tracks\t5\t9", "browser_1\t5\t9", " #\t5\t9"}) {
    EXPECT_TRUE(is_bed_record(record)) << record;
  }
  EXPECT_TRUE(is_bed_track("track type=bed\n"));
  EXPECT_FALSE(is_bed_track("browser hide all\n"));
}

TEST(BedLine, ColumnsOfTheStandardAreCounted) {
  EXPECT_EQ(standard("c\t1\t9"), "3");
  EXPECT_EQ(standard("c\t1\t9\tn"), "4");
  EXPECT_EQ(standard("c\t1\t9\t\t5"), "3: its name is empty");
  EXPECT_EQ(standard("c\t1\t9\tn\t1000"), "5");
  for (const char* score : {"1001", "0.5", "-1", ".", ""}) {
    EXPECT_TRUE(standard("c\t1\t9\tn\t" + std::string(score)).starts_with("4: its score")) << score;
  }
  EXPECT_EQ(standard("c\t1\t9\tn\t0\t."), "6");
  EXPECT_TRUE(standard("c\t1\t9\tn\t0\t*").starts_with("5: its strand"));
  EXPECT_EQ(standard("c\t1\t9\tn\t0\t+\t1"), "7");
  EXPECT_TRUE(standard("c\t1\t9\tn\t0\t+\t0").starts_with("6: its thickStart"));
  EXPECT_TRUE(standard("c\t1\t9\tn\t0\t+\t10").starts_with("6: its thickStart"));
  EXPECT_EQ(standard("c\t1\t9\tn\t0\t+\t1\t9"), "8");
  EXPECT_TRUE(standard("c\t1\t9\tn\t0\t+\t5\t4").starts_with("7: its thickEnd"));
  EXPECT_TRUE(standard("c\t1\t9\tn\t0\t+\t5\t10").starts_with("7: its thickEnd"));
  EXPECT_EQ(standard("c\t1\t9\tn\t0\t+\t1\t9\t0"), "9");
  EXPECT_EQ(standard("c\t1\t9\tn\t0\t+\t1\t9\t1,2,255\tx\ty"), "9");
  for (const char* color : {"1", "1,2", "1,2,256", "1,2,3,", "1,,3", ""}) {
    EXPECT_TRUE(
        standard("c\t1\t9\tn\t0\t+\t1\t9\t" + std::string(color)).starts_with("8: its item"))
        << color;
  }
  // Columns of its own behind any of them.
  EXPECT_EQ(standard("c 1 9 n 0 + 5.5 1e-3 2 4"), "6: its thickStart is no position of it");
}

TEST(BedLine, BlocksThatContradictThemselvesAreRefused) {
  const std::string nine = "chr22\t1000\t5000\tcloneA\t960\t+\t1000\t5000\t0\t";
  EXPECT_EQ(standard(nine + "2\t567,488,\t0,3512"), "12");
  EXPECT_EQ(standard(nine + "1\t4000\t0"), "12");
  EXPECT_EQ(standard(nine + "2\t567,488\t0,3512,\tmore"), "12");
  EXPECT_EQ(standard(nine + "0\t567,488\t0,3512"), "!its blockCount is no number of blocks");
  EXPECT_EQ(standard(nine + "x\t567,488\t0,3512"), "!its blockCount is no number of blocks");
  EXPECT_EQ(standard(nine + "3\t567,488\t0,3512"),
            "!its blockSizes are fewer than its blockCount, or no numbers");
  EXPECT_EQ(standard(nine + "2\t567,488\t0,"),
            "!its blockStarts are fewer than its blockCount, or no numbers");
  EXPECT_EQ(standard(nine + "2\t567,488,1\t0,3512"),
            "!its blockSizes are more than its blockCount");
  EXPECT_EQ(standard(nine + "2\t567,488,\t0,3512,4000"),
            "!its blockStarts are more than its blockCount");
  EXPECT_EQ(standard(nine + "2\t567,488,\t1,3512,"),
            "!its first block does not begin where it begins");
  EXPECT_EQ(standard(nine + "2\t567,3488,\t0,512,"), "!its blocks overlap or are out of order");
  EXPECT_EQ(standard(nine + "2\t567,489,\t0,3512,"), "!a block of it ends behind its end");
  EXPECT_EQ(standard(nine + "2\t567,487,\t0,3512,"), "!its last block does not end where it ends");
  // bedMethyl and others have numbers of their own here.
  EXPECT_EQ(standard(nine + "30\t85.5\t4"),
            "9: its blockSizes are fewer than its blockCount, or no numbers");
}

TEST(BedLine, LinesThatAreNoRecordsGoWithOneThatIs) {
  const std::string one = "c\t1\t2\n", more = "#x\n\nc\t3\t4\n", last = "c\t5\t6\n \n#end";
  const std::string plain = one + more + last;
  EXPECT_EQ(bed_record_bytes(plain), one.size());
  EXPECT_EQ(bed_record_bytes(more + last), more.size());
  EXPECT_EQ(bed_record_bytes(last), last.size());
  EXPECT_EQ(bed_line_of(more), "c\t3\t4\n");
  EXPECT_EQ(bed_line_of("#x\n"), "");
}

TEST(BedSniff, ItIsToldByItsFirstRecord) {
  for (const char* bed :
       {"chr1\t5\t9\n", "chr1 5 9\n", "1\t5\t5\tx", "#c\n#d\nchr1\t5\t9\n", "\n \nchr1\t5\t9\n",
        "track name=a\nbrowser position chr7:1-2\nchr1\t5\t9\n", "##gff\nchr1\t5\t9\n",
        "chr1\t5\t9\r\nrubbish\n", "chr1\t0\t100\t0.5\n"}) {
    EXPECT_EQ(look_for_bed(bed, true), BedLook::bed) << bed;
  }
  for (const char* other :
       {"", "hello", "hello world\n", "#only\n", "track name=x\n", "chr1\t5\n", "chr1\t9\t5\n",
        "chr1\tx\t5\n", "chr1\t5\t.\tA\tT\t.\t.\t.\n", "#CHROM\tPOS\tID\tREF\n1\t5\t7\tA\n",
        "1\thavana\tgene\t5\t9\n", "##gff-version 3\n1\t.\tgene\t5\t9\n",
        "track type=wiggle_0\nfixedStep chrom=chr1 start=5\n", "chr1\t248956422\t112\t70\t71\n",
        "#x\n>chr1\t5\t9\n", "#x\n@chr1\t5\t9\n", "contig,start,end\nchr1,5,9\n",
        "sample\tcount\trate\na\t1\t2\n", "chain 4900 chrY 58368225 + 25985403\n"}) {
    EXPECT_EQ(look_for_bed(other, true), BedLook::other) << other;
  }
  const std::string sam = "read1\t16\t22\t1000\t60\t100M\t=\t1200\t300\tACGT\tIIII\n";
  EXPECT_EQ(look_for_bed(sam, true), BedLook::sam);
  EXPECT_EQ(look_for_bed("chr1\t16\t22\t1000\t60\t100\t=\t1200\t300\tACGT\tIIII\n", true),
            BedLook::bed);
}

TEST(BedSniff, MoreIsAskedForUntilItIsClear) {
  for (const char* start : {"", "#comment", "#a\n#b\n", "tra", "track", "chr1", "chr1\t5",
                            "chr1\t5\t9", "chr1\t5\t9\tname", "chr1 5 "}) {
    EXPECT_EQ(look_for_bed(start, false), BedLook::more) << start;
  }
  EXPECT_EQ(look_for_bed("chr1\tx\t", false), BedLook::other);
  EXPECT_EQ(look_for_bed("hello world and", false), BedLook::other);
  EXPECT_EQ(look_for_bed(std::string(5000, 'x'), false), BedLook::other);
  EXPECT_EQ(look_for_bed(std::string("a\0b", 3), false), BedLook::other);
}

}  // namespace
}  // namespace medarc::genomics
