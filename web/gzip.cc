#include "web/gzip.h"

#include <zlib.h>

#include <array>
#include <vector>

#include "web/http_error.h"

namespace medarc::web {
namespace {

// Metadata shrinks about ten times at any level; the lowest costs the least.
constexpr int kLevel = 1;
constexpr int kGzipWindow = 15 + 16;  // zlib: 32 KiB window, gzip wrapper

Bytef* as_input(const char* p) { return reinterpret_cast<Bytef*>(const_cast<char*>(p)); }

class GzipSource : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> plain) : plain_(std::move(plain)), in_(64 << 10) {
    ready_ = deflateInit2(&z_, kLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~GzipSource() override {
    if (ready_) deflateEnd(&z_);
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  Result<size_t> read(char* out, size_t capacity) override {
    if (!ready_) return make_error(Code::exhausted, "no memory to compress an answer");
    z_.next_out = as_input(out);
    z_.avail_out = static_cast<uInt>(std::min<size_t>(capacity, 1u << 30));
    const uInt room = z_.avail_out;
    while (z_.avail_out > 0 && !ended_) {
      if (z_.avail_in == 0 && !plain_ended_) {
        MEDARC_ASSIGN(const size_t n, plain_->read(in_.data(), in_.size()));
        plain_ended_ = n == 0;
        z_.next_in = as_input(in_.data());
        z_.avail_in = static_cast<uInt>(n);
      }
      const int answer = deflate(&z_, plain_ended_ ? Z_FINISH : Z_NO_FLUSH);
      if (answer == Z_STREAM_END) ended_ = true;
      if (answer == Z_STREAM_ERROR) return make_error(Code::internal, "deflate failed");
    }
    return static_cast<size_t>(room - z_.avail_out);
  }

 private:
  std::unique_ptr<ByteSource> plain_;
  std::vector<char> in_;
  z_stream z_{};
  bool ready_ = false, plain_ended_ = false, ended_ = false;
};

class Gunzip : public BodyHandler {
 public:
  Gunzip(std::unique_ptr<BodyHandler> next, uint64_t bytes_max)
      : next_(std::move(next)), bytes_max_(bytes_max) {
    ready_ = inflateInit2(&z_, kGzipWindow) == Z_OK;
  }
  ~Gunzip() override {
    if (ready_) inflateEnd(&z_);
  }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  Status body(ByteView bytes) override {
    if (!ready_) return make_error(Code::exhausted, "no memory to inflate a body");
    if (ended_) return make_error(Code::invalid_argument, "bytes follow the gzip stream");
    z_.next_in = as_input(bytes.data());
    z_.avail_in = static_cast<uInt>(bytes.size());
    do {
      z_.next_out = reinterpret_cast<Bytef*>(out_.data());
      z_.avail_out = static_cast<uInt>(out_.size());
      const int answer = inflate(&z_, Z_NO_FLUSH);
      const size_t made = out_.size() - z_.avail_out;
      if (made > bytes_max_ - total_) {
        return make_error(Code::too_large, "the inflated body is over the limit of " +
                                               std::to_string(bytes_max_) + " bytes");
      }
      total_ += made;
      if (made > 0) MEDARC_TRY(next_->body({out_.data(), made}));
      if (answer == Z_STREAM_END) {
        ended_ = true;
        if (z_.avail_in > 0) {
          return make_error(Code::invalid_argument, "bytes follow the gzip stream");
        }
      } else if (answer != Z_OK && answer != Z_BUF_ERROR) {
        return make_error(Code::invalid_argument, "the body is not a gzip stream");
      }
    } while (!ended_ && (z_.avail_in > 0 || z_.avail_out == 0));
    return {};
  }

  Response finish() override {
    if (!ended_) return problem(make_error(Code::invalid_argument, "the gzip body is cut off"));
    return next_->finish();
  }

 private:
  std::unique_ptr<BodyHandler> next_;
  const uint64_t bytes_max_;
  uint64_t total_ = 0;
  std::array<char, 32 << 10> out_;
  z_stream z_{};
  bool ready_ = false, ended_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> gzip(std::unique_ptr<ByteSource> plain) {
  return std::make_unique<GzipSource>(std::move(plain));
}

Bytes gzip(ByteView plain) {
  GzipSource source(std::make_unique<StringSource>(Bytes(plain)));
  Bytes out;
  std::array<char, 16 << 10> piece;
  for (;;) {
    const auto n = source.read(piece.data(), piece.size());
    if (n.has_error() || *n == 0) return out;
    out.append(piece.data(), *n);
  }
}

std::unique_ptr<BodyHandler> gunzip(std::unique_ptr<BodyHandler> next, uint64_t bytes_max) {
  return std::make_unique<Gunzip>(std::move(next), bytes_max);
}

}  // namespace medarc::web
