// Alignments of every kind as SAM text, made into BAM by samtools: pairs that overlap and pairs
// that do not, clips, insertions, deletions, skips, reads without bases or qualities, every type of
// tag.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/support/genome_maker.h"

namespace medarc::test {

struct SamOptions {
  uint64_t seed = 1;
  uint32_t pairs = 400;
  uint32_t reference_bases = 20'000;
  uint32_t read_bases = 100;
  bool without_bases =
      true;  // some pairs; samtools 1.16 reads past their ends where it weighs bases
  std::string header = "@HD\tVN:1.6\tSO:unsorted\n";
};

class SamMaker {
 public:
  explicit SamMaker(const SamOptions& options) : o_(options), random_(options.seed) {}

  std::string make() {
    std::string out = o_.header;
    for (const char* name : {"chr1", "chr2"}) {
      out += std::string("@SQ\tSN:") + name + "\tLN:" + std::to_string(o_.reference_bases) + "\n";
    }
    out += "@RG\tID:g1\tSM:S1\n@PG\tID:made\tPN:made\n";
    for (uint32_t i = 0; i < o_.pairs; ++i) add_pair(i, out);
    return out;
  }

 private:
  struct Made {
    std::string cigar;
    uint32_t covered = 0;
  };
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

  Made cigar() {
    const uint32_t n = o_.read_bases;
    switch (below(8)) {
      case 0: return {"10S" + std::to_string(n - 10) + "M", n - 10};
      case 1: return {"40M3I" + std::to_string(n - 43) + "M", n - 3};
      case 2: return {"30M5D" + std::to_string(n - 30) + "M", n + 5};
      case 3: return {"20M300N" + std::to_string(n - 20) + "M", n + 300};
      case 4: return {"5H" + std::to_string(n - 4) + "=4X", n};
      case 5: return {"25M2D2I" + std::to_string(n - 27) + "M", n};
      case 6: return {"50M1P1I" + std::to_string(n - 58) + "M7S", n - 8};
      default: return {std::to_string(n) + "M", n};
    }
  }
  std::string bases() {
    std::string out(o_.read_bases, 'A');
    for (char& c : out) c = "ACGTACGTACGTACGTN"[below(17)];
    return out;
  }
  std::string qualities() {
    std::string out(o_.read_bases, '!');
    for (char& c : out) c = static_cast<char>(33 + 2 + below(39));
    return out;
  }
  std::string tags(uint32_t i) {
    std::string out = "\tNM:i:" + std::to_string(i % 7) + "\tRG:Z:g1";
    if (i % 3 == 0) out += "\tXA:A:q\tXF:f:" + std::to_string(0.37f * static_cast<float>(i));
    if (i % 5 == 0) out += "\tXH:H:1AE301\tXB:B:c,-5,7\tXS:B:S,1,65535\tXG:B:f,1.5,-0.001";
    if (i % 7 == 0) out += "\tXN:i:-2000000000\tXU:B:I,4000000000\tXZ:Z:a \"b\" \\c";
    return out;
  }

  void add_pair(uint32_t i, std::string& out) {
    const Made one = cigar(), two = cigar();
    const uint32_t start = 1 + below(o_.reference_bases - 900);
    const uint32_t mate = start + below(2) * below(90) + below(2) * 150;
    const bool second_reference = i % 4 == 3;
    const std::string reference = second_reference ? "chr2" : "chr1";
    const std::string name = "read" + std::to_string(i);
    const auto line = [&](uint32_t flag, const std::string& place, uint32_t at, const Made& made,
                          const std::string& next, uint32_t next_at, int64_t span,
                          const std::string& seq, const std::string& quality) {
      out += name + "\t" + std::to_string(flag) + "\t" + place + "\t" + std::to_string(at) + "\t" +
             std::to_string(below(4) == 0 ? below(20) : 60) + "\t" + made.cigar + "\t" + next +
             "\t" + std::to_string(next_at) + "\t" + std::to_string(span) + "\t" + seq + "\t" +
             quality + tags(i) + "\n";
    };
    const int64_t span = int64_t{mate} + two.covered - start;
    switch (i % 16 == 9 && !o_.without_bases ? 0 : i % 16) {
      case 1:  // unplaced
        line(4, "*", 0, {"*", 0}, "*", 0, 0, bases(), qualities());
        return;
      case 2:  // placed with its mate
        line(73, reference, start, one, "=", start, 0, bases(), qualities());
        line(133, reference, start, {"*", 0}, "=", start, 0, bases(), qualities());
        return;
      case 5:  // alone; sometimes not counted
        line(std::vector<uint32_t>{0, 16, 256, 512, 1024, 2048, 2064}[i / 16 % 7], reference, start,
             one, "*", 0, 0, bases(), i % 32 == 5 ? "*" : qualities());
        return;
      case 9:  // no bases
        line(99, reference, start, one, "=", mate, span, "*", "*");
        line(147, reference, mate, two, "=", start, -span, "*", "*");
        return;
      case 11:  // no proper pair
        line(65, "chr1", start, one, "chr2", mate, 0, bases(), qualities());
        line(129, "chr2", mate, two, "chr1", start, 0, bases(), qualities());
        return;
      default:
        line(99, reference, start, one, "=", mate, span, bases(), qualities());
        line(147, reference, mate, two, "=", start, -span, bases(), qualities());
    }
  }

  const SamOptions o_;
  std::mt19937_64 random_;
};

inline std::string make_sam(const SamOptions& options = {}) { return SamMaker(options).make(); }

// `directory` is for files on the way. As it stands, or sorted as samtools does.
inline std::string bam_of(const std::string& sam, const std::string& directory,
                          bool sorted = false) {
  write_file(directory + "/made.sam", sam);
  if (sorted) {
    run_tool(
        {"samtools", "sort", "--no-PG", "-o", directory + "/made.bam", directory + "/made.sam"});
  } else {
    run_tool({"samtools", "view", "--no-PG", "-b", "-o", directory + "/made.bam",
              directory + "/made.sam"});
  }
  return read_file(directory + "/made.bam");
}

}  // namespace medarc::test
