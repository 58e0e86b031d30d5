#include "genomics/gzip_stream.h"

#include <zlib.h>

#include <cstdlib>
#include <vector>

namespace medarc::genomics {
namespace {

constexpr size_t kPieceBytes = 256u << 10;

}  // namespace

struct GzipStream::State {
  z_stream z{};
  std::vector<char> out = std::vector<char>(kPieceBytes);
  bool member_ended = false;
  State() {
    if (inflateInit2(&z, 15 + 16) != Z_OK) std::abort();  // only without memory
  }
  ~State() { inflateEnd(&z); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};
GzipStream::GzipStream() : state_(std::make_unique<State>()) {}
GzipStream::~GzipStream() = default;

bool GzipStream::ended() const { return state_->member_ended; }

Status GzipStream::feed(ByteView bytes, const std::function<Status(ByteView)>& take) {
  z_stream& z = state_->z;
  while (!bytes.empty()) {
    const ByteView piece = bytes.substr(0, 1u << 30);
    bytes.remove_prefix(piece.size());
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    z.avail_in = static_cast<uInt>(piece.size());
    bool more = true;  // output may wait when the input is used up
    while (z.avail_in > 0 || more) {
      if (state_->member_ended) {
        if (z.avail_in == 0) break;
        inflateReset(&z);  // another member follows
        state_->member_ended = false;
      }
      z.next_out = reinterpret_cast<Bytef*>(state_->out.data());
      z.avail_out = static_cast<uInt>(kPieceBytes);
      const int done = inflate(&z, Z_NO_FLUSH);
      if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR) {
        return make_error(Code::invalid_argument, "the gzip data is damaged");
      }
      state_->member_ended = done == Z_STREAM_END;
      const size_t n = kPieceBytes - z.avail_out;
      more = z.avail_out == 0;
      if (n > 0) MEDARC_TRY(take(ByteView(state_->out.data(), n)));
      if (done == Z_BUF_ERROR) break;
    }
  }
  return {};
}

}  // namespace medarc::genomics
