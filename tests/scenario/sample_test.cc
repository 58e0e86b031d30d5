// The sample patient's files are what they say they are, judged by other people's programs.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/scenario/clients.h"
#include "tools/sample/patient.h"

namespace medarc::test {
namespace {

tools::sample::SampleOptions small() {
  tools::sample::SampleOptions options;
  options.slices_count = 2;
  options.size = 64;
  options.frames_count = 2;
  options.pairs_count = 2000;
  return options;
}

TEST(Sample, TheSameOptionsGiveTheSameBytes) {
  TempDir a, b;
  const auto first = tools::sample::write_sample(a.path(), small(), nullptr);
  const auto second = tools::sample::write_sample(b.path(), small(), nullptr);
  ASSERT_TRUE(first.has_value() && second.has_value());
  ASSERT_EQ(first->files.size(), second->files.size());
  for (size_t i = 0; i < first->files.size(); ++i) {
    EXPECT_EQ(first->files[i].sha256, second->files[i].sha256) << first->files[i].path;
  }
}

TEST(Sample, SamtoolsReadsTheGenome) {
  TempDir dir;
  ASSERT_TRUE(tools::sample::write_sample(dir.path(), small(), nullptr).has_value());
  const std::string bam = dir / "genome/reads.bam";
  EXPECT_EQ(run_command({"samtools", "quickcheck", bam}).exit_code, 0);
  EXPECT_EQ(run_command({"samtools", "index", bam}).exit_code, 0) << "not sorted by coordinate";
  EXPECT_EQ(run_command({"samtools", "view", "-c", bam}).out, "4000\n");
  EXPECT_NE(run_command({"samtools", "view", "-H", bam}).out.find("SM:MED-0001"), std::string::npos);
  // The FASTQ pair holds the same reads: what samtools makes of the BAM, by name.
  const auto remade = run_command({"sh", "-c",
                                   "samtools collate -O -u '" + bam + "' " + (dir / "c") +
                                       " | samtools fastq -N -1 '" + (dir / "1.fq") + "' -2 '" +
                                       (dir / "2.fq") + "' -0 /dev/null -s /dev/null - 2>/dev/null; "
                                       "paste - - - - <'" + (dir / "1.fq") + "' | sort | sha256sum; "
                                       "gzip -dc '" + (dir / "genome/reads_R1.fastq.gz") +
                                       "' | paste - - - - | sort | sha256sum"});
  ASSERT_EQ(remade.exit_code, 0);
  const size_t newline = remade.out.find('\n');
  EXPECT_EQ(remade.out.substr(0, newline), remade.out.substr(newline + 1, newline));
}

TEST(Sample, DcmtkReadsTheImages) {
  TempDir dir;
  ASSERT_TRUE(tools::sample::write_sample(dir.path(), small(), nullptr).has_value());
  const auto dump = run_command({"dcmdump", "-q", dir / "ct/001.dcm"});
  EXPECT_EQ(dump.exit_code, 0) << dump.err;
  EXPECT_NE(dump.out.find("Ahlgren^Signe"), std::string::npos);
  EXPECT_TRUE(dump.err.empty()) << dump.err;
  const auto cine = run_command({"dcmdump", "-q", "+P", "0028,0008", dir / "cine/001.dcm"});
  EXPECT_NE(cine.out.find("[2]"), std::string::npos) << cine.out;
}

}  // namespace
}  // namespace medarc::test
