// Objects and frames in another transfer syntax than they are stored in: the pixels stay, what is
// said of them changes with them.
#include "dicom/transcode.h"

#include "base/log.h"
#include "dicom/pixel/codecs/samples.h"
#include "tests/support/dicom_maker.h"
#include "tests/support/frames.h"
#include "tests/support/image_object.h"
#include "tests/support/imaging_fixture.h"

namespace medarc::dicom {
namespace {

using test::ImageObject;

const char* const kTargets[] = {"1.2.840.10008.1.2.4.70",  "1.2.840.10008.1.2.4.80",
                                "1.2.840.10008.1.2.4.90",  "1.2.840.10008.1.2.4.201",
                                "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.5",
                                "1.2.840.10008.1.2.8.1"};

std::vector<uint32_t> values(const Frame& f) {
  std::vector<uint32_t> out;
  for (size_t p = 0; p < size_t{f.shape.rows} * f.shape.columns; ++p) {
    for (size_t c = 0; c < f.shape.samples_per_pixel; ++c) {
      out.push_back(
          codec::get_sample(f.pixels, f.shape.bits_allocated, codec::sample_index(f.shape, p, c)));
    }
  }
  return out;
}

class TranscodeTest : public test::ImagingFixture {
 protected:
  void SetUp() override {
    ImagingFixture::SetUp();
    codecs_ = CodecPool::create({});
    imaging_ = Imaging::create(*index_, *guard_, {}, codecs_.get());
  }

  InstanceRow store(const ImageObject& object) {
    const auto stored = store_file(test::make_file(object));
    EXPECT_TRUE(stored.has_value()) << stored.error().text;
    return row(stored->study, stored->series, stored->instance);
  }

  // The object given in `form`, stored again under another name: what everybody else would read.
  InstanceRow stored_again(const InstanceRow& from, Form form, Content* what = nullptr) {
    auto content = imaging_->object(who_, from, form);
    EXPECT_TRUE(content.has_value()) << content.error().text;
    if (content.has_error()) return from;
    Bytes file = drain(*content, 1000);
    static int count = 0;
    const std::string uid = "2.25." + std::to_string(4000 + ++count);  // as long as the other
    for (size_t at; (at = file.find(from.uid.value)) != Bytes::npos;) file.replace(at, 9, uid);
    const auto stored = store_file(file);
    EXPECT_TRUE(stored.has_value()) << stored.error().text;
    if (what != nullptr) *what = std::move(*content);
    return row(stored->study, stored->series, stored->instance);
  }

  Frame read(const InstanceRow& from, uint32_t index) {
    auto reader = imaging_->pixels(who_, from);
    EXPECT_TRUE(reader.has_value());
    auto frame = (*reader)->read(index);
    EXPECT_TRUE(frame.has_value()) << frame.error().text;
    return frame.has_value() ? std::move(*frame) : Frame{};
  }

  std::unique_ptr<CodecPool> codecs_;
};

TEST_F(TranscodeTest, N5_EveryShapeToEverySyntaxAndBack) {
  int done = 0;
  for (const test::NamedShape& kind : test::all_shapes()) {
    if (kind.name == "large" || kind.name == "thirty_two" || kind.name == "thirty_two_signed") {
      continue;
    }
    ImageObject object;
    object.shape = kind.shape;
    std::vector<Frame> frames;
    for (uint32_t f = 0; f < 3; ++f) {
      frames.push_back(test::make_frame(kind.shape, f + 1));
      object.frames.push_back(frames.back().pixels);
    }
    const InstanceRow native = store(object);
    for (const char* target : kTargets) {
      if (!can_encode(target, kind.shape)) {
        EXPECT_EQ(imaging_->object(who_, native, *Form::in(target)).error().code,
                  Code::not_acceptable);
        continue;
      }
      const InstanceRow compressed = stored_again(native, *Form::in(target));
      EXPECT_EQ(compressed.transfer_syntax.value, target);
      const InstanceRow expanded = stored_again(compressed, Form::explicit_le);
      EXPECT_EQ(expanded.transfer_syntax.value, kExplicitLittle);
      for (uint32_t f = 0; f < 3; ++f) {
        EXPECT_EQ(values(read(compressed, f)), values(frames[f])) << kind.name << " " << target;
        EXPECT_EQ(values(read(expanded, f)), values(frames[f])) << kind.name << " " << target;
      }
      EXPECT_EQ(read(expanded, 0).shape.photometric, kind.shape.photometric) << target;
      ++done;
    }
  }
  EXPECT_GT(done, 150);
}

TEST_F(TranscodeTest, FromOneCompressedSyntaxToAnother) {
  ImageObject object;
  object.shape = test::all_shapes()[12].shape;
  const Frame frame = test::make_frame(object.shape);
  object.frames = {frame.pixels};
  InstanceRow at = store(object);
  for (const char* target : kTargets) {
    at = stored_again(at, *Form::in(target));
    EXPECT_EQ(at.transfer_syntax.value, target);
  }
  at = stored_again(at, Form::explicit_le);
  EXPECT_TRUE(read(at, 0).pixels == frame.pixels);
}

// A deflated dataset holds native pixels: it is inflated on the way.
TEST_F(TranscodeTest, N5_DeflatedObjectsToEverySyntax) {
  ImageObject object;
  object.shape = test::all_shapes()[12].shape;
  std::vector<Frame> frames;
  for (uint32_t f = 0; f < 3; ++f) {
    frames.push_back(test::make_frame(object.shape, f + 1));
    object.frames.push_back(frames.back().pixels);
  }
  object.transfer_syntax = kDeflatedLittle;
  const InstanceRow deflated = store(object);
  for (const char* target : kTargets) {
    Content what;
    const InstanceRow compressed = stored_again(deflated, *Form::in(target), &what);
    EXPECT_EQ(compressed.transfer_syntax.value, target);
    EXPECT_EQ(what.transfer_syntax.value, target);
    for (uint32_t f = 0; f < 3; ++f) {
      EXPECT_TRUE(read(compressed, f).pixels == frames[f].pixels) << target << " " << f;
    }
    // What stands behind the pixels comes with them.
    auto again = imaging_->object(who_, deflated, *Form::in(target));
    ASSERT_TRUE(again.has_value());
    EXPECT_NE(drain(*again, 333).find(Bytes("\xFC\xFF\xFC\xFF", 4)), Bytes::npos);
  }
  // Frames in any order, each inflated to where it lies.
  auto some = imaging_->frames(who_, deflated, {3, 1, 2}, Form::stored);
  ASSERT_TRUE(some.has_value());
  for (size_t i = 0; i < 3; ++i) {
    const size_t f = std::array{2, 0, 1}[i];
    EXPECT_TRUE(drain(some->frames[i], 100) == frames[f].pixels);
  }
}

TEST_F(TranscodeTest, TheDatasetSaysWhatThePixelsAre) {
  ImageObject object;
  object.shape = test::all_shapes()[0].shape;
  object.shape.samples_per_pixel = 3;
  object.shape.bits_allocated = object.shape.bits_stored = 8;
  object.shape.high_bit = 7;
  object.shape.is_signed = false;
  object.shape.photometric = "RGB";
  object.shape.planar = true;
  object.frames = {test::make_frame(object.shape).pixels};
  const InstanceRow native = store(object);
  const auto declared = [&](const InstanceRow& r) {
    auto reader = imaging_->pixels(who_, r);
    return *(*reader)->declared();
  };
  EXPECT_TRUE(declared(native).planar);
  const InstanceRow j2k = stored_again(native, *Form::in("1.2.840.10008.1.2.4.90"));
  EXPECT_EQ(declared(j2k).photometric, "YBR_RCT");
  EXPECT_FALSE(declared(j2k).planar);
  const InstanceRow back = stored_again(j2k, Form::explicit_le);
  EXPECT_EQ(declared(back).photometric, "RGB");
  EXPECT_FALSE(declared(back).planar);
}

// Offset tables of the frames as they were would be wrong; what stands around the pixels stays.
TEST_F(TranscodeTest, OldOffsetTablesGoAndTheRestStays) {
  ImageObject object;
  object.shape = test::all_shapes()[12].shape;
  for (uint32_t f = 0; f < 2; ++f) {
    const auto encoded =
        codecs_->encode("1.2.840.10008.1.2.4.80", test::make_frame(object.shape, f));
    ASSERT_TRUE(encoded.has_value());
    object.frames.push_back(encoded->codestream);
  }
  object.transfer_syntax = "1.2.840.10008.1.2.4.80";
  object.extended_offsets = true;
  const InstanceRow stored = store(object);
  for (const char* target : {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.201"}) {
    auto content = imaging_->object(who_, stored, *Form::in(target));
    ASSERT_TRUE(content.has_value());
    const Bytes file = drain(*content);
    EXPECT_EQ(file.find(Bytes("\xE0\x7F\x01\x00", 4)), Bytes::npos);
    EXPECT_EQ(file.find(Bytes("\xE0\x7F\x02\x00", 4)), Bytes::npos);
    EXPECT_NE(file.find("Muster^Erika"), Bytes::npos);
    EXPECT_NE(file.find(Bytes("\xFC\xFF\xFC\xFF", 4)), Bytes::npos);
    EXPECT_NE(file.find(Bytes("\x28\x00\x10\x21\x43\x53\x02\x00\x30\x30", 10)), Bytes::npos);
  }
}

TEST_F(TranscodeTest, D3_ImplicitForPeersThatTakeNothingElse) {
  for (const char* syntax : {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2",
                             "1.2.840.10008.1.2.1.99"}) {
    test::ImageRecipe r;
    r.transfer_syntax = syntax;
    r.sop_uid = std::string("2.25.55") + std::to_string(std::string_view(syntax).size()) +
                syntax[std::string_view(syntax).size() - 1];
    const auto stored = store_file(test::make_file(r));
    ASSERT_TRUE(stored.has_value());
    test::ImageRecipe same = r;
    same.transfer_syntax = kImplicitLittle;
    auto content = imaging_->dataset(who_, row(stored->study, stored->series, stored->instance),
                                     Form::implicit_le);
    ASSERT_TRUE(content.has_value()) << content.error().text;
    EXPECT_EQ(content->transfer_syntax.value, kImplicitLittle);
    EXPECT_TRUE(drain(*content) == test::make_dataset(same)) << syntax;
  }
  ImageObject object;
  object.shape = test::all_shapes()[12].shape;
  const Frame frame = test::make_frame(object.shape);
  const auto encoded = codecs_->encode("1.2.840.10008.1.2.4.70", frame);
  ASSERT_TRUE(encoded.has_value());
  object.frames = {encoded->codestream};
  object.transfer_syntax = "1.2.840.10008.1.2.4.70";
  const InstanceRow plain = stored_again(store(object), Form::implicit_le);
  EXPECT_EQ(plain.transfer_syntax.value, kImplicitLittle);
  EXPECT_TRUE(read(plain, 0).pixels == frame.pixels);
}

TEST_F(TranscodeTest, FramesAsAskedInTheOrderAsked) {
  ImageObject object;
  object.shape = test::all_shapes()[12].shape;
  std::vector<Frame> frames;
  for (uint32_t f = 0; f < 4; ++f) {
    frames.push_back(test::make_frame(object.shape, f + 1));
    const auto encoded = codecs_->encode("1.2.840.10008.1.2.4.201", frames.back());
    ASSERT_TRUE(encoded.has_value());
    object.frames.push_back(encoded->codestream);
  }
  object.transfer_syntax = "1.2.840.10008.1.2.4.201";
  const InstanceRow stored = store(object);
  auto got = imaging_->frames(who_, stored, {3, 1, 3, 4}, Form::explicit_le);
  ASSERT_TRUE(got.has_value()) << got.error().text;
  EXPECT_EQ(got->transfer_syntax.value, kExplicitLittle);
  for (size_t i = 0; i < 4; ++i) {
    const size_t f = std::array{2, 0, 2, 3}[i];
    EXPECT_TRUE(drain(got->frames[i], 777) == frames[f].pixels) << i;
  }
  got = imaging_->frames(who_, stored, {2}, *Form::in("1.2.840.10008.1.2.4.80"));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->transfer_syntax.value, "1.2.840.10008.1.2.4.80");
  ASSERT_TRUE(got->frames[0].bytes.has_value());
  const Bytes codestream = drain(got->frames[0]);
  const auto back = codecs_->decode("1.2.840.10008.1.2.4.80", "", object.shape, codestream);
  ASSERT_TRUE(back.has_value());
  EXPECT_TRUE(back->pixels == frames[1].pixels);
  EXPECT_EQ(imaging_->frames(who_, stored, {5}, Form::explicit_le).error().code, Code::not_found);
}

TEST_F(TranscodeTest, WhatCannotBeGivenIsNotAcceptable) {
  ImageObject object;
  object.shape = test::all_shapes()[12].shape;
  const Frame frame = test::make_frame(object.shape);
  const auto encoded = codecs_->encode("1.2.840.10008.1.2.4.80", frame);
  ASSERT_TRUE(encoded.has_value());
  object.frames = {encoded->codestream};
  object.transfer_syntax = "1.2.840.10008.1.2.4.80";
  object.icon = true;  // its compressed icon would have to be expanded too
  EXPECT_EQ(imaging_->object(who_, store(object), Form::explicit_le).error().code,
            Code::not_acceptable);
  object.icon = false;
  object.transfer_syntax = "1.2.840.10008.1.2.4.92";  // stored only
  object.sop_uid = "2.25.3004";
  EXPECT_EQ(imaging_->object(who_, store(object), Form::explicit_le).error().code,
            Code::not_acceptable);
  EXPECT_FALSE(Form::in("1.2.840.10008.1.2.4.50"));  // never lossy unasked
  EXPECT_FALSE(Form::lossy("1.2.840.10008.1.2.4.80"));
  EXPECT_FALSE(Form::in("1.2.840.10008.1.2"));  // never on the web (N6)
}

TEST_F(TranscodeTest, ADamagedFrameIsToldBeforeTheAnswerBegins) {
  ImageObject object;
  object.shape = test::all_shapes()[12].shape;
  object.frames = {"\xFF\x4F\xFF\x51 no more"};
  object.transfer_syntax = "1.2.840.10008.1.2.4.90";
  const InstanceRow r = store(object);
  EXPECT_EQ(imaging_->object(who_, r, Form::explicit_le).error().code, Code::corrupt);
  EXPECT_EQ(imaging_->frames(who_, r, {1}, Form::explicit_le).error().code, Code::corrupt);
  EXPECT_TRUE(imaging_->object(who_, r, Form::stored).has_value());
}

// Subsampled native colour is widened for renderers, and given as it is otherwise.
TEST_F(TranscodeTest, NativeFull422) {
  ImageObject object;
  object.shape = test::all_shapes()[0].shape;
  object.shape.rows = 2;
  object.shape.columns = 4;
  object.shape.samples_per_pixel = 3;
  object.shape.bits_allocated = object.shape.bits_stored = 8;
  object.shape.high_bit = 7;
  object.shape.is_signed = false;
  object.shape.photometric = "YBR_FULL_422";
  object.frames = {
      "abBR"
      "cdBR"
      "efCS"
      "ghCS"};
  const InstanceRow r = store(object);
  const Frame frame = read(r, 0);
  EXPECT_EQ(frame.shape.photometric, "YBR_FULL");
  EXPECT_EQ(frame.pixels, "aBRbBRcBRdBReCSfCSgCShCS");
  EXPECT_EQ(imaging_->object(who_, r, *Form::in("1.2.840.10008.1.2.5")).error().code,
            Code::not_acceptable);
}

}  // namespace
}  // namespace medarc::dicom
