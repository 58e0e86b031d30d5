// BED files for tests, made without any of the code under test.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace medarc::test {

struct BedOptions {
  uint64_t seed = 1;
  uint32_t records = 2000;
  std::vector<std::pair<std::string, uint32_t>> contigs = {
      {"chr1", 200'000}, {"chr2", 80'000}, {"HLA:DRB1*1", 5'000}};
  uint32_t columns = 6;           // 3 to 6, 9 or 12
  std::string head = "#made\n";   // before the first record
  uint32_t long_every = 100;      // every n-th record is 20,000 bases longer; 0: none
  uint32_t insertion_every = 50;  // every n-th has no bases
  uint32_t name_bytes = 0;        // more of each name: longer lines
  bool sorted = true;
  std::string separator = "\t", line_end = "\n";
};

std::string make_bed(const BedOptions& options = {});

}  // namespace medarc::test
