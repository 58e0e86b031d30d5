#include "dicom/render/font.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <cmath>
#include <vector>

namespace medarc::dicom {
namespace {

struct LibraryEnd {
  void operator()(FT_Library library) const { FT_Done_FreeType(library); }
};
struct FaceEnd {
  void operator()(FT_Face face) const { FT_Done_Face(face); }
};
using LibraryPtr = std::unique_ptr<FT_LibraryRec_, LibraryEnd>;
using FacePtr = std::unique_ptr<FT_FaceRec_, FaceEnd>;

Error no_font() {
  return make_error(Code::not_acceptable,
                    "the presentation state has text, and there is no font to draw it with "
                    "(render.font_file)");
}

// UTF-8 as code points; what is none becomes U+FFFD.
std::vector<uint32_t> code_points(std::string_view text) {
  std::vector<uint32_t> out;
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<uint8_t>(text[i]);
    const size_t length = first < 0x80   ? 1
                          : first < 0xC2 ? 0
                          : first < 0xE0 ? 2
                          : first < 0xF0 ? 3
                          : first < 0xF5 ? 4
                                         : 0;
    uint32_t v = length <= 1 ? first : first & (0xFFu >> (length + 1));
    bool whole = length != 0 && i + length <= text.size();
    for (size_t n = 1; whole && n < length; ++n) {
      const auto next = static_cast<uint8_t>(text[i + n]);
      whole = (next & 0xC0) == 0x80;
      v = v << 6 | (next & 0x3Fu);
    }
    out.push_back(whole ? v : 0xFFFD);
    i += whole ? length : 1;
  }
  return out;
}

class SystemFont final : public Font {
 public:
  SystemFont(LibraryPtr library, FacePtr face)
      : library_(std::move(library)), face_(std::move(face)) {}

  Result<double> width(std::string_view line, double size) override {
    MEDARC_TRY(set_size(size));
    double out = 0;
    for (const uint32_t c : code_points(line)) {
      MEDARC_TRY(load(c, FT_LOAD_DEFAULT));
      out += static_cast<double>(face_->glyph->advance.x) / 64;
    }
    return out;
  }

  Status draw(std::string_view line, double size, Point at, const Ink& ink,
              Canvas& canvas) override {
    MEDARC_TRY(set_size(size));
    const double base = at.y + static_cast<double>(face_->size->metrics.ascender) / 64;
    double x = at.x;
    for (const uint32_t c : code_points(line)) {
      if (canvas.exhausted() || x > canvas.width()) break;
      MEDARC_TRY(load(c, FT_LOAD_RENDER));
      const FT_GlyphSlot glyph = face_->glyph;
      const auto left = static_cast<int64_t>(std::floor(x + 0.5)) + glyph->bitmap_left;
      const auto top = static_cast<int64_t>(std::floor(base + 0.5)) - glyph->bitmap_top;
      const FT_Bitmap& bitmap = glyph->bitmap;
      for (unsigned row = 0; row < bitmap.rows; ++row) {
        const uint8_t* from = bitmap.buffer + static_cast<ptrdiff_t>(row) * bitmap.pitch;
        for (unsigned column = 0; column < bitmap.width; ++column) {
          canvas.blend(left + column, top + row, from[column], ink);
        }
      }
      x += static_cast<double>(glyph->advance.x) / 64;
    }
    return {};
  }

 private:
  Status set_size(double size) {
    const auto pixels = static_cast<FT_UInt>(std::clamp(size, 1.0, 1000.0) + 0.5);
    if (FT_Set_Pixel_Sizes(face_.get(), 0, pixels) != 0) return no_font();
    return {};
  }
  Status load(uint32_t c, FT_Int32 how) {
    if (FT_Load_Char(face_.get(), c, how) != 0) return no_font();
    return {};
  }

  LibraryPtr library_;  // lives longer than the face
  FacePtr face_;
};

}  // namespace

Result<std::unique_ptr<Font>> Font::open(const std::string& file) {
  FT_Library library = nullptr;
  if (FT_Init_FreeType(&library) != 0) return no_font();
  LibraryPtr held(library);
  FT_Face face = nullptr;
  if (file.empty() || FT_New_Face(library, file.c_str(), 0, &face) != 0) return no_font();
  FacePtr opened(face);
  if (FT_IS_SCALABLE(face) == 0) return no_font();
  return std::unique_ptr<Font>(std::make_unique<SystemFont>(std::move(held), std::move(opened)));
}

}  // namespace medarc::dicom
