#include "genomics/manifest.h"

namespace medarc::genomics {

Result<Manifest> Manifest::open(archive::ChunkLists& lists, const Digest& content, uint64_t bytes,
                                uint64_t from) {
  if (from >= bytes) {
    return make_error(Code::range_not_satisfiable, "offset: the file has no such byte");
  }
  Manifest out(lists, content, bytes);
  MEDARC_TRY(out.load(from));
  return out;
}

Status Manifest::load(uint64_t from) {
  at_ = 0;
  MEDARC_ASSIGN(page_, lists_->chunks_from(content_, from));
  if (!page_.empty()) return {};
  return make_error(Code::corrupt, "a manifest ends before its file");
}

Result<std::optional<archive::ListedChunk>> Manifest::next() {
  if (at_ == page_.size()) {
    const uint64_t end = page_.back().range.end();
    if (end >= bytes_) return std::optional<archive::ListedChunk>();
    MEDARC_TRY(load(end));
  }
  return std::optional(page_[at_++]);
}

}  // namespace medarc::genomics
