#include "dicom/metadata_source.h"

#include <zstd.h>

#include "base/piecewise_source.h"
#include "dicom/json.h"

namespace medarc::dicom {
namespace {

constexpr uint64_t kPlainBytesMax = 1ull << 30;

class MetadataSource final : public PiecewiseSource {
 public:
  MetadataSource(std::vector<Bytes> packed, std::string base)
      : packed_(std::move(packed)), base_(std::move(base)) {}

 private:
  Result<bool> next_piece(Bytes& text, std::unique_ptr<ByteSource>&) override {
    if (next_ == packed_.size()) return false;
    MEDARC_ASSIGN(const Bytes plain, unpack_metadata(packed_[next_]));
    if (next_ > 0) text += ',';
    for (size_t from = 0;;) {
      const size_t mark = plain.find(kBaseMark, from);
      text.append(plain, from, mark == Bytes::npos ? mark : mark - from);
      if (mark == Bytes::npos) break;
      text += base_;
      from = mark + 1;
    }
    packed_[next_++] = Bytes();
    return true;
  }

  std::vector<Bytes> packed_;
  const std::string base_;
  size_t next_ = 0;
};

}  // namespace

Bytes pack_metadata(ByteView json) {
  thread_local std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                            ZSTD_freeCCtx);
  Bytes out(ZSTD_compressBound(json.size()), '\0');
  out.resize(ZSTD_compressCCtx(context.get(), out.data(), out.size(), json.data(), json.size(), 1));
  return out;
}

Result<Bytes> unpack_metadata(ByteView packed) {
  thread_local std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                            ZSTD_freeDCtx);
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kPlainBytesMax) {
    return make_error(Code::corrupt, "kept metadata cannot be read");
  }
  Bytes plain(size, '\0');
  if (ZSTD_decompressDCtx(context.get(), plain.data(), size, packed.data(), packed.size()) !=
      size) {
    return make_error(Code::corrupt, "kept metadata cannot be read");
  }
  return plain;
}

std::unique_ptr<ByteSource> metadata_source(std::vector<Bytes> packed, std::string base) {
  return std::make_unique<MetadataSource>(std::move(packed), std::move(base));
}

}  // namespace medarc::dicom
