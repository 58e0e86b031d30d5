// BAM on its way in. The first octet chooses: the rest is a BGZF file as it stands, or the plain
// bytes of one, packed here so that they get past the compression. The second octet is the size of
// blocks and seeds the splitting. What is stored is what came; how it was split changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "genomics/bam_walk.h"
#include "tests/fuzz/walked.h"

using namespace medarc;
using namespace medarc::genomics;

namespace {

// The walk alone; everything it says as one text.
Result<std::string> walk(ByteView plain, size_t step, size_t in_batch) {
  MEDARC_ASSIGN(const BamSummary summary,
                fuzz::walk_blocks(BamWalk(fuzz::small_limits()), plain, step, in_batch));
  if (summary.flagstat.total() < summary.unplaced) std::abort();
  if (fuzz::read_map(summary.map) != summary.flagstat.total()) std::abort();
  std::string out = summary.flagstat.json() + std::to_string(summary.unplaced) +
                    (summary.sorted ? "sorted" : "") + summary.index_kind + summary.numbers +
                    summary.quality + summary.depth;
  for (const std::string& identity : summary.identities) out += identity;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const ByteView rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t step = 1 + size_t{data[1]} * 17;
  if ((data[0] & 1) == 0) {
    if (!(fuzz::ingest(Format::bam, rest, data[1]) == fuzz::ingest(Format::bam, rest)))
      std::abort();
    return 0;
  }
  const auto whole = walk(rest, kBgzfPlainBytesMax, 64);
  const auto pieces = walk(rest, std::max<size_t>(step, rest.size() / 1000 + 1), 1 + step % 5);
  if (whole.has_error() != pieces.has_error()) std::abort();
  if (whole.has_error() ? whole.error().text != pieces.error().text : *whole != *pieces)
    std::abort();
  if ((data[0] & 6) != 0) return 0;  // a quarter also through the compression
  static const BgzfDeflater deflater;
  Bytes packed;
  const size_t block = std::max<size_t>(step, rest.size() / 100 + 1);
  for (size_t at = 0; at < rest.size(); at += block)
    deflater.deflate(rest.substr(at, block), packed);
  packed += kBgzfEof;
  const fuzz::Outcome stored = fuzz::ingest(Format::bam, packed);
  if (stored.status.has_error() != whole.has_error()) std::abort();
  if (!(fuzz::ingest(Format::bam, packed, data[1]) == stored)) std::abort();
  return 0;
}
