#include "genomics/bam_writer.h"

#include "base/codec.h"

namespace medarc::genomics {

Bytes encode_bam_header(const BamHeader& header) {
  Encoder e;
  e.raw(ByteView("BAM\1", 4));
  e.fixed(static_cast<uint32_t>(header.text.size()));
  e.raw(header.text);
  e.fixed(static_cast<uint32_t>(header.references.size()));
  for (const Reference& r : header.references) {
    e.fixed(static_cast<uint32_t>(r.name.size() + 1));
    e.raw(r.name);
    e.raw(ByteView("\0", 1));
    e.fixed(r.bases);
  }
  return e.take();
}

BamWriter::BamWriter(archive::BlobStore& blobs, std::unique_ptr<archive::BlobWriter> writer,
                     const Limits& limits)
    : stager_(std::move(writer)), walk_(limits), map_(blobs) {}

Status BamWriter::header(const BamHeader& header) {
  add_blocks(encode_bam_header(header));
  return pass_on();
}

Status BamWriter::record(ByteView record) {
  if (!block_.empty() && block_.size() + record.size() > kBgzfPlainBytesMax) end_block();
  block_.append(record);
  if (block_.size() >= kBgzfPlainBytesMax) end_block();
  if (batch_.bytes.size() < BgzfSplitter::kBatchBytes &&
      batch_.plain.size() < BgzfSplitter::kBatchPlainBytes) {
    return {};
  }
  return pass_on();
}

void BamWriter::end_block() {
  add_blocks(block_);
  block_.clear();
}

void BamWriter::add_blocks(ByteView plain) {
  size_t at = batch_.bytes.size();
  deflater_.deflate(plain, batch_.bytes);
  uint32_t plain_at = static_cast<uint32_t>(batch_.plain.size());
  batch_.plain.append(plain);
  batch_.plain_bytes = static_cast<uint32_t>(batch_.plain.size());
  while (at < batch_.bytes.size()) {
    const ByteView rest = ByteView(batch_.bytes).substr(at);
    const auto* u = reinterpret_cast<const uint8_t*>(rest.data());
    const uint32_t bytes = (u[16] | uint32_t{u[17]} << 8) + 1;  // as the deflater writes it
    const BgzfFooter footer = read_bgzf_footer(rest.substr(0, bytes));
    batch_.blocks.push_back(
        {offset_ + at, static_cast<uint32_t>(at), bytes, plain_at, footer.plain_bytes, footer.crc});
    plain_at += footer.plain_bytes;
    at += bytes;
  }
}

Status BamWriter::pass_on() {
  if (batch_.blocks.empty()) return {};
  MEDARC_TRY(walk_.feed(batch_));
  MEDARC_TRY(map_.add(walk_.take_map_pages()));
  const auto header_end = walk_.header_blocks_end();
  MEDARC_TRY(stager_.stage(batch_, header_cut_ || !header_end ? UINT64_MAX : *header_end));
  header_cut_ = header_end.has_value();
  offset_ += batch_.bytes.size();
  batch_ = {};
  return {};
}

Result<BamWriter::Written> BamWriter::finish() {
  if (!block_.empty()) end_block();
  batch_.blocks.push_back({offset_ + batch_.bytes.size(),
                           static_cast<uint32_t>(batch_.bytes.size()),
                           static_cast<uint32_t>(kBgzfEof.size()), batch_.plain_bytes, 0, 0});
  batch_.bytes.append(kBgzfEof);
  MEDARC_TRY(pass_on());
  MEDARC_ASSIGN(BamSummary summary, walk_.finish());
  Written out;
  MEDARC_ASSIGN(out.content, stager_.finish());
  MEDARC_ASSIGN(out.block_map, map_.finish(summary.map));
  out.summary = std::move(summary);
  return out;
}

}  // namespace medarc::genomics
