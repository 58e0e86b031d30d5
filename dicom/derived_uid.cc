#include "dicom/derived_uid.h"

#include "archive/hash.h"

namespace medarc::dicom {

std::string derived_uid(std::string_view seed) {
  const Digest digest = archive::Sha256::of(seed);
  unsigned __int128 v = 0;
  for (int i = 0; i < 16; ++i) {
    uint8_t byte = digest.value[static_cast<size_t>(i)];
    if (i == 6) byte = (byte & 0x0F) | 0x80;
    if (i == 8) byte = (byte & 0x3F) | 0x80;
    v = v << 8 | byte;
  }
  std::string digits;
  for (; v != 0; v /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(v % 10)));
  return "2.25." + digits;
}

}  // namespace medarc::dicom
