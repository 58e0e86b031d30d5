// What an upload is, from its first bytes. The first octet chooses: the bytes as they stand, or
// packed here as gzip or BGZF. An answer given early is the answer given later; at the end there
// always is one.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "genomics/bgzf.h"
#include "genomics/sniff.h"

using namespace medarc;
using namespace medarc::genomics;

namespace {

std::string told(const Result<std::optional<Format>>& answer) {
  if (answer.has_error()) return "!" + answer.error().text;
  if (!*answer) return "";
  return std::to_string(static_cast<int>(**answer));
}

Bytes gzipped(ByteView plain, int level) {
  z_stream z{};
  if (deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 1, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  Bytes out(deflateBound(&z, plain.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) std::abort();
  out.resize(out.size() - z.avail_out);
  deflateEnd(&z);
  return out;
}

void check(const Bytes& file, size_t step) {
  const std::string last = told(sniff(file, true));
  if (last.empty()) std::abort();  // complete, and yet more is wanted
  (void)is_region_index(file);
  std::string early;
  for (size_t n = 0; n < file.size(); n += step) {
    const std::string now = told(sniff(ByteView(file).substr(0, n), false));
    if (n >= kSniffBytesMax && now.empty()) std::abort();
    if (!early.empty() && now != early) std::abort();
    early = now;
  }
  if (!early.empty() && early != last) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const ByteView rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  // About sixteen prefixes, at places the second octet moves.
  const auto step_of = [&](size_t n) { return n / 16 + 1 + data[1] % 32; };
  if (data[0] % 3 == 0) {
    check(Bytes(rest), step_of(rest.size()));
    return 0;
  }
  Bytes packed;
  if (data[0] % 3 == 1) {
    packed = gzipped(rest, data[0] / 3 % 3);
  } else {
    static const BgzfDeflater deflater;
    deflater.deflate(rest, packed);
    packed += kBgzfEof;
  }
  check(packed, step_of(packed.size()));
  return 0;
}
