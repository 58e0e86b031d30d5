// Regions, viewports, pixel aspect.
#include "dicom/render/scale.h"

#include "tests/dicom/render/picture.h"

namespace medarc::dicom {
namespace {

using test::PictureMaker;

RenderRequest viewport(uint32_t width, uint32_t height) {
  RenderRequest r;
  r.width_max = width;
  r.height_max = height;
  return r;
}
RenderRequest region(double left, double top, double width, double height) {
  RenderRequest r;
  r.region = Region{left, top, width, height, false};
  return r;
}
PictureMaker four_by_two() {
  PictureMaker maker(4, 2);
  maker.pixels(Bytes("\x00\x0A\x14\x1E\x28\x32\x3C\x46", 8));  // 0 10 20 30 / 40 50 60 70
  return maker;
}

TEST(RenderScale, W5_SmallerIsTheAverageOfTheArea) {
  EXPECT_EQ(rendered(four_by_two(), viewport(2, 2)).pixels, (Greys{25, 45}));
  EXPECT_EQ(rendered(four_by_two(), viewport(1, 9)).pixels, (Greys{35}));
  PictureMaker three(3, 1);
  three.pixels(Bytes("\x00\x3C\x78", 3));  // 0 60 120, each 1.5 wide
  EXPECT_EQ(rendered(three, viewport(2, 2)).pixels, (Greys{20, 100}));
}

TEST(RenderScale, W5_LargerIsInterpolatedBetweenCentres) {
  PictureMaker two(2, 1);
  two.pixels(Bytes("\x00\x64", 2));
  const auto out = rendered(two, viewport(4, 100));
  EXPECT_EQ(out.pixels, (Greys{0, 25, 75, 100, 0, 25, 75, 100}));
  RenderRequest shrink_only = viewport(4, 100);
  shrink_only.enlarge = false;
  EXPECT_EQ(rendered(two, shrink_only).pixels, (Greys{0, 100}));
}

TEST(RenderScale, W5_TheSmallerSideOfTheViewportCounts) {
  for (const auto& [w, h, width, height] : {std::array<uint32_t, 4>{100, 100, 100, 50},
                                            {100, 20, 40, 20},
                                            {0, 8, 16, 8},
                                            {8, 0, 8, 4},
                                            {1, 1, 1, 1}}) {
    const auto out = rendered(four_by_two(), viewport(w, h));
    EXPECT_EQ(out.width, width);
    EXPECT_EQ(out.height, height);
  }
}

TEST(RenderScale, W5_RegionsAreCutAndMirrored) {
  EXPECT_EQ(rendered(four_by_two(), region(1, 0, 2, 1)).pixels, (Greys{10, 20}));
  EXPECT_EQ(rendered(four_by_two(), region(1, 0, -2, 1)).pixels, (Greys{20, 10}));
  EXPECT_EQ(rendered(four_by_two(), region(1, 0, 1, -2)).pixels, (Greys{50, 10}));
  EXPECT_EQ(rendered(four_by_two(), region(2, 1, 0, 0)).pixels, (Greys{60, 70}));
  EXPECT_EQ(rendered(four_by_two(), region(3, 1, 50, 50)).pixels, (Greys{70}));
  RenderRequest half = region(0.5, 0, 0.5, 0.5);
  half.region->relative = true;
  EXPECT_EQ(rendered(four_by_two(), half).pixels, (Greys{20, 30}));
  for (const RenderRequest& outside :
       {region(4, 0, 1, 1), region(0, 2, 0, 0), region(-3, 0, 2, 1)}) {
    EXPECT_EQ(rendered(four_by_two(), outside).code, Code::invalid_argument);
  }
}

TEST(RenderScale, W5_PixelsThatAreNotSquareAreStretched) {
  PictureMaker maker = four_by_two();
  const auto size = [&] {
    const auto out = rendered(maker);
    return std::pair(out.width, out.height);
  };
  maker.text(0x00280034, "IS", "3\\1");  // three times as high as wide
  EXPECT_EQ(size(), std::pair(4u, 6u));
  maker.text(0x00280034, "IS", "1\\2");
  EXPECT_EQ(size(), std::pair(8u, 2u));
  maker.erase(0x00280034).text(0x00280030, "DS", "0.5\\0.25");  // Pixel Spacing
  EXPECT_EQ(size(), std::pair(4u, 4u));
  maker.text(0x00280030, "DS", "0.5\\0").text(0x00181164, "DS", "1\\1");
  EXPECT_EQ(size(), std::pair(4u, 2u));
  maker.text(0x00280034, "IS", "1\\60000");  // cannot be meant
  EXPECT_EQ(size(), std::pair(4u, 2u));
}

TEST(RenderScale, TheNumberOfPixelsIsLimited) {
  RenderLimits limits;
  limits.output_pixels_max = 200;
  EXPECT_EQ(rendered(four_by_two(), viewport(20, 20), 0, limits).pixels.size(), 200u);
  EXPECT_EQ(rendered(four_by_two(), viewport(22, 22), 0, limits).code, Code::too_large);
  EXPECT_EQ(rendered(four_by_two(), viewport(4'000'000'000u, 4'000'000'000u)).code,
            Code::too_large);
  limits.output_pixels_max = 7;
  EXPECT_EQ(rendered(four_by_two(), {}, 0, limits).code, Code::too_large);
}

TEST(RenderScale, AFlatImageStaysFlatAtEverySize) {
  PictureMaker maker(37, 23);
  maker.pixels(Bytes(37 * 23, '\xC8'));
  for (uint32_t size = 1; size < 90; ++size) {
    for (const int v : rendered(maker, viewport(size, size)).pixels) ASSERT_EQ(v, 200) << size;
  }
}

}  // namespace
}  // namespace medarc::dicom
