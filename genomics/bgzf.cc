#include "genomics/bgzf.h"

#include <libdeflate.h>

#include <cstdlib>

namespace medarc::genomics {
namespace {

constexpr size_t kFixedHeaderBytes = 12;  // up to and with XLEN

uint32_t le16(const char* p) {
  const auto* u = reinterpret_cast<const uint8_t*>(p);
  return static_cast<uint32_t>(u[0] | u[1] << 8);
}

uint32_t le32(const char* p) { return le16(p) | le16(p + 2) << 16; }

void put16(char* p, uint32_t v) {
  p[0] = static_cast<char>(v);
  p[1] = static_cast<char>(v >> 8);
}

void put32(char* p, uint32_t v) {
  put16(p, v & 0xFFFF);
  put16(p + 2, v >> 16);
}

Error bad_block(const char* what) {
  return make_error(Code::invalid_argument, std::string("a BGZF block is damaged: ") + what);
}

template <class T>
T* must(T* made) {
  if (made == nullptr) std::abort();  // only without memory
  return made;
}

}  // namespace

Result<std::optional<BgzfHead>> read_bgzf_head(ByteView b) {
  using Answer = std::optional<BgzfHead>;
  static constexpr char kMagic[4] = {'\x1f', '\x8b', '\x08', '\x04'};
  for (size_t i = 0; i < std::min<size_t>(b.size(), 4); ++i) {
    if (b[i] != kMagic[i]) return bad_block("it does not start as one");
  }
  if (b.size() < kFixedHeaderBytes) return Answer();
  const uint32_t extra = le16(b.data() + 10);
  const size_t end = kFixedHeaderBytes + extra;
  if (b.size() < end) return Answer();
  for (size_t at = kFixedHeaderBytes; at + 4 <= end;) {
    const uint32_t length = le16(b.data() + at + 2);
    if (b[at] == 'B' && b[at + 1] == 'C' && length == 2 && at + 6 <= end) {
      BgzfHead head;
      head.block_bytes = le16(b.data() + at + 4) + 1;
      head.header_bytes = static_cast<uint32_t>(end);
      if (head.block_bytes < end + kBgzfFooterBytes + 1)
        return bad_block("its length is too short");
      return Answer(head);
    }
    at += 4 + length;
  }
  return bad_block("it has no BGZF length field");
}

BgzfFooter read_bgzf_footer(ByteView block) {
  const char* p = block.data() + block.size() - kBgzfFooterBytes;
  return {le32(p), le32(p + 4)};
}

struct BgzfInflater::State {
  libdeflate_decompressor* d = must(libdeflate_alloc_decompressor());
  ~State() { libdeflate_free_decompressor(d); }
};
BgzfInflater::BgzfInflater() : state_(std::make_unique<State>()) {}
BgzfInflater::~BgzfInflater() = default;
BgzfInflater::BgzfInflater(BgzfInflater&&) noexcept = default;

Status BgzfInflater::inflate(ByteView block, char* out) const {
  MEDARC_ASSIGN(const auto head, read_bgzf_head(block));
  if (!head || head->block_bytes != block.size()) return bad_block("its length is wrong");
  const BgzfFooter footer = read_bgzf_footer(block);
  if (footer.plain_bytes > kBgzfBlockBytesMax) return bad_block("its plain size is over 64 KiB");
  const size_t deflated = block.size() - head->header_bytes - kBgzfFooterBytes;
  size_t used = 0;
  const libdeflate_result done =
      libdeflate_deflate_decompress_ex(state_->d, block.data() + head->header_bytes, deflated, out,
                                       footer.plain_bytes, &used, nullptr);
  if (done != LIBDEFLATE_SUCCESS || used != deflated) return bad_block("it does not inflate");
  if (libdeflate_crc32(0, out, footer.plain_bytes) != footer.crc)
    return bad_block("CRC-32 differs");
  return {};
}

struct BgzfDeflater::State {
  explicit State(int level) : c(must(libdeflate_alloc_compressor(level))) {}
  libdeflate_compressor* const c;
  ~State() { libdeflate_free_compressor(c); }
};
BgzfDeflater::BgzfDeflater(int level) : state_(std::make_unique<State>(level)) {}
BgzfDeflater::~BgzfDeflater() = default;
BgzfDeflater::BgzfDeflater(BgzfDeflater&&) noexcept = default;

void BgzfDeflater::deflate(ByteView plain, Bytes& out) const {
  while (!plain.empty()) {
    const ByteView piece = plain.substr(0, kBgzfPlainBytesMax);
    plain.remove_prefix(piece.size());
    const size_t at = out.size();
    out.resize(at + kBgzfBlockBytesMax);
    char* block = out.data() + at;
    std::memcpy(block, kBgzfEof.data(), kBgzfHeaderBytes);
    size_t n =
        libdeflate_deflate_compress(state_->c, piece.data(), piece.size(), block + kBgzfHeaderBytes,
                                    kBgzfBlockBytesMax - kBgzfHeaderBytes - kBgzfFooterBytes);
    if (n == 0) {  // does not get smaller: one stored block (RFC 1951 3.2.4), which always fits
      char* p = block + kBgzfHeaderBytes;
      p[0] = 1;
      put16(p + 1, static_cast<uint32_t>(piece.size()));
      put16(p + 3, ~static_cast<uint32_t>(piece.size()) & 0xFFFF);
      std::memcpy(p + 5, piece.data(), piece.size());
      n = 5 + piece.size();
    }
    const size_t total = kBgzfHeaderBytes + n + kBgzfFooterBytes;
    put16(block + 16, static_cast<uint32_t>(total - 1));
    put32(block + kBgzfHeaderBytes + n, libdeflate_crc32(0, piece.data(), piece.size()));
    put32(block + kBgzfHeaderBytes + n + 4, static_cast<uint32_t>(piece.size()));
    out.resize(at + total);
  }
}

Status BgzfBatch::inflate(const BgzfInflater& inflater) {
  plain.resize(plain_bytes);
  for (const BgzfBlock& b : blocks) {
    Status done = inflater.inflate(ByteView(bytes).substr(b.begin, b.block_bytes),
                                   plain.data() + b.plain_begin);
    if (done.has_error()) {
      return with_context(std::move(done).error(), "at byte " + std::to_string(b.offset));
    }
  }
  return {};
}

Status BgzfSplitter::close_blocks() {
  while (!full()) {
    const ByteView rest = ByteView(batch_.bytes).substr(open_);
    if (wanted_ == 0) {
      if (rest.empty()) break;
      auto head = read_bgzf_head(rest);
      if (head.has_error()) {
        return with_context(std::move(head).error(), "at byte " + std::to_string(offset_));
      }
      if (!*head) break;
      wanted_ = (*head)->block_bytes;
    }
    if (rest.size() < wanted_) break;
    const ByteView block = rest.substr(0, wanted_);
    const BgzfFooter footer = read_bgzf_footer(block);
    if (footer.plain_bytes > kBgzfBlockBytesMax) {
      return with_context(bad_block("its plain size is over 64 KiB"),
                          "at byte " + std::to_string(offset_));
    }
    if (++blocks_count_ > blocks_max_) {
      return make_error(Code::too_large, "the file has more than genomics.blocks_max blocks");
    }
    batch_.blocks.push_back(
        {offset_, open_, wanted_, batch_.plain_bytes, footer.plain_bytes, footer.crc});
    batch_.plain_bytes += footer.plain_bytes;
    last_is_eof_ = block == kBgzfEof;
    offset_ += wanted_;
    open_ += wanted_;
    wanted_ = 0;
  }
  return {};
}

Result<bool> BgzfSplitter::feed(ByteView& bytes) {
  MEDARC_TRY(close_blocks());  // what take() left
  if (!bytes.empty()) batch_.bytes.reserve(kBatchBytes + kBgzfBlockBytesMax);
  while (!full() && !bytes.empty()) {
    // To the size of a batch, then to the end of the block that is open there.
    const size_t have = batch_.bytes.size();
    size_t take = have < kBatchBytes ? kBatchBytes - have : 1;
    if (wanted_ > have - open_) take = std::max<size_t>(take, wanted_ - (have - open_));
    const ByteView piece = bytes.substr(0, take);
    batch_.bytes.append(piece);
    bytes.remove_prefix(piece.size());
    MEDARC_TRY(close_blocks());
  }
  return full();
}

BgzfBatch BgzfSplitter::take() {
  BgzfBatch out = std::move(batch_);
  batch_ = {};
  batch_.bytes.assign(out.bytes, open_);  // what is not closed yet stays
  out.bytes.resize(open_);
  open_ = 0;
  return out;
}

Status BgzfSplitter::finish() const {
  if (batch_.bytes.size() > open_) {
    return make_error(
        Code::invalid_argument,
        "the file is truncated: it ends inside the BGZF block at byte " + std::to_string(offset_));
  }
  if (!last_is_eof_) {
    return make_error(Code::invalid_argument,
                      "the file is truncated: the BGZF end-of-file marker is missing");
  }
  return {};
}

}  // namespace medarc::genomics
