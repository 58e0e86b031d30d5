// Graphic annotations of presentation states: where they are drawn, and what bounds them.
#include <algorithm>

#include "tests/dicom/render/presented.h"

namespace medarc::dicom {
namespace {

using test::PictureMaker;

PictureMaker dark(uint16_t columns, uint16_t rows) { return PictureMaker(columns, rows); }

PictureMaker graphic(const char* type, const std::vector<float>& points,
                     const char* units = "PIXEL") {
  PictureMaker out = PictureMaker::item();
  out.text(0x00700005, "CS", units).us(0x00700020, {2});
  out.us(0x00700021, {static_cast<uint16_t>(points.size() / 2)});
  out.bytes(0x00700022, "FL", test::floats(points)).text(0x00700023, "CS", type);
  return out.text(0x00700024, "CS", "N");
}

PictureMaker text_in_box(const std::string& text, const std::vector<float>& begin,
                         const std::vector<float>& end, const char* units = "DISPLAY") {
  PictureMaker out = PictureMaker::item();
  out.text(0x00700003, "CS", units).text(0x00700006, "ST", text);
  out.bytes(0x00700010, "FL", test::floats(begin)).bytes(0x00700011, "FL", test::floats(end));
  return out.text(0x00700012, "CS", "LEFT");
}

PictureMaker annotated(const PictureMaker& image, int32_t columns, int32_t rows,
                       const std::vector<PictureMaker>& graphics,
                       const std::vector<PictureMaker>& texts = {}) {
  PictureMaker item = PictureMaker::item();
  item.text(0x00700002, "CS", "LAYER");
  if (!graphics.empty()) item.sequence(0x00700009, graphics);
  if (!texts.empty()) item.sequence(0x00700008, texts);
  return test::state_for(image, columns, rows).sequence(0x00700001, {item});
}

// '#' where something is drawn.
std::string marks(const Rendered& r) {
  EXPECT_EQ(r.error, "");
  std::string out;
  for (size_t i = 0; i < r.pixels.size(); ++i) {
    if (i > 0 && i % r.width == 0) out += ' ';
    out += r.pixels[i] != 0 ? '#' : '.';
  }
  return out;
}

size_t drawn(const Rendered& r) {
  EXPECT_EQ(r.error, "");
  return static_cast<size_t>(
      std::count_if(r.pixels.begin(), r.pixels.end(), [](int v) { return v != 0; }));
}

TEST(RenderAnnotations, W5_LinesLieOnThePixelsTheyName) {
  const auto drawn_as = [](const PictureMaker& one) {
    return marks(presented(dark(5, 4), annotated(dark(5, 4), 5, 4, {one})));
  };
  EXPECT_EQ(drawn_as(graphic("POLYLINE", {0.5, 1.5, 4.5, 1.5})), "..... ##### ..... .....");
  EXPECT_EQ(drawn_as(graphic("POLYLINE", {2.5, 0.5, 2.5, 2.5, 4.5, 2.5})),
            "..#.. ..#.. ..### .....");
  EXPECT_EQ(drawn_as(graphic("POLYLINE", {0.1F, 0.6F, 0.9F, 0.6F}, "DISPLAY")),
            "..... ..... ##### .....");
  EXPECT_EQ(drawn_as(graphic("POLYLINE", {-9, -9, 900, 900})), "#.... .#... ..#.. ...#.");
  PictureMaker filled = graphic("POLYLINE", {1, 1, 4, 1, 4, 3, 1, 3, 1, 1});
  EXPECT_EQ(drawn_as(filled.text(0x00700024, "CS", "Y")), "..... .#### .#### .####");
}

TEST(RenderAnnotations, W5_TheyTurnAndGrowWithTheImage) {
  PictureMaker state = annotated(dark(5, 4), 5, 4, {graphic("POLYLINE", {0.5, 1.5, 4.5, 1.5})});
  state.us(0x00700042, {90}).text(0x00700041, "CS", "N");
  EXPECT_EQ(marks(presented(dark(5, 4), state)), "..#. ..#. ..#. ..#. ..#.");
  state.text(0x00700041, "CS", "Y");
  EXPECT_EQ(marks(presented(dark(5, 4), state)), ".#.. .#.. .#.. .#.. .#..");
  state = annotated(dark(5, 4), 5, 4, {graphic("POLYLINE", {2.5, 1.5, 2.5, 2.5})});
  state.sequence(0x0070005A, {test::displayed_area(3, 2, 4, 3)});
  EXPECT_EQ(marks(presented(dark(5, 4), state)), "#. #.");
  RenderRequest request;
  request.width_max = 6;
  EXPECT_EQ(marks(presented(dark(5, 4), state, request)).substr(14, 6), ".#....");
}

TEST(RenderAnnotations, W5_CirclesEllipsesCurvesAndPoints) {
  const auto count = [](const PictureMaker& one) {
    return drawn(presented(dark(60, 60), annotated(dark(60, 60), 60, 60, {one})));
  };
  PictureMaker circle = graphic("CIRCLE", {30, 30, 50, 30});
  EXPECT_NEAR(static_cast<double>(count(circle)), 2 * 20 * 2.83, 20);  // an outline of 8 octants
  EXPECT_NEAR(static_cast<double>(count(circle.text(0x00700024, "CS", "Y"))), 3.1416 * 20 * 20, 80);
  PictureMaker ellipse = graphic("ELLIPSE", {10, 30, 50, 30, 30, 20, 30, 40});
  EXPECT_NEAR(static_cast<double>(count(ellipse.text(0x00700024, "CS", "Y"))), 3.1416 * 20 * 10,
              90);
  EXPECT_GT(count(graphic("INTERPOLATED", {5, 5, 30, 50, 55, 5})), 80u);
  EXPECT_EQ(count(graphic("POINT", {30.5, 30.5})), 17u);  // a cross
}

TEST(RenderAnnotations, W5_OfTheirImageAndInTheInkOfTheirLayer) {
  PictureMaker state = annotated(dark(5, 4), 5, 4, {graphic("POLYLINE", {0.5, 0.5, 4.5, 0.5})});
  PictureMaker layer = PictureMaker::item();
  layer.text(0x00700002, "CS", "LAYER").text(0x00700062, "IS", "1").us(0x00700066, {0x4040});
  state.sequence(0x00700060, {layer});
  EXPECT_EQ(presented(dark(5, 4), state).pixels[0], 0x40);
  PictureMaker item = PictureMaker::item();
  item.text(0x00700002, "CS", "LAYER");
  item.sequence(0x00700009, {graphic("POLYLINE", {0.5, 0.5, 4.5, 0.5})});
  PictureMaker other = dark(5, 4);
  other.sop = "2.25.4";
  item.sequence(0x00081140, {test::reference_to(other)});
  state.sequence(0x00700001, {item});
  EXPECT_EQ(drawn(presented(dark(5, 4), state)), 0u);
  // CIELab: L 54.3, a 80.8, b 69.9 is the red of sRGB.
  const Ink red = ink_of_lab(54.3 * 655.35, (80.8 + 128) * 257, (69.9 + 128) * 257);
  EXPECT_GT(red.rgb[0], 250);
  EXPECT_LT(red.rgb[1], 20);
  EXPECT_LT(red.rgb[2], 20);
}

TEST(RenderAnnotations, W5_TextFillsItsBox) {
  const auto with_text = [](const std::string& text, const std::vector<float>& begin,
                            const std::vector<float>& end) {
    const PictureMaker image = dark(200, 100);
    return presented(image, annotated(image, 200, 100, {}, {text_in_box(text, begin, end)}));
  };
  const Rendered r = with_text("LINKS", {0.5, 0.5}, {1, 1});
  EXPECT_GT(drawn(r), 300u);
  for (size_t i = 0; i < r.pixels.size(); ++i) {
    const bool outside = i % 200 < 99 || i / 200 < 49;
    EXPECT_TRUE(!outside || r.pixels[i] == 0) << i;
  }
  EXPECT_GT(drawn(with_text("LINKS\r\nRECHTS", {0, 0}, {1, 1})),
            drawn(with_text("LINKS", {0, 0}, {1, 1})) / 2);
  // A smaller box, smaller letters; many letters in one box as well.
  EXPECT_LT(drawn(with_text("LINKS", {0, 0}, {0.2F, 0.2F})), drawn(r));
  EXPECT_EQ(drawn(with_text("", {0, 0}, {1, 1})), 0u);
  PictureMaker anchored = PictureMaker::item();
  anchored.text(0x00700004, "CS", "PIXEL").text(0x00700006, "ST", "A");
  anchored.bytes(0x00700014, "FL", test::floats({20, 50})).text(0x00700015, "CS", "Y");
  const PictureMaker image = dark(200, 100);
  const Rendered a = presented(image, annotated(image, 200, 100, {}, {anchored}));
  EXPECT_NE(a.pixels[50 * 200 + 20], 0);  // the cross
  EXPECT_GT(drawn(a), 30u);
}

TEST(RenderAnnotations, W5_WithoutAFontTextIsRefusedNotLeftOut) {
  const PictureMaker image = dark(20, 10);
  RenderLimits limits;
  limits.font_file = "";
  const PictureMaker state = annotated(image, 20, 10, {}, {text_in_box("L", {0, 0}, {1, 1})});
  EXPECT_EQ(presented(image, state, {}, 0, limits).code, Code::not_acceptable);
  limits.font_file = "missing.ttf";
  EXPECT_EQ(presented(image, state, {}, 0, limits).code, Code::not_acceptable);
  const PictureMaker lines = annotated(image, 20, 10, {graphic("POLYLINE", {1, 1, 5, 5})});
  EXPECT_EQ(presented(image, lines, {}, 0, limits).error, "");
}

TEST(RenderAnnotations, W5_EveryCostHasALimit) {
  const PictureMaker image = dark(40, 40);
  const PictureMaker line = graphic("POLYLINE", {1, 1, 39, 39});
  const PictureMaker state =
      annotated(image, 40, 40, {line, line, line}, {text_in_box("LR", {0, 0}, {1, 1})});
  const auto over = [&](auto change) {
    RenderLimits limits;
    change(limits);
    return presented(image, state, {}, 0, limits).code == Code::too_large;
  };
  EXPECT_FALSE(over([](RenderLimits&) {}));
  EXPECT_TRUE(over([](RenderLimits& l) { l.annotations_max = 2; }));
  EXPECT_TRUE(over([](RenderLimits& l) { l.annotation_points_max = 5; }));
  EXPECT_TRUE(over([](RenderLimits& l) { l.annotation_text_bytes_max = 1; }));
  EXPECT_TRUE(over([](RenderLimits& l) { l.annotation_work_max = 50; }));
}

TEST(RenderAnnotations, W5_WhatIsNotWellFormedIsRefused) {
  const PictureMaker image = dark(20, 10);
  const auto refused = [&](const PictureMaker& one) {
    return presented(image, annotated(image, 20, 10, {one})).code == Code::not_acceptable;
  };
  EXPECT_TRUE(refused(graphic("POLYLINE", {1, 1})));
  EXPECT_TRUE(refused(graphic("CIRCLE", {1, 1, 2, 2, 3, 3})));
  EXPECT_TRUE(refused(graphic("SPIRAL", {1, 1, 2, 2})));
  EXPECT_TRUE(refused(graphic("POLYLINE", {1, 1, 2, 2}, "MATRIX")));
  EXPECT_TRUE(refused(graphic("POLYLINE", {1, 1, 2, 2}).us(0x00700021, {3})));
  EXPECT_FALSE(refused(graphic("POLYLINE", {1, 1, 2, 2})));
}

}  // namespace
}  // namespace medarc::dicom
