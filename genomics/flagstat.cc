#include "genomics/flagstat.h"

#include <fmt/format.h>

namespace medarc::genomics {
namespace {

// Divided as samtools does, in single precision, so that the second decimal is the same.
std::string percent(uint64_t part, uint64_t whole) {
  if (whole == 0) return "null";
  const float ratio = static_cast<float>(part) / static_cast<float>(whole);
  return fmt::format("{:.2f}", static_cast<double>(ratio) * 100.0);
}

}  // namespace

void Flagstat::add(const RecordFacts& r) {
  Counts& c = (r.flag & kQcFail) != 0 ? failed_ : passed_;
  const bool mapped = (r.flag & kUnmapped) == 0;
  const bool duplicate = (r.flag & kDuplicate) != 0;
  ++c.total;
  c.mapped += mapped;
  c.duplicates += duplicate;
  if ((r.flag & kSecondary) != 0) {
    ++c.secondary;
    return;
  }
  if ((r.flag & kSupplementary) != 0) {
    ++c.supplementary;
    return;
  }
  ++c.primary;
  c.primary_mapped += mapped;
  c.primary_duplicates += duplicate;
  if ((r.flag & kPaired) == 0) return;
  ++c.paired;
  c.read1 += (r.flag & kRead1) != 0;
  c.read2 += (r.flag & kRead2) != 0;
  if (!mapped) return;
  c.proper += (r.flag & kProperPair) != 0;
  if ((r.flag & kMateUnmapped) != 0) {
    ++c.singletons;
    return;
  }
  ++c.both_mapped;
  if (r.mate_tid != r.tid) {
    ++c.other_reference;
    c.other_reference_q5 += r.mapping_quality >= 5;
  }
}

void Flagstat::write(const Counts& c, std::string& out) {
  fmt::format_to(
      std::back_inserter(out),
      R"({{"total":{},"primary":{},"secondary":{},"supplementary":{},"duplicates":{},)"
      R"("primary duplicates":{},"mapped":{},"mapped %":{},"primary mapped":{},)"
      R"("primary mapped %":{},"paired in sequencing":{},"read1":{},"read2":{},)"
      R"("properly paired":{},"properly paired %":{},"with itself and mate mapped":{},)"
      R"("singletons":{},"singletons %":{},"with mate mapped to a different chr":{},)"
      "\"with mate mapped to a different chr (mapQ >= 5)\":{}}}",
      c.total, c.primary, c.secondary, c.supplementary, c.duplicates, c.primary_duplicates, c.mapped,
      percent(c.mapped, c.total), c.primary_mapped, percent(c.primary_mapped, c.primary), c.paired,
      c.read1, c.read2, c.proper, percent(c.proper, c.paired), c.both_mapped, c.singletons,
      percent(c.singletons, c.paired), c.other_reference, c.other_reference_q5);
}

std::string Flagstat::json() const {
  std::string out = R"({"QC-passed reads":)";
  write(passed_, out);
  out += R"(,"QC-failed reads":)";
  write(failed_, out);
  return out + "}";
}

}  // namespace medarc::genomics
