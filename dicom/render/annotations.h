// Graphic annotations of a presentation state (PS3.3 C.10.5, C.10.7): what is drawn over an image.
#pragma once

#include <string>
#include <vector>

#include "dicom/render/canvas.h"
#include "dicom/render/font.h"
#include "dicom/render/items.h"
#include "dicom/render/limits.h"

namespace medarc::dicom {

enum class Units { pixel, display };  // of the image; 0 to 1 of the displayed area

struct Graphic {
  enum class Type { point, polyline, interpolated, circle, ellipse };
  Type type = Type::polyline;
  Units units = Units::pixel;
  std::vector<Point> points;
  bool filled = false;
  Ink ink;
};

struct Text {
  std::string text;  // UTF-8; lines end with CR, LF or both
  bool boxed = false;
  Units box_units = Units::pixel;
  Point box_begin, box_end;  // two corners
  enum class Align { left, centre, right } align = Align::left;
  bool anchored = false, anchor_visible = false;
  Units anchor_units = Units::pixel;
  Point anchor;
  Ink ink;
};

struct Annotations {
  std::vector<Graphic> graphics;  // the lowest layer first
  std::vector<Text> texts;
};

// The colour a layer recommends (PS3.3 C.10.7.1.1), white when it does not.
Ink ink_of_layer(const ItemView& state, const std::string& layer);
// CIELab as 16-bit numbers (PS3.3 C.10.7.1.1) as sRGB.
Ink ink_of_lab(double l, double a, double b);
Ink ink_of_p_value(double p_value);  // 0 to 65535

// Those of frame `number` (from 1) of `image`. not_acceptable: an annotation that is not
// well-formed; too_large: more of them than limits allow.
Result<Annotations> read_annotations(const ItemView& state, std::string_view image, uint32_t number,
                                     const RenderLimits& limits);

// Whether an item with a Referenced Image Sequence means this frame; one without means all.
bool applies_to(const ItemView& item, std::string_view image, uint32_t number);

// too_large: more work than RenderLimits::annotation_work_max. not_acceptable: text, and no font.
Status draw_annotations(const Annotations& annotations, const Projection& projection,
                        const RenderLimits& limits, Image& image);

}  // namespace medarc::dicom
