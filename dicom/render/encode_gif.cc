#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dicom/render/encode.h"

namespace medarc::dicom {
namespace {

constexpr uint32_t kEdgeMax = 65'535;
// A cube of colours for images that have more than a GIF can: eyes see green best.
constexpr int kReds = 6, kGreens = 7, kBlues = 6;

using Colours = std::array<GifColorType, 256>;

int append(GifFileType* gif, const GifByteType* data, int size) {
  static_cast<Bytes*>(gif->UserData)
      ->append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  return size;
}

// One image in at most 256 colours.
struct Indexed {
  Colours colours{};
  std::vector<uint8_t> pixels;
};

// The image's own colours; false when there are too many.
bool exact(const Image& image, Indexed& out) {
  std::unordered_map<uint32_t, uint8_t> known;
  const size_t count = size_t{image.width} * image.height;
  const uint8_t* p = image.data();
  uint32_t last = UINT32_MAX;
  uint8_t last_index = 0;
  for (size_t i = 0; i < count; ++i, p += 3) {
    const uint32_t rgb =
        static_cast<uint32_t>(p[0]) << 16 | static_cast<uint32_t>(p[1]) << 8 | p[2];
    if (rgb != last) {
      const auto found = known.find(rgb);
      if (found == known.end()) {
        if (known.size() == out.colours.size()) return false;
        const size_t next = known.size();
        out.colours[next] = {p[0], p[1], p[2]};
        last_index = known[rgb] = static_cast<uint8_t>(next);
      } else {
        last_index = found->second;
      }
      last = rgb;
    }
    out.pixels[i] = last_index;
  }
  return true;
}

// The nearest level of `levels`, above or below as an ordered pattern says (8 x 8, Bayer).
int dithered(int v, int levels, uint32_t x, uint32_t y) {
  static constexpr uint8_t kPattern[8][8] = {
      {0, 32, 8, 40, 2, 34, 10, 42},  {48, 16, 56, 24, 50, 18, 58, 26},
      {12, 44, 4, 36, 14, 46, 6, 38}, {60, 28, 52, 20, 62, 30, 54, 22},
      {3, 35, 11, 43, 1, 33, 9, 41},  {51, 19, 59, 27, 49, 17, 57, 25},
      {15, 47, 7, 39, 13, 45, 5, 37}, {63, 31, 55, 23, 61, 29, 53, 21}};
  return (v * (levels - 1) * 64 + kPattern[y % 8][x % 8] * 255 + 127) / (255 * 64);
}

void in_cube(const Image& image, Indexed& out) {
  for (int i = 0; i < kReds * kGreens * kBlues; ++i) {
    const int r = i / (kGreens * kBlues), g = i / kBlues % kGreens, b = i % kBlues;
    out.colours[static_cast<size_t>(i)] = {static_cast<GifByteType>(r * 255 / (kReds - 1)),
                                           static_cast<GifByteType>(g * 255 / (kGreens - 1)),
                                           static_cast<GifByteType>(b * 255 / (kBlues - 1))};
  }
  const uint8_t* p = image.data();
  size_t i = 0;
  for (uint32_t y = 0; y < image.height; ++y) {
    for (uint32_t x = 0; x < image.width; ++x, ++i, p += 3) {
      const int r = dithered(p[0], kReds, x, y), g = dithered(p[1], kGreens, x, y);
      out.pixels[i] =
          static_cast<uint8_t>((r * kGreens + g) * kBlues + dithered(p[2], kBlues, x, y));
    }
  }
}

Indexed indexed(const Image& image) {
  Indexed out;
  out.pixels.resize(size_t{image.width} * image.height);
  if (image.channels == 1) {
    for (size_t i = 0; i < out.colours.size(); ++i) {
      const auto grey = static_cast<GifByteType>(i);
      out.colours[i] = {grey, grey, grey};
    }
    std::copy_n(image.data(), out.pixels.size(), out.pixels.data());
  } else if (!exact(image, out)) {
    in_cube(image, out);
  }
  return out;
}

// A GIF being written; the library's own structures are freed whatever happens.
class Writer {
 public:
  Writer() : gif_(EGifOpen(&out_, append, nullptr)) {}
  ~Writer() {
    if (gif_ != nullptr) EGifCloseFile(gif_, nullptr);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  bool begin(const Image& image, bool animated) {
    if (gif_ == nullptr) return false;
    EGifSetGifVersion(gif_, animated);
    if (EGifPutScreenDesc(gif_, static_cast<int>(image.width), static_cast<int>(image.height), 8, 0,
                          nullptr) != GIF_OK) {
      return false;
    }
    if (!animated) return true;
    static constexpr GifByteType kForEver[] = {1, 0, 0};
    return EGifPutExtensionLeader(gif_, APPLICATION_EXT_FUNC_CODE) == GIF_OK &&
           EGifPutExtensionBlock(gif_, 11, "NETSCAPE2.0") == GIF_OK &&
           EGifPutExtensionBlock(gif_, 3, kForEver) == GIF_OK &&
           EGifPutExtensionTrailer(gif_) == GIF_OK;
  }

  bool add(const Image& image, std::optional<int> hundredths) {
    Indexed colours = indexed(image);
    if (hundredths) {
      const GifByteType control[] = {0, static_cast<GifByteType>(*hundredths),
                                     static_cast<GifByteType>(*hundredths >> 8), 0};
      if (EGifPutExtension(gif_, GRAPHICS_EXT_FUNC_CODE, 4, control) != GIF_OK) return false;
    }
    ColorMapObject* map = GifMakeMapObject(256, colours.colours.data());
    if (map == nullptr) return false;
    const int width = static_cast<int>(image.width), height = static_cast<int>(image.height);
    const bool begun = EGifPutImageDesc(gif_, 0, 0, width, height, false, map) == GIF_OK;
    GifFreeMapObject(map);
    for (size_t y = 0; begun && y < image.height; ++y) {
      GifByteType* const line = colours.pixels.data() + y * image.width;
      if (EGifPutLine(gif_, line, width) != GIF_OK) return false;
    }
    return begun;
  }

  bool end() {
    GifFileType* const gif = std::exchange(gif_, nullptr);
    return EGifCloseFile(gif, nullptr) == GIF_OK;
  }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
  GifFileType* gif_;
};

}  // namespace

Result<Bytes> encode_gif(uint32_t frames_count, double frame_ms,
                         const std::function<Result<Image>(uint32_t index)>& next) {
  const auto refused = [] {
    return make_error(Code::internal, "the GIF library refused an image");
  };
  const bool animated = frames_count > 1;
  std::optional<int> hundredths;
  // Browsers show what is quicker than 20 ms at 100 ms.
  if (animated) hundredths = static_cast<int>(std::clamp(std::lround(frame_ms / 10), 2l, 6000l));
  Writer writer;
  for (uint32_t i = 0; i < frames_count; ++i) {
    MEDARC_ASSIGN(const Image image, next(i));
    if (image.width > kEdgeMax || image.height > kEdgeMax) {
      return make_error(Code::too_large, "a GIF has at most 65535 pixels an edge");
    }
    if (i == 0 && !writer.begin(image, animated)) return refused();
    if (!writer.add(image, hundredths)) return refused();
  }
  if (!writer.end()) return refused();
  return writer.take();
}

}  // namespace medarc::dicom
