// BED on its way in. The first octet chooses: the rest is a file as it stands, or its plain bytes,
// walked. The second octet is the size of blocks and seeds the splitting. What is stored is what
// came; how it was split changes nothing; what was taken is found again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "genomics/bed_walk.h"
#include "genomics/record_form.h"
#include "tests/fuzz/walked.h"

using namespace medarc;
using namespace medarc::genomics;

namespace {

constexpr RecordForm kBed{RecordForm::Kind::bed, false};

Result<BedSummary> walk(ByteView plain, size_t step, size_t in_batch) {
  return fuzz::walk_blocks(BedWalk(true, fuzz::small_limits()), plain, step, in_batch);
}

// Later code reads the records without checking them: each must be there and lie where the map
// says.
void read_again(ByteView plain, const BedSummary& summary) {
  ByteView rest = plain.substr(summary.header.text.size());
  uint64_t records = 0;
  while (!rest.empty()) {
    const size_t bytes = record_bytes(kBed, rest);
    if (bytes == 0) std::abort();
    const RecordFacts place = place_of(kBed, summary.header, rest.substr(0, bytes));
    if (place.tid < 0 || place.begin < 0 || place.end < place.begin) std::abort();
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
  if ((data[0] & 1) == 0) {
    static constexpr Format kFormats[] = {Format::bed, Format::bed_gzip, Format::bed_bgzf};
    const Format format = kFormats[(data[0] >> 1) % 3];
    if (!(fuzz::ingest(format, rest, data[1]) == fuzz::ingest(format, rest))) std::abort();
    return 0;
  }
  const size_t step = std::max<size_t>(1 + size_t{data[1]} * 17, rest.size() / 1000 + 1);
  const auto whole = walk(rest, kBgzfPlainBytesMax, 64);
  const auto pieces = walk(rest, step, 1 + step % 5);
  if (whole.has_error() != pieces.has_error()) std::abort();
  if (whole.has_error()) {
    if (whole.error().text != pieces.error().text) std::abort();
    return 0;
  }
  if (whole->counts.records != pieces->counts.records || whole->sorted != pieces->sorted ||
      whole->header.text != pieces->header.text) {
    std::abort();
  }
  if (whole->counts.records > 0) read_again(rest, *whole);
  return 0;
}
