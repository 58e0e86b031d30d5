#include "dicom/inflate.h"

#include <zlib.h>

#include <algorithm>

namespace medarc::dicom {
namespace {

constexpr size_t kStepBytes = 64u << 10;

}  // namespace

struct Inflater::State {
  z_stream z{};
  uint64_t left = 0;
  bool ended = false;
  Bytes buffer = Bytes(kStepBytes, '\0');
};

Inflater::Inflater(uint64_t bytes_max) : state_(std::make_unique<State>()) {
  state_->left = bytes_max;
  inflateInit2(&state_->z, -15);  // raw deflate, no zlib header
}

Inflater::~Inflater() { inflateEnd(&state_->z); }

bool Inflater::ended() const { return state_->ended; }

Status Inflater::feed(ByteView compressed, const std::function<Status(ByteView plain)>& out) {
  State& s = *state_;
  if (s.ended) return {};  // a pad byte may follow the stream
  s.z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  s.z.avail_in = static_cast<uInt>(compressed.size());
  do {
    s.z.next_out = reinterpret_cast<Bytef*>(s.buffer.data());
    s.z.avail_out = static_cast<uInt>(s.buffer.size());
    const int result = inflate(&s.z, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      return make_error(Code::invalid_argument, "the deflated dataset cannot be inflated");
    }
    const size_t n = s.buffer.size() - s.z.avail_out;
    if (n > s.left) {
      return make_error(Code::too_large, "the inflated dataset is over dicom.inflated_bytes_max");
    }
    s.left -= n;
    if (n > 0) MEDARC_TRY(out({s.buffer.data(), n}));
    s.ended = result == Z_STREAM_END;
    if (result == Z_BUF_ERROR) break;
  } while (!s.ended && (s.z.avail_in > 0 || s.z.avail_out == 0));
  return {};
}

namespace {

class InflatingSource final : public ByteSource {
 public:
  InflatingSource(Bytes literal, std::unique_ptr<ByteSource> source, uint64_t begin,
                  uint64_t length, uint64_t bytes_max)
      : ready_(std::move(literal)),
        source_(std::move(source)),
        skip_(begin),
        left_(length),
        inflater_(bytes_max) {}

  Result<size_t> read(char* out, size_t capacity) override {
    while (at_ == ready_.size()) {
      ready_.clear();
      at_ = 0;
      if (left_ == 0 || inflater_.ended()) return size_t{0};
      Bytes input(kStepBytes, '\0');
      MEDARC_ASSIGN(const size_t n, source_->read(input.data(), input.size()));
      if (n == 0) return size_t{0};
      MEDARC_TRY(inflater_.feed(ByteView(input).substr(0, n), [this](ByteView plain) -> Status {
        const auto dropped = static_cast<size_t>(std::min<uint64_t>(skip_, plain.size()));
        skip_ -= dropped;
        plain.remove_prefix(dropped);
        const auto kept = static_cast<size_t>(std::min<uint64_t>(left_, plain.size()));
        if (left_ != UINT64_MAX) left_ -= kept;
        ready_.append(plain.substr(0, kept));
        return {};
      }));
    }
    const size_t n = ready_.copy(out, capacity, at_);
    at_ += n;
    return n;
  }

 private:
  Bytes ready_;
  size_t at_ = 0;
  std::unique_ptr<ByteSource> source_;
  uint64_t skip_, left_;
  Inflater inflater_;
};

}  // namespace

std::unique_ptr<ByteSource> inflating_source(Bytes literal, std::unique_ptr<ByteSource> source,
                                             uint64_t begin, uint64_t length, uint64_t bytes_max) {
  return std::make_unique<InflatingSource>(std::move(literal), std::move(source), begin, length,
                                           bytes_max);
}

}  // namespace medarc::dicom
