#include "genomics/bam_walk.h"

#include <algorithm>

namespace medarc::genomics {
namespace {

constexpr int32_t kMixed = -2;  // the reference of extents in a file that is not sorted

uint32_t size_field(ByteView b) {
  const auto* u = reinterpret_cast<const uint8_t*>(b.data());
  return u[0] | uint32_t{u[1]} << 8 | uint32_t{u[2]} << 16 | uint32_t{u[3]} << 24;
}

}  // namespace

BamWalk::BamWalk(const Limits& limits) : limits_(limits), header_parser_(limits) {}

Error BamWalk::at_record(Error error) const {
  return with_context(std::move(error), "record " + std::to_string(records_ + 1) + " is damaged");
}

Status BamWalk::feed(const BgzfBatch& batch) {
  blocks_.add(batch, plain_base_);
  ByteView rest = batch.plain;
  if (!header_blocks_end_) MEDARC_TRY(feed_header(rest, batch));
  if (header_blocks_end_) MEDARC_TRY(walk(rest));
  plain_base_ += batch.plain.size();
  return {};
}

Status BamWalk::feed_header(ByteView& rest, const BgzfBatch& batch) {
  MEDARC_ASSIGN(const bool whole, header_parser_.feed(rest));
  if (!whole) return {};
  header_plain_end_ = plain_base_ + batch.plain.size() - rest.size();
  header_plain_ = Bytes(header_parser_.bytes());
  header_ = header_parser_.take();
  index_.emplace(header_.references);
  numbers_.emplace(header_.references);
  header_blocks_end_ = blocks_.pass_header(header_plain_end_);
  return {};
}

Result<uint32_t> BamWalk::record_bytes(ByteView at) const {
  const uint32_t bytes = size_field(at);
  if (bytes < kRecordBytesMin || bytes > INT32_MAX) {
    return at_record(make_error(Code::invalid_argument, "its length cannot be"));
  }
  if (bytes > limits_.record_bytes_max) {
    return at_record(make_error(Code::too_large, "it is over genomics.record_bytes_max"));
  }
  return bytes;
}

Status BamWalk::walk(ByteView rest) {
  const char* const origin = rest.data();
  const uint64_t first = std::max(plain_base_, header_plain_end_);  // plain offset of `rest`
  if (!carry_.empty()) {
    MEDARC_ASSIGN(const bool done, complete_carried(rest));
    if (!done) return {};
  }
  while (rest.size() >= 4) {
    MEDARC_ASSIGN(const uint32_t bytes, record_bytes(rest));
    if (rest.size() - 4 < bytes) break;
    record_at_ = first + static_cast<uint64_t>(rest.data() - origin);
    MEDARC_TRY(take_record(rest.substr(4, bytes)));
    rest.remove_prefix(4 + size_t{bytes});
  }
  if (!rest.empty()) {
    record_at_ = first + static_cast<uint64_t>(rest.data() - origin);
    carry_.assign(rest);
  }
  return {};
}

// Takes from `rest` what the carried record lacks; false when that is still not all.
Result<bool> BamWalk::complete_carried(ByteView& rest) {
  const auto take_to = [&](size_t size) {
    const ByteView piece = rest.substr(0, size > carry_.size() ? size - carry_.size() : 0);
    carry_.append(piece);
    rest.remove_prefix(piece.size());
    return carry_.size() >= size;
  };
  if (!take_to(4)) return false;
  MEDARC_ASSIGN(const uint32_t bytes, record_bytes(carry_));
  if (!take_to(4 + size_t{bytes})) return false;
  MEDARC_TRY(take_record(ByteView(carry_).substr(4)));
  carry_.clear();
  return true;
}

void BamWalk::check_order(const RecordFacts& facts) {
  const auto place = static_cast<uint32_t>(facts.tid);  // no reference: last
  if (place < last_place_ ||
      (place == last_place_ && facts.tid >= 0 && facts.begin < last_begin_)) {
    sorted_ = false;
    index_.reset();
    pending_.reset();
    numbers_->not_sorted();
  }
  last_place_ = place;
  last_begin_ = facts.begin;
}

void BamWalk::index_pending(VirtualOffset end) {
  if (pending_) index_->add(pending_->facts, pending_->at, end);
}

Status BamWalk::take_record(ByteView record) {
  RecordParts parts;
  auto facts = check_record(record, header_, &parts);
  if (facts.has_error()) return at_record(std::move(facts).error());
  blocks_.enter(record_at_, map_);
  const VirtualOffset at = blocks_.virtual_offset(record_at_);
  unplaced_ += facts->tid < 0;
  if (sorted_) check_order(*facts);
  numbers_->add(*facts, parts, record);
  if (sorted_) {
    index_pending(at);
    pending_ = {*facts, at};
  } else {
    facts->tid = kMixed;
  }
  map_.add(*facts, blocks_.offset_in_block(record_at_));
  ++records_;
  return {};
}

Result<BamSummary> BamWalk::finish() {
  if (!header_blocks_end_) {
    return make_error(Code::invalid_argument, "the file ends inside its BAM header");
  }
  if (!carry_.empty()) {
    return at_record(make_error(Code::invalid_argument, "the file ends inside it"));
  }
  blocks_.enter(UINT64_MAX, map_);
  BamSummary out;
  out.sorted = sorted_;
  out.flagstat = numbers_->flagstat();
  out.numbers = numbers_->members(header_.references);
  out.quality = numbers_->quality(header_.references);
  out.depth = numbers_->take_depth();
  out.identities = numbers_->identities();
  out.unplaced = unplaced_;
  out.blocks = blocks_.blocks();
  out.plain_bytes = plain_base_;
  if (sorted_ && !header_.references.empty()) {
    index_pending(blocks_.end_of_block());
    out.index = index_->finish();
    out.index_kind = index_->is_csi() ? "csi" : "bai";
  }
  Bytes header_blocks;
  BgzfDeflater().deflate(header_plain_, header_blocks);
  out.map = map_.finish(sorted_, header_blocks);
  out.header = std::move(header_);
  return out;
}

}  // namespace medarc::genomics
