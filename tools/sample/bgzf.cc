#include "tools/sample/bgzf.h"

#include <libdeflate.h>

namespace medarc::tools::sample {
namespace {

constexpr size_t kBlockBytes = 0xFF00;  // htslib's choice: a block that does not shrink still fits

void append_le(Bytes& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

}  // namespace

struct BgzfWriter::Compressor {
  explicit Compressor(int level) : handle(libdeflate_alloc_compressor(level)) {}
  libdeflate_compressor* const handle;
  ~Compressor() { libdeflate_free_compressor(handle); }
};

BgzfWriter::BgzfWriter(ByteSink& out, int level)
    : compressor_(std::make_unique<Compressor>(level)), out_(out) {}
BgzfWriter::~BgzfWriter() = default;

Status BgzfWriter::write(ByteView bytes) {
  while (!bytes.empty()) {
    const size_t take = std::min(bytes.size(), kBlockBytes - pending_.size());
    pending_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    if (pending_.size() == kBlockBytes) MEDARC_TRY(flush());
  }
  return {};
}

Status BgzfWriter::finish() {
  if (!pending_.empty()) MEDARC_TRY(flush());
  // The end marker is these bytes exactly, not any empty block.
  static constexpr char kEnd[] =
      "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0";
  return out_.write(ByteView(kEnd, sizeof kEnd));
}

Status BgzfWriter::flush() {
  Bytes packed(pending_.size() + 1024, '\0');
  const size_t length = libdeflate_deflate_compress(compressor_->handle, pending_.data(),
                                                    pending_.size(), packed.data(), packed.size());
  Bytes block("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16);
  append_le(block, 18 + length + 8 - 1, 2);
  block.append(packed, 0, length);
  append_le(block, libdeflate_crc32(0, pending_.data(), pending_.size()), 4);
  append_le(block, pending_.size(), 4);
  pending_.clear();
  return out_.write(block);
}

}  // namespace medarc::tools::sample
