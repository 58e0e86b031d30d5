#include "genomics/record_track.h"

#include <algorithm>

namespace medarc::genomics {
namespace {

constexpr int32_t kMixed = -2;   // the reference of extents in a file that is not sorted
constexpr int kWidestDepth = 6;  // of a CSI: 2^32 bases, more than a position can be

uint64_t longest_of(const std::vector<Reference>& contigs) {
  uint64_t longest = 0;
  for (const Reference& r : contigs) longest = std::max<uint64_t>(longest, r.bases);
  return longest;
}

uint64_t bases_of_depth(int depth) { return uint64_t{1} << (14 + 3 * depth); }

}  // namespace

Result<int32_t> ContigNames::id_of(ByteView name) {
  if (last_ >= 0 && name == last_name_) return last_;
  last_name_ = name;
  if (const auto known = header_.find(name)) return last_ = *known;
  if (header_.references.size() >= references_max_) {
    return make_error(Code::too_large, "the file has more than genomics.references_max contigs");
  }
  last_ = static_cast<int32_t>(header_.references.size());
  header_.references.push_back({last_name_, 0});
  header_.ids.emplace(last_name_, last_);
  more_.push_back(last_name_);
  return last_;
}

void RecordTrack::add_blocks(const BgzfBatch& batch, uint64_t plain_base) {
  blocks_.add(batch, plain_base);
}

std::optional<uint64_t> RecordTrack::begin(uint64_t header_plain_end,
                                           const std::vector<Reference>& contigs, bool csi) {
  records_by_contig_.resize(contigs.size());
  if (!blocked_) return std::nullopt;
  const uint64_t longest = longest_of(contigs);
  index_.emplace(csi || longest > kBaiBasesMax, csi_depth(longest), contigs.size());
  wide_index_.emplace(true, kWidestDepth, contigs.size());
  return blocks_.pass_header(header_plain_end);
}

void RecordTrack::drop_index() {
  index_.reset();
  wide_index_.reset();
  pending_.reset();
}

void RecordTrack::check_order(const RecordFacts& place) {
  const bool same = place.tid == last_contig_;
  // Met before and left: its records do not lie together.
  const bool again = !same && records_by_contig_[static_cast<size_t>(place.tid)] > 0;
  if (!again && (!same || place.begin >= last_begin_)) return;
  sorted_ = false;
  drop_index();
}

void RecordTrack::index_pending(VirtualOffset end) {
  if (!pending_) return;
  index_->add(pending_->facts, pending_->at, end);
  wide_index_->add(pending_->facts, pending_->at, end);
  pending_.reset();
}

void RecordTrack::add(RecordFacts place, const RecordFacts& indexed, uint64_t plain_at) {
  const auto contig = static_cast<size_t>(place.tid);
  if (contig >= records_by_contig_.size()) records_by_contig_.resize(contig + 1);
  if (sorted_) check_order(place);
  last_contig_ = place.tid;
  last_begin_ = place.begin;
  ++records_by_contig_[contig];
  if (!blocked_) return;
  blocks_.enter(plain_at, map_);
  if (index_) {
    const VirtualOffset at = blocks_.virtual_offset(plain_at);
    index_pending(at);
    pending_ = {indexed, at};
    end_max_ = std::max(end_max_, static_cast<uint32_t>(indexed.end));
  }
  if (!sorted_) place.tid = kMixed;
  map_.add(place, blocks_.offset_in_block(plain_at));
}

void RecordTrack::end_records(uint64_t plain_at) {
  if (!blocked_) return;
  blocks_.enter(plain_at, map_);
  index_pending(blocks_.virtual_offset(plain_at));
}

void RecordTrack::finish_index(const std::vector<Reference>& contigs,
                               const std::optional<LineColumns>& lines, Places& out) {
  if (!index_) return;
  index_pending(blocks_.end_of_block());
  const int depth = index_->is_csi() ? csi_depth(longest_of(contigs)) : csi_depth(0);
  BamIndexBuilder& index = end_max_ > bases_of_depth(depth) ? *wide_index_ : *index_;
  out.index_kind = index.is_csi() ? "csi" : "tbi";
  out.index = lines ? index.finish_lines(contigs, *lines) : index.finish();
}

RecordTrack::Places RecordTrack::finish(const std::vector<Reference>& contigs,
                                        const std::optional<LineColumns>& lines) {
  Places out;
  out.sorted = sorted_;
  out.records_by_contig = std::move(records_by_contig_);
  out.records_by_contig.resize(contigs.size());
  if (!blocked_) return out;
  blocks_.enter(UINT64_MAX, map_);
  out.blocks = blocks_.blocks();
  finish_index(contigs, lines, out);
  return out;
}

}  // namespace medarc::genomics
