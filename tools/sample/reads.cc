#include "tools/sample/reads.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "tools/sample/bgzf.h"
#include "tools/sample/random.h"

namespace medarc::tools::sample {
namespace {

constexpr int kReadLength = 150;
enum Flag : uint16_t {  // SAM specification, section 1.4
  kPaired = 1, kProper = 2, kUnmapped = 4, kMateUnmapped = 8, kReverse = 16, kMateReverse = 32,
  kFirst = 64, kSecond = 128, kDuplicate = 1024,
};

struct Contig {
  std::string name, bases;
};

struct Read {
  int32_t contig = -1, position = -1;  // 0-based; -1: unmapped
  int32_t mate_position = -1, insert = 0;
  uint16_t flags = 0;
  uint8_t clipped = 0;     // soft-clipped bases at the start
  std::string name, bases, qualities;  // as aligned: on the forward strand
};

std::vector<Contig> make_reference(const ReadsOptions& options, Random& random) {
  std::vector<Contig> contigs(2);
  contigs[0] = {"chr1", std::string(options.reference_bytes / 3 * 2, 'N')};
  contigs[1] = {"chr2", std::string(options.reference_bytes / 3, 'N')};
  for (Contig& contig : contigs) {
    uint64_t gc = 45;  // per cent, drifting as in isochores
    for (size_t i = 0; i < contig.bases.size(); ++i) {
      if (i % 5000 == 0) gc = 35 + random.below(25);
      const bool strong = random.below(100) < gc;
      contig.bases[i] = random.below(2) != 0 ? (strong ? 'G' : 'A') : (strong ? 'C' : 'T');
    }
  }
  return contigs;
}

char other_base(char base, Random& random) {
  char out = base;
  while (out == base) out = "ACGT"[random.below(4)];
  return out;
}

// The person's two copies: one variant in about a thousand bases, two thirds of them on one copy.
std::array<std::vector<Contig>, 2> make_person(const std::vector<Contig>& reference,
                                               Random& random) {
  std::array<std::vector<Contig>, 2> copies = {reference, reference};
  for (size_t c = 0; c < reference.size(); ++c) {
    for (size_t i = random.below(1000); i < reference[c].bases.size(); i += 1 + random.below(2000)) {
      const char base = other_base(reference[c].bases[i], random);
      const uint64_t which = random.below(3);
      if (which != 0) copies[0][c].bases[i] = base;
      if (which != 1) copies[1][c].bases[i] = base;
    }
  }
  return copies;
}

char complement(char base) {
  switch (base) {
    case 'A': return 'T';
    case 'C': return 'G';
    case 'G': return 'C';
    case 'T': return 'A';
    default: return 'N';
  }
}

std::string reverse_complement(const std::string& bases) {
  std::string out(bases.rbegin(), bases.rend());
  std::transform(out.begin(), out.end(), out.begin(), complement);
  return out;
}

// Binned qualities, falling towards the end of the read, and the errors they speak of. `bases` and
// the result are in the order of sequencing.
std::string sequence(std::string& bases, Random& random) {
  std::string qualities(bases.size(), 'F');  // Phred 37
  for (size_t i = 0; i < bases.size(); ++i) {
    if (random.below(bases.size() * 8) < i) qualities[i] = ':';   // 25
    if (random.below(bases.size() * 30) < i) qualities[i] = ',';  // 11
    const uint64_t odds = qualities[i] == 'F' ? 5000 : qualities[i] == ':' ? 300 : 13;
    if (random.once_in(odds)) bases[i] = other_base(bases[i], random);
  }
  return qualities;
}

// Both reads of pair `number`, on the forward strand of the reference.
std::array<Read, 2> make_pair(const std::array<std::vector<Contig>, 2>& copies, uint32_t number,
                              uint64_t seed) {
  Random random(Random::mix(seed) + number * 2654435761ull);
  const auto& contigs = copies[random.below(2)];
  const auto contig = static_cast<int32_t>(random.below(3) == 0 ? 1 : 0);
  const std::string& bases = contigs[contig].bases;
  const auto insert = static_cast<int32_t>(250 + random.below(150) + random.below(150));
  const auto start = static_cast<int32_t>(random.below(bases.size() - insert));
  const bool swapped = random.below(2) != 0;   // which strand was read first
  const bool mapped = !random.once_in(200);
  std::array<Read, 2> out;
  for (int end = 0; end < 2; ++end) {          // 0: left, forward; 1: right, reverse
    Read& r = out[end];
    r.name = fmt::format("MA1:{}:{}:{}", 1101 + number % 24, 1000 + number / 24, number);
    r.contig = contig;
    r.position = end == 0 ? start : start + insert - kReadLength;
    r.mate_position = end == 0 ? start + insert - kReadLength : start;
    r.insert = end == 0 ? insert : -insert;
    std::string read = bases.substr(r.position, kReadLength);
    if (end == 1) read = reverse_complement(read);
    r.qualities = sequence(read, random);
    if (end == 0 && random.once_in(50)) {  // an adapter or a break at the start
      r.clipped = static_cast<uint8_t>(5 + random.below(30));
      for (int i = 0; i < r.clipped; ++i) read[i] = "ACGT"[random.below(4)];
      r.position += r.clipped;
    }
    if (end == 1) {
      read = reverse_complement(read);
      std::reverse(r.qualities.begin(), r.qualities.end());
    }
    r.bases = std::move(read);
    r.flags = kPaired | kProper | (end == 0 ? kMateReverse : kReverse) |
              ((end == 0) != swapped ? kFirst : kSecond);
  }
  out[1].mate_position = out[0].position;
  const int32_t span = out[1].position + kReadLength - out[0].position;
  out[0].insert = span;
  out[1].insert = -span;
  if (random.once_in(60)) {
    for (Read& r : out) r.flags |= kDuplicate;
  }
  if (!mapped) {
    for (int end = 0; end < 2; ++end) {
      Read& r = out[end];
      if (r.flags & kReverse) {
        r.bases = reverse_complement(r.bases);
        std::reverse(r.qualities.begin(), r.qualities.end());
      }
      r.contig = r.position = r.mate_position = -1;
      r.insert = 0;
      r.clipped = 0;
      r.flags = kPaired | kUnmapped | kMateUnmapped | (r.flags & (kFirst | kSecond));
    }
  }
  return out;
}

void append_le(Bytes& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

// The bin of BAI (SAM specification, section 5.3).
uint16_t bin_of(int32_t begin, int32_t end) {
  --end;
  static constexpr int kShifts[] = {14, 17, 20, 23, 26}, kFirsts[] = {4681, 585, 73, 9, 1};
  for (int i = 0; i < 5; ++i) {
    if (begin >> kShifts[i] == end >> kShifts[i]) {
      return static_cast<uint16_t>(kFirsts[i] + (begin >> kShifts[i]));
    }
  }
  return 0;
}

Bytes bam_record(const Read& r) {
  Bytes body;
  const int aligned = kReadLength - r.clipped;
  const int cigars = r.contig < 0 ? 0 : r.clipped != 0 ? 2 : 1;
  append_le(body, static_cast<uint32_t>(r.contig), 4);
  append_le(body, static_cast<uint32_t>(r.position), 4);
  append_le(body, r.name.size() + 1, 1);
  append_le(body, r.contig < 0 ? 0 : r.clipped != 0 ? 48 : 60, 1);
  append_le(body, r.contig < 0 ? 4680 : bin_of(r.position, r.position + aligned), 2);
  append_le(body, cigars, 2);
  append_le(body, r.flags, 2);
  append_le(body, r.bases.size(), 4);
  append_le(body, static_cast<uint32_t>(r.contig), 4);
  append_le(body, static_cast<uint32_t>(r.mate_position), 4);
  append_le(body, static_cast<uint32_t>(r.insert), 4);
  body += r.name;
  body += '\0';
  if (cigars == 2) append_le(body, static_cast<uint32_t>(r.clipped) << 4 | 4, 4);  // S
  if (cigars != 0) append_le(body, static_cast<uint32_t>(aligned) << 4, 4);        // M
  static constexpr std::string_view kCodes = "=ACMGRSVTWYHKDBN";
  for (size_t i = 0; i < r.bases.size(); i += 2) {
    const size_t high = kCodes.find(r.bases[i]);
    const size_t low = i + 1 < r.bases.size() ? kCodes.find(r.bases[i + 1]) : 0;
    body += static_cast<char>(high << 4 | low);
  }
  for (const char q : r.qualities) body += static_cast<char>(q - 33);
  body += Bytes("RGZrg1\0", 7);
  Bytes out;
  append_le(out, body.size(), 4);
  return out + body;
}

std::array<std::vector<Contig>, 2> make_copies(const ReadsOptions& options,
                                               std::vector<Contig>* reference) {
  Random random(options.seed);
  *reference = make_reference(options, random);
  return make_person(*reference, random);
}

}  // namespace

Status write_bam(const ReadsOptions& options, ByteSink& out) {
  std::vector<Contig> reference;
  const auto copies = make_copies(options, &reference);
  std::vector<Read> reads;
  reads.reserve(size_t{options.pairs_count} * 2);
  for (uint32_t i = 0; i < options.pairs_count; ++i) {
    for (Read& read : make_pair(copies, i, options.seed)) reads.push_back(std::move(read));
  }
  std::stable_sort(reads.begin(), reads.end(), [](const Read& a, const Read& b) {
    return std::pair(static_cast<uint32_t>(a.contig), a.position) <
           std::pair(static_cast<uint32_t>(b.contig), b.position);  // unmapped (-1) last
  });
  std::string text = "@HD\tVN:1.6\tSO:coordinate\n";
  for (const Contig& c : reference) text += fmt::format("@SQ\tSN:{}\tLN:{}\n", c.name, c.bases.size());
  text += fmt::format("@RG\tID:rg1\tSM:{}\tPL:ILLUMINA\tLB:lib1\n", options.sample);
  text += "@PG\tID:sample\tPN:medarc-sample\n";
  Bytes head = "BAM\1";
  append_le(head, text.size(), 4);
  head += text;
  append_le(head, reference.size(), 4);
  for (const Contig& c : reference) {
    append_le(head, c.name.size() + 1, 4);
    head += c.name;
    head += '\0';
    append_le(head, c.bases.size(), 4);
  }
  BgzfWriter bgzf(out);
  MEDARC_TRY(bgzf.write(head));
  for (const Read& read : reads) MEDARC_TRY(bgzf.write(bam_record(read)));
  return bgzf.finish();
}

Status write_fastq(const ReadsOptions& options, int mate, ByteSink& out) {
  std::vector<Contig> reference;
  const auto copies = make_copies(options, &reference);
  const uint16_t wanted = mate == 1 ? kFirst : kSecond;
  BgzfWriter bgzf(out);
  for (uint32_t i = 0; i < options.pairs_count; ++i) {
    for (Read& read : make_pair(copies, i, options.seed)) {
      if (!(read.flags & wanted)) continue;
      if (read.flags & kReverse) {
        read.bases = reverse_complement(read.bases);
        std::reverse(read.qualities.begin(), read.qualities.end());
      }
      MEDARC_TRY(bgzf.write(fmt::format("@{}/{}\n{}\n+\n{}\n", read.name, mate, read.bases,
                                        read.qualities)));
    }
  }
  return bgzf.finish();
}

}  // namespace medarc::tools::sample
