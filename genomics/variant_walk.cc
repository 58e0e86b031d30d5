#include "genomics/variant_walk.h"

#include <algorithm>

#include "genomics/bcf_record.h"

namespace medarc::genomics {
namespace {

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
    : kind_(kind),
      blocked_(blocked),
      limits_(limits),
      header_parser_(kind, limits),
      contigs_(header_.file, limits.references_max),
      track_(blocked) {}

Error VariantWalk::at_record(Error error) const {
  std::string where = "record " + std::to_string(counts_.records + 1);
  if (kind_ == RecordForm::Kind::vcf) {
    where += " (line " + std::to_string(header_lines_ + counts_.records + 1) + ")";
  }
  return with_context(std::move(error), where + " is damaged");
}

Status VariantWalk::feed(const BgzfBatch& batch) {
  track_.add_blocks(batch, plain_base_);
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
  header_blocks_end_ =
      track_.begin(header_plain_end_, header_.file.references, kind_ == RecordForm::Kind::bcf);
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

Result<VariantFacts> VariantWalk::check(ByteView record) {
  if (kind_ == RecordForm::Kind::bcf) {
    return check_bcf_record(record.substr(kBcfHeadBytes),
                            static_cast<uint32_t>(size_field(record, 0)), header_);
  }
  MEDARC_ASSIGN(const VcfColumns columns, split_vcf_line(record, header_.columns));
  VariantFacts facts = facts_of_vcf(columns, header_.info_end);
  MEDARC_ASSIGN(facts.place.tid, contigs_.id_of(columns.contig));
  return facts;
}

Status VariantWalk::take_record(ByteView record) {
  auto facts = check(record);
  if (facts.has_error()) return at_record(std::move(facts).error());
  counts_.add(*facts);
  RecordFacts indexed = facts->place;
  indexed.end = facts->end_in_index;
  track_.add(facts->place, indexed, record_at_);
  return {};
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
  std::optional<LineColumns> lines;
  if (kind_ == RecordForm::Kind::vcf) lines = kVcfLines;
  RecordTrack::Places places = track_.finish(header_.file.references, lines);
  out.counts = counts_;
  out.records_by_contig = std::move(places.records_by_contig);
  out.sorted = places.sorted;
  out.plain_bytes = plain_base_;
  out.more_contigs = contigs_.take_more();
  if (blocked_) {
    out.blocks = places.blocks;
    out.index = std::move(places.index);
    out.index_kind = std::move(places.index_kind);
    Bytes header_blocks;
    BgzfDeflater().deflate(header_plain_, header_blocks);
    out.map = track_.finish_map(header_blocks, out.more_contigs);
  }
  out.header = std::move(header_);
  return out;
}

}  // namespace medarc::genomics
