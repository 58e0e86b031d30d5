// BAM on its way in. The first octet chooses: the rest is a BGZF file as it stands, or the plain
// bytes of one, packed here so that they get past the compression. The second octet is the size of
// blocks and seeds the splitting. What is stored is what came; how it was split changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "genomics/bam_walk.h"
#include "genomics/ingest.h"
#include "tests/fuzz/bytes_store.h"
#include "tests/fuzz/pieces.h"

using namespace medarc;
using namespace medarc::genomics;

namespace {

Limits small_limits() {
  Limits limits;
  limits.header_bytes_max = 64u << 10;
  limits.references_max = 1000;
  limits.record_bytes_max = 32u << 10;
  limits.samples_max = 10;
  limits.blocks_max = 2000;
  limits.inflate_threads_max = 0;  // all on this thread: the same every time
  return limits;
}

struct Outcome {
  Status status;
  Bytes statistics, index, map, beside;
  bool operator==(const Outcome& o) const {
    if (status.has_error() || o.status.has_error()) {
      return status.has_error() && o.status.has_error() &&
             status.error().code == o.status.error().code &&
             status.error().text == o.status.error().text;
    }
    return statistics == o.statistics && index == o.index && map == o.map && beside == o.beside;
  }
};

// In one piece, or in many.
Outcome ingest(ByteView file, std::optional<uint32_t> seed = {}) {
  Outcome out;
  fuzz::BytesStore store;
  auto sink = open_ingest(Format::bam, store, small_limits());
  if (!seed) out.status = (*sink)->write(file);
  for (fuzz::Pieces pieces(file, seed.value_or(0));
       seed && pieces.more() && out.status.has_value();) {
    out.status = (*sink)->write(pieces.next());
  }
  if (out.status.has_error()) return out;
  auto done = (*sink)->finish();
  if (done.has_error()) {
    out.status = done.error();
    return out;
  }
  if (fuzz::BytesStore::bytes_of(done->content) != file) std::abort();
  out.statistics = done->statistics_json;
  for (const auto& one : done->attachments) out.beside += fuzz::BytesStore::bytes_of(one.blob);
  for (const std::string& identity : done->identities) out.beside += identity;
  if (done->index) out.index = fuzz::BytesStore::bytes_of(*done->index);
  out.map = fuzz::BytesStore::bytes_of(*done->block_map);
  const auto map = BlockMap::decode(out.map);
  if (map.has_error() || map->encode() != out.map) std::abort();
  for (const Touched& t : map->everything()) {
    if (t.extent >= map->extents().size()) std::abort();
  }
  if (map->sorted()) (void)map->query({{0, 0, 1000}, {1, 5, 6}});
  return out;
}

// The walk alone, over blocks of `step` plain bytes, `in_batch` of them at a time.
Status walk(ByteView plain, size_t step, size_t in_batch, std::string& flagstat) {
  BamWalk walked(small_limits());
  uint64_t offset = 0;
  while (!plain.empty()) {
    BgzfBatch batch;
    for (size_t i = 0; i < in_batch && !plain.empty(); ++i) {
      const ByteView piece = plain.substr(0, step);
      const auto n = static_cast<uint32_t>(piece.size());
      batch.blocks.push_back({offset, 0, n + 26, batch.plain_bytes, n, 0});
      offset += n + 26;
      batch.plain.append(piece);
      batch.plain_bytes += n;
      plain.remove_prefix(n);
    }
    MEDARC_TRY(walked.feed(batch));
  }
  MEDARC_ASSIGN(const BamSummary summary, walked.finish());
  if (summary.flagstat.total() < summary.unplaced) std::abort();
  flagstat = summary.flagstat.json() + std::to_string(summary.unplaced) +
             (summary.sorted ? "sorted" : "") + summary.index_kind + summary.numbers +
             summary.quality + summary.depth;
  for (const std::string& identity : summary.identities) flagstat += identity;
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const ByteView rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t step = 1 + size_t{data[1]} * 17;
  if ((data[0] & 1) == 0) {
    if (!(ingest(rest, data[1]) == ingest(rest))) std::abort();
    return 0;
  }
  std::string one, other;
  const Status whole = walk(rest, kBgzfPlainBytesMax, 64, one);
  const Status pieces =
      walk(rest, std::max<size_t>(step, rest.size() / 1000 + 1), 1 + step % 5, other);
  if (whole.has_error() != pieces.has_error() || one != other) std::abort();
  if (whole.has_error() && whole.error().text != pieces.error().text) std::abort();
  if ((data[0] & 6) != 0) return 0;  // a quarter also through the compression
  static const BgzfDeflater deflater;
  Bytes packed;
  const size_t block = std::max<size_t>(step, rest.size() / 100 + 1);
  for (size_t at = 0; at < rest.size(); at += block)
    deflater.deflate(rest.substr(at, block), packed);
  packed += kBgzfEof;
  const Outcome stored = ingest(packed);
  if (stored.status.has_error() != whole.has_error()) std::abort();
  if (!(ingest(packed, data[1]) == stored)) std::abort();
  return 0;
}
