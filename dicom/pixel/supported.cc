// The transfer syntaxes of dicom/pixel/codecs/codec.cc, for a process that does not link codecs.
#include <algorithm>
#include <iterator>

#include "dicom/pixel/codec_pool.h"

namespace medarc::dicom {
namespace {

enum class Made { no, losslessly, lossily };
struct Supported {
  std::string_view transfer_syntax;
  Made made = Made::no;
};
constexpr Supported kSupported[] = {
    {"1.2.840.10008.1.2.4.50", Made::lossily},
    {"1.2.840.10008.1.2.4.51"},
    {"1.2.840.10008.1.2.4.53"},
    {"1.2.840.10008.1.2.4.55"},
    {"1.2.840.10008.1.2.4.57"},
    {"1.2.840.10008.1.2.4.70", Made::losslessly},
    {"1.2.840.10008.1.2.4.80", Made::losslessly},
    {"1.2.840.10008.1.2.4.81", Made::lossily},
    {"1.2.840.10008.1.2.4.90", Made::losslessly},
    {"1.2.840.10008.1.2.4.91", Made::lossily},
    {"1.2.840.10008.1.2.4.201", Made::losslessly},
    {"1.2.840.10008.1.2.4.202", Made::losslessly},
    {"1.2.840.10008.1.2.4.203", Made::lossily},
    {"1.2.840.10008.1.2.5", Made::losslessly},
    {"1.2.840.10008.1.2.8.1", Made::losslessly},
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
  return s != nullptr && s->made == Made::losslessly;
}

bool can_encode(std::string_view transfer_syntax, const FrameShape& shape) {
  if (!can_encode(transfer_syntax)) return false;
  const uint16_t bits = shape.bits_allocated, samples = shape.samples_per_pixel;
  if (shape.rows == 0 || shape.columns == 0) return false;
  if (transfer_syntax == "1.2.840.10008.1.2.5") {
    return bits != 0 && bits % 8 == 0 && samples * (bits / 8) <= 15;
  }
  if (transfer_syntax == "1.2.840.10008.1.2.8.1") return bits == 1 || (bits != 0 && bits % 8 == 0);
  if (samples != 1 && samples != 3) return false;
  const bool jpeg = transfer_syntax == "1.2.840.10008.1.2.4.70";
  if (jpeg && (shape.rows > 65535 || shape.columns > 65535)) return false;
  return bits == 8 || bits == 16 || (bits == 1 && transfer_syntax == "1.2.840.10008.1.2.4.90");
}

bool can_encode_lossy(std::string_view transfer_syntax) {
  const Supported* s = find(transfer_syntax);
  return s != nullptr && s->made == Made::lossily;
}

bool can_encode_lossy(std::string_view transfer_syntax, const FrameShape& shape) {
  if (!can_encode_lossy(transfer_syntax) || shape.rows == 0 || shape.columns == 0) return false;
  const uint16_t bits = shape.bits_allocated, samples = shape.samples_per_pixel;
  // What is looked up by its value is spoilt by values nearby.
  if ((samples != 1 && samples != 3) || shape.photometric == "PALETTE COLOR") return false;
  if (transfer_syntax == "1.2.840.10008.1.2.4.50") {
    return bits == 8 && !shape.is_signed && shape.rows <= 65535 && shape.columns <= 65535;
  }
  return bits == 8 || bits == 16;
}

uint32_t LossyQuality::of(std::string_view transfer_syntax) const {
  if (transfer_syntax == "1.2.840.10008.1.2.4.50") return jpeg;
  if (transfer_syntax == "1.2.840.10008.1.2.4.81") return jpegls_error_max;
  if (transfer_syntax == "1.2.840.10008.1.2.4.91") return jpeg2000_psnr_db;
  if (transfer_syntax == "1.2.840.10008.1.2.4.203") return htj2k_step_ppm;
  return 0;
}

}  // namespace medarc::dicom
