#include "genomics/bed_walk.h"

#include <algorithm>

#include "genomics/bed_columns.h"
#include "genomics/bgzf.h"

namespace medarc::genomics {

BedWalk::BedWalk(bool blocked, const Limits& limits)
    : blocked_(blocked),
      limits_(limits),
      contigs_(header_, limits.references_max),
      track_(blocked) {}

Error BedWalk::at_record(Error error) const {
  return with_context(std::move(error), "record " + std::to_string(counts_.records + 1) +
                                            " (line " + std::to_string(counts_.lines) +
                                            ") is damaged");
}

Status BedWalk::feed(const BgzfBatch& batch) {
  track_.add_blocks(batch, plain_base_);
  return feed(ByteView(batch.plain));
}

Status BedWalk::feed(ByteView plain) {
  const uint64_t base = plain_base_;
  plain_base_ += plain.size();
  ByteView rest = plain;
  while (!rest.empty()) {
    const uint64_t at = base + (plain.size() - rest.size());
    MEDARC_ASSIGN(const size_t bytes, piece_of_line(rest));
    const ByteView piece = rest.substr(0, bytes);
    rest.remove_prefix(bytes);
    if (carry_.empty()) line_at_ = at;
    if (!piece.ends_with('\n')) {
      carry_.append(piece);
    } else if (carry_.empty()) {
      MEDARC_TRY(take_line(piece));
    } else {
      carry_.append(piece);
      MEDARC_TRY(take_line(carry_));
      carry_.clear();
    }
  }
  return {};
}

// Up to and with its end, or all. The limit comes before anything is kept of it.
Result<size_t> BedWalk::piece_of_line(ByteView rest) const {
  const size_t end = rest.find('\n');
  if (carry_.size() + std::min(end, rest.size()) > limits_.line_bytes_max) {
    return make_error(Code::too_large, "line " + std::to_string(counts_.lines + 1) +
                                           " is over genomics.line_bytes_max");
  }
  return end == ByteView::npos ? rest.size() : end + 1;
}

Status BedWalk::take_line(ByteView line) {
  ++counts_.lines;
  return is_bed_record(line) ? take_record(line) : take_other(line);
}

Status BedWalk::take_other(ByteView line) {
  if (is_bed_track(line)) columns_ = 0;
  if (header_blocks_end_) {
    if (!other_at_) other_at_ = line_at_;
    return {};
  }
  if (header_.text.size() + line.size() > limits_.header_bytes_max) {
    return make_error(Code::too_large,
                      "what stands before the records is over genomics.header_bytes_max");
  }
  header_.text += line;
  ++header_lines_;
  header_marked_ = header_marked_ && line.starts_with('#');
  return {};
}

void BedWalk::begin_records(uint64_t plain_at) {
  if (!header_blocks_end_) header_blocks_end_ = track_.begin(plain_at, {}, false).value_or(0);
}

Status BedWalk::take_record(ByteView line) {
  auto columns = split_bed_line(line);
  if (columns.has_error()) return at_record(std::move(columns).error());
  begin_records(line_at_);
  RecordFacts place = place_of_bed(*columns);
  MEDARC_ASSIGN(place.tid, contigs_.id_of(columns->contig));
  auto counted = count(*columns, place);
  if (counted.has_error()) return at_record(std::move(counted).error());
  if (!columns->tabs || other_at_) {
    if (unindexed_ == BedUnindexed::no) {
      unindexed_ = columns->tabs ? BedUnindexed::lines_between : BedUnindexed::blanks;
    }
    track_.drop_index();
  }
  // Lines that are no records go with the record behind them.
  track_.add(place, indexed_place_of_bed(place), other_at_.value_or(line_at_));
  other_at_.reset();
  return {};
}

Status BedWalk::count(const BedColumns& columns, const RecordFacts& place) {
  if (columns_ == 0) columns_ = columns.columns;
  if (columns.columns != columns_) {
    return make_error(Code::invalid_argument, "it has " + std::to_string(columns.columns) +
                                                  " columns, those before it " +
                                                  std::to_string(columns_));
  }
  MEDARC_ASSIGN(const BedStandard standard, standard_of_bed(columns));
  if (standard.departs != nullptr && standard.columns < counts_.standard) {
    counts_.standard = standard.columns;
    counts_.departs = standard.departs;
    counts_.departs_line = counts_.lines;
  }
  ++counts_.records;
  counts_.columns_max = std::max(counts_.columns_max, columns.columns);
  counts_.bases += columns.end - columns.begin;
  if (place.tid != covered_contig_) {
    covered_contig_ = place.tid;
    covered_end_ = 0;
  }
  if (place.end > covered_end_) {
    counts_.bases_covered += static_cast<uint64_t>(place.end - std::max(place.begin, covered_end_));
    covered_end_ = place.end;
  }
  return {};
}

Result<BedSummary> BedWalk::finish() {
  if (!carry_.empty()) {
    MEDARC_TRY(take_line(carry_));
    carry_.clear();
  }
  begin_records(plain_base_);
  if (other_at_) track_.end_records(*other_at_);
  LineColumns lines = kBedLines;
  if (!header_marked_) lines.skip = header_lines_;
  RecordTrack::Places places = track_.finish(header_.references, lines);
  BedSummary out;
  out.counts = counts_;
  const uint32_t standard = std::min(counts_.standard, counts_.columns_max);
  out.counts.standard = standard == 10 || standard == 11 ? 9 : standard;
  out.records_by_contig = std::move(places.records_by_contig);
  out.sorted = places.sorted;
  out.unindexed = unindexed_;
  out.plain_bytes = plain_base_;
  if (blocked_) {
    out.blocks = places.blocks;
    out.index = std::move(places.index);
    out.index_kind = std::move(places.index_kind);
    Bytes header_blocks;
    if (!header_.text.empty()) BgzfDeflater().deflate(header_.text, header_blocks);
    out.map = track_.finish_map(header_blocks, contigs_.take_more());
  }
  out.header = std::move(header_);
  return out;
}

}  // namespace medarc::genomics
