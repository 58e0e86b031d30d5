// VCF files for tests, made without any of the code under test: every kind of allele, INFO/END that
// reaches far, contigs in another order than declared or not declared at all.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace medarc::test {

struct VcfOptions {
  uint64_t seed = 1;
  uint32_t records = 2000;
  std::vector<std::pair<std::string, uint32_t>> contigs = {
      {"chr1", 200'000}, {"chr2", 80'000}, {"HLA:DRB1*1", 5'000}};
  bool declare_contigs = true;     // ##contig lines
  bool declare_lengths = true;     // with their lengths
  bool declare_end = true;         // ##INFO for END
  bool contigs_backwards = false;  // records of the last one come first
  std::vector<std::string> samples = {"S1", "S2"};
  uint32_t long_end_every = 100;  // every n-th record has an END 20,000 bases on
  uint32_t info_bytes = 0;        // of a text in each INFO: longer lines
  bool sorted = true;
  std::string line_end = "\n";
};

std::string make_vcf(const VcfOptions& options = {});

// In blocks that end with lines, as bcftools writes them; bgzip() cuts anywhere.
std::string bgzip_lines(const std::string& text, uint32_t block_plain_bytes = 65'280);

// `bcftools view` into BCF; needs a directory for files in between.
std::string to_bcf(const std::string& vcf, const std::string& directory);

}  // namespace medarc::test
