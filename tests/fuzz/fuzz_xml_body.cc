// The Native DICOM Model of a STOW request: the first octet chooses the pieces, the rest is the
// document.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/model_body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  medarc::dicom::fuzz::run<medarc::dicom::XmlReader>(data, size);
  return 0;
}
