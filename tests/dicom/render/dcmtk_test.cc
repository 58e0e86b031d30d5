// The same pictures by DCMTK's dcm2pnm: equal within one grey level.
#include <stdio.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/dicom/render/picture.h"
#include "tests/support/temp_dir.h"

namespace medarc::dicom {
namespace {

using test::PictureMaker;

struct Pnm {
  uint32_t width = 0, height = 0, channels = 0;
  Bytes pixels;
};

Pnm by_dcm2pnm(const PictureMaker& maker, const std::string& options) {
  const test::TempDir dir;
  std::ofstream(dir / "in.dcm", std::ios::binary) << maker.file();
  const std::string command =
      "dcm2pnm " + options + " " + (dir / "in.dcm") + " " + (dir / "out") + " 2>&1";
  std::string said;
  FILE* pipe = ::popen(command.c_str(), "r");
  char buffer[512];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) said.append(buffer, n);
  EXPECT_EQ(::pclose(pipe), 0) << command << ": " << said;
  std::ifstream in(dir / "out", std::ios::binary);
  std::string kind;
  Pnm out;
  uint32_t top = 0;
  in >> kind;
  in >> std::ws;
  while (in.peek() == '#') in.ignore(1000, '\n') >> std::ws;
  in >> out.width >> out.height >> top;
  in.ignore(1);
  EXPECT_EQ(top, 255u);
  EXPECT_TRUE(kind == "P5" || kind == "P6") << kind << said;
  out.channels = kind == "P6" ? 3 : 1;
  std::ostringstream rest;
  rest << in.rdbuf();
  out.pixels = rest.str();
  return out;
}

void compare(const PictureMaker& maker, const std::string& options,
             const RenderRequest& request = {}, int levels = 1) {
  const Pnm theirs = by_dcm2pnm(maker, options);
  const Rendered ours = rendered(maker, request);
  ASSERT_EQ(ours.error, "");
  ASSERT_EQ(ours.width, theirs.width);
  ASSERT_EQ(ours.height, theirs.height);
  ASSERT_EQ(ours.channels, theirs.channels);
  ASSERT_EQ(ours.pixels.size(), theirs.pixels.size());
  int worst = 0;
  for (size_t i = 0; i < ours.pixels.size(); ++i) {
    worst = std::max(worst, std::abs(ours.pixels[i] - int{static_cast<uint8_t>(theirs.pixels[i])}));
  }
  EXPECT_LE(worst, levels) << options;
}

Bytes noise(size_t bytes, uint32_t seed) {
  std::mt19937 random(seed);
  Bytes out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

PictureMaker ct() {
  PictureMaker maker(64, 48);
  maker.bits(16, 12, true).rescale("1", "-1024").window("40", "400");
  std::vector<uint16_t> values;
  std::mt19937 random(3);
  for (int i = 0; i < 64 * 48; ++i) {
    values.push_back(static_cast<uint16_t>((i + static_cast<int>(random() % 300)) & 0xFFF));
  }
  maker.pixels(values);
  return maker;
}

TEST(RenderLikeDcmtk, W5_WindowsOfTheImageAndOfTheAsker) {
  PictureMaker maker = ct();
  compare(maker, "+Wi 1");
  for (const auto& [centre, width] : {std::pair(-600.0, 1500.0), {40.0, 80.0}, {0.5, 3000.0}}) {
    const std::string window = std::to_string(centre) + " " + std::to_string(width);
    RenderRequest request;
    request.window = Window{centre, width, VoiFunction::linear};
    compare(maker, "+Ww " + window + " +Wfl", request);
    request.window->function = VoiFunction::sigmoid;
    compare(maker, "+Ww " + window + " +Wfs", request);
  }
  maker.photometric("MONOCHROME1");
  compare(maker, "+Wi 1");
}

TEST(RenderLikeDcmtk, W5_FromTheLowestToTheHighest) {
  PictureMaker maker = ct();
  maker.erase(0x00281050).erase(0x00281051);
  compare(maker, "+Wm");
  maker.bits(16, 16).rescale("0.37", "5");
  compare(maker, "+Wm");
}

TEST(RenderLikeDcmtk, W5_EightBits) {
  PictureMaker maker(50, 40);
  maker.pixels(noise(2000, 5));
  compare(maker, "");
  maker.photometric("MONOCHROME1");
  compare(maker, "");
}

TEST(RenderLikeDcmtk, W5_ModalityLutAndVoiLut) {
  PictureMaker maker(64, 16);
  maker.bits(16, 10);
  std::vector<uint16_t> values, curve, shades;
  for (uint16_t i = 0; i < 1024; ++i) {
    values.push_back(i);
    curve.push_back(static_cast<uint16_t>(i * i / 256));
  }
  for (uint32_t i = 0; i < 4096; ++i) shades.push_back(static_cast<uint16_t>(4095 - i));
  maker.pixels(values);
  maker.lut(0x00283000, {1024, 0, 12}, curve);
  maker.window("1500", "2000");
  compare(maker, "+Wi 1");
  maker.erase(0x00281050).erase(0x00281051);
  maker.lut(0x00283010, {4096, 0, 12}, shades);
  compare(maker, "+Wl 1");
}

TEST(RenderLikeDcmtk, W5_Colours) {
  PictureMaker maker(32, 24);
  maker.photometric("RGB", 3).pixels(noise(32 * 24 * 3, 1));
  compare(maker, "");
  maker.photometric("RGB", 3, 1);
  compare(maker, "");
  // The toolkit adds up tables of whole numbers here, so it is one level off itself; the colour
  // tests hold ours against the equations.
  maker.photometric("YBR_FULL", 3);
  compare(maker, "", {}, 2);
  maker.photometric("YBR_FULL", 3, 1);
  compare(maker, "", {}, 2);
  maker.photometric("YBR_FULL_422", 3).pixels(noise(32 * 24 * 2, 2));
  compare(maker, "", {}, 2);
}

TEST(RenderLikeDcmtk, W5_Palettes) {
  PictureMaker maker(16, 16);
  Bytes indexes;
  for (int i = 0; i < 256; ++i) indexes += static_cast<char>(i);
  maker.photometric("PALETTE COLOR").pixels(indexes);
  for (uint32_t i = 0; i < 3; ++i) {
    maker.us(0x00281101 + i, {256, 0, 16}).bytes(0x00281201 + i, "OW", noise(512, i));
  }
  compare(maker, "");
}

TEST(RenderLikeDcmtk, W5_Overlays) {
  PictureMaker maker(40, 30);
  maker.pixels(noise(1200, 9));
  maker.us(0x60000010, {20}).us(0x60000011, {24}).text(0x60000040, "CS", "G");
  maker.ss(0x60000050, {3, 5}).us(0x60000100, {1}).us(0x60000102, {0});
  maker.bytes(0x60003000, "OW", noise(60, 4));
  compare(maker, "");
}

}  // namespace
}  // namespace medarc::dicom
