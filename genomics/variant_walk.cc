#include "genomics/variant_walk.h"

#include <algorithm>

#include "genomics/bcf_record.h"

namespace medarc::genomics {
namespace {

constexpr int32_t kMixed = -2;   // the reference of extents in a file that is not sorted
constexpr int kWidestDepth = 6;  // of a CSI: 2^32 bases, more than a position can be

uint64_t size_field(ByteView b, size_t at) {
  const auto* u = reinterpret_cast<const uint8_t*>(b.data()) + at;
  return u[0] | uint64_t{u[1]} << 8 | uint64_t{u[2]} << 16 | uint64_t{u[3]} << 24;
}

}  // namespace

void VariantCounts::add(const VariantFacts& f) {
  ++records;
  no_alts += f.types == kReferenceOnly;
  snvs += (f.types & kSnv) != 0;
  mnvs += (f.types & kMnv) != 0;
  indels += (f.types & kIndel) != 0;
  others += (f.types & kOther) != 0;
  symbolic += (f.types & kSymbolic) != 0;
  breakends += (f.types & kBreakend) != 0;
  multiallelic += f.alts > 1;
  multiallelic_snvs += f.alts > 1 && f.types == kSnv;
}

VariantWalk::VariantWalk(RecordForm::Kind kind, bool blocked, const Limits& limits)
    : kind_(kind), blocked_(blocked), limits_(limits), header_parser_(kind, limits) {}

Error VariantWalk::at_record(Error error) const {
  std::string where = "record " + std::to_string(counts_.records + 1);
  if (kind_ == RecordForm::Kind::vcf) {
    where += " (line " + std::to_string(header_lines_ + counts_.records + 1) + ")";
  }
  return with_context(std::move(error), where + " is damaged");
}

Status VariantWalk::feed(const BgzfBatch& batch) {
  blocks_.add(batch, plain_base_);
  return feed(ByteView(batch.plain));
}

Status VariantWalk::feed(ByteView plain) {
  const uint64_t plain_end = plain_base_ + plain.size();
  ByteView rest = plain;
  if (!header_done_) MEDARC_TRY(take_header(rest, plain_end));
  if (header_done_) MEDARC_TRY(walk(rest, plain_end - rest.size()));
  plain_base_ = plain_end;
  return {};
}

Status VariantWalk::take_header(ByteView& rest, uint64_t plain_end) {
  MEDARC_ASSIGN(header_done_, header_parser_.feed(rest));
  if (!header_done_) return {};
  header_plain_end_ = plain_end - rest.size();
  header_lines_ = header_parser_.lines();
  header_plain_ = Bytes(header_parser_.bytes());
  header_ = header_parser_.take();
  records_by_contig_.resize(header_.file.references.size());
  if (!blocked_) return {};
  header_blocks_end_ = blocks_.pass_header(header_plain_end_);
  uint64_t longest = 0;
  for (const Reference& r : header_.file.references) longest = std::max<uint64_t>(longest, r.bases);
  const size_t contigs = header_.file.references.size();
  const bool vcf = kind_ == RecordForm::Kind::vcf;
  const int depth = csi_depth(longest);
  index_.emplace(!vcf || longest > kBaiBasesMax, depth, contigs);
  wide_index_.emplace(true, kWidestDepth, contigs);
  return {};
}

Result<size_t> VariantWalk::whole_record(ByteView at) const {
  const auto over = [&](const char* limit) {
    return at_record(make_error(Code::too_large, std::string("it is over genomics.") + limit));
  };
  if (kind_ == RecordForm::Kind::vcf) {
    const size_t end = at.find('\n');
    if (std::min(end, at.size()) > limits_.line_bytes_max) return over("line_bytes_max");
    return end == ByteView::npos ? 0 : end + 1;
  }
  if (at.size() < kBcfHeadBytes) return size_t{0};
  const uint64_t shared = size_field(at, 0), individual = size_field(at, 4);
  if (shared < kBcfFixedBytes) {
    return at_record(make_error(Code::invalid_argument, "its length cannot be"));
  }
  if (shared + individual > limits_.record_bytes_max) return over("record_bytes_max");
  const size_t bytes = kBcfHeadBytes + shared + individual;
  return bytes > at.size() ? 0 : bytes;
}

Status VariantWalk::walk(ByteView rest, uint64_t first) {
  const char* const origin = rest.data();
  if (!carry_.empty()) {
    MEDARC_ASSIGN(const bool done, complete_carried(rest));
    if (!done) return {};
  }
  while (!rest.empty()) {
    record_at_ = first + static_cast<uint64_t>(rest.data() - origin);
    MEDARC_ASSIGN(const size_t bytes, whole_record(rest));
    if (bytes == 0) {
      carry_.assign(rest);
      return {};
    }
    MEDARC_TRY(take_record(rest.substr(0, bytes)));
    rest.remove_prefix(bytes);
  }
  return {};
}

// Takes from `rest` what the carried record lacks; false when that is still not all.
Result<bool> VariantWalk::complete_carried(ByteView& rest) {
  const auto take = [&](size_t size) {
    const ByteView piece = rest.substr(0, size);
    carry_.append(piece);
    rest.remove_prefix(piece.size());
  };
  if (kind_ == RecordForm::Kind::vcf) {
    const size_t end = rest.find('\n');
    // Before it is copied: a line without an end must not fill the memory.
    if (carry_.size() + std::min(end, rest.size()) > limits_.line_bytes_max) {
      return at_record(make_error(Code::too_large, "it is over genomics.line_bytes_max"));
    }
    take(end == ByteView::npos ? rest.size() : end + 1);
    if (end == ByteView::npos) return false;
  } else {
    if (carry_.size() < kBcfHeadBytes) take(kBcfHeadBytes - carry_.size());
    if (carry_.size() < kBcfHeadBytes) return false;
    MEDARC_ASSIGN(const size_t whole, whole_record(carry_));
    if (whole == 0) {
      take(kBcfHeadBytes + size_field(carry_, 0) + size_field(carry_, 4) - carry_.size());
      MEDARC_ASSIGN(const size_t bytes, whole_record(carry_));
      if (bytes == 0) return false;
    }
  }
  MEDARC_TRY(take_record(carry_));
  carry_.clear();
  return true;
}

// Its id; one that only records name gets the next one.
Result<int32_t> VariantWalk::contig_of(ByteView name) {
  if (last_contig_ >= 0 && name == last_name_) return last_contig_;
  FileHeader& file = header_.file;
  if (const auto known = file.find(name)) return *known;
  if (file.references.size() >= limits_.references_max) {
    return make_error(Code::too_large, "the file has more than genomics.references_max contigs");
  }
  const auto id = static_cast<int32_t>(file.references.size());
  file.references.push_back({std::string(name), 0});
  file.ids.emplace(name, id);
  more_contigs_.emplace_back(name);
  records_by_contig_.push_back(0);
  return id;
}

Result<VariantFacts> VariantWalk::check(ByteView record) {
  if (kind_ == RecordForm::Kind::bcf) {
    return check_bcf_record(record.substr(kBcfHeadBytes),
                            static_cast<uint32_t>(size_field(record, 0)), header_);
  }
  MEDARC_ASSIGN(const VcfColumns columns, split_vcf_line(record, header_.columns));
  VariantFacts facts = facts_of_vcf(columns, header_.info_end);
  MEDARC_ASSIGN(facts.place.tid, contig_of(columns.contig));
  return facts;
}

void VariantWalk::check_order(const RecordFacts& place) {
  const bool same = place.tid == last_contig_;
  // Met before and left: its records do not lie together.
  const bool again = !same && records_by_contig_[static_cast<size_t>(place.tid)] > 0;
  if (!again && (!same || place.begin >= last_begin_)) return;
  sorted_ = false;
  index_.reset();
  wide_index_.reset();
  pending_.reset();
}

void VariantWalk::index_pending(VirtualOffset end) {
  if (!pending_) return;
  index_->add(pending_->facts, pending_->at, end);
  wide_index_->add(pending_->facts, pending_->at, end);
}

Status VariantWalk::take_record(ByteView record) {
  auto facts = check(record);
  if (facts.has_error()) return at_record(std::move(facts).error());
  RecordFacts place = facts->place;
  if (sorted_) check_order(place);
  if (place.tid != last_contig_)
    last_name_ = header_.file.references[static_cast<size_t>(place.tid)].name;
  last_contig_ = place.tid;
  last_begin_ = place.begin;
  ++records_by_contig_[static_cast<size_t>(place.tid)];
  counts_.add(*facts);
  if (!blocked_) return {};
  blocks_.enter(record_at_, map_);
  if (sorted_) {
    const VirtualOffset at = blocks_.virtual_offset(record_at_);
    index_pending(at);
    pending_ = {place, at};
    pending_->facts.end = facts->end_in_index;
    end_max_ = std::max(end_max_, static_cast<uint32_t>(facts->end_in_index));
  } else {
    place.tid = kMixed;
  }
  map_.add(place, blocks_.offset_in_block(record_at_));
  return {};
}

void VariantWalk::finish_index(VariantSummary& out) {
  if (!sorted_) return;
  index_pending(blocks_.end_of_block());
  const uint64_t named = uint64_t{1} << (14 + 3 * csi_depth(0));
  bool wide = end_max_ > named;
  if (index_->is_csi()) {
    uint64_t longest = 0;
    for (const Reference& r : header_.file.references)
      longest = std::max<uint64_t>(longest, r.bases);
    wide = end_max_ > uint64_t{1} << (14 + 3 * csi_depth(longest));
  }
  BamIndexBuilder& index = wide ? *wide_index_ : *index_;
  out.index_kind = index.is_csi() ? "csi" : "tbi";
  out.index =
      kind_ == RecordForm::Kind::bcf ? index.finish() : index.finish_lines(header_.file.references);
}

Result<VariantSummary> VariantWalk::finish() {
  const char* const format = kind_ == RecordForm::Kind::vcf ? "VCF" : "BCF";
  if (!header_done_) {
    return make_error(Code::invalid_argument,
                      std::string("the file ends inside its ") + format + " header");
  }
  if (!carry_.empty()) {
    if (kind_ == RecordForm::Kind::bcf) {
      return at_record(make_error(Code::invalid_argument, "the file ends inside it"));
    }
    // The last line end may be missing.
    MEDARC_TRY(take_record(carry_));
    carry_.clear();
  }
  VariantSummary out;
  out.counts = counts_;
  out.records_by_contig = records_by_contig_;
  out.sorted = sorted_;
  out.plain_bytes = plain_base_;
  if (blocked_) {
    blocks_.enter(UINT64_MAX, map_);
    out.blocks = blocks_.blocks();
    finish_index(out);
    Bytes header_blocks;
    BgzfDeflater().deflate(header_plain_, header_blocks);
    out.map.emplace(sorted_, std::move(header_blocks), map_.take(), more_contigs_);
  }
  out.more_contigs = std::move(more_contigs_);
  out.header = std::move(header_);
  return out;
}

}  // namespace medarc::genomics
