// The transfer syntaxes of dicom/pixel/codecs/codec.cc, for a process that does not link codecs.
#include <algorithm>
#include <iterator>

#include "dicom/pixel/codec_pool.h"

namespace medarc::dicom {
namespace {

struct Supported {
  std::string_view transfer_syntax;
  bool encoded;
};
constexpr Supported kSupported[] = {
    {"1.2.840.10008.1.2.4.50", false},  {"1.2.840.10008.1.2.4.51", false},
    {"1.2.840.10008.1.2.4.53", false},  {"1.2.840.10008.1.2.4.55", false},
    {"1.2.840.10008.1.2.4.57", false},  {"1.2.840.10008.1.2.4.70", true},
    {"1.2.840.10008.1.2.4.80", true},   {"1.2.840.10008.1.2.4.81", false},
    {"1.2.840.10008.1.2.4.90", true},   {"1.2.840.10008.1.2.4.91", false},
    {"1.2.840.10008.1.2.4.201", true},  {"1.2.840.10008.1.2.4.202", true},
    {"1.2.840.10008.1.2.4.203", false}, {"1.2.840.10008.1.2.5", true},
    {"1.2.840.10008.1.2.8.1", false},
};

const Supported* find(std::string_view transfer_syntax) {
  const auto* it = std::find_if(std::begin(kSupported), std::end(kSupported), [&](const auto& s) {
    return s.transfer_syntax == transfer_syntax;
  });
  return it == std::end(kSupported) ? nullptr : it;
}

}  // namespace

bool can_decode(std::string_view transfer_syntax) { return find(transfer_syntax) != nullptr; }

bool can_encode(std::string_view transfer_syntax) {
  const Supported* s = find(transfer_syntax);
  return s != nullptr && s->encoded;
}

bool can_encode(std::string_view transfer_syntax, const FrameShape& shape) {
  if (!can_encode(transfer_syntax)) return false;
  const uint16_t bits = shape.bits_allocated, samples = shape.samples_per_pixel;
  if (shape.rows == 0 || shape.columns == 0) return false;
  if (transfer_syntax == "1.2.840.10008.1.2.5") {
    return bits != 0 && bits % 8 == 0 && samples * (bits / 8) <= 15;
  }
  if (samples != 1 && samples != 3) return false;
  const bool jpeg = transfer_syntax == "1.2.840.10008.1.2.4.70";
  if (jpeg && (shape.rows > 65535 || shape.columns > 65535)) return false;
  return bits == 8 || bits == 16 || (bits == 1 && transfer_syntax == "1.2.840.10008.1.2.4.90");
}

}  // namespace medarc::dicom
