// VCF and BCF on their way in. The first octet chooses: the rest is a file as it stands, or its
// plain bytes, walked as VCF or as BCF. The second octet is the size of blocks and seeds the
// splitting. What is stored is what came; how it was split changes nothing; what was taken is found
// again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "genomics/bcf_encode.h"
#include "genomics/bcf_record.h"
#include "genomics/variant_walk.h"
#include "tests/fuzz/walked.h"

using namespace medarc;
using namespace medarc::genomics;

namespace {

Result<VariantSummary> walk(RecordForm::Kind kind, ByteView plain, size_t step, size_t in_batch) {
  return fuzz::walk_blocks(VariantWalk(kind, true, fuzz::small_limits()), plain, step, in_batch);
}

// What is given as BCF would be taken as BCF.
void write_again(const BcfEncoder& encoder, ByteView line, const VcfHeader& header) {
  Bytes record;
  if (encoder.append(line, record).has_error()) return;
  const auto* u = reinterpret_cast<const uint8_t*>(record.data());
  const uint32_t shared = u[0] | uint32_t{u[1]} << 8 | uint32_t{u[2]} << 16 | uint32_t{u[3]} << 24;
  if (record_bytes({RecordForm::Kind::bcf, false}, record) != record.size()) std::abort();
  if (check_bcf_record(ByteView(record).substr(kBcfHeadBytes), shared, header).has_error()) {
    std::abort();
  }
}

// Later code reads the records without checking them: each must be there and lie where the map
// says.
void read_again(RecordForm::Kind kind, ByteView plain, const VariantSummary& summary) {
  const RecordForm form{kind, summary.header.info_end};
  ByteView rest = plain.substr(plain.size());
  if (kind == RecordForm::Kind::vcf) {
    rest = plain.substr(summary.header.file.text.size());
  } else {
    const auto* u = reinterpret_cast<const uint8_t*>(plain.data());
    rest = plain.substr(9 +
                        (u[5] | uint32_t{u[6]} << 8 | uint32_t{u[7]} << 16 | uint32_t{u[8]} << 24));
  }
  uint64_t records = 0;
  const BcfEncoder encoder(summary.header);
  while (!rest.empty()) {
    const size_t bytes = record_bytes(form, rest);
    if (bytes == 0) std::abort();
    const RecordFacts place = place_of(form, summary.header.file, rest.substr(0, bytes));
    if (place.tid < 0 || place.begin < 0 || place.end <= place.begin) std::abort();
    if (kind == RecordForm::Kind::vcf) write_again(encoder, rest.substr(0, bytes), summary.header);
    rest.remove_prefix(bytes);
    ++records;
  }
  if (records != summary.counts.records) std::abort();
  if (fuzz::read_map(summary.map) != records) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const ByteView rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t step = 1 + size_t{data[1]} * 17;
  const auto kind = (data[0] & 2) == 0 ? RecordForm::Kind::vcf : RecordForm::Kind::bcf;
  if ((data[0] & 1) == 0) {
    static constexpr Format kFormats[] = {Format::vcf, Format::vcf_gzip, Format::vcf_bgzf,
                                          Format::bcf};
    const Format format = kFormats[data[0] >> 1 & 3];
    if (!(fuzz::ingest(format, rest, data[1]) == fuzz::ingest(format, rest))) std::abort();
    return 0;
  }
  const auto whole = walk(kind, rest, kBgzfPlainBytesMax, 64);
  const auto pieces =
      walk(kind, rest, std::max<size_t>(step, rest.size() / 1000 + 1), 1 + step % 5);
  if (whole.has_error() != pieces.has_error()) std::abort();
  if (whole.has_error()) {
    if (whole.error().text != pieces.error().text) std::abort();
    return 0;
  }
  if (whole->counts.records != pieces->counts.records || whole->sorted != pieces->sorted)
    std::abort();
  read_again(kind, rest, *whole);
  return 0;
}
