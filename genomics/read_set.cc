#include "genomics/read_set.h"

#include "archive/hash.h"
#include "genomics/bam_header.h"
#include "genomics/bgzf.h"
#include "genomics/consent.h"
#include "genomics/vcf_header.h"

namespace medarc::genomics {
namespace {

Result<Bytes> plain_of(const Bytes& blocks, const Limits& limits) {
  BgzfSplitter splitter(limits.blocks_max);
  const BgzfInflater inflater;
  ByteView rest = blocks;
  Bytes out;
  while (true) {
    MEDARC_ASSIGN(const bool full, splitter.feed(rest));
    BgzfBatch batch = splitter.take();
    MEDARC_TRY(batch.inflate(inflater));
    out += batch.plain;
    if (!full) return out;
  }
}

// What the file is, is told by its header.
Status parse_header(ReadSet& set, const Limits& limits) {
  MEDARC_ASSIGN(const Bytes plain, plain_of(set.map.header_blocks(), limits));
  ByteView rest = plain;
  bool whole = false;
  if (plain.starts_with("BAM")) {
    BamHeaderParser parser(limits);
    MEDARC_ASSIGN(whole, parser.feed(rest));
    if (whole) set.header = parser.take();
  } else if (!plain.starts_with("BCF") && !plain.starts_with("##fileformat=VCF")) {
    set.form.kind = RecordForm::Kind::bed;
    set.header.text = plain;
    whole = true;
  } else {
    set.form.kind = plain.starts_with("BCF") ? RecordForm::Kind::bcf : RecordForm::Kind::vcf;
    VcfHeaderParser parser(set.form.kind, limits);
    MEDARC_ASSIGN(whole, parser.feed(rest));
    if (whole) {
      VcfHeader header = parser.take();
      set.form.info_end = header.info_end;
      set.header = std::move(header.file);
    }
  }
  if (!whole) return make_error(Code::corrupt, "a block map holds no whole header");
  for (const std::string& name : set.map.more_contigs()) {
    set.header.ids.emplace(name, static_cast<int32_t>(set.header.references.size()));
    set.header.references.push_back({name, 0});
  }
  return {};
}

// A set's name in the cache.
Digest key_of(const Digest& block_map, const std::vector<ConsentRegion>& withheld) {
  if (withheld.empty()) return block_map;
  archive::Sha256 hash;
  hash.update(block_map.view());
  for (const ConsentRegion& r : withheld) {
    hash.update(r.reference + '\t' + std::to_string(r.begin) + '-' + std::to_string(r.end) + '\n');
  }
  return hash.finish();
}

}  // namespace

size_t ReadSet::memory_bytes_max() const {
  size_t bytes =
      sizeof *this + map.memory_bytes_max() + header.text.size() + withheld.size() * sizeof(Region);
  for (const Reference& r : header.references) bytes += 2 * (r.name.size() + 64);
  return bytes;
}

Result<std::shared_ptr<const ReadSet>> load_read_set(archive::BlobStore& blobs,
                                                     const Digest& content, const Digest& block_map,
                                                     const Limits& limits,
                                                     const std::vector<ConsentRegion>& withheld) {
  auto set = std::make_shared<ReadSet>();
  set->content = content;
  MEDARC_ASSIGN(const archive::BlobInfo info, blobs.stat(content));
  set->file_bytes = info.size;
  MEDARC_ASSIGN(set->map, BlockMap::of_blob(blobs, block_map));
  MEDARC_TRY(parse_header(*set, limits));
  MEDARC_ASSIGN(set->withheld, places_of(withheld, set->header));
  return std::shared_ptr<const ReadSet>(std::move(set));
}

Result<std::shared_ptr<const ReadSet>> ReadSetCache::find(
    const Digest& content, const Digest& block_map, const std::vector<ConsentRegion>& withheld) {
  const Digest key = key_of(block_map, withheld);
  {
    std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(key);
        found != entries_.end() && found->second->set->content == content) {
      used_.splice(used_.begin(), used_, found->second);
      return found->second->set;
    }
  }
  MEDARC_ASSIGN(auto set, load_read_set(blobs_, content, block_map, limits_, withheld));
  std::lock_guard lock(mutex_);
  if (entries_.contains(key)) return set;
  used_.push_front({key, set});
  entries_[key] = used_.begin();
  bytes_ += set->memory_bytes_max();
  while (bytes_ > limits_.map_cache_bytes && used_.size() > 1) {
    bytes_ -= used_.back().set->memory_bytes_max();
    entries_.erase(used_.back().key);
    used_.pop_back();
  }
  return set;
}

}  // namespace medarc::genomics
