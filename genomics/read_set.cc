#include "genomics/read_set.h"

#include "genomics/bgzf.h"

namespace medarc::genomics {
namespace {

Result<Bytes> read_blob(archive::BlobStore& blobs, const Digest& digest) {
  MEDARC_ASSIGN(auto reader, blobs.open(digest));
  Bytes out(reader->size(), '\0');
  MEDARC_TRY(reader->read({0, out.size()}, out.data()));
  return out;
}

Result<BamHeader> parse_header(const Bytes& blocks, const Limits& limits) {
  BgzfSplitter splitter(limits.blocks_max);
  const BgzfInflater inflater;
  BamHeaderParser parser(limits);
  ByteView rest = blocks;
  while (true) {
    MEDARC_ASSIGN(const bool full, splitter.feed(rest));
    BgzfBatch batch = splitter.take();
    MEDARC_TRY(batch.inflate(inflater));
    ByteView plain = batch.plain;
    MEDARC_ASSIGN(const bool done, parser.feed(plain));
    if (done) return parser.take();
    if (!full) return make_error(Code::corrupt, "a block map holds no whole header");
  }
}

}  // namespace

size_t ReadSet::memory_bytes() const {
  size_t bytes = sizeof *this + map.memory_bytes() + header.text.size();
  for (const Reference& r : header.references) bytes += 2 * (r.name.size() + 64);
  return bytes;
}

Result<std::shared_ptr<const ReadSet>> load_read_set(archive::BlobStore& blobs, const Digest& content,
                                                     const Digest& block_map, const Limits& limits) {
  auto set = std::make_shared<ReadSet>();
  set->content = content;
  MEDARC_ASSIGN(const archive::BlobInfo info, blobs.stat(content));
  set->file_bytes = info.size;
  MEDARC_ASSIGN(const Bytes stored, read_blob(blobs, block_map));
  MEDARC_ASSIGN(set->map, BlockMap::decode(stored));
  MEDARC_ASSIGN(set->header, parse_header(set->map.header_blocks(), limits));
  return std::shared_ptr<const ReadSet>(std::move(set));
}

Result<std::shared_ptr<const ReadSet>> ReadSetCache::find(const Digest& content,
                                                          const Digest& block_map) {
  {
    std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(block_map);
        found != entries_.end() && found->second->set->content == content) {
      used_.splice(used_.begin(), used_, found->second);
      return found->second->set;
    }
  }
  MEDARC_ASSIGN(auto set, load_read_set(blobs_, content, block_map, limits_));
  std::lock_guard lock(mutex_);
  if (entries_.contains(block_map)) return set;
  used_.push_front({block_map, set});
  entries_[block_map] = used_.begin();
  bytes_ += set->memory_bytes();
  while (bytes_ > limits_.map_cache_bytes && used_.size() > 1) {
    bytes_ -= used_.back().set->memory_bytes();
    entries_.erase(used_.back().block_map);
    used_.pop_back();
  }
  return set;
}

}  // namespace medarc::genomics
