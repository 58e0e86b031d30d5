// Annotations as pixels. All of it happens in the presented image, so that lines are one width and
// text is upright, however the image below was turned and scaled.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "dicom/render/annotations.h"

namespace medarc::dicom {
namespace {

constexpr double kFar = 1e6;  // pixels; farther out all lines look the same
constexpr double kFontMin = 8, kFontMax = 96;

double finite(double v) { return std::isfinite(v) ? std::clamp(v, -kFar, kFar) : 0; }

// A closed curve about `centre` through centre + a and centre + b.
std::vector<Point> ellipse(Point centre, Point a, Point b) {
  const double size = std::max(std::hypot(a.x, a.y), std::hypot(b.x, b.y));
  const auto count = static_cast<size_t>(std::clamp(size, 16.0, 720.0));
  std::vector<Point> out;
  for (size_t i = 0; i <= count; ++i) {
    const double angle =
        2 * std::numbers::pi * static_cast<double>(i % count) / static_cast<double>(count);
    const double c = std::cos(angle), s = std::sin(angle);
    out.push_back({centre.x + a.x * c + b.x * s, centre.y + a.y * c + b.y * s});
  }
  return out;
}

// A smooth curve through all points (Catmull and Rom).
std::vector<Point> smooth(const std::vector<Point>& p) {
  constexpr int kSteps = 12;
  std::vector<Point> out;
  for (size_t i = 0; i + 1 < p.size(); ++i) {
    const Point& before = p[i == 0 ? 0 : i - 1];
    const Point& after = p[std::min(i + 2, p.size() - 1)];
    for (int step = 0; step < kSteps; ++step) {
      const double t = static_cast<double>(step) / kSteps, t2 = t * t, t3 = t2 * t;
      const auto at = [&](double a, double b, double c, double d) {
        return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t2 +
                      (3 * b - a - 3 * c + d) * t3);
      };
      out.push_back(
          {at(before.x, p[i].x, p[i + 1].x, after.x), at(before.y, p[i].y, p[i + 1].y, after.y)});
    }
  }
  out.push_back(p.back());
  return out;
}

class Drawing {
 public:
  Drawing(const Projection& projection, const RenderLimits& limits, Image& image)
      : projection_(projection),
        limits_(limits),
        canvas_(image, limits.annotation_work_max),
        thickness_(std::max(1.0, std::floor(std::min(image.width, image.height) / 512.0))) {}

  Status draw(const Annotations& all) {
    for (const Graphic& g : all.graphics) {
      graphic(g);
      if (canvas_.exhausted()) return too_much();
    }
    if (all.texts.empty()) return {};
    MEDARC_ASSIGN(const auto font, Font::open(limits_.font_file));
    for (const Text& t : all.texts) {
      MEDARC_TRY(text(t, *font));
      if (canvas_.exhausted()) return too_much();
    }
    return {};
  }

 private:
  static Error too_much() {
    return make_error(Code::too_large, "the annotations take more work to draw than is allowed");
  }

  Point place(Point p, Units units) const {
    const Point at = units == Units::pixel ? projection_.of_image(p) : projection_.of_display(p);
    return {finite(at.x), finite(at.y)};
  }

  void cross(Point at, const Ink& ink) {
    const double arm = 3 * thickness_ + 1;
    canvas_.polyline({{at.x - arm, at.y}, {at.x + arm, at.y}}, thickness_, ink);
    canvas_.polyline({{at.x, at.y - arm}, {at.x, at.y + arm}}, thickness_, ink);
  }

  void graphic(const Graphic& g) {
    std::vector<Point> p;
    p.reserve(g.points.size());
    for (const Point& one : g.points) p.push_back(place(one, g.units));
    switch (g.type) {
      case Graphic::Type::point:
        for (const Point& one : p) cross(one, g.ink);
        return;
      case Graphic::Type::polyline: break;
      case Graphic::Type::interpolated: p = smooth(p); break;
      case Graphic::Type::circle: {
        const double radius = std::hypot(p[1].x - p[0].x, p[1].y - p[0].y);
        p = ellipse(p[0], {radius, 0}, {0, radius});
        break;
      }
      case Graphic::Type::ellipse: {
        const Point centre{(p[0].x + p[1].x) / 2, (p[0].y + p[1].y) / 2};
        const Point major{(p[1].x - p[0].x) / 2, (p[1].y - p[0].y) / 2};
        const Point minor{(p[3].x - p[2].x) / 2, (p[3].y - p[2].y) / 2};
        p = ellipse(centre, major, minor);
        break;
      }
    }
    const bool closed = p.front().x == p.back().x && p.front().y == p.back().y;
    if (g.filled && closed) canvas_.fill(p, g.ink);
    canvas_.polyline(p, thickness_, g.ink);
  }

  Status text(const Text& t, Font& font) {
    const auto lines = lines_of(t.text);
    Point begin, end;
    double size = std::clamp(canvas_.height() / 40.0, 12.0, kFontMax);
    if (t.boxed) {
      const Point a = place(t.box_begin, t.box_units), b = place(t.box_end, t.box_units);
      begin = {std::min(a.x, b.x), std::min(a.y, b.y)};
      end = {std::max(a.x, b.x), std::max(a.y, b.y)};
      const double high = (end.y - begin.y) / static_cast<double>(lines.size()) / kLineHeight;
      size = std::clamp(high, kFontMin, kFontMax);
      // As large as the box lets it be.
      double widest = 0;
      for (const std::string& line : lines) {
        MEDARC_ASSIGN(const double width, font.width(line, size));
        widest = std::max(widest, width);
      }
      if (widest > end.x - begin.x) {
        size = std::clamp(size * (end.x - begin.x) / widest, kFontMin, kFontMax);
      }
    } else {
      const Point at = place(t.anchor, t.anchor_units);
      begin = end = {at.x + 2 * thickness_ + 4, at.y - size * kLineHeight / 2};
    }
    double y = begin.y;
    for (const std::string& line : lines) {
      double x = begin.x;
      if (t.boxed && t.align != Text::Align::left) {
        MEDARC_ASSIGN(const double width, font.width(line, size));
        const double room = end.x - begin.x - width;
        x += t.align == Text::Align::right ? room : room / 2;
      }
      MEDARC_TRY(font.draw(line, size, {x, y}, t.ink, canvas_));
      y += size * kLineHeight;
    }
    if (t.anchored && t.anchor_visible) {
      const Point at = place(t.anchor, t.anchor_units);
      cross(at, t.ink);
      if (t.boxed) {
        const Point near{std::clamp(at.x, begin.x, end.x), std::clamp(at.y, begin.y, end.y)};
        canvas_.polyline({at, near}, thickness_, t.ink);
      }
    }
    return {};
  }

  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out(1);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\r' || text[i] == '\n') {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
        out.emplace_back();
      } else {
        out.back() += text[i];
      }
    }
    if (out.size() > 1 && out.back().empty()) out.pop_back();
    return out;
  }

  static constexpr double kLineHeight = 1.2;  // of the font's size

  const Projection& projection_;
  const RenderLimits& limits_;
  Canvas canvas_;
  const double thickness_;
};

}  // namespace

Status draw_annotations(const Annotations& annotations, const Projection& projection,
                        const RenderLimits& limits, Image& image) {
  return Drawing(projection, limits, image).draw(annotations);
}

}  // namespace medarc::dicom
