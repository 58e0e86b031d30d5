#include "dicom/model/codestream.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dicom/scanner.h"

namespace medarc::dicom {
namespace {

constexpr std::string_view kBaseline = "1.2.840.10008.1.2.4.50";
constexpr std::string_view kExtended = "1.2.840.10008.1.2.4.51";
constexpr std::string_view kLossless = "1.2.840.10008.1.2.4.57";
constexpr std::string_view kLosslessFirstOrder = "1.2.840.10008.1.2.4.70";
constexpr std::string_view kJpegLs = "1.2.840.10008.1.2.4.80";
constexpr std::string_view kJpegLsNear = "1.2.840.10008.1.2.4.81";
constexpr std::string_view kJ2kLossless = "1.2.840.10008.1.2.4.90";
constexpr std::string_view kJ2k = "1.2.840.10008.1.2.4.91";
constexpr std::string_view kPart2Lossless = "1.2.840.10008.1.2.4.92";
constexpr std::string_view kPart2 = "1.2.840.10008.1.2.4.93";
constexpr std::string_view kHtLossless = "1.2.840.10008.1.2.4.201";
constexpr std::string_view kHtRpcl = "1.2.840.10008.1.2.4.202";
constexpr std::string_view kHt = "1.2.840.10008.1.2.4.203";

Error none(const char* text) { return make_error(Code::invalid_argument, text); }

uint32_t big(ByteView bytes, size_t at, size_t size) {
  return static_cast<uint32_t>(at > bytes.size() ? 0 : read_number(bytes.substr(at), size, true));
}

// The segments of JPEG and JPEG-LS up to the first scan.
struct Segments {
  uint8_t process = 0xFF;  // of the SOF marker
  ByteView frame, scan;    // their parameters
  bool jfif = false;
  std::optional<uint8_t> adobe_transform;
};

Result<Segments> read_segments(ByteView in) {
  if (big(in, 0, 2) != 0xFFD8 || in.size() < 2) return none("a part is no JPEG codestream");
  Segments out;
  for (size_t at = 2; at + 4 <= in.size();) {
    const uint32_t marker = big(in, at, 2);
    if (marker == 0xFFFF) {  // fill byte
      ++at;
      continue;
    }
    const size_t length = big(in, at + 2, 2);
    if (marker < 0xFFC0 || length < 2 || at + 2 + length > in.size()) break;
    const ByteView body = in.substr(at + 4, length - 2);
    const bool table = marker == 0xFFC4 || marker == 0xFFC8 || marker == 0xFFCC;
    if ((marker <= 0xFFCF && !table) || marker == 0xFFF7) {
      out.process = static_cast<uint8_t>(marker);
      out.frame = body;
    } else if (marker == 0xFFDA) {
      out.scan = body;
      return out;
    } else if (marker == 0xFFE0 && body.starts_with(ByteView("JFIF\0", 5))) {
      out.jfif = true;
    } else if (marker == 0xFFEE && body.starts_with("Adobe") && body.size() >= 12) {
      out.adobe_transform = static_cast<uint8_t>(body[11]);
    }
    at += 2 + length;
  }
  return none("a codestream has no whole header");
}

std::string_view colours(const Segments& s, bool lossless) {
  if (s.frame.size() < 9 || static_cast<uint8_t>(s.frame[5]) < 3) return "MONOCHROME2";
  const bool named =
      s.frame.size() >= 15 && s.frame[6] == 'R' && s.frame[9] == 'G' && s.frame[12] == 'B';
  if (lossless || named || (s.adobe_transform && *s.adobe_transform == 0 && !s.jfif)) return "RGB";
  return static_cast<uint8_t>(s.frame[7]) >> 4 > 1 ? "YBR_FULL_422" : "YBR_FULL";
}

Result<Codestream> read_jpeg(ByteView in, bool jpeg_ls) {
  MEDARC_ASSIGN(const Segments s, read_segments(in));
  if (s.frame.size() < 6 || s.frame.size() < 6 + 3 * size_t{static_cast<uint8_t>(s.frame[5])}) {
    return none("a codestream has no whole frame header");
  }
  Codestream out;
  out.precision = static_cast<uint8_t>(s.frame[0]);
  out.rows = big(s.frame, 1, 2);
  out.columns = big(s.frame, 3, 2);
  out.samples_per_pixel = static_cast<uint8_t>(s.frame[5]);
  // The scan: a count of components, two bytes for each, then what we look for.
  const size_t at = s.scan.empty() ? 0 : 1 + 2 * size_t{static_cast<uint8_t>(s.scan[0])};
  if (s.scan.size() < at + 3) return none("a codestream has no whole scan header");
  const auto parameter = static_cast<uint8_t>(s.scan[at]);
  if (jpeg_ls != (s.process == 0xF7)) return none("a codestream is of another kind than its type");
  switch (s.process) {
    case 0xC0: out.transfer_syntax = kBaseline; break;
    case 0xC1: out.transfer_syntax = kExtended; break;
    case 0xC3: out.transfer_syntax = parameter == 1 ? kLosslessFirstOrder : kLossless; break;
    case 0xF7: out.transfer_syntax = parameter == 0 ? kJpegLs : kJpegLsNear; break;
    default: return make_error(Code::unsupported, "a JPEG process without a media type");
  }
  out.photometric = colours(s, s.process == 0xC3 || s.process == 0xF7);
  return out;
}

// The codestream box of a JP2 file (T.800 annex I).
Result<std::pair<uint64_t, uint64_t>> codestream_box(ByteView in) {
  uint64_t at = 0;
  while (at + 16 <= in.size()) {
    const uint64_t word = big(in, at, 4);
    const uint64_t head = word == 1 ? 16 : 8;
    const uint64_t length = word == 1 ? read_number(in.substr(at + 8), 8, true) : word;
    if (in.substr(at + 4, 4) == "jp2c") {
      if (length != 0 && length < head) break;
      return std::pair{at + head, length == 0 ? UINT64_MAX : length - head};
    }
    if (length < head || length > in.size()) break;
    at += length;
  }
  return none("a JP2 file without a codestream");
}

Result<Codestream> read_j2k(ByteView in, std::string_view media_type) {
  Codestream out;
  if (in.substr(0, 8) == ByteView("\0\0\0\x0CjP  ", 8)) {
    MEDARC_ASSIGN(const auto box, codestream_box(in));
    out.begin = box.first;
    out.length = box.second;
    in = out.begin < in.size() ? in.substr(out.begin) : ByteView();
  }
  if (big(in, 0, 4) != 0xFF4FFF51 || in.size() < 42)
    return none("a part is no JPEG 2000 codestream");
  const size_t components = big(in, 40, 2);
  const uint32_t width = big(in, 8, 4), height = big(in, 12, 4);
  const uint32_t x = big(in, 16, 4), y = big(in, 20, 4);
  if (components == 0 || big(in, 4, 2) != 38 + 3 * components || in.size() < 42 + 3 * components ||
      x >= width || y >= height) {
    return none("a JPEG 2000 codestream has a damaged header");
  }
  out.rows = height - y;
  out.columns = width - x;
  out.samples_per_pixel = static_cast<uint16_t>(components);
  out.precision = static_cast<uint16_t>((big(in, 42, 1) & 0x7F) + 1);
  out.is_signed = (big(in, 42, 1) & 0x80) != 0;
  for (size_t c = 1; c < components; ++c) {
    if (in[42 + 3 * c] != in[42]) {
      return make_error(Code::unsupported, "the JPEG 2000 components differ in bits");
    }
  }
  bool high_throughput = false;
  std::optional<bool> reversible;
  bool transformed = false;
  for (size_t at = 4 + 38 + 3 * components; at + 4 <= in.size() && !reversible;) {
    const uint32_t marker = big(in, at, 2);
    const size_t length = big(in, at + 2, 2);
    if (length < 2 || at + 2 + length > in.size() || marker == 0xFF90) break;
    if (marker == 0xFF50) high_throughput = true;  // CAP
    if (marker == 0xFF52 && length >= 12) {        // COD
      transformed = big(in, at + 8, 1) == 1;
      reversible = big(in, at + 13, 1) == 1;
    }
    at += 2 + length;
  }
  if (!reversible) return none("a JPEG 2000 codestream has no coding style");
  if (high_throughput != (media_type == "image/jphc")) {
    return none("a codestream is of another kind than its type");
  }
  if (media_type == "image/jphc") {
    out.transfer_syntax = *reversible ? kHtLossless : kHt;
  } else if (media_type == "image/jpx") {
    out.transfer_syntax = *reversible ? kPart2Lossless : kPart2;
  } else {
    out.transfer_syntax = *reversible ? kJ2kLossless : kJ2k;
  }
  if (components < 3) {
    out.photometric = "MONOCHROME2";
  } else if (!transformed) {
    out.photometric = "RGB";
  } else {
    out.photometric = *reversible ? "YBR_RCT" : "YBR_ICT";
  }
  return out;
}

}  // namespace

bool tells_image(std::string_view media_type) {
  for (const char* known : {"image/jpeg", "image/jls", "image/jp2", "image/jpx", "image/jphc"}) {
    if (media_type == known) return true;
  }
  return false;
}

Result<Codestream> read_codestream(std::string_view media_type, ByteView start) {
  const bool jpeg_ls = media_type == "image/jls";
  MEDARC_ASSIGN(const Codestream out, jpeg_ls || media_type == "image/jpeg"
                                          ? read_jpeg(start, jpeg_ls)
                                          : read_j2k(start, media_type));
  const bool possible = out.rows > 0 && out.columns > 0 && out.rows <= 65535 &&
                        out.columns <= 65535 && out.precision > 0 && out.precision <= 16 &&
                        (out.samples_per_pixel == 1 || out.samples_per_pixel == 3);
  if (!possible) return make_error(Code::unsupported, "a codestream that is no DICOM image");
  return out;
}

bool may_be_called(std::string_view found, std::string_view declared) {
  static constexpr std::pair<std::string_view, std::string_view> kAlso[] = {
      {kBaseline, kExtended}, {kLosslessFirstOrder, kLossless}, {kJpegLs, kJpegLsNear},
      {kJ2kLossless, kJ2k},   {kPart2Lossless, kPart2},         {kHtLossless, kHt},
      {kHtLossless, kHtRpcl}};
  return found == declared || std::find(std::begin(kAlso), std::end(kAlso),
                                        std::pair{found, declared}) != std::end(kAlso);
}

}  // namespace medarc::dicom
