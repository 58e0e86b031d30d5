// Colour pictures against samples computed by hand from PS3.3 C.7.6.3.1.2.
#include "dicom/render/colour.h"

#include <algorithm>

#include "tests/dicom/render/picture.h"

namespace medarc::dicom {
namespace {

using test::PictureMaker;

TEST(RenderColour, W5_RgbInBothPlanarConfigurations) {
  PictureMaker maker(2, 1);
  maker.photometric("RGB", 3).pixels(Bytes("\x01\x02\x03\xF1\xF2\xF3", 6));
  const Greys wanted{1, 2, 3, 0xF1, 0xF2, 0xF3};
  EXPECT_EQ(rendered(maker).pixels, wanted);
  EXPECT_EQ(rendered(maker).channels, 3u);
  maker.photometric("RGB", 3, 1).pixels(Bytes("\x01\xF1\x02\xF2\x03\xF3", 6));
  EXPECT_EQ(rendered(maker).pixels, wanted);
}

TEST(RenderColour, W5_SixteenBitColoursAreScaled) {
  PictureMaker maker(1, 1);
  maker.photometric("RGB", 3).bits(16, 16);
  maker.pixels(std::vector<uint16_t>{0, 0x8000, 0xFFFF});
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 128, 255}));
  maker.bits(16, 10).pixels(std::vector<uint16_t>{1023, 512, 0});
  EXPECT_EQ(rendered(maker).pixels, (Greys{255, 128, 0}));
}

TEST(RenderColour, W5_YbrFull) {
  PictureMaker maker(4, 1);
  maker.photometric("YBR_FULL", 3);
  // Grey; then red, green and blue as the equations of the standard make them from RGB.
  maker.pixels(Bytes("\x80\x80\x80\x4C\x55\xFF\x96\x2C\x15\x1D\xFF\x6B", 12));
  const Greys wanted{128, 128, 128, 254, 0, 0, 0, 255, 1, 0, 0, 254};
  EXPECT_EQ(rendered(maker).pixels, wanted);
  maker.photometric("YBR_FULL", 3, 1);
  maker.pixels(Bytes("\x80\x4C\x96\x1D\x80\x55\x2C\xFF\x80\xFF\x15\x6B", 12));
  EXPECT_EQ(rendered(maker).pixels, wanted);
}

TEST(RenderColour, W5_YbrFullFollowsTheEquationsEverywhere) {
  Bytes pixels;
  for (int y = 0; y < 256; y += 15) {
    for (int cb = 0; cb < 256; cb += 15) {
      for (int cr = 0; cr < 256; cr += 15) {
        for (const int v : {y, cb, cr}) pixels += static_cast<char>(v);
      }
    }
  }
  PictureMaker maker(18 * 18, 18);
  const auto got = rendered(maker.photometric("YBR_FULL", 3).pixels(pixels)).pixels;
  ASSERT_EQ(got.size(), size_t{18} * 18 * 18 * 3);
  for (size_t i = 0; i < got.size(); i += 3) {
    const auto at = [&](size_t c) {
      return static_cast<double>(static_cast<uint8_t>(pixels[i + c]));
    };
    const double y = at(0), cb = at(1) - 128, cr = at(2) - 128;
    const double wanted[] = {y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb};
    for (size_t c = 0; c < 3; ++c) {
      ASSERT_NEAR(got[i + c], std::clamp(wanted[c], 0.0, 255.0), 0.51) << i << " " << c;
    }
  }
}

TEST(RenderColour, W5_YbrFull422IsTwoPixelsAGroup) {
  PictureMaker maker(4, 2);
  maker.photometric("YBR_FULL_422", 3);
  maker.pixels(
      Bytes("\x10\x20\x80\x80\x4C\x4C\x55\xFF"
            "\x30\x40\x80\x80\x50\x60\x80\x80",
            16));
  EXPECT_EQ(rendered(maker).pixels, (Greys{16, 16, 16, 32, 32, 32, 254, 0,  0,  254, 0,  0,  //
                                           48, 48, 48, 64, 64, 64, 80,  80, 80, 96,  96, 96}));
}

TEST(RenderColour, W5_YbrPartial422TakesSixteenTo235) {
  PictureMaker maker(2, 1);
  maker.photometric("YBR_PARTIAL_422", 3).pixels(Bytes("\x10\xEB\x80\x80", 4));
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 0, 0, 255, 255, 255}));
}

TEST(RenderColour, W5_WhatHasNoNativeFormIsRefused) {
  for (const char* name : {"YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT", "HSV", "CMYK"}) {
    PictureMaker maker(2, 2);
    maker.photometric(name, 3).pixels(Bytes(16, '\0'));
    EXPECT_EQ(rendered(maker).code, Code::not_acceptable) << name;
  }
}

PictureMaker with_palette(std::vector<uint16_t> descriptor, const Bytes& red, const Bytes& green,
                          const Bytes& blue) {
  PictureMaker maker(4, 1);
  maker.photometric("PALETTE COLOR").pixels(Bytes("\x00\x05\x06\xFF", 4));
  uint32_t i = 0;
  for (const Bytes& table : {red, green, blue}) {
    maker.us(0x00281101 + i, descriptor).bytes(0x00281201 + i, "OW", table);
    ++i;
  }
  return maker;
}

TEST(RenderColour, W5_PalettesOfEightAndSixteenBits) {
  using test::words;
  const Greys wanted{10, 30, 50, 10, 30, 50, 20, 40, 60, 20, 40, 60};
  const auto high = [](uint16_t a, uint16_t b) {
    return words({static_cast<uint16_t>(a << 8), static_cast<uint16_t>(b << 8)});
  };
  EXPECT_EQ(rendered(with_palette({2, 5, 16}, high(10, 20), high(30, 40), high(50, 60))).pixels,
            wanted);
  // Packed two in a word.
  EXPECT_EQ(rendered(with_palette({2, 5, 8}, "\x0A\x14", "\x1E\x28", "\x32\x3C")).pixels, wanted);
  // A word each, and 8-bit colours in tables that say 16.
  for (const uint16_t bits : {8, 16}) {
    EXPECT_EQ(
        rendered(with_palette({2, 5, bits}, words({10, 20}), words({30, 40}), words({50, 60})))
            .pixels,
        wanted);
  }
  // 65536 entries are written as 0.
  std::vector<uint16_t> ramp(65536);
  for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<uint16_t>(i);
  PictureMaker wide = with_palette({0, 0, 16}, words(ramp), words(ramp), words(ramp));
  wide.bits(16, 16).pixels(std::vector<uint16_t>{0, 0x1234, 0x8000, 0xFFFF});
  EXPECT_EQ(rendered(wide).pixels,
            (Greys{0, 0, 0, 0x12, 0x12, 0x12, 128, 128, 128, 255, 255, 255}));
}

TEST(RenderColour, W5_SegmentedPalettes) {
  PictureMaker maker = with_palette({5, 0, 16}, "", "", "");
  maker.pixels(Bytes("\x00\x02\x03\x04", 4));
  for (uint32_t i = 0; i < 3; ++i) {
    maker.erase(0x00281201 + i);
    // One entry as it is, then a line of four to 0x8000.
    maker.bytes(0x00281221 + i, "OW", test::words({0, 1, 0, 1, 4, 0x8000}));
  }
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 0, 0, 64, 64, 64, 96, 96, 96, 128, 128, 128}));
}

TEST(RenderColour, X09_PalettesThatLieAreRefused) {
  using test::words;
  const Bytes two = words({1, 2}), four = words({1, 2, 3, 4});
  EXPECT_EQ(rendered(with_palette({0, 0, 16}, four, four, four)).error,
            "a look-up table is shorter than its descriptor says");
  EXPECT_EQ(rendered(with_palette({4, 0, 17}, four, four, four)).code, Code::not_acceptable);
  EXPECT_EQ(rendered(with_palette({4, 0, 16}, four, four, two)).code, Code::not_acceptable);
  PictureMaker uneven = with_palette({4, 0, 16}, four, four, four);
  EXPECT_EQ(rendered(uneven).error, "");  // indexes beyond the table have its last colour
  uneven.us(0x00281103, {4, 1, 16});
  EXPECT_EQ(rendered(uneven).code, Code::not_acceptable);
  uneven.us(0x00281103, {4, 1});
  EXPECT_EQ(rendered(uneven).code, Code::not_acceptable);
  uneven.erase(0x00281103);
  EXPECT_EQ(rendered(uneven).code, Code::not_acceptable);
}

}  // namespace
}  // namespace medarc::dicom
