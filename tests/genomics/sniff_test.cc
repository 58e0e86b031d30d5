#include "genomics/sniff.h"

#include <gtest/gtest.h>

#include "tests/support/genome_maker.h"

namespace medarc::genomics {
namespace {

Format format_of(const std::string& bytes) {
  const auto found = sniff(bytes, true);
  EXPECT_TRUE(found.has_value()) << found.error().text;
  return **found;
}

std::string refusal_of(const std::string& bytes, Code code) {
  const auto found = sniff(bytes, true);
  EXPECT_TRUE(found.has_error());
  if (found.has_value()) return {};
  EXPECT_EQ(found.error().code, code) << found.error().text;
  return found.error().text;
}

TEST(Sniff, EveryFormIsKnownByItsContent) {
  const std::string fastq = test::make_fastq({});
  EXPECT_EQ(format_of(test::make_bam().bytes), Format::bam);
  EXPECT_EQ(format_of(fastq), Format::fastq);
  EXPECT_EQ(format_of(test::gzip(fastq)), Format::fastq_gzip);
  EXPECT_EQ(format_of(test::bgzip(fastq)), Format::fastq_bgzf);
  EXPECT_EQ(format_of("@r\nA\n+\nI\n"), Format::fastq);
  const std::string vcf = "##fileformat=VCFv4.3\n#CHROM\tPOS\n";
  EXPECT_EQ(format_of(vcf), Format::vcf);
  EXPECT_EQ(format_of(test::gzip(vcf)), Format::vcf_gzip);
  EXPECT_EQ(format_of(test::bgzip(vcf)), Format::vcf_bgzf);
  EXPECT_EQ(format_of(test::bgzip("BCF\2\2xxxx")), Format::bcf);
  EXPECT_EQ(format_of("CRAM\3\1xxxxxxxxxxxxxxxx"), Format::cram);
  EXPECT_EQ(format_of(">chr1\nACGT\n"), Format::fasta);
  EXPECT_EQ(format_of(test::gzip(">chr1\nACGT\n")), Format::fasta_gzip);
  EXPECT_EQ(format_of(test::bgzip(">chr1\nACGT\n")), Format::fasta_bgzf);
  const std::string bed = "# " + std::string(70'000, 'x') + "\ntrack name=a\nchr1\t5\t9\n";
  EXPECT_EQ(format_of(bed), Format::bed);
  EXPECT_EQ(format_of(test::gzip(bed)), Format::bed_gzip);
  EXPECT_EQ(format_of(test::bgzip(bed)), Format::bed_bgzf);
}

TEST(Sniff, OtherFormatsAreNamedInTheRefusal) {
  EXPECT_NE(refusal_of("BCF\2\2xxxx", Code::unsupported).find("without compression"),
            std::string::npos);
  EXPECT_NE(refusal_of("@HD\tVN:1.6\n", Code::unsupported).find("SAM"), std::string::npos);
  EXPECT_NE(refusal_of("crypt4gh\1\0\0\0", Code::unsupported).find("Crypt4GH"), std::string::npos);
  EXPECT_NE(refusal_of(std::string(128, '\0') + "DICM", Code::unsupported).find("DICOM"),
            std::string::npos);
  EXPECT_NE(refusal_of(std::string("BAM\1", 4), Code::unsupported).find("without compression"),
            std::string::npos);
  EXPECT_NE(refusal_of(test::gzip(std::string("BAM\1", 4)), Code::unsupported).find("plain gzip"),
            std::string::npos);
  EXPECT_NE(refusal_of("r\t16\t22\t1000\t60\t9M\t=\t1200\t300\tACGT\tIIII\n", Code::unsupported)
                .find("without a header"),
            std::string::npos);
  EXPECT_NE(refusal_of("##gff-version 3\n1\t5\t9\n", Code::unsupported).find("GFF"),
            std::string::npos);
  refusal_of("", Code::invalid_argument);
  refusal_of("hello", Code::invalid_argument);
  refusal_of("\x1f\x8b\x08 not really", Code::invalid_argument);
}

TEST(Sniff, MoreBytesAreAskedForUntilItIsClear) {
  const std::string bam = test::make_bam().bytes;
  for (size_t n = 0; n <= bam.size(); n += 97) {
    const auto found = sniff(ByteView(bam).substr(0, n), false);
    ASSERT_TRUE(found.has_value()) << n;
    if (*found) {
      EXPECT_EQ(**found, Format::bam);
    }
  }
  EXPECT_TRUE(sniff(bam, false)->has_value());
  const auto undecided = sniff(std::string(kSniffBytesMax, '\0'), false);
  EXPECT_TRUE(undecided.has_error()) << "at the bound it must be decided";
}

}  // namespace
}  // namespace medarc::genomics
