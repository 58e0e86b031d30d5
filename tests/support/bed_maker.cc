#include "tests/support/bed_maker.h"

#include <algorithm>
#include <random>

namespace medarc::test {
namespace {

struct Line {
  size_t contig;
  uint32_t begin, end;
};

// Two blocks, the first and the last third.
std::string blocks(const Line& line, const std::string& tab) {
  const uint32_t bases = line.end - line.begin, third = bases / 3;
  if (third == 0) return "1" + tab + std::to_string(bases) + "," + tab + "0,";
  return "2" + tab + std::to_string(third) + "," + std::to_string(third) + "," + tab + "0," +
         std::to_string(bases - third) + ",";
}

}  // namespace

std::string make_bed(const BedOptions& o) {
  std::mt19937_64 random(o.seed);
  std::vector<Line> lines;
  for (uint32_t i = 1; i <= o.records; ++i) {
    const size_t contig = random() % o.contigs.size();
    // Odd: tabix 1.16 does not find records without bases at the first base of a window.
    const auto begin = static_cast<uint32_t>(random() % (o.contigs[contig].second - 300)) | 1;
    uint32_t bases = 1 + static_cast<uint32_t>(random() % 250);
    if (o.long_every > 0 && i % o.long_every == 0) bases += 20'000;
    if (o.insertion_every > 0 && i % o.insertion_every == 0) bases = 0;
    lines.push_back({contig, begin, begin + bases});
  }
  if (o.sorted) {
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
      return a.contig != b.contig ? a.contig < b.contig : a.begin < b.begin;
    });
  }
  std::string out = o.head;
  uint32_t number = 0;
  for (const Line& line : lines) {
    const std::string begin = std::to_string(line.begin), end = std::to_string(line.end);
    const std::string fields[] = {o.contigs[line.contig].first,
                                  begin,
                                  end,
                                  "f" + std::to_string(++number) + std::string(o.name_bytes, 'n'),
                                  std::to_string(random() % 1001),
                                  std::string(1, "+-."[random() % 3]),
                                  begin,
                                  end,
                                  random() % 2 == 0 ? "0" : "255,0,17"};
    for (uint32_t i = 0; i < std::min(o.columns, 9u); ++i) {
      out += (i > 0 ? o.separator : "") + fields[i];
    }
    if (o.columns == 12) out += o.separator + blocks(line, o.separator);
    out += o.line_end;
  }
  return out;
}

}  // namespace medarc::test
