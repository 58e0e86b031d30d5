// Crypt4GH on its way in. The first octet chooses: a file as it stands; packets whose payloads are
// the input, sealed here so that they open; a key file. The second seeds the splitting. However a
// file is split, and whether it is read as a stream or from any place, the same comes out of it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "genomics/crypt4gh_keys.h"
#include "genomics/crypt4gh_open.h"
#include "tests/fuzz/pieces.h"

using namespace medarc;
using namespace medarc::genomics;
using namespace medarc::genomics::crypt4gh;

namespace {

const Secret kReader = *Secret::from_view(Bytes(32, '\7'));  // the corpus is for this key
const Secret kDataKey = *Secret::from_view(Bytes(32, '\x15'));

Crypt4ghLimits small_limits() {
  Crypt4ghLimits limits;
  limits.packets_max = 16;
  limits.header_bytes_max = 1u << 16;
  return limits;
}

class TextReader final : public archive::BlobReader {
 public:
  explicit TextReader(ByteView text) : text_(text) {}
  uint64_t size() const override { return text_.size(); }
  Status read(ByteRange range, char* out) override {
    if (range.end() > text_.size()) std::abort();
    text_.copy(out, range.length, range.begin);
    return {};
  }

 private:
  const Bytes text_;
};

std::string streamed(ByteView file, uint32_t seed) {
  StringSink out;
  StreamOpener opener({kReader}, small_limits(), out);
  for (fuzz::Pieces pieces(file, seed); pieces.more();) {
    if (opener.write(pieces.next()).has_error()) return "!";
  }
  return opener.finish().has_error() ? "!" : "=" + out.text;
}

std::string at_once(ByteView file) {
  auto opened = open_file(std::make_unique<TextReader>(file), {kReader}, small_limits());
  if (opened.has_error()) return "!";
  Bytes out((*opened)->size(), '\0');
  if (out.size() > file.size()) std::abort();
  return (*opened)->read({0, out.size()}, out.data()).has_error() ? "!" : "=" + out;
}

void check(ByteView file, uint32_t seed) {
  const std::string first = streamed(file, seed);
  if (streamed(file, seed + 1) != first) std::abort();
  const std::string other = at_once(file);
  // From any place, segments that nothing is kept of are not looked at.
  if (!first.starts_with('!') && other != first) std::abort();
}

// Payloads, each behind an octet that is its length; what is left is the plain text.
void check_payloads(ByteView input, uint32_t seed) {
  std::vector<Bytes> packets{
      *seal_packet(data_key_payload(kDataKey), kDataKey, security::public_key_of(kReader), {})};
  for (uint8_t n = 0; n < seed % 4 && !input.empty(); ++n) {
    const size_t length = static_cast<uint8_t>(input[0]);
    packets.push_back(
        *seal_packet(input.substr(1, length), kDataKey, security::public_key_of(kReader), {{n}}));
    input.remove_prefix(std::min(input.size(), 1 + length));
  }
  SealedReader sealed(make_header(packets), {kDataKey, kReader},
                      std::make_unique<TextReader>(input));
  Bytes file(sealed.size(), '\0');
  if (sealed.read({0, file.size()}, file.data()).has_error()) std::abort();
  check(file, seed);
  if (packets.size() == 1 && streamed(file, seed) != "=" + Bytes(input)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const ByteView rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  switch (data[0] % 3) {
    case 0: check(rest, data[1]); return 0;
    case 1: check_payloads(rest, data[1]); return 0;
    default: break;
  }
  if (const auto keys = read_secret_keys(rest, ""); keys.has_value()) {
    Bytes again;
    for (const Secret& key : *keys) again += *write_secret_key(key, "");
    if (*read_secret_keys(again, "") != *keys) std::abort();
  }
  if (const auto key = read_public_key(rest); key.has_value()) {
    if (*read_public_key(write_public_key(*key)) != *key) std::abort();
  }
  return 0;
}
