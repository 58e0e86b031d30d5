// What the targets of formats share that a walk goes over: limits that a small input reaches, a
// file taken in one piece or in many, and a walk over blocks of any size.
#pragma once

#include <cstdlib>
#include <optional>

#include "genomics/bgzf.h"
#include "genomics/block_map.h"
#include "genomics/ingest.h"
#include "tests/fuzz/bytes_store.h"
#include "tests/fuzz/pieces.h"

namespace medarc::fuzz {

inline genomics::Limits small_limits() {
  genomics::Limits limits;
  limits.header_bytes_max = 64u << 10;
  limits.references_max = 1000;
  limits.record_bytes_max = limits.line_bytes_max = 32u << 10;
  limits.samples_max = 10;
  limits.blocks_max = 2000;
  limits.inflate_threads_max = 0;  // all on this thread: the same every time
  return limits;
}

struct Outcome {
  Status status;
  Bytes statistics, index, map;
  Bytes beside;  // attachments and names
  bool operator==(const Outcome& o) const {
    if (status.has_error() || o.status.has_error()) {
      return status.has_error() && o.status.has_error() &&
             status.error().code == o.status.error().code &&
             status.error().text == o.status.error().text;
    }
    return statistics == o.statistics && index == o.index && map == o.map && beside == o.beside;
  }
};

// In one piece, or in many. What is stored is what came.
inline Outcome ingest(genomics::Format format, ByteView file, std::optional<uint32_t> seed = {}) {
  Outcome out;
  BytesStore store;
  auto sink = genomics::open_ingest(format, store, small_limits());
  if (!seed) out.status = (*sink)->write(file);
  for (Pieces pieces(file, seed.value_or(0)); seed && pieces.more() && out.status.has_value();) {
    out.status = (*sink)->write(pieces.next());
  }
  if (out.status.has_error()) return out;
  auto done = (*sink)->finish();
  if (done.has_error()) {
    out.status = done.error();
    return out;
  }
  if (BytesStore::bytes_of(done->content) != file) std::abort();
  out.statistics = done->statistics_json;
  if (done->index) out.index = BytesStore::bytes_of(*done->index);
  if (done->block_map) out.map = BytesStore::bytes_of(*done->block_map);
  for (const auto& one : done->attachments) out.beside += BytesStore::bytes_of(one.blob);
  for (const std::string& identity : done->identities) out.beside += identity;
  return out;
}

// A map that was made is read without error, and a region's extents are among all of them. Answers
// how many records it knows.
inline uint64_t read_map(const Bytes& stored) {
  const auto map = genomics::BlockMap::in_memory(stored);
  if (map.has_error()) std::abort();
  genomics::Extents x = map->extents();
  uint64_t records = 0;
  for (uint32_t i = 0; i < x.size(); ++i) records += x[i].records;
  const auto all = map->everything();
  if (x.failed().has_error() || all.has_error()) std::abort();
  if (!map->sorted()) return records;
  const auto some = map->query({{0, 0, 1000}, {1, 5, 6}});
  if (some.has_error() || some->size() > all->size()) std::abort();
  return records;
}

// Over blocks of `step` plain bytes, `in_batch` of them at a time.
template <class Walk>
auto walk_blocks(Walk&& walked, ByteView plain, size_t step, size_t in_batch)
    -> decltype(walked.finish()) {
  uint64_t offset = 0;
  while (!plain.empty()) {
    genomics::BgzfBatch batch;
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
  return walked.finish();
}

}  // namespace medarc::fuzz
