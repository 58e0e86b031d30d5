// Messages between the server and a codec worker, read by either end: what is taken is what would
// be written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dicom/pixel/wire.h"

using namespace medarc;
using namespace medarc::dicom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView message(reinterpret_cast<const char*>(data), size);
  if (const auto request = wire::decode_request(message); request.has_value()) {
    const auto again = wire::decode_request(wire::encode(*request));
    if (again.has_error() || again->transfer_syntax != request->transfer_syntax ||
        again->output_bytes != request->output_bytes) {
      std::abort();
    }
  }
  if (const auto answer = wire::decode_answer(message); answer.has_value()) {
    if (answer->error && answer->error->code != Code::corrupt &&
        answer->error->code != Code::unsupported && answer->error->code != Code::too_large) {
      std::abort();
    }
    if (wire::decode_answer(wire::encode(*answer)).has_error()) std::abort();
  }
  return 0;
}
