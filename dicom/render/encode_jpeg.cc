#include <csetjmp>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

#include "dicom/render/encode.h"

namespace medarc::dicom {
namespace {

constexpr uint32_t kEdgeMax = 65'500;  // JPEG_MAX_DIMENSION
constexpr int kFullColourQuality = 90;

struct Errors {
  jpeg_error_mgr base;  // first: the library knows only it
  std::jmp_buf back;
};

[[noreturn]] void on_error(j_common_ptr info) {
  std::longjmp(reinterpret_cast<Errors*>(info->err)->back, 1);
}
void on_message(j_common_ptr) {}

// Nothing in here has a destructor: the library leaves by longjmp. `out` is the caller's to free.
bool compress(const Image& image, int quality, unsigned char** out, unsigned long* out_bytes) {
  jpeg_compress_struct info = {};
  Errors errors = {};
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = on_error;
  errors.base.output_message = on_message;
  if (setjmp(errors.back) != 0) {
    jpeg_destroy_compress(&info);
    return false;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, out, out_bytes);
  info.image_width = image.width;
  info.image_height = image.height;
  info.input_components = static_cast<int>(image.channels);
  info.in_color_space = image.channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  if (image.channels == 3 && quality >= kFullColourQuality) {
    info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
  }
  jpeg_start_compress(&info, TRUE);
  const size_t line = size_t{image.width} * image.channels;
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPLE*>(image.data() + info.next_scanline * line);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return true;
}

}  // namespace

Result<Bytes> encode_jpeg(const Image& image, int quality) {
  if (image.width > kEdgeMax || image.height > kEdgeMax) {
    return make_error(Code::too_large, "a JPEG has at most 65500 pixels an edge");
  }
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  const bool done = compress(image, quality, &buffer, &size);
  Bytes out;
  if (done) out.assign(reinterpret_cast<const char*>(buffer), size);
  std::free(buffer);
  if (!done) return make_error(Code::internal, "the JPEG library refused an image");
  return out;
}

}  // namespace medarc::dicom
