#include "dicom/render/annotations.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "dicom/values.h"

namespace medarc::dicom {
namespace {

constexpr Tag kGraphicAnnotations{0x00700001}, kLayer{0x00700002}, kTexts{0x00700008},
    kGraphics{0x00700009}, kLayers{0x00700060}, kReferencedImages{0x00081140};

Error refused(std::string text) { return make_error(Code::not_acceptable, std::move(text)); }

Error too_many() {
  return make_error(Code::too_large, "the presentation state has more annotations than are drawn");
}

Result<Units> units_of(const ItemView& item, Tag tag) {
  const std::string text = item.text(tag);
  if (text == "PIXEL") return Units::pixel;
  if (text == "DISPLAY") return Units::display;
  return refused("an annotation has coordinates of unknown units");  // MATRIX is of slides
}

Point point_of(const std::vector<double>& numbers, size_t i) {
  return {numbers[2 * i], numbers[2 * i + 1]};
}

struct Layer {
  int64_t order = INT64_MAX;
  Ink ink;
};
std::map<std::string, Layer> read_layers(const ItemView& state) {
  std::map<std::string, Layer> out;
  for (const ItemView& item : state.items(kLayers)) {
    Layer layer;
    layer.order = item.integer(Tag{0x00700062}).value_or(layer.order);
    const auto grey = item.number(Tag{0x00700066});
    if (grey) layer.ink = ink_of_p_value(*grey);
    if (const auto lab = item.numbers(Tag{0x00700401}); lab.size() == 3) {
      const Ink colour = ink_of_lab(lab[0], lab[1], lab[2]);
      layer.ink.rgb = colour.rgb;
      if (!grey) layer.ink.grey = colour.grey;
    }
    out.emplace(item.text(kLayer), layer);
  }
  return out;
}

Result<Graphic> read_graphic(const ItemView& item) {
  Graphic out;
  MEDARC_ASSIGN(out.units, units_of(item, Tag{0x00700005}));
  const auto numbers = item.numbers(Tag{0x00700022});
  const auto stated = item.integer(Tag{0x00700021}).value_or(0);
  const size_t count = numbers.size() / 2;
  if (stated < 1 || static_cast<uint64_t>(stated) > count) {
    return refused("an annotation has fewer points than it says");
  }
  for (size_t i = 0; i < static_cast<size_t>(stated); ++i)
    out.points.push_back(point_of(numbers, i));
  const std::string type = item.text(Tag{0x00700023});
  const size_t points = out.points.size();
  if (type == "POINT" && points >= 1) {
    out.type = Graphic::Type::point;
  } else if (type == "POLYLINE" && points >= 2) {
    out.type = Graphic::Type::polyline;
  } else if (type == "INTERPOLATED" && points >= 2) {
    out.type = Graphic::Type::interpolated;
  } else if (type == "CIRCLE" && points == 2) {
    out.type = Graphic::Type::circle;
  } else if (type == "ELLIPSE" && points == 4) {
    out.type = Graphic::Type::ellipse;
  } else {
    return refused("an annotation is of an unknown type, or its points do not fit it");
  }
  out.filled = item.text(Tag{0x00700024}) == "Y";
  return out;
}

Result<Text> read_text(const ItemView& item, const Charset& charset) {
  Text out;
  out.text = item.text(Tag{0x00700006}, charset);
  const auto begin = item.numbers(Tag{0x00700010}), end = item.numbers(Tag{0x00700011});
  if (begin.size() == 2 && end.size() == 2) {
    out.boxed = true;
    MEDARC_ASSIGN(out.box_units, units_of(item, Tag{0x00700003}));
    out.box_begin = point_of(begin, 0);
    out.box_end = point_of(end, 0);
    const std::string align = item.text(Tag{0x00700012});
    if (align == "CENTER") out.align = Text::Align::centre;
    if (align == "RIGHT") out.align = Text::Align::right;
  }
  const auto anchor = item.numbers(Tag{0x00700014});
  if (anchor.size() == 2) {
    out.anchored = true;
    MEDARC_ASSIGN(out.anchor_units, units_of(item, Tag{0x00700004}));
    out.anchor = point_of(anchor, 0);
    out.anchor_visible = item.text(Tag{0x00700015}) == "Y";
  }
  if (!out.boxed && !out.anchored) return refused("an annotation has text, but no place for it");
  return out;
}

}  // namespace

bool applies_to(const ItemView& item, std::string_view image, uint32_t number) {
  if (!item.has(kReferencedImages)) return true;
  for (const ItemView& reference : item.items(kReferencedImages)) {
    if (reference.text(Tag{0x00081155}) != image) continue;
    const auto frames = reference.numbers(Tag{0x00081160});
    if (frames.empty() || std::find(frames.begin(), frames.end(), number) != frames.end()) {
      return true;
    }
  }
  return false;
}

Ink ink_of_p_value(double p_value) {
  const auto octet = static_cast<uint8_t>(std::clamp(p_value, 0.0, 65535.0) / 257 + 0.5);
  return {octet, {octet, octet, octet}};
}

Ink ink_of_lab(double l16, double a16, double b16) {
  const double l = l16 / 655.35, a = a16 / 257 - 128, b = b16 / 257 - 128;
  const auto cube = [](double t) { return t > 6.0 / 29 ? t * t * t : (t - 4.0 / 29) * 108 / 841; };
  const double fy = (l + 16) / 116;
  // White point D50, as in ICC profiles; the matrix adapts it to that of sRGB.
  const double x = 0.9642 * cube(fy + a / 500), y = cube(fy), z = 0.8249 * cube(fy - b / 200);
  const double linear[3] = {3.1339 * x - 1.6169 * y - 0.4906 * z,
                            -0.9785 * x + 1.9160 * y + 0.0333 * z,
                            0.0720 * x - 0.2290 * y + 1.4057 * z};
  Ink out;
  for (size_t c = 0; c < 3; ++c) {
    const double v = std::clamp(linear[c], 0.0, 1.0);
    const double s = v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
    out.rgb[c] = static_cast<uint8_t>(s * 255 + 0.5);
  }
  out.grey = static_cast<uint8_t>(std::clamp(l, 0.0, 100.0) * 2.55 + 0.5);
  return out;
}

Ink ink_of_layer(const ItemView& state, const std::string& layer) {
  const auto layers = read_layers(state);
  const auto found = layers.find(layer);
  return found == layers.end() ? Ink() : found->second.ink;
}

Result<Annotations> read_annotations(const ItemView& state, std::string_view image, uint32_t number,
                                     const RenderLimits& limits) {
  struct Layered {
    ItemView item;
    Layer layer;
  };
  std::vector<Layered> items;
  const auto layers = read_layers(state);
  for (const ItemView& item : state.items(kGraphicAnnotations)) {
    if (!applies_to(item, image, number)) continue;
    if (items.size() == limits.annotations_max) return too_many();
    const auto layer = layers.find(item.text(kLayer));
    items.push_back({item, layer == layers.end() ? Layer() : layer->second});
  }
  std::stable_sort(items.begin(), items.end(), [](const Layered& a, const Layered& b) {
    return a.layer.order < b.layer.order;
  });
  const Charset charset = charset_of(state.dataset());
  Annotations out;
  uint64_t points = 0, text_bytes = 0;
  for (const Layered& layered : items) {
    for (const ItemView& item : layered.item.items(kGraphics)) {
      MEDARC_ASSIGN(Graphic one, read_graphic(item));
      one.ink = layered.layer.ink;
      points += one.points.size();
      out.graphics.push_back(std::move(one));
      if (out.graphics.size() > limits.annotations_max) return too_many();
      if (points > limits.annotation_points_max) return too_many();
    }
    for (const ItemView& item : layered.item.items(kTexts)) {
      MEDARC_ASSIGN(Text one, read_text(item, charset));
      one.ink = layered.layer.ink;
      text_bytes += one.text.size();
      out.texts.push_back(std::move(one));
      if (out.texts.size() > limits.annotations_max) return too_many();
      if (text_bytes > limits.annotation_text_bytes_max) return too_many();
    }
  }
  return out;
}

}  // namespace medarc::dicom
