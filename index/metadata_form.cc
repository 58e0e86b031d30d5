#include "index/metadata_form.h"

#include <zstd.h>

#include <memory>

namespace medarc::index {
namespace {

constexpr char kAsGiven = 0, kPlain = 1;
constexpr size_t kRawBlockBytesMax = 128u << 10;

}  // namespace

Bytes metadata_form(ByteView zstd) {
  // Making one takes longer than most frames.
  thread_local std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                            ZSTD_freeDCtx);
  const unsigned long long size = ZSTD_getFrameContentSize(zstd.data(), zstd.size());
  if (size != ZSTD_CONTENTSIZE_ERROR && size != ZSTD_CONTENTSIZE_UNKNOWN &&
      size <= kMetadataPlainBytesMax) {
    Bytes out(1 + size, '\0');
    out[0] = kPlain;
    const size_t n =
        ZSTD_decompressDCtx(context.get(), out.data() + 1, size, zstd.data(), zstd.size());
    if (ZSTD_isError(n) == 0 && n == size) return out;
  }
  Bytes out(1, kAsGiven);
  out += zstd;
  return out;
}

// A frame of raw blocks: magic, descriptor (single segment, 4-byte content size), size, then blocks
// with 3-byte headers (bit 0 last, bits 1-2 type 0 raw, size from bit 3).
Bytes metadata_frame(ByteView stored) {
  if (stored.empty()) return {};
  ByteView body = stored.substr(1);
  if (stored[0] != kPlain) return Bytes(body);
  Bytes out("\x28\xB5\x2F\xFD\xA0", 5);
  out.reserve(body.size() + 16);
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(body.size() >> shift);
  do {
    const ByteView block = body.substr(0, kRawBlockBytesMax);
    body.remove_prefix(block.size());
    const size_t header = block.size() << 3 | (body.empty() ? 1 : 0);
    for (int shift = 0; shift < 24; shift += 8) out += static_cast<char>(header >> shift);
    out += block;
  } while (!body.empty());
  return out;
}

}  // namespace medarc::index
