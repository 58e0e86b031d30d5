#include "dicom/render/shutter.h"

#include <algorithm>
#include <cmath>

#include "dicom/render/annotations.h"
#include "dicom/render/canvas.h"
#include "dicom/render/overlay.h"

namespace medarc::dicom {
namespace {

Error refused(const char* text) { return make_error(Code::not_acceptable, text); }

// The columns of one row that all shapes leave open.
struct Open {
  std::vector<std::pair<double, double>> spans;  // rising
  void keep(const std::vector<std::pair<double, double>>& others) {
    std::vector<std::pair<double, double>> out;
    for (const auto& a : spans) {
      for (const auto& b : others) {
        const double from = std::max(a.first, b.first), to = std::min(a.second, b.second);
        if (from < to) out.emplace_back(from, to);
      }
    }
    spans = std::move(out);
  }
};

}  // namespace

Result<Shutter> read_shutter(const ItemView& d, const std::vector<OverlayPlane>& overlays,
                             const RenderLimits& limits) {
  Shutter out;
  for (const std::string& shape : d.texts(Tag{0x00181600})) {
    if (shape == "RECTANGULAR") {
      const auto left = d.number(Tag{0x00181602}), right = d.number(Tag{0x00181604});
      const auto upper = d.number(Tag{0x00181606}), lower = d.number(Tag{0x00181608});
      if (!left || !right || !upper || !lower) return refused("a shutter lacks an edge");
      out.rectangle = Shutter::Rectangle{*left - 1, *upper - 1, *right, *lower};
    } else if (shape == "CIRCULAR") {
      const auto centre = d.numbers(Tag{0x00181610});
      const auto radius = d.number(Tag{0x00181612});
      if (centre.size() != 2 || !radius || *radius < 0) return refused("a shutter is no circle");
      out.circle = Shutter::Circle{{centre[1] - 0.5, centre[0] - 0.5}, *radius};
    } else if (shape == "POLYGONAL") {
      const auto corners = d.numbers(Tag{0x00181620});
      if (corners.size() < 6 || corners.size() % 2 != 0) return refused("a shutter is no polygon");
      if (corners.size() / 2 > limits.shutter_corners_max) {
        return make_error(Code::too_large, "a shutter has too many corners");
      }
      for (size_t i = 0; i < corners.size(); i += 2) {
        out.polygon.push_back({corners[i + 1] - 0.5, corners[i] - 0.5});
      }
    } else if (shape == "BITMAP") {
      const auto group = d.integer(Tag{0x00181623});
      for (const OverlayPlane& o : overlays) {
        if (group && o.group == *group) out.bitmap = o;
      }
      if (!out.bitmap) return refused("a shutter's bitmap is missing");
    } else if (!shape.empty()) {
      return refused("a shutter has an unknown shape");
    }
  }
  out.ink = ink_of_p_value(d.number(Tag{0x00181622}).value_or(0));
  if (const auto lab = d.numbers(Tag{0x00181624}); lab.size() == 3) {
    out.ink.rgb = ink_of_lab(lab[0], lab[1], lab[2]).rgb;
  }
  return out;
}

void draw_shutter(const Shutter& shutter, const Frame& frame, double pixel_aspect, Image& image) {
  if (shutter.bitmap) {
    OverlayPlane plane = *shutter.bitmap;
    plane.ink = shutter.ink;
    plane.region = false;
    draw_overlay(plane, frame, 0, image);
  }
  if (!shutter.rectangle && !shutter.circle && shutter.polygon.empty()) return;
  const double columns = image.width;
  for (uint32_t row = 0; row < image.height; ++row) {
    const double y = row + 0.5;
    Open open{{{0, columns}}};
    if (shutter.rectangle) {
      const Shutter::Rectangle& r = *shutter.rectangle;
      if (y < r.top || y > r.bottom) open.spans.clear();
      open.keep({{r.left, r.right}});
    }
    if (shutter.circle) {
      const Shutter::Circle& c = *shutter.circle;
      const double down = (y - c.centre.y) * pixel_aspect, left = c.radius * c.radius - down * down;
      // Pixels on the circle itself are seen on both sides.
      const double half = left >= 0 ? std::sqrt(left) + 1e-9 : -1;
      open.keep({{c.centre.x - half, c.centre.x + half}});
    }
    if (!shutter.polygon.empty()) {
      const auto x = crossings(shutter.polygon, y);
      std::vector<std::pair<double, double>> inside;
      for (size_t i = 0; i + 1 < x.size(); i += 2) inside.emplace_back(x[i], x[i + 1]);
      open.keep(inside);
    }
    uint8_t* const line = image.data() + size_t{row} * image.width * image.channels;
    const auto cover = [&](double from, double to) {
      // Pixels whose centres are covered.
      const auto begin = static_cast<size_t>(std::clamp(std::ceil(from - 0.5), 0.0, columns));
      const auto end = static_cast<size_t>(std::clamp(std::ceil(to - 0.5), 0.0, columns));
      for (size_t i = begin; i < end; ++i)
        put_ink(shutter.ink, image.channels, line + i * image.channels);
    };
    double at = 0;
    for (const auto& [from, to] : open.spans) {
      cover(at, from);
      at = to;
    }
    cover(at, columns + 1);
  }
}

}  // namespace medarc::dicom
