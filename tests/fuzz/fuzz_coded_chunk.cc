// The stored form of a recompressed chunk: what is read is what was written, and its shape is one
// that the codec takes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dicom/recompress/coded_chunk.h"

using namespace medarc;
using namespace medarc::dicom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView bytes(reinterpret_cast<const char*>(data), size);
  const auto parts = decode_coded(bytes);
  if (parts.has_error()) return 0;
  const bool grid = parts->shape.rows > 0 && parts->shape.rows <= kCodedRowsMax &&
                    parts->shape.columns > 0 && parts->shape.columns <= UINT16_MAX &&
                    (parts->shape.samples_per_pixel == 1 || parts->shape.samples_per_pixel == 3) &&
                    (parts->shape.bits_allocated == 8 || parts->shape.bits_allocated == 16);
  const Bytes again = encode(*parts);
  const auto back = decode_coded(again);
  // Numbers have one form only where an encoder wrote them.
  if (!grid || again.size() > bytes.size() || back.has_error() || back->before != parts->before ||
      back->behind != parts->behind || back->codestream != parts->codestream ||
      encode(*back) != again) {
    std::abort();
  }
  return 0;
}
