#include <png.h>

#include <csetjmp>

#include "dicom/render/encode.h"

namespace medarc::dicom {
namespace {

// Most of what level 6 gains, at a third of its time.
constexpr int kLevel = 3;

void append(png_structp png, png_bytep data, size_t size) {
  static_cast<Bytes*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(data), size);
}
void flush(png_structp) {}
[[noreturn]] void on_error(png_structp png, png_const_charp) { png_longjmp(png, 1); }
void on_warning(png_structp, png_const_charp) {}

// Nothing in here has a destructor: the library leaves by longjmp.
bool compress(const Image& image, png_structp png, png_infop info, Bytes* out) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_write_fn(png, out, append, flush);
  png_set_compression_level(png, kLevel);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_set_IHDR(png, info, image.width, image.height, 8,
               image.channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  const size_t line = size_t{image.width} * image.channels;
  for (size_t y = 0; y < image.height; ++y) png_write_row(png, image.data() + y * line);
  png_write_end(png, info);
  return true;
}

}  // namespace

Result<Bytes> encode_png(const Image& image) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, on_error, on_warning);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  Bytes out;
  const bool done = info != nullptr && compress(image, png, info, &out);
  png_destroy_write_struct(&png, &info);
  if (!done) return make_error(Code::internal, "the PNG library refused an image");
  return out;
}

}  // namespace medarc::dicom
