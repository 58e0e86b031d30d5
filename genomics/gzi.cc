#include "genomics/gzi.h"

#include "base/codec.h"

namespace medarc::genomics {

void GziBuilder::add(const BgzfBatch& batch) {
  for (const BgzfBlock& b : batch.blocks) {
    // The first is left out, and empty ones, which hold no byte to be found.
    if (b.offset > 0 && b.plain_bytes > 0) entries_.push_back({b.offset, plain_});
    plain_ += b.plain_bytes;
  }
}

Bytes GziBuilder::finish() const {
  Encoder out;
  out.fixed(uint64_t{entries_.size()});
  for (const GziEntry& e : entries_) {
    out.fixed(e.offset);
    out.fixed(e.plain);
  }
  return out.take();
}

Result<std::vector<GziEntry>> decode_gzi(ByteView stored) {
  const Error corrupt = make_error(Code::corrupt, "an index of BGZF blocks is damaged");
  Decoder in(stored);
  const auto count = in.fixed<uint64_t>();
  if (!in.ok() || count != in.rest().size() / 16 || in.rest().size() % 16 != 0) return corrupt;
  std::vector<GziEntry> out{{0, 0}};
  out.reserve(count + 1);
  for (uint64_t i = 0; i < count; ++i) {
    const GziEntry before = out.back();
    const auto offset = in.fixed<uint64_t>(), plain = in.fixed<uint64_t>();
    if (offset <= before.offset || plain < before.plain) return corrupt;
    out.push_back({offset, plain});
  }
  return out;
}

}  // namespace medarc::genomics
