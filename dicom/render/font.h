// Text as pixels, by a font of the system (FreeType stays in font.cc). For one thread at a time.
//
// One glyph a code point from left to right: no ligatures, no writing from right to left. What the
// font does not have is shown by its sign for that, never left out.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dicom/render/canvas.h"

namespace medarc::dicom {

class Font {
 public:
  // A TrueType or OpenType file. not_acceptable: it is not there or cannot be used; the reason goes
  // into the text of the answer, so it does not name the file.
  static Result<std::unique_ptr<Font>> open(const std::string& file);
  virtual ~Font() = default;

  // Of one line of UTF-8, in pixels; `size`: of the letters, in pixels.
  virtual Result<double> width(std::string_view line, double size) = 0;
  // `at`: the top left corner.
  virtual Status draw(std::string_view line, double size, Point at, const Ink& ink,
                      Canvas& canvas) = 0;
};

}  // namespace medarc::dicom
