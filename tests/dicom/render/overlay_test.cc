// Overlay planes (PS3.3 C.9.2), separate and in the pixels.
#include "dicom/render/overlay.h"

#include "tests/dicom/render/picture.h"

namespace medarc::dicom {
namespace {

using test::PictureMaker;

PictureMaker& add_overlay(PictureMaker& maker, uint32_t group, uint16_t rows, uint16_t columns,
                          std::vector<int16_t> origin, const Bytes& bits, const char* type = "G") {
  const auto tag = [group](uint32_t element) { return group << 16 | element; };
  maker.us(tag(0x10), {rows}).us(tag(0x11), {columns}).text(tag(0x40), "CS", type);
  maker.ss(tag(0x50), std::move(origin)).us(tag(0x100), {1}).us(tag(0x102), {0});
  return maker.bytes(tag(0x3000), "OW", bits);
}

TEST(RenderOverlay, W5_ASeparatePlaneAtItsOrigin) {
  PictureMaker maker(4, 3);
  maker.pixels(Bytes(12, '\x64'));
  add_overlay(maker, 0x6000, 2, 2, {2, 3}, Bytes("\x0B\x00", 2));  // 1 1 / 0 1
  Greys wanted(12, 100);
  for (const size_t i : {6, 7, 11}) wanted[i] = 255;
  EXPECT_EQ(rendered(maker).pixels, wanted);
  // Partly outside, and a second one.
  add_overlay(maker, 0x6000, 2, 2, {0, 0}, Bytes("\x0F\x00", 2));
  add_overlay(maker, 0x601E, 1, 1, {3, 4}, Bytes("\x01\x00", 2));
  wanted.assign(12, 100);
  wanted[0] = wanted[11] = 255;
  EXPECT_EQ(rendered(maker).pixels, wanted);
}

TEST(RenderOverlay, W5_InColourAndBeforeScaling) {
  PictureMaker maker(2, 1);
  maker.photometric("RGB", 3).pixels(Bytes(6, '\0'));
  add_overlay(maker, 0x6000, 1, 2, {1, 1}, Bytes("\x02\x00", 2));
  EXPECT_EQ(rendered(maker).pixels, (Greys{0, 0, 0, 255, 255, 255}));
  RenderRequest request;
  request.width_max = 1;
  EXPECT_EQ(rendered(maker, request).pixels, (Greys{128, 128, 128}));
}

TEST(RenderOverlay, W5_ARegionIsShownByItsBorder) {
  PictureMaker maker(5, 5);
  add_overlay(maker, 0x6000, 5, 5, {1, 1}, Bytes("\xFF\xFF\xFF\x01", 4), "R");
  Greys wanted(25, 255);
  for (const size_t row : {1, 2, 3}) {
    for (const size_t column : {1, 2, 3}) wanted[row * 5 + column] = 0;
  }
  EXPECT_EQ(rendered(maker).pixels, wanted);
}

TEST(RenderOverlay, W5_FramesOfAnOverlay) {
  PictureMaker maker(2, 1);
  maker.text(0x00280008, "IS", "3").pixels(Bytes(6, '\0'));
  add_overlay(maker, 0x6000, 1, 2, {1, 1}, Bytes("\x09\x00", 2));  // 1 0, 0 1
  EXPECT_EQ(rendered(maker, {}, 2).pixels, (Greys{255, 0}));       // without a number: on all
  maker.text(0x60000015, "IS", "2").us(0x60000051, {2});           // from frame 2 on
  EXPECT_EQ(rendered(maker, {}, 0).pixels, (Greys{0, 0}));
  EXPECT_EQ(rendered(maker, {}, 1).pixels, (Greys{255, 0}));
  EXPECT_EQ(rendered(maker, {}, 2).pixels, (Greys{0, 255}));
}

TEST(RenderOverlay, W5_InTheUnusedBitsOfThePixels) {
  PictureMaker maker(3, 1);
  maker.bits(16, 12).window("2048", "4096");
  maker.pixels(std::vector<uint16_t>{0x0000, 0x8000, 0x1FFF});
  const auto embedded = [&](uint16_t bit) {
    maker.us(0x60000010, {1}).us(0x60000011, {3}).ss(0x60000050, {1, 1});
    maker.us(0x60000100, {16}).us(0x60000102, {bit});
    return rendered(maker).pixels;
  };
  EXPECT_EQ(embedded(15), (Greys{0, 255, 255}));
  EXPECT_EQ(embedded(12), (Greys{0, 0, 255}));
  EXPECT_EQ(embedded(3), (Greys{0, 0, 255}));  // a bit of the samples is no overlay
}

TEST(RenderOverlay, X08_OverlaysThatAreNotWholeAreLeftOut) {
  PictureMaker maker(2, 1);
  maker.pixels(Bytes("\x01\x02", 2));
  add_overlay(maker, 0x6000, 60000, 60000, {1, 1}, Bytes("\xFF\xFF", 2));
  EXPECT_EQ(rendered(maker).pixels, (Greys{1, 2}));
  add_overlay(maker, 0x6000, 0, 2, {1, 1}, Bytes("\xFF\xFF", 2));
  EXPECT_EQ(rendered(maker).pixels, (Greys{1, 2}));
}

}  // namespace
}  // namespace medarc::dicom
