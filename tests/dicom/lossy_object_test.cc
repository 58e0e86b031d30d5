// Objects that are compressed with loss on the way out say so, and are instances of their own.
#include "dicom/lossy.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <tuple>

#include "dicom/part10.h"
#include "dicom/pixel/codec_pool.h"
#include "dicom/pixel/frame_reader.h"
#include "dicom/render/items.h"
#include "tests/support/imaging_fixture.h"
#include "tests/support/picture_maker.h"

namespace medarc::dicom {
namespace {

using test::PictureMaker;

constexpr char kBaseline[] = "1.2.840.10008.1.2.4.50", kNear[] = "1.2.840.10008.1.2.4.81",
               kJ2k[] = "1.2.840.10008.1.2.4.91", kHt[] = "1.2.840.10008.1.2.4.203";

class LossyObject : public test::ImagingFixture {
 protected:
  void SetUp() override {
    ImagingFixture::SetUp();
    with(LossyQuality());
  }
  void with(const LossyQuality& quality) {
    CodecLimits limits;
    limits.lossy = quality;
    imaging_.reset();
    codecs_ = CodecPool::create(limits);
    imaging_ = Imaging::create(*index_, *guard_, {}, codecs_.get());
  }
  static PictureMaker picture() {
    PictureMaker maker(64, 48);
    Bytes pixels;
    for (int i = 0; i < 64 * 48; ++i) pixels += static_cast<char>(i % 64 * 3 + i / 64);
    return maker.pixels(pixels);
  }
  InstanceRow store(const Bytes& file) {
    const auto stored = store_file(file);
    EXPECT_TRUE(stored.has_value()) << stored.error().text;
    return row(stored->study, stored->series, stored->instance);
  }
  // As a peer would see it: stored again, with what it is called.
  InstanceRow given(const InstanceRow& from, const char* syntax) {
    auto content = imaging_->object(who_, from, *Form::lossy(syntax));
    EXPECT_TRUE(content.has_value()) << content.error().text;
    if (content.has_error()) return from;
    EXPECT_EQ(content->transfer_syntax.value, syntax);
    const InstanceRow made = store(drain(*content));
    EXPECT_EQ(made.uid, content->instance);
    return made;
  }
  // "a\b" of a top-level element, or of the first items of sequences: "00082112/00081155".
  std::string said(const InstanceRow& r, const std::string& path) {
    auto content = imaging_->object(who_, r, Form::stored);
    EXPECT_TRUE(content.has_value());
    const Bytes file = drain(*content);
    const auto envelope = parse_envelope(file, true, limits_);
    Scanner scanner(Encoding::explicit_little, limits_);
    EXPECT_TRUE(scanner.feed(ByteView(file).substr((*envelope)->length)).has_value());
    EXPECT_TRUE(scanner.finish().has_value());
    std::optional<ItemView> at{ItemView(scanner)};
    std::string left = path;
    while (left.size() > 8) {
      at = at->item(Tag{static_cast<uint32_t>(std::stoul(left.substr(0, 8), nullptr, 16))});
      if (!at) return "nothing";
      left = left.substr(9);
    }
    std::string out;
    const auto values = at->texts(Tag{static_cast<uint32_t>(std::stoul(left, nullptr, 16))});
    for (const std::string& v : values) out += (out.empty() ? "" : "\\") + v;
    return values.empty() ? "nothing" : out;
  }

  const Limits limits_;
  std::unique_ptr<CodecPool> codecs_;
};

TEST_F(LossyObject, N5_AnInstanceOfItsOwnThatNamesItsSource) {
  PictureMaker maker = picture();
  maker.text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL");
  const InstanceRow original = store(maker.file());
  const InstanceRow made = given(original, kBaseline);
  EXPECT_NE(made.uid, original.uid);
  EXPECT_EQ(made.series, original.series);
  EXPECT_EQ(made.transfer_syntax.value, kBaseline);
  EXPECT_EQ(said(made, "00080018"), made.uid.value);
  EXPECT_EQ(said(made, "00080008"), "DERIVED\\PRIMARY\\AXIAL");
  EXPECT_EQ(said(made, "00082111"), "lossy compression: JPEG baseline, quality 90 of 100");
  EXPECT_EQ(said(made, "00082112/00081155"), original.uid.value);
  EXPECT_EQ(said(made, "00082112/00081150"), original.sop_class.value);
  EXPECT_EQ(said(made, "00082112/0040A170/00080100"), "121320");
  EXPECT_EQ(said(made, "00089215/00080100"), "113040");
  EXPECT_EQ(said(made, "00282110"), "01");
  EXPECT_EQ(said(made, "00282114"), "ISO_10918_1");
  EXPECT_GT(std::stod(said(made, "00282112")), 1.5);
  EXPECT_EQ(said(made, "00100010"), "Muster^Erika");
  // The same each time, and another for another quality; the original is as it was.
  EXPECT_EQ(imaging_->object(who_, original, *Form::lossy(kBaseline))->instance, made.uid);
  LossyQuality worse;
  worse.jpeg = 40;
  with(worse);
  const auto other = imaging_->object(who_, original, *Form::lossy(kBaseline));
  ASSERT_TRUE(other.has_value());
  EXPECT_NE(other->instance, made.uid);
  auto stored = imaging_->object(who_, original, Form::original);
  EXPECT_EQ(stored->instance.value, "");
  EXPECT_TRUE(drain(*stored) == maker.file());
}

TEST_F(LossyObject, N5_EveryMethodHasItsTermAndItsPixels) {
  const InstanceRow original = store(picture().file());
  const Bytes before = picture().dataset().substr(picture().dataset().size() - 64 * 48);
  for (const auto& [syntax, term] :
       {std::pair(kBaseline, "ISO_10918_1"), std::pair(kNear, "ISO_14495_1"),
        std::pair(kJ2k, "ISO_15444_1"), std::pair(kHt, "ISO_15444_15")}) {
    const InstanceRow made = given(original, syntax);
    EXPECT_EQ(said(made, "00282114"), term);
    auto reader = imaging_->pixels(who_, made);
    ASSERT_TRUE(reader.has_value());
    const auto frame = (*reader)->read(0);
    ASSERT_TRUE(frame.has_value()) << frame.error().text;
    ASSERT_EQ(frame->pixels.size(), before.size());
    double sum = 0;
    for (size_t i = 0; i < before.size(); ++i) {
      const int d = static_cast<uint8_t>(before[i]) - static_cast<uint8_t>(frame->pixels[i]);
      sum += d * d;
    }
    EXPECT_LT(sum / static_cast<double>(before.size()), 20) << syntax;
  }
}

TEST_F(LossyObject, N5_EarlierLossesStayOnRecord) {
  PictureMaker maker = picture();
  maker.text(0x00282110, "CS", "01")
      .text(0x00282112, "DS", "8")
      .text(0x00282114, "CS", "ISO_10918_1");
  maker.text(0x00082111, "ST", "cropped");
  PictureMaker code = PictureMaker::item();
  code.text(0x00080100, "SH", "113072").text(0x00080102, "SH", "DCM");
  maker.sequence(0x00089215, {code});
  const InstanceRow made = given(store(maker.file()), kNear);
  EXPECT_TRUE(said(made, "00282112").starts_with("8\\"));
  EXPECT_EQ(said(made, "00282114"), "ISO_10918_1\\ISO_14495_1");
  EXPECT_EQ(said(made, "00082111"),
            "cropped; lossy compression: JPEG-LS, samples off by at most 2");
  EXPECT_EQ(said(made, "00089215/00080100"), "113072");
}

// What is stored so already is given as it is, and stays what it is.
TEST_F(LossyObject, N5_NothingIsLostTwice) {
  const InstanceRow made = given(store(picture().file()), kBaseline);
  auto again = imaging_->object(who_, made, *Form::lossy(kBaseline));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->instance.value, "");
  auto stored = imaging_->object(who_, made, Form::stored);
  EXPECT_TRUE(drain(*again) == drain(*stored));
}

TEST_F(LossyObject, N5_WhatHasNoSuchFormIsNotAcceptable) {
  PictureMaker wide(8, 8);
  wide.bits(16, 12).pixels(std::vector<uint16_t>(64, 1000));
  const InstanceRow r = store(wide.file());
  EXPECT_EQ(imaging_->object(who_, r, *Form::lossy(kBaseline)).error().code, Code::not_acceptable);
  EXPECT_TRUE(imaging_->object(who_, r, *Form::lossy(kJ2k)).has_value());
  EXPECT_FALSE(Form::lossy("1.2.840.10008.1.2.4.80"));
  EXPECT_FALSE(Form::lossy("1.2.840.10008.1.2.4.51"));
}

// DCMTK's own JPEG and JPEG-LS libraries read them.
TEST_F(LossyObject, N8_ToolsOfOthersReadThem) {
  const InstanceRow original = store(picture().file());
  const Bytes before = picture().dataset().substr(picture().dataset().size() - 64 * 48);
  const test::TempDir dir;
  for (const auto& [syntax, tool, off_max] :
       {std::tuple(kBaseline, "dcmdjpeg", 12), std::tuple(kNear, "dcmdjpls", 2)}) {
    auto content = imaging_->object(who_, original, *Form::lossy(syntax));
    ASSERT_TRUE(content.has_value());
    std::ofstream(dir / "in.dcm", std::ios::binary) << drain(*content);
    const std::string command =
        std::string(tool) + " " + (dir / "in.dcm") + " " + (dir / "out.dcm");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    std::ifstream in(dir / "out.dcm", std::ios::binary);
    const Bytes file((std::istreambuf_iterator<char>(in)), {});
    ASSERT_GT(file.size(), before.size());
    const Bytes after = file.substr(file.size() - before.size());
    for (size_t i = 0; i < before.size(); ++i) {
      ASSERT_LE(std::abs(static_cast<uint8_t>(before[i]) - static_cast<uint8_t>(after[i])), off_max)
          << tool << " " << i;
    }
  }
}

}  // namespace
}  // namespace medarc::dicom
