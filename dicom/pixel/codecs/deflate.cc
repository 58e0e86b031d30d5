#include "dicom/pixel/codecs/deflate.h"

#include <zlib.h>

#include "dicom/pixel/codecs/samples.h"

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

Result<Encoded> encode_deflated(const FrameShape& shape, ByteView pixels) {
  if (pixels.size() > UINT32_MAX / 2) {
    return make_error(Code::unsupported, "a frame too long to be deflated");
  }
  Bytes mixed;  // R…R G…G B…B as RGB RGB
  if (shape.planar && shape.samples_per_pixel > 1 && shape.bits_allocated % 8 == 0) {
    const size_t width = shape.bits_allocated / 8, count = size_t{shape.rows} * shape.columns;
    mixed.reserve(pixels.size());
    for (size_t p = 0; p < count; ++p) {
      for (size_t c = 0; c < shape.samples_per_pixel; ++c) {
        mixed += pixels.substr(sample_index(shape, p, c) * width, width);
      }
    }
    pixels = mixed;
  }
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return make_error(Code::too_large, "no memory");
  }
  Bytes out(deflateBound(&stream, static_cast<uLong>(pixels.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(pixels.data()));
  stream.avail_in = static_cast<uInt>(pixels.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int answer = deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (answer != Z_STREAM_END) return make_error(Code::unsupported, "the frame is not deflated");
  return Encoded{std::move(out), shape.photometric};
}

}  // namespace medarc::dicom::codec
