// Grey pictures against samples computed by hand from PS3.3 C.11.
#include "dicom/render/grey.h"

#include <cmath>

#include "tests/dicom/render/picture.h"

namespace medarc::dicom {
namespace {

using test::PictureMaker;

TEST(RenderGrey, W5_EightBitsAreShownAsTheyAre) {
  const auto out = rendered(PictureMaker(4, 1).pixels(Bytes("\x00\x01\x80\xFF", 4)));
  EXPECT_EQ(out.pixels, (Greys{0, 1, 128, 255}));
  EXPECT_EQ(out.width, 4u);
  EXPECT_EQ(out.height, 1u);
  EXPECT_EQ(out.channels, 1u);
}

TEST(RenderGrey, W5_Monochrome1AndTheInverseShapeInvertOnce) {
  PictureMaker maker(2, 1);
  maker.photometric("MONOCHROME1").pixels(Bytes("\x10\xF0", 2));
  EXPECT_EQ(rendered(maker).pixels, (Greys{239, 15}));
  maker.text(0x20500020, "CS", "INVERSE");
  EXPECT_EQ(rendered(maker).pixels, (Greys{239, 15}));
  maker.photometric("MONOCHROME2");
  EXPECT_EQ(rendered(maker).pixels, (Greys{239, 15}));
  maker.text(0x20500020, "CS", "IDENTITY");
  EXPECT_EQ(rendered(maker).pixels, (Greys{16, 240}));
}

TEST(RenderGrey, W5_TheLinearWindowOfTheStandardsExample) {
  // C.11.2.1.2: centre 2048, width 4096 of 0 to 4095 is the identity of 12 bits.
  PictureMaker maker(5, 1);
  maker.bits(16, 12).window("2048", "4096");
  maker.pixels(std::vector<uint16_t>{0, 1, 2048, 4094, 4095});
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 0, 128, 255, 255}));
  // Centre 0, width 1: below zero black, from zero on white.
  maker.bits(16, 16, true).window("0", "1");
  maker.pixels(std::vector<uint16_t>{0xFFFE, 0xFFFF, 0, 1, 2});
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 0, 255, 255, 255}));
}

TEST(RenderGrey, W5_EachFunctionOnSignedRescaledValues) {
  PictureMaker maker(5, 1);
  maker.bits(16, 16, true).rescale("2", "-100");
  maker.pixels(std::vector<uint16_t>{0xFFF6, 0, 50, 75, 100});  // -120, -100, 0, 50, 100
  const double values[] = {-120, -100, 0, 50, 100};
  Greys linear, exact, sigmoid;
  for (const double x : values) {
    const double l = x <= -0.5 - 99.5 ? 0 : x > -0.5 + 99.5 ? 1 : (x + 0.5) / 199 + 0.5;
    linear.push_back(static_cast<int>(std::lround(l * 255)));
    const double e = x <= -100 ? 0 : x > 100 ? 1 : x / 200 + 0.5;
    exact.push_back(static_cast<int>(std::lround(e * 255)));
    sigmoid.push_back(static_cast<int>(std::lround(255 / (1 + std::exp(-4 * x / 200)))));
  }
  EXPECT_EQ(linear, (Greys{0, 0, 128, 192, 255}));
  EXPECT_EQ(exact, (Greys{0, 0, 128, 191, 255}));
  EXPECT_EQ(rendered(maker.window("0", "200")).pixels, linear);
  EXPECT_EQ(rendered(maker.window("0", "200", "LINEAR_EXACT")).pixels, exact);
  EXPECT_EQ(rendered(maker.window("0", "200", "SIGMOID")).pixels, sigmoid);
  RenderRequest request;  // the asker's window wins
  request.window = Window{0, 200, VoiFunction::linear_exact};
  EXPECT_EQ(rendered(maker, request).pixels, exact);
}

TEST(RenderGrey, W5_WithoutAWindowFromTheLowestToTheHighestPaddingLeftOut) {
  PictureMaker maker(4, 1);
  maker.bits(16, 12).pixels(std::vector<uint16_t>{0, 1000, 1500, 2000});
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 128, 191, 255}));
  maker.us(0x00280120, {0});
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 0, 128, 255}));
  maker.us(0x00280121, {1000});
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 0, 0, 255}));
  maker.us(0x00280121, {4095});  // all is padding
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 128, 191, 255}));
  maker.pixels(std::vector<uint16_t>{7, 7, 7, 7});  // all the same
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 0, 0, 0}));
}

TEST(RenderGrey, W5_HighBitSaysWhereTheSampleLies) {
  PictureMaker maker(3, 1);
  maker.bits(16, 8).us(0x00280102, {11});  // bits 4 to 11
  maker.pixels(std::vector<uint16_t>{0xF00F, 0x080F, 0xFFF0});
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 128, 255}));
  maker.us(0x00280103, {1});
  EXPECT_EQ(rendered(maker).pixels, (Greys{128, 0, 127}));  // 0, -128, -1
}

TEST(RenderGrey, W5_ModalityLutAndVoiLutEndsStretchOutwards) {
  PictureMaker maker(4, 1);
  maker.bits(8, 8).pixels(Bytes("\x00\x0A\x0B\xFF", 4));
  maker.lut(0x00283000, {3, 10, 16}, {100, 200, 300});  // of 10, 11, 12
  maker.window("200", "200", "LINEAR_EXACT");
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 0, 128, 255}));
  PictureMaker voi(4, 1);
  voi.bits(16, 16, true).pixels(std::vector<uint16_t>{0xFF00, 0xFFFF, 0, 100});
  voi.lut(0x00283010, {3, 0xFFFF, 10}, {0, 511, 1023});  // of -1, 0, 1
  EXPECT_EQ(rendered(voi).pixels, (Greys{0, 0, 127, 255}));
  // A window takes precedence over a VOI LUT.
  voi.window("0", "512", "LINEAR_EXACT");
  EXPECT_EQ(rendered(voi).pixels, (Greys{0, 127, 128, 177}));
}

TEST(RenderGrey, W5_OneBitPixels) {
  PictureMaker maker(10, 2);
  maker.bits(1, 1).pixels(Bytes("\x05\x02\x80", 3));  // lowest bit first, rows without a gap
  Greys wanted(20, 0);
  for (const size_t i : {0, 2, 9}) wanted[i] = 255;
  EXPECT_EQ(rendered(maker).pixels, wanted);
  maker.pixels(Bytes("\xFF\xFF\xFF", 3));
  EXPECT_EQ(rendered(maker).pixels, Greys(20, 255));
}

TEST(RenderGrey, W5_ThirtyTwoBitsAndFloats) {
  const auto cells = [](auto... v) {
    Bytes out;
    const auto add = [&out](auto one) {
      out.append(reinterpret_cast<const char*>(&one), sizeof one);
    };
    (add(v), ...);
    return out;
  };
  PictureMaker wide(3, 1);
  wide.bits(32, 32).pixels(cells(0u, 2'000'000'000u, 4'000'000'000u));
  EXPECT_EQ(rendered(wide).pixels, (Greys{0, 128, 255}));
  wide.bits(32, 32, true).pixels(cells(-2'000'000'000, 0, 2'000'000'000));
  EXPECT_EQ(rendered(wide).pixels, (Greys{0, 128, 255}));
  wide.bits(32, 12).pixels(cells(0xFFFFF000u, 2048u, 4095u)).window("2048", "4096");
  EXPECT_EQ(rendered(wide).pixels, (Greys{0, 128, 255}));
  PictureMaker floats(4, 1);
  floats.erase(0x7FE00010).us(0x00280100, {32});
  floats.bytes(0x7FE00008, "OF", cells(-1.0f, 0.0f, std::nanf(""), 1.0f));
  EXPECT_EQ(rendered(floats).pixels, (Greys{0, 128, 0, 255}));
  floats.erase(0x7FE00008).us(0x00280100, {64});
  floats.bytes(0x7FE00009, "OD", cells(-1e300, -1e300, 0.0, 1e300 * 1e300));
  floats.window("0", "1e300", "LINEAR_EXACT");
  EXPECT_EQ(rendered(floats).pixels, (Greys{0, 0, 128, 255}));
}

TEST(RenderGrey, W5_FunctionalGroupsSayItByFrame) {
  const auto group = [](const std::string& intercept, const std::string& centre) {
    PictureMaker values = PictureMaker::item(), window = PictureMaker::item();
    values.rescale("1", intercept);
    window.window(centre, "100", "LINEAR_EXACT");
    return PictureMaker::item().sequence(0x00289145, {values}).sequence(0x00289132, {window});
  };
  PictureMaker maker(2, 1);
  maker.bits(16, 16).text(0x00280008, "IS", "2");
  maker.pixels(std::vector<uint16_t>{0, 100, 0, 100});
  maker.sequence(0x52009229, {group("0", "50")});
  EXPECT_EQ(rendered(maker, {}, 1).pixels, (Greys{0, 255}));
  maker.sequence(0x52009230, {group("0", "50"), group("1000", "1100")});
  EXPECT_EQ(rendered(maker, {}, 0).pixels, (Greys{0, 255}));
  EXPECT_EQ(rendered(maker, {}, 1).pixels, (Greys{0, 128}));
}

TEST(RenderGrey, X08_ShapesThatAreNoneAreRefusedWithTheReason) {
  const auto reason = [](const PictureMaker& maker) {
    const auto out = rendered(maker);
    EXPECT_TRUE(out.code == Code::not_acceptable || out.code == Code::too_large) << out.error;
    return out.error;
  };
  EXPECT_NE(reason(PictureMaker(2, 2).us(0x00280010, {0})), "");
  EXPECT_NE(reason(PictureMaker(2, 2).us(0x00280100, {0})), "");
  EXPECT_NE(reason(PictureMaker(2, 2).us(0x00280100, {12})), "");
  EXPECT_NE(reason(PictureMaker(2, 2).us(0x00280101, {9})), "");
  EXPECT_NE(reason(PictureMaker(2, 2).us(0x00280002, {65535})), "");
  EXPECT_NE(reason(PictureMaker(2, 2).bytes(0x00280010, "UL", test::words({1, 1}))), "");
  EXPECT_NE(reason(PictureMaker(2, 2).us(0x00280010, {65535}).us(0x00280011, {65535})), "");
  EXPECT_NE(reason(PictureMaker(2, 2).us(0x00280010, {3})), "");
  EXPECT_NE(reason(PictureMaker(2, 2).photometric("CIELAB", 3)), "");
  EXPECT_NE(reason(PictureMaker(2, 2).erase(0x7FE00010)), "");
  RenderLimits limits;
  limits.input_pixels_max = 3;
  EXPECT_EQ(rendered(PictureMaker(2, 2), {}, 0, limits).code, Code::too_large);
}

}  // namespace
}  // namespace medarc::dicom
