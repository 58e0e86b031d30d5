#include "genomics/plain_reader.h"

namespace medarc::genomics {

Error map_contradicted() {
  return make_error(Code::corrupt, "a stored file and its block map do not agree");
}

Result<ByteView> PlainReader::read(const Fragment& f) {
  if (f.begin.extent >= x_.size()) return map_contradicted();
  uint32_t last = f.end.extent;  // one behind the last block's extents
  if (last < x_.size() && f.end.offset > 0) ++last;
  blocks_.clear();
  const uint64_t from = x_[f.begin.extent].block_offset;
  uint64_t to = from, plain_bytes = 0;
  for (uint32_t e = f.begin.extent; e < last; ++e) {
    const Extent x = x_[e];
    if (x.block_offset < to) continue;  // another extent of the same block
    to = x.block_offset + x.block_bytes();
    blocks_.push_back({x.block_offset, x.block_bytes(), x.plain_bytes,
                       static_cast<int64_t>(plain_bytes) - static_cast<int64_t>(f.begin.offset)});
    plain_bytes += x.plain_bytes;
  }
  MEDARC_TRY(x_.failed());
  packed_.resize(to - from);
  MEDARC_TRY(file_.read({from, to - from}, packed_.data()));
  plain_.resize(plain_bytes);
  size_t at = 0;
  for (const Block& b : blocks_) {
    const ByteView block = ByteView(packed_).substr(b.offset - from, b.block_bytes);
    if (read_bgzf_footer(block).plain_bytes != b.plain_bytes) return map_contradicted();
    MEDARC_TRY(inflater_.inflate(block, plain_.data() + at));
    at += b.plain_bytes;
  }
  const uint64_t plain_of_last = blocks_.empty() ? 0 : blocks_.back().plain_bytes;
  const size_t cut = f.end.offset > 0 ? plain_of_last - f.end.offset : 0;
  if (f.begin.offset + cut > plain_.size()) return map_contradicted();
  return ByteView(plain_).substr(f.begin.offset, plain_.size() - f.begin.offset - cut);
}

}  // namespace medarc::genomics
