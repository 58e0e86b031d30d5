// Presentation states by DCMTK's dcmp2pgm: equal within one grey level. It applies tables and
// turns; areas, shutters and annotations it leaves to a viewer.
#include <stdio.h>

#include <fstream>
#include <sstream>

#include "tests/dicom/render/presented.h"
#include "tests/support/temp_dir.h"

namespace medarc::dicom {
namespace {

using test::PictureMaker;

void compare(const PictureMaker& image, const PictureMaker& state, int levels = 1) {
  const test::TempDir dir;
  std::ofstream(dir / "image.dcm", std::ios::binary) << image.file();
  std::ofstream(dir / "state.dcm", std::ios::binary) << state.file();
  const std::string command = "dcmp2pgm -p " + (dir / "state.dcm") + " " + (dir / "image.dcm") +
                              " " + (dir / "out") + " 2>&1";
  std::string said;
  FILE* pipe = ::popen(command.c_str(), "r");
  char buffer[512];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) said.append(buffer, n);
  ASSERT_EQ(::pclose(pipe), 0) << said;
  std::ifstream in(dir / "out", std::ios::binary);
  std::string kind;
  uint32_t width = 0, height = 0, top = 0;
  in >> kind >> std::ws;
  while (in.peek() == '#') in.ignore(1000, '\n') >> std::ws;
  in >> width >> height >> top;
  in.ignore(1);
  ASSERT_EQ(kind, "P5") << said;
  std::ostringstream rest;
  rest << in.rdbuf();
  const Bytes theirs = rest.str();
  const Rendered ours = presented(image, state);
  ASSERT_EQ(ours.error, "");
  ASSERT_EQ(ours.width, width);
  ASSERT_EQ(ours.height, height);
  ASSERT_EQ(ours.pixels.size(), theirs.size());
  int worst = 0;
  for (size_t i = 0; i < theirs.size(); ++i) {
    worst = std::max(worst, std::abs(ours.pixels[i] - int{static_cast<uint8_t>(theirs[i])}));
  }
  EXPECT_LE(worst, levels);
}

// Signed, 12 bits, 24 x 16, all over the range.
PictureMaker ct() {
  PictureMaker maker(24, 16);
  maker.bits(16, 12, true).rescale("1", "-1024").window("40", "400");
  std::vector<uint16_t> values;
  for (int i = 0; i < 24 * 16; ++i) values.push_back(static_cast<uint16_t>(i * 10 & 0xFFF));
  return maker.pixels(values);
}

PictureMaker state() { return test::state_for(ct(), 24, 16); }

TEST(PresentedLikeDcmtk, W5_TablesOfTheState) {
  compare(ct(), state());
  compare(ct(), state().sequence(0x00283110, {test::voi_window("40", "400")}));
  PictureMaker rescaled = state();
  rescaled.rescale("0.5", "-1000").text(0x00281054, "LO", "US");
  compare(ct(), rescaled);
  rescaled.sequence(0x00283110, {test::voi_window("-900", "300")});
  compare(ct(), rescaled);
  compare(ct(), rescaled.text(0x20500020, "CS", "INVERSE"));
}

TEST(PresentedLikeDcmtk, W5_PresentationAndVoiTables) {
  PictureMaker unsigned_image = ct();
  unsigned_image.bits(16, 12, false);
  std::vector<uint16_t> curve, voi;
  for (uint32_t i = 0; i < 4096; ++i) {
    curve.push_back(static_cast<uint16_t>(i * i / 4096));
    voi.push_back(static_cast<uint16_t>(4095 - i));
  }
  PictureMaker made = test::state_for(unsigned_image, 24, 16);
  made.erase(0x20500020).lut(0x20500010, {4096, 0, 12}, curve);
  compare(unsigned_image, made, 2);
  PictureMaker item = PictureMaker::item();
  item.lut(0x00283010, {4096, 0, 12}, voi);
  made = test::state_for(unsigned_image, 24, 16).sequence(0x00283110, {item});
  compare(unsigned_image, made);
}

TEST(PresentedLikeDcmtk, W5_EveryTurn) {
  for (const uint16_t degrees : {0, 90, 180, 270}) {
    for (const char* flip : {"N", "Y"}) {
      PictureMaker made = state().sequence(0x00283110, {test::voi_window("1000", "3000")});
      compare(ct(), made.us(0x00700042, {degrees}).text(0x00700041, "CS", flip));
    }
  }
}

TEST(PresentedLikeDcmtk, W5_Monochrome1IsTurnedOverByTheStateOnly) {
  PictureMaker image = ct();
  image.photometric("MONOCHROME1");
  compare(image, state());
  compare(image, state().text(0x20500020, "CS", "INVERSE"));
}

}  // namespace
}  // namespace medarc::dicom
