// SAM text for tests, turned into BAM by samtools: every flag, clip, tag and template length that
// counts in some number; and pairs as a sequencer gives them.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/support/genome_maker.h"
#include "tests/support/temp_dir.h"

namespace medarc::test {

using References = std::vector<std::pair<std::string, uint32_t>>;

inline std::string sam_header(const References& references, const std::string& more = "") {
  std::string out = "@HD\tVN:1.6\n";
  for (const auto& [name, bases] : references) {
    out += "@SQ\tSN:" + name + "\tLN:" + std::to_string(bases) + "\n";
  }
  return out + more;
}

inline std::string random_letters(std::mt19937_64& random, size_t n, std::string_view of = "ACGT") {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += of[random() % of.size()];
  return out;
}
inline std::string random_qualities(std::mt19937_64& random, size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += static_cast<char>(33 + random() % 60);
  return out;
}

struct SamLine {
  size_t reference = 0;
  uint64_t position = 0;
  std::string text;
};

inline std::string joined_lines(std::string header, std::vector<SamLine> lines, bool sorted) {
  if (sorted) {
    std::stable_sort(lines.begin(), lines.end(), [](const SamLine& a, const SamLine& b) {
      return std::pair(a.reference, a.position) < std::pair(b.reference, b.position);
    });
  }
  for (const SamLine& line : lines) header += line.text + "\n";
  return header;
}

// `qualities`: every read has them.
inline std::string random_sam(uint64_t seed, bool sorted, bool qualities, size_t records = 1500) {
  static const References references = {{"chr1", 200'000}, {"chr2", 80'000}, {"x", 5'000}};
  static constexpr int kFlags[] = {0,  16,  99,   147,  83,       163,        73,     133,
                                   77, 141, 65,   129,  1,        193,        97,     145,
                                   81, 161, 113,  177,  256,      2048,       512,    4,
                                   20, 64,  1024, 1123, 256 + 64, 1 + 8 + 64, 25 + 64};
  std::mt19937_64 random(seed);
  const auto one_of = [&](auto... choices) {
    const std::common_type_t<decltype(choices)...> all[] = {choices...};
    return all[random() % sizeof...(choices)];
  };
  std::vector<SamLine> lines;
  for (size_t i = 0; i < records; ++i) {
    const int flag = kFlags[random() % std::size(kFlags)];
    SamLine line;
    line.reference = random() % 3;
    line.position = 1 + random() % (references[line.reference].second - 400);
    const size_t n = one_of(0, 1, 30, 75, 75, 100, 100, 101, 250, 700);
    std::string cigar = "*";
    if (n > 0 && (flag & 4) == 0) {
      const auto text = [](size_t v) { return std::to_string(v); };
      cigar = text(n) + "M";
      if (n >= 30) {
        cigar = one_of(cigar, "10S" + text(n - 10) + "M", "5H" + text(n - 20) + "M3I2D10M7S",
                       text(n - 11) + "=1X50N10=", text(n - 10) + "M3P10M");
      }
    }
    std::string mate = "*";
    uint64_t mate_position = 0;
    int64_t length = 0;
    if ((flag & 1) != 0 && random() % 10 < 9) {
      const bool same = random() % 4 > 0;
      mate = same ? "=" : references[random() % 3].first;
      const auto near = static_cast<int64_t>(line.position) + one_of(0, 0, -200, 200, 50, -50);
      mate_position = static_cast<uint64_t>(std::clamp<int64_t>(near, 1, 4'000));
      length = same ? static_cast<int64_t>(200 + random() % 200) * one_of(1, -1) : one_of(0, 5);
      if (same && random() % 10 == 0) {
        length = one_of(0, 1, -1, 7'999, 8'000, -9'000, INT32_MAX, -int64_t{INT32_MAX});
      }
    }
    const char* tags = one_of("", "\tNM:i:4", "\tNM:i:300", "\tNM:i:-2", "\tNM:f:2.5", "\tNM:Z:x",
                              "\tXX:Z:y\tNM:i:70000\tNM:i:3");
    line.text =
        "r" + std::to_string(i) + "\t" + std::to_string(flag) + "\t" +
        references[line.reference].first + "\t" + std::to_string(line.position) + "\t" +
        std::to_string(one_of(0, 0, 1, 60, 255)) + "\t" + cigar + "\t" + mate + "\t" +
        std::to_string(mate_position) + "\t" + std::to_string(length) + "\t" +
        (n == 0 ? "*" : random_letters(random, n, random() % 10 == 0 ? "ACGTNM" : "ACGT")) + "\t" +
        (n == 0 || (!qualities && random() % 20 == 0) ? "*" : random_qualities(random, n)) + tags;
    lines.push_back(std::move(line));
  }
  for (int i = 0; i < 20; ++i) {
    lines.push_back({9, 0,
                     "u" + std::to_string(i) + "\t" + std::to_string(one_of(4, 77, 141)) +
                         "\t*\t0\t0\t*\t*\t0\t0\tACGTN\tIIIII"});
  }
  return joined_lines(sam_header(references), std::move(lines), sorted);
}

inline std::string to_bam(const TempDir& dir, const std::string& sam) {
  write_file(dir / "made.sam", sam);
  run_tool({"samtools", "view", "-b", "--no-PG", "-o", dir / "made.bam", dir / "made.sam"});
  return read_file(dir / "made.bam");
}

}  // namespace medarc::test
