#include "dicom/pixel/codecs/jpeg_header.h"

namespace medarc::dicom::codec {

Result<JpegHeader> read_jpeg_header(ByteView codestream) {
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(codestream[at]); };
  const auto word = [&](size_t at) { return static_cast<uint16_t>(byte(at) << 8 | byte(at + 1)); };
  if (codestream.size() < 4 || word(0) != 0xFFD8) {
    return make_error(Code::corrupt, "the frame is no JPEG codestream");
  }
  JpegHeader out;
  size_t at = 2;
  while (at + 4 <= codestream.size()) {
    if (byte(at) != 0xFF) break;
    const uint8_t marker = byte(at + 1);
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    const size_t length = word(at + 2), body = at + 4;
    if (length < 2 || at + 2 + length > codestream.size()) break;
    const ByteView segment = codestream.substr(body, length - 2);
    const bool frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) {
      if (segment.size() < 6) break;
      out.process = marker & 0x0F;
      out.precision = byte(body);
      out.rows = word(body + 1);
      out.columns = word(body + 3);
      out.components = byte(body + 5);
      if (segment.size() < 6 + 3 * size_t{out.components}) break;
      out.names_rgb = out.components == 3 && byte(body + 6) == 'R' && byte(body + 9) == 'G' &&
                      byte(body + 12) == 'B';
      return out;
    }
    if (marker == 0xDA || marker == 0xD9) break;  // scan or end without a frame
    if (marker == 0xE0 && segment.starts_with(ByteView("JFIF\0", 5))) out.jfif = true;
    if (marker == 0xEE && segment.size() >= 12 && segment.starts_with("Adobe")) {
      out.adobe_transform = byte(body + 11);
    }
    at += 2 + length;
  }
  return make_error(Code::corrupt, "the JPEG codestream has no whole frame header");
}

}  // namespace medarc::dicom::codec
