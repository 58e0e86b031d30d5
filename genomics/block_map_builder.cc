#include "genomics/block_map_builder.h"

#include <algorithm>

namespace medarc::genomics {

BlockMapBuilder::BlockMapBuilder() { out_.raw(kMapMagic); }

void BlockMapBuilder::begin_block(uint64_t offset, uint32_t block_bytes, uint32_t plain_bytes) {
  end_block();
  block_ = Extent{};
  block_.block_offset = offset;
  block_.block_bytes_less_1 = static_cast<uint16_t>(block_bytes - 1);
  block_.plain_bytes = plain_bytes;
  in_block_ = true;
  any_run_ = false;
}

void BlockMapBuilder::end_block() {
  if (in_block_) add_extent(any_run_ ? run_ : block_);
  in_block_ = false;
}

void BlockMapBuilder::add(const RecordFacts& r, uint32_t offset) {
  if (!any_run_ || run_.tid != r.tid) {
    if (any_run_) add_extent(run_);
    run_ = block_;
    run_.tid = r.tid;
    run_.first_offset = static_cast<uint16_t>(offset);
    run_.min_begin = run_.max_begin = r.begin;
    run_.min_end = run_.max_end = r.end;
    any_run_ = true;
  }
  run_.min_begin = std::min(run_.min_begin, r.begin);
  run_.max_begin = std::max(run_.max_begin, r.begin);
  run_.min_end = std::min(run_.min_end, r.end);
  run_.max_end = std::max(run_.max_end, r.end);
  ++run_.records;
  if ((r.flag & kUnmapped) != 0) run_.flags |= kHasUnmapped;
}

void BlockMapBuilder::add_extent(const Extent& x) {
  put_extent(out_, x);
  outline_.add(x);
  if (outline_.extents() % kPageExtents == 0) ready_bytes_ = out_.view().size();
}

Bytes BlockMapBuilder::take_pages() {
  if (ready_bytes_ == 0) return {};
  Bytes all = out_.take();
  out_ = {};
  out_.raw(ByteView(all).substr(ready_bytes_));
  all.resize(ready_bytes_);
  ready_bytes_ = 0;
  return all;
}

Bytes BlockMapBuilder::finish(bool sorted, ByteView header_blocks,
                              const std::vector<std::string>& more_contigs) {
  end_block();
  std::vector<ExtentSpan> spans;
  if (sorted) spans = outline_.take_spans();
  out_.raw(header_blocks);
  for (const std::string& name : more_contigs) out_.bytes(name);
  for (const ExtentSpan& span : spans) {
    out_.fixed(static_cast<uint32_t>(span.tid));
    out_.fixed(span.begin);
    out_.fixed(span.end);
  }
  if (sorted) {
    for (const PageReach& page : outline_.take_reach()) {
      out_.fixed(static_cast<uint32_t>(page.so_far));
      out_.fixed(static_cast<uint32_t>(page.largest));
    }
  }
  out_.fixed(sorted ? kMapSorted : 0u);
  out_.fixed(uint64_t{outline_.extents()});
  out_.fixed(static_cast<uint32_t>(header_blocks.size()));
  out_.fixed(static_cast<uint32_t>(more_contigs.size()));
  out_.fixed(static_cast<uint32_t>(spans.size()));
  return out_.take();
}

Status BlockMapStager::write(ByteView bytes) {
  if (!writer_) {
    MEDARC_ASSIGN(writer_, blobs_.writer(archive::Cuts::given));
    writer_->content(archive::Content::text);
  }
  return writer_->write(bytes);
}

Status BlockMapStager::add(ByteView pages) {
  if (pages.empty()) return {};
  MEDARC_TRY(write(pages));
  writer_->cut();  // so that a page is read without many others
  return {};
}

Result<archive::StagedBlob> BlockMapStager::finish(ByteView rest) {
  MEDARC_TRY(write(rest));
  return writer_->finish();
}

}  // namespace medarc::genomics
