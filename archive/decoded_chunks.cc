#include "archive/decoded_chunks.h"

#include "archive/hash.h"
#include "base/metrics.h"

namespace medarc::archive {

void DecodedChunks::use(ChunkCoders coders, uint64_t bytes_max) {
  const std::lock_guard lock(mutex_);
  coders_ = std::move(coders);
  bytes_max_ = bytes_max;
}

Result<Bytes> DecodedChunks::decode(const Digest& chunk, ByteView coded, uint32_t plain_length) {
  static Counter& decoded =
      counter("medarc_archive_chunks_decoded_total", "Recompressed chunks that were undone.");
  std::shared_ptr<ChunkCoder> coder;
  {
    const std::lock_guard lock(mutex_);
    const auto found = coded.empty() ? coders_.end() : coders_.find(static_cast<uint8_t>(coded[0]));
    if (found != coders_.end()) coder = found->second;
  }
  if (coder == nullptr) {
    return make_error(Code::unavailable,
                      "a chunk is stored recompressed and no codec for its form is at hand");
  }
  auto plain = coder->decode(coded, plain_length);
  if (plain.has_error()) {
    const Code code = plain.error().code;
    const bool later = code == Code::unavailable || code == Code::deadline;
    return make_error(later ? code : Code::corrupt,
                      "a recompressed chunk cannot be undone: " + plain.error().text);
  }
  if (plain->size() != plain_length || Sha256::of(*plain) != chunk) {
    return make_error(Code::corrupt, "a recompressed chunk gives other bytes than were stored");
  }
  decoded.add();
  return plain;
}

bool DecodedChunks::copy(const Digest& chunk, ByteRange range, char* out) {
  if (!any_.load(std::memory_order_relaxed)) return false;
  std::shared_ptr<const Bytes> plain;
  {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(chunk);
    if (found == places_.end()) return false;
    kept_.splice(kept_.begin(), kept_, found->second);
    plain = found->second->plain;
  }
  if (range.begin > plain->size() || range.length > plain->size() - range.begin) return false;
  plain->copy(out, range.length, range.begin);
  return true;
}

void DecodedChunks::keep(const Digest& chunk, Bytes plain) {
  const std::lock_guard lock(mutex_);
  if (plain.size() > bytes_max_ || places_.contains(chunk)) return;
  bytes_ += plain.size();
  kept_.push_front({chunk, std::make_shared<const Bytes>(std::move(plain))});
  places_[chunk] = kept_.begin();
  while (bytes_ > bytes_max_) {
    bytes_ -= kept_.back().plain->size();
    places_.erase(kept_.back().chunk);
    kept_.pop_back();
  }
  any_ = true;
}

}  // namespace medarc::archive
