#include "dicom/pixel/codecs/deflate.h"

#include <zlib.h>

namespace medarc::dicom::codec {

Result<FrameShape> decode_deflated(const FrameShape& declared, ByteView codestream,
                                   std::span<char> out) {
  if (codestream.size() > UINT32_MAX || out.size() > UINT32_MAX) {
    return make_error(Code::unsupported, "a deflated frame over 4 GiB");
  }
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return make_error(Code::too_large, "no memory");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(codestream.data()));
  stream.avail_in = static_cast<uInt>(codestream.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int answer = inflate(&stream, Z_FINISH);
  const bool filled = stream.avail_out == 0;
  inflateEnd(&stream);
  // Z_BUF_ERROR with a full frame: more comes out than was declared.
  if (answer != Z_STREAM_END || !filled) {
    return make_error(Code::corrupt, "the deflated frame is damaged or of another size");
  }
  return declared;
}

}  // namespace medarc::dicom::codec
