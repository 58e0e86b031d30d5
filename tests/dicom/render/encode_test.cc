// Encoded images read again by the libraries' own decoders.
#include "dicom/render/encode.h"

#include <gif_lib.h>
#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include <jpeglib.h>

namespace medarc::dicom {
namespace {

Image picture(uint32_t width, uint32_t height, uint32_t channels, bool noise = false) {
  Image out{width, height, channels, Bytes(size_t{width} * height * channels, '\0')};
  std::mt19937 random(7);
  for (size_t i = 0; i < out.pixels.size(); ++i) {
    const size_t x = i / channels % width, y = i / channels / width;
    out.pixels[i] = static_cast<char>(noise ? random() : x * 3 + y * 2 + i % channels * 40);
  }
  return out;
}

Image read_png(const Bytes& bytes) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()), 0);
  const uint32_t channels = (png.format & PNG_FORMAT_FLAG_COLOR) != 0 ? 3 : 1;
  Image out{png.width, png.height, channels, Bytes(PNG_IMAGE_SIZE(png), '\0')};
  EXPECT_NE(png_image_finish_read(&png, nullptr, out.pixels.data(), 0, nullptr), 0);
  return out;
}

Image read_jpeg(const Bytes& bytes) {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  EXPECT_EQ(jpeg_read_header(&info, TRUE), JPEG_HEADER_OK);
  jpeg_start_decompress(&info);
  const auto channels = static_cast<uint32_t>(info.output_components);
  Image out{info.output_width, info.output_height, channels, ""};
  out.pixels.resize(size_t{out.width} * out.height * channels);
  while (info.output_scanline < info.output_height) {
    JSAMPLE* row = out.data() + size_t{info.output_scanline} * out.width * channels;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return out;
}

struct Gif {
  std::vector<Image> frames;  // RGB
  int delay = 0;              // hundredths of a second
};
Gif read_gif(const Bytes& bytes) {
  struct In {
    const Bytes& bytes;
    size_t at = 0;
  } in{bytes};
  GifFileType* gif = DGifOpen(
      &in,
      [](GifFileType* file, GifByteType* out, int size) {
        auto& from = *static_cast<In*>(file->UserData);
        const size_t n =
            from.bytes.copy(reinterpret_cast<char*>(out), static_cast<size_t>(size), from.at);
        from.at += n;
        return static_cast<int>(n);
      },
      nullptr);
  Gif out;
  if (gif == nullptr || DGifSlurp(gif) != GIF_OK) {
    ADD_FAILURE() << "no GIF";
    return out;
  }
  for (int i = 0; i < gif->ImageCount; ++i) {
    const SavedImage& one = gif->SavedImages[i];
    GraphicsControlBlock control{};
    if (DGifSavedExtensionToGCB(gif, i, &control) == GIF_OK) out.delay = control.DelayTime;
    Image image{static_cast<uint32_t>(one.ImageDesc.Width),
                static_cast<uint32_t>(one.ImageDesc.Height), 3, ""};
    for (size_t p = 0; p < size_t{image.width} * image.height; ++p) {
      const GifColorType& c = one.ImageDesc.ColorMap->Colors[one.RasterBits[p]];
      for (const GifByteType v : {c.Red, c.Green, c.Blue}) image.pixels += static_cast<char>(v);
    }
    out.frames.push_back(std::move(image));
  }
  DGifCloseFile(gif, nullptr);
  return out;
}

Bytes as_rgb(const Image& image) {
  if (image.channels == 3) return image.pixels;
  Bytes out;
  for (const char c : image.pixels) out.append(3, c);
  return out;
}

double mean_error(const Image& a, const Image& b) {
  double sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    sum += std::abs(int{a.data()[i]} - int{b.data()[i]});
  }
  return sum / static_cast<double>(a.pixels.size());
}

TEST(RenderEncode, W5_PngIsExact) {
  for (const uint32_t channels : {1u, 3u}) {
    for (const auto& [w, h] : {std::pair(1u, 1u), {37u, 23u}, {300u, 2u}}) {
      const Image image = picture(w, h, channels, true);
      auto bytes = encode_png(image);
      ASSERT_TRUE(bytes.has_value());
      const Image back = read_png(*bytes);
      EXPECT_EQ(back.width, w);
      EXPECT_EQ(back.height, h);
      EXPECT_EQ(back.channels, channels);
      EXPECT_TRUE(back.pixels == image.pixels);
    }
  }
}

TEST(RenderEncode, W5_JpegIsNearAndQualityCounts) {
  for (const uint32_t channels : {1u, 3u}) {
    const Image image = picture(80, 60, channels);
    size_t last = 0;
    for (const int quality : {1, 50, 90, 100}) {
      auto bytes = encode_jpeg(image, quality);
      ASSERT_TRUE(bytes.has_value());
      const Image back = read_jpeg(*bytes);
      ASSERT_EQ(back.width, 80u);
      ASSERT_EQ(back.height, 60u);
      ASSERT_EQ(back.channels, channels);
      EXPECT_GT(bytes->size(), last);
      last = bytes->size();
      EXPECT_LT(mean_error(back, image), quality >= 90 ? 2.5 : 50.0) << quality;
    }
  }
  EXPECT_EQ(encode_jpeg(Image{65'501, 1, 1, Bytes(65'501, '\0')}, 90).error().code,
            Code::too_large);
}

TEST(RenderEncode, W5_GifIsExactForGreyAndFewColours) {
  for (const Image& image : {picture(50, 40, 1), picture(16, 5, 3)}) {
    auto bytes = encode_gif(1, 0, [&](uint32_t) -> Result<Image> { return image; });
    ASSERT_TRUE(bytes.has_value());
    const Gif gif = read_gif(*bytes);
    ASSERT_EQ(gif.frames.size(), 1u);
    EXPECT_TRUE(gif.frames[0].pixels == as_rgb(image));
  }
}

TEST(RenderEncode, W5_GifDithersManyColours) {
  Image image = picture(128, 128, 3);
  auto bytes = encode_gif(1, 0, [&](uint32_t) -> Result<Image> { return image; });
  ASSERT_TRUE(bytes.has_value());
  const Image back = read_gif(*bytes).frames.at(0);
  EXPECT_LT(mean_error(back, image), 20);
  // On average the colours are kept: that is what dithering is for.
  for (size_t c = 0; c < 3; ++c) {
    double wanted = 0, got = 0;
    for (size_t i = c; i < image.pixels.size(); i += 3) {
      wanted += image.data()[i];
      got += back.data()[i];
    }
    const auto count = static_cast<double>(image.pixels.size() / 3);
    EXPECT_NEAR(got / count, wanted / count, 1.5);
  }
}

TEST(RenderEncode, W5_ACineHasAllFramesAndTheirTime) {
  const auto frame = [](uint32_t i) {
    Image image = picture(20, 10, 1);
    for (char& c : image.pixels) c = static_cast<char>(c + static_cast<char>(i * 10));
    return image;
  };
  auto bytes = encode_gif(5, 40, [&](uint32_t i) -> Result<Image> { return frame(i); });
  ASSERT_TRUE(bytes.has_value());
  EXPECT_NE(bytes->find("NETSCAPE2.0"), Bytes::npos);
  const Gif gif = read_gif(*bytes);
  ASSERT_EQ(gif.frames.size(), 5u);
  EXPECT_EQ(gif.delay, 4);
  for (uint32_t i = 0; i < 5; ++i) EXPECT_TRUE(gif.frames[i].pixels == as_rgb(frame(i))) << i;
  // An error of a frame is the error of the whole.
  const auto failing = encode_gif(2, 40, [&](uint32_t i) -> Result<Image> {
    if (i == 1) return make_error(Code::corrupt, "no frame");
    return frame(i);
  });
  EXPECT_EQ(failing.error().code, Code::corrupt);
}

}  // namespace
}  // namespace medarc::dicom
