// A multipart body: the first octet chooses how it is split, the rest is the body with the boundary
// "b". However it is split, the parts must be the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "web/multipart.h"

using namespace medarc;
using namespace medarc::web;

namespace {

class Recorder : public PartSink {
 public:
  Status begin_part(const Headers& headers) override {
    if (open_) std::abort();
    open_ = true;
    text += "{" + std::string(headers.find("Content-Type")) + "|";
    return {};
  }
  Status part_data(ByteView bytes) override {
    if (!open_ || bytes.empty()) std::abort();
    text += bytes;
    return {};
  }
  Status end_part() override {
    if (!open_) std::abort();
    open_ = false;
    text += "}";
    return {};
  }
  std::string text;

 private:
  bool open_ = false;
};

// What was parsed; "error" when the body is not well-formed.
std::string parse(ByteView body, size_t step) {
  Recorder recorder;
  MultipartLimits limits;
  limits.part_header_bytes_max = 1000;
  limits.parts_max = 50;
  MultipartParser parser("b", limits, recorder);
  while (!body.empty()) {
    const ByteView piece = body.substr(0, step);
    body.remove_prefix(piece.size());
    if (parser.feed(piece).has_error()) return "error";
  }
  return parser.finish().has_error() ? "error" : recorder.text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteView body(reinterpret_cast<const char*>(data + 1), size - 1);
  if (parse(body, size) != parse(body, 1 + data[0] % 16)) std::abort();
  return 0;
}
