#include "archive/segment_reader.h"

namespace medarc::archive {

// Brings page_, entry_ and entry_offset_ to the chunk that holds `offset`.
Status SegmentReader::find_page(uint64_t offset) {
  uint64_t page_bytes = 0;
  for (const ManifestEntry& e : page_.entries) page_bytes += e.length;
  if (offset < page_.first_offset || offset >= page_.first_offset + page_bytes) {
    MEDARC_ASSIGN(auto page, catalog_.find_manifest(blob_, offset));
    if (!page) return make_error(Code::not_found, "the blob was collected");
    page_ = std::move(*page);
    positioned_ = false;
  }
  if (!positioned_ || offset < entry_offset_) {
    entry_ = 0;
    entry_offset_ = page_.first_offset;
    positioned_ = true;
  }
  while (entry_ < page_.entries.size() && offset >= entry_offset_ + page_.entries[entry_].length) {
    entry_offset_ += page_.entries[entry_++].length;
  }
  if (entry_ >= page_.entries.size()) return make_error(Code::corrupt, "a manifest has a hole");
  return {};
}

Status SegmentReader::read_chunk(const Digest& chunk, ByteRange range, char* out) {
  if (chunk == decompressed_of_ && range.end() <= decompressed_.size()) {
    decompressed_.copy(out, range.length, range.begin);
    return {};
  }
  if (!decoding_.fresh && decoding_.chunks->copy(chunk, range, out)) return {};
  decompressed_.clear();
  decompressed_of_ = chunk;
  Error last = make_error(Code::corrupt, "a chunk has no place");
  // A rewrite may move the chunk between the look-up and the read: then look again.
  for (int attempt = 0; attempt < 3; ++attempt) {
    MEDARC_ASSIGN(auto where, catalog_.find_chunk(chunk));
    if (!where) return make_error(Code::corrupt, "chunk " + chunk.hex() + " is missing");
    auto segment = log_.segment(where->segment);
    if (segment.has_error()) {
      last = segment.error();
      continue;
    }
    Status done =
        (*segment)->read_chunk(*where, chunk, range, out, log_.keys(), decompressed_, decoding_);
    if (done.has_value() || done.error().code != Code::not_found) return done;
    last = done.error();
  }
  last.code = Code::corrupt;
  return last;
}

Status SegmentReader::read(ByteRange range, char* out) {
  if (range.begin > size() || range.length > size() - range.begin) {
    return make_error(Code::range_not_satisfiable, "outside the blob");
  }
  while (range.length > 0) {
    MEDARC_TRY(find_page(range.begin));
    const ManifestEntry& e = page_.entries[entry_];
    const uint64_t within = range.begin - entry_offset_;
    const uint64_t n = std::min<uint64_t>(e.length - within, range.length);
    MEDARC_TRY(read_chunk(e.chunk, {within, n}, out));
    out += n;
    range.begin += n;
    range.length -= n;
  }
  return {};
}

}  // namespace medarc::archive
