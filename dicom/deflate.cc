#include "dicom/deflate.h"

#include <zlib.h>

#include <algorithm>

namespace medarc::dicom {
namespace {

constexpr size_t kStepBytes = 64u << 10;

class DeflatingSource final : public ByteSource {
 public:
  DeflatingSource(Bytes literal, std::unique_ptr<ByteSource> plain)
      : literal_(std::move(literal)), plain_(std::move(plain)), input_(kStepBytes, '\0') {
    ready_ = deflateInit2(&z_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) ==
             Z_OK;  // raw, no zlib header
  }
  ~DeflatingSource() override {
    if (ready_) deflateEnd(&z_);
  }
  DeflatingSource(const DeflatingSource&) = delete;
  DeflatingSource& operator=(const DeflatingSource&) = delete;

  Result<size_t> read(char* out, size_t capacity) override {
    if (!ready_) return make_error(Code::exhausted, "no memory to deflate a dataset");
    if (at_ < literal_.size()) {
      const size_t n = literal_.copy(out, capacity, at_);
      at_ += n;
      return n;
    }
    z_.next_out = reinterpret_cast<Bytef*>(out);
    z_.avail_out = static_cast<uInt>(std::min<size_t>(capacity, kStepBytes));
    const uInt room = z_.avail_out;
    while (z_.avail_out > 0 && !ended_) {
      if (z_.avail_in == 0 && !plain_ended_) {
        MEDARC_ASSIGN(const size_t n, plain_->read(input_.data(), input_.size()));
        plain_ended_ = n == 0;
        z_.next_in = reinterpret_cast<Bytef*>(input_.data());
        z_.avail_in = static_cast<uInt>(n);
      }
      ended_ = deflate(&z_, plain_ended_ ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END;
    }
    size_t given = room - z_.avail_out;
    if (ended_ && !padded_ && given < capacity) {
      padded_ = true;
      if (z_.total_out % 2 != 0) out[given++] = '\0';
    }
    return given;
  }

 private:
  Bytes literal_;
  size_t at_ = 0;
  std::unique_ptr<ByteSource> plain_;
  Bytes input_;
  z_stream z_{};
  bool ready_ = false, plain_ended_ = false, ended_ = false, padded_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> deflating_source(Bytes literal, std::unique_ptr<ByteSource> plain) {
  return std::make_unique<DeflatingSource>(std::move(literal), std::move(plain));
}

}  // namespace medarc::dicom
