#include "dicom/metadata_source.h"

#include <zstd.h>

#include "dicom/json.h"

namespace medarc::dicom {
namespace {

constexpr uint64_t kPlainBytesMax = 1ull << 30;

class MetadataSource final : public ByteSource {
 public:
  MetadataSource(std::vector<Bytes> packed, std::string base)
      : packed_(std::move(packed)), base_(std::move(base)) {}

  Result<size_t> read(char* out, size_t capacity) override {
    size_t done = 0;
    while (done < capacity) {
      if (at_ == ready_.size()) {
        if (next_ == packed_.size()) break;
        MEDARC_TRY(unpack());
      }
      const size_t n = ready_.copy(out + done, capacity - done, at_);
      done += n;
      at_ += n;
    }
    return done;
  }

 private:
  Status unpack() {
    MEDARC_ASSIGN(plain_, unpack_metadata(packed_[next_]));
    ready_.clear();
    at_ = 0;
    if (next_ > 0) ready_ += ',';
    for (size_t from = 0;;) {
      const size_t mark = plain_.find(kBaseMark, from);
      ready_.append(plain_, from, mark == Bytes::npos ? mark : mark - from);
      if (mark == Bytes::npos) break;
      ready_ += base_;
      from = mark + 1;
    }
    packed_[next_++] = Bytes();
    return {};
  }

  std::vector<Bytes> packed_;
  const std::string base_;
  size_t next_ = 0, at_ = 0;
  Bytes plain_, ready_;
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
