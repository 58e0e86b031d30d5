#include "genomics/cold/coded_blocks.h"

#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>

#include "base/codec.h"

namespace medarc::genomics {
namespace {

constexpr size_t kScratchBytes = 2 * kBgzfBlockBytesMax;
constexpr int kFruitlessMax = 8;  // of one file; then only what worked is tried
constexpr uint64_t kBlockBytesMin = kBgzfHeaderBytes + kBgzfFooterBytes + 1;

enum class Packing : uint8_t { as_is = 0, zstd = 1, repeated = 2 };  // values are stored

void put16(char* p, uint32_t v) {
  p[0] = static_cast<char>(v);
  p[1] = static_cast<char>(v >> 8);
}
void append32(Bytes& out, uint32_t v) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(v >> (8 * i));
}

struct Run {
  DeflaterId by = kKeptAsIs;
  uint64_t count = 0;  // blocks; kept: bytes
  Bytes header;        // of each block, its length field zero
};

Bytes zstd_of(ByteView bytes, int level) {
  const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(),
                                                                   ZSTD_freeCCtx);
  if (context == nullptr) return {};
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  Bytes out(ZSTD_compressBound(bytes.size()), '\0');
  const size_t n =
      ZSTD_compress2(context.get(), out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(n)) return {};
  out.resize(n);
  return out;
}

void encode_column(ByteView column, int level, Encoder& out) {
  const auto put = [&](Packing how, ByteView bytes) {
    out.fixed(static_cast<uint8_t>(how));
    out.varint(column.size());
    out.bytes(bytes);
  };
  if (!column.empty() && column.find_first_not_of(column[0]) == column.npos) {
    return put(Packing::repeated, column.substr(0, 1));
  }
  const Bytes packed = zstd_of(column, level);
  if (packed.empty() || packed.size() >= column.size()) return put(Packing::as_is, column);
  put(Packing::zstd, packed);
}

Error not_ours() { return make_error(Code::corrupt, "a coded chunk that cannot be read"); }

Result<Bytes> decode_column(Decoder& in, uint64_t& bytes_left) {
  const auto how = static_cast<Packing>(in.fixed<uint8_t>());
  const uint64_t size = in.varint();
  const ByteView packed = in.bytes();
  if (!in.ok() || size > bytes_left) return not_ours();
  bytes_left -= size;
  switch (how) {
    case Packing::as_is:
      if (packed.size() != size) break;
      return Bytes(packed);
    case Packing::repeated:
      if (packed.size() != 1) break;
      return Bytes(size, packed[0]);
    case Packing::zstd: {
      Bytes out(size, '\0');
      const size_t n = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
      if (ZSTD_isError(n) || n != size) break;
      return out;
    }
  }
  return not_ours();
}

struct Parts {
  std::vector<Run> runs;
  std::vector<uint32_t> plain_sizes;  // of the blocks that are made
  Bytes kept;
  Bytes plain;
};

Bytes encode(const Parts& p, ColumnLayout layout, int level) {
  Encoder out;
  out.fixed(kColdFirstByte);
  out.fixed(kColdVersion);
  out.varint(p.runs.size());
  for (const Run& run : p.runs) {
    out.fixed(run.by);
    out.varint(run.count);
    if (run.by != kKeptAsIs) out.bytes(run.header);
  }
  int64_t before = kBgzfPlainBytesMax;
  for (const uint32_t size : p.plain_sizes) {
    out.zigzag(size - before);
    before = size;
  }
  out.bytes(p.kept);
  const Columns columns = split_columns(p.plain, layout);
  out.fixed(static_cast<uint8_t>(columns.layout));
  out.varint(columns.parts.size());
  for (const Bytes& column : columns.parts) encode_column(column, level, out);
  return out.take();
}

Result<Parts> decode_parts(ByteView coded, uint32_t plain_length) {
  Decoder in(coded);
  const uint8_t first = in.fixed<uint8_t>(), version = in.fixed<uint8_t>();
  if (first != kColdFirstByte || version != kColdVersion) return not_ours();
  const uint64_t runs = in.varint();
  if (runs > plain_length) return not_ours();
  Parts out;
  uint64_t blocks = 0, kept = 0;
  for (uint64_t i = 0; i < runs && in.ok(); ++i) {
    Run run;
    run.by = in.fixed<uint8_t>();
    run.count = in.varint();
    if (run.count == 0 || run.count > plain_length) return not_ours();
    if (run.by == kKeptAsIs) {
      kept += run.count;
    } else {
      blocks += run.count;
      run.header = in.bytes();
      if (!is_deflater(run.by) || !length_field_at(run.header)) return not_ours();
    }
    if (kept + blocks * kBlockBytesMin > plain_length) return not_ours();
    out.runs.push_back(std::move(run));
  }
  int64_t size = kBgzfPlainBytesMax;
  uint64_t plain_bytes = 0;
  for (uint64_t i = 0; i < blocks && in.ok(); ++i) {
    const int64_t difference = in.zigzag();
    if (difference < -int64_t{kBgzfBlockBytesMax} || difference > int64_t{kBgzfBlockBytesMax}) {
      return not_ours();
    }
    size += difference;
    if (size < 0 || size > int64_t{kBgzfBlockBytesMax}) return not_ours();
    plain_bytes += static_cast<uint64_t>(size);
    out.plain_sizes.push_back(static_cast<uint32_t>(size));
  }
  out.kept = in.bytes();
  if (!in.ok() || out.kept.size() != kept || plain_bytes > kColdPlainBytesMax) return not_ours();
  Columns columns;
  columns.layout = static_cast<ColumnLayout>(in.fixed<uint8_t>());
  const uint64_t count = in.varint();
  if (count > 2 * kTagKindsMax) return not_ours();
  // Beside the bytes themselves columns hold a list of kinds of tags.
  uint64_t bytes_left = plain_bytes + 3 * kTagKindsMax;
  for (uint64_t i = 0; i < count; ++i) {
    MEDARC_ASSIGN(Bytes column, decode_column(in, bytes_left));
    columns.parts.push_back(std::move(column));
  }
  if (!in.at_end()) return not_ours();
  MEDARC_ASSIGN(out.plain, join_columns(columns, plain_bytes));
  return out;
}

Deflaters& deflaters_of_this_thread() {
  static thread_local Deflaters out;
  return out;
}

// Appends the block that `by` makes of `plain`. False: it gets longer than a block can be.
bool append_block(Deflaters& deflaters, const Run& run, ByteView plain, Bytes& scratch,
                  Bytes& out) {
  const size_t n = deflaters.deflate(run.by, plain, scratch.data(), scratch.size());
  const size_t total = run.header.size() + n + kBgzfFooterBytes;
  if (n == 0 || total > kBgzfBlockBytesMax) return false;
  const size_t at = out.size();
  out.append(run.header);
  put16(out.data() + at + *length_field_at(run.header), static_cast<uint32_t>(total - 1));
  out.append(scratch.data(), n);
  append32(out, libdeflate_crc32(0, plain.data(), plain.size()));
  append32(out, static_cast<uint32_t>(plain.size()));
  return true;
}

}  // namespace

std::optional<size_t> length_field_at(ByteView header) {
  constexpr size_t kExtraAt = 12;  // behind XLEN (RFC 1952 2.3.1)
  for (size_t at = kExtraAt; at + 4 <= header.size();) {
    const size_t length =
        static_cast<uint8_t>(header[at + 2]) | size_t{static_cast<uint8_t>(header[at + 3])} << 8;
    if (header[at] == 'B' && header[at + 1] == 'C' && length == 2 && at + 6 <= header.size()) {
      return at + 4;
    }
    at += 4 + length;
  }
  return std::nullopt;
}

bool BlockRecoder::makes(DeflaterId id, ByteView deflated, ByteView plain) {
  scratch_.resize(kScratchBytes);
  const size_t n = deflaters_.deflate(id, plain, scratch_.data(), scratch_.size());
  return ByteView(scratch_.data(), n) == deflated;
}

// What made `deflated` of `plain`. The settings of a file are the same from block to block, nearly
// always; what is small is made alike by many.
DeflaterId BlockRecoder::find(ByteView deflated, ByteView plain) {
  if (last_ != kKeptAsIs && makes(last_, deflated, plain)) return last_;
  const auto found = [&](DeflaterId id) {
    last_ = id;
    if (std::find(worked_.begin(), worked_.end(), id) == worked_.end()) worked_.push_back(id);
    return id;
  };
  for (const DeflaterId id : worked_) {
    if (id != last_ && makes(id, deflated, plain)) return found(id);
  }
  if (fruitless_ >= kFruitlessMax) return kKeptAsIs;
  for (const DeflaterId id : all_deflaters()) {
    if (std::find(worked_.begin(), worked_.end(), id) != worked_.end()) continue;
    if (makes(id, deflated, plain)) return found(id);
  }
  ++fruitless_;
  return kKeptAsIs;
}

std::optional<bool> BlockRecoder::try_first(ByteView blocks) {
  while (true) {
    const auto head = read_bgzf_head(blocks);
    if (head.has_error() || !*head || (*head)->block_bytes > blocks.size()) return std::nullopt;
    const ByteView block = blocks.substr(0, (*head)->block_bytes);
    blocks.remove_prefix(block.size());
    if (block == kBgzfEof) continue;
    const BgzfFooter footer = read_bgzf_footer(block);
    if (footer.plain_bytes > kBgzfBlockBytesMax) return std::nullopt;
    Bytes plain(footer.plain_bytes, '\0');
    if (inflater_.inflate(block, plain.data()).has_error()) return std::nullopt;
    const ByteView deflated = block.substr((*head)->header_bytes,
                                           block.size() - (*head)->header_bytes - kBgzfFooterBytes);
    return find(deflated, plain) != kKeptAsIs;
  }
}

std::optional<Bytes> BlockRecoder::encode(ByteView chunk) {
  Parts out;
  const auto keep = [&](ByteView bytes) {
    if (out.runs.empty() || out.runs.back().by != kKeptAsIs) out.runs.push_back({});
    out.runs.back().count += bytes.size();
    out.kept.append(bytes);
  };
  while (!chunk.empty()) {
    const auto head = read_bgzf_head(chunk);
    const bool whole = head.has_value() && *head && (*head)->block_bytes <= chunk.size();
    if (!whole) {
      keep(chunk);
      break;
    }
    const ByteView block = chunk.substr(0, (*head)->block_bytes);
    chunk.remove_prefix(block.size());
    const BgzfFooter footer = read_bgzf_footer(block);
    const size_t header_bytes = (*head)->header_bytes, plain_at = out.plain.size();
    if (plain_at + footer.plain_bytes > kColdPlainBytesMax) return std::nullopt;
    DeflaterId by = kKeptAsIs;
    if (footer.plain_bytes <= kBgzfBlockBytesMax) {
      out.plain.resize(plain_at + footer.plain_bytes);
      if (inflater_.inflate(block, out.plain.data() + plain_at).has_value()) {
        by = find(block.substr(header_bytes, block.size() - header_bytes - kBgzfFooterBytes),
                  ByteView(out.plain).substr(plain_at));
      }
    }
    if (by == kKeptAsIs) {
      out.plain.resize(plain_at);
      keep(block);
      continue;
    }
    Bytes header(block.substr(0, header_bytes));
    put16(header.data() + *length_field_at(header), 0);
    if (out.runs.empty() || out.runs.back().by != by || out.runs.back().header != header) {
      out.runs.push_back({by, 0, std::move(header)});
    }
    ++out.runs.back().count;
    out.plain_sizes.push_back(footer.plain_bytes);
  }
  if (out.plain_sizes.empty()) return std::nullopt;
  return genomics::encode(out, layout_, zstd_level_);
}

Result<Bytes> ColdDecoder::decode(ByteView coded, uint32_t plain_length) {
  MEDARC_ASSIGN(const Parts parts, decode_parts(coded, plain_length));
  Deflaters& deflaters = deflaters_of_this_thread();
  Bytes scratch(kScratchBytes, '\0'), out;
  out.reserve(plain_length);
  ByteView kept = parts.kept, plain = parts.plain;
  size_t block = 0;
  for (const Run& run : parts.runs) {
    if (run.by == kKeptAsIs) {
      out.append(kept.substr(0, run.count));
      kept.remove_prefix(run.count);
      continue;
    }
    for (uint64_t i = 0; i < run.count; ++i, ++block) {
      const size_t n = parts.plain_sizes[block];
      if (!append_block(deflaters, run, plain.substr(0, n), scratch, out)) return not_ours();
      if (out.size() > plain_length) return not_ours();
      plain.remove_prefix(n);
    }
  }
  if (out.size() != plain_length) return not_ours();
  return out;
}

}  // namespace medarc::genomics
