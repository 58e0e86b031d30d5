// WADO-RS pixel data (PS3.18 10.4.3.3.6): of an instance, a series, a study.
#include "dicom/part10.h"
#include "tests/support/frames.h"
#include "tests/support/image_object.h"
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

using dicom::Frame;
using test::HttpAnswer;
using test::ImageObject;
using test::ImageRecipe;

constexpr char kExplicit[] = "1.2.840.10008.1.2.1", kBig[] = "1.2.840.10008.1.2.2",
               kDeflated[] = "1.2.840.10008.1.2.1.99", kJpeg[] = "1.2.840.10008.1.2.4.50",
               kJls[] = "1.2.840.10008.1.2.4.80", kJ2k[] = "1.2.840.10008.1.2.4.90",
               kMp4[] = "1.2.840.10008.1.2.4.102", kJxl[] = "1.2.840.10008.1.2.4.110";
constexpr char kSeries[] = "/dicom-web/studies/2.25.3001/series/2.25.3002";

std::string octets(const char* syntax) {
  return std::string("application/octet-stream; transfer-syntax=") + syntax;
}
std::string related(const std::string& type) { return "multipart/related; type=\"" + type + "\""; }

class PixelData : public ArchiveTest {
 protected:
  void SetUp() override {
    serve();
    images_.shape = test::all_shapes()[12].shape;
    images_.transfer_syntax = kJls;
    for (uint32_t f = 0; f < 3; ++f) {
      frames_.push_back(test::make_frame(images_.shape, f + 1));
      const auto encoded = codecs_->encode(kJls, frames_.back());
      ASSERT_TRUE(encoded.has_value()) << encoded.error().text;
      images_.frames.push_back(encoded->codestream);
      all_ += frames_.back().pixels;
    }
    all_ += Bytes(all_.size() % 2, '\0');
  }

  void store_object(const ImageObject& object) {
    const HttpAnswer answer = stow({test::make_file(object)});
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  // An instance of the same series without an image, with some more elements.
  void store_plain(const std::string& uid, const Bytes& more = {}) {
    const std::string sop_class = "1.2.840.10008.5.1.4.1.1.66";
    test::DatasetMaker d;
    d.text(0x00080016, "UI", sop_class).text(0x00080018, "UI", uid);
    d.text(0x00100020, "LO", "MDA-0007");
    d.text(0x0020000D, "UI", images_.study_uid).text(0x0020000E, "UI", images_.series_uid);
    d.raw(more);
    const Bytes envelope =
        dicom::make_envelope(dicom::SopClassUid(sop_class), dicom::SopInstanceUid(uid),
                             dicom::TransferSyntaxUid(kExplicit));
    ASSERT_EQ(stow({envelope + d.view()}).status, 200);
  }
  static std::string path(const std::string& uid) { return kSeries + ("/instances/" + uid); }
  std::vector<BodyPart> parts(const std::string& target, const std::string& accept = "") {
    const HttpAnswer answer = ask(target, accept);
    EXPECT_EQ(answer.status, 200) << target << " " << accept << answer.body;
    return parts_of(answer);
  }
  HttpAnswer ask(const std::string& target, const std::string& accept,
                 test::HttpClient::Headers more = {}) {
    if (!accept.empty()) more.emplace_back("Accept", accept);
    return get(target + "/pixeldata", more);
  }
  Bytes behind(const std::string& url) {
    EXPECT_TRUE(url.starts_with(base_url()));
    const auto type =
        url.find("/frames/") == std::string::npos ? "application/octet-stream" : "image/jls";
    return get(url.substr(base_url().size()), {{"Accept", type}}).body;
  }

  ImageObject images_;  // three frames, lossless
  std::vector<Frame> frames_;
  Bytes all_;
};

TEST_F(PixelData, N13_NativeSamplesAreOnePartOrOneBody) {
  ImageRecipe r;
  r.frames = 3;
  store(r);
  const std::string at =
      "/dicom-web/studies/" + r.study_uid + "/series/" + r.series_uid + "/instances/" + r.sop_uid;
  const Bytes pixels = test::make_pixels(r);
  const HttpAnswer whole = ask(at, "");
  EXPECT_TRUE(whole.header("Content-Type")
                  .starts_with(related("application/octet-stream") +
                               "; transfer-syntax=" + kExplicit + "; boundary="));  // N9
  EXPECT_EQ(whole.header("Content-Length"), std::to_string(whole.body.size()));
  const auto found = parts_of(whole);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].data == pixels);
  EXPECT_EQ(found[0].type, octets(kExplicit));
  EXPECT_EQ(found[0].location, base_url() + at + "/bulkdata/7FE00010");
  EXPECT_TRUE(behind(found[0].location) == pixels);
  EXPECT_EQ(ask(at, "", {{"If-None-Match", whole.header("ETag")}}).status, 304);

  const std::string type = "application/octet-stream";
  const HttpAnswer single = ask(at, type);
  EXPECT_TRUE(single.body == pixels);
  EXPECT_EQ(single.header("Content-Type"), octets(kExplicit));
  EXPECT_EQ(single.header("Vary"), "Accept");
  EXPECT_NE(single.header("ETag"), whole.header("ETag"));
  EXPECT_EQ(ask(at, type, {{"If-None-Match", single.header("ETag")}}).status, 304);
  const HttpAnswer range = ask(at, type, {{"Range", "bytes=8190-8193"}});
  EXPECT_EQ(range.status, 206);
  EXPECT_TRUE(range.body == pixels.substr(8190, 4));
  EXPECT_EQ(ask(at, type, {{"Range", "bytes=99999999-"}}).status, 416);
  EXPECT_EQ(
      test::http(port(), "HEAD", at + "/pixeldata", {{"Accept", type}}).header("Content-Length"),
      std::to_string(pixels.size()));
}

TEST_F(PixelData, N5_LosslessOnesAreExpandedWhenNothingIsAsked) {
  store_object(images_);
  for (const std::string& accept :
       {std::string(), std::string("*/*"), related("application/octet-stream")}) {
    const auto found = parts(path(images_.sop_uid), accept);
    ASSERT_EQ(found.size(), 1u) << accept;
    EXPECT_TRUE(found[0].data == all_) << accept;
    EXPECT_EQ(found[0].type, octets(kExplicit));
  }
  const HttpAnswer range =
      ask(path(images_.sop_uid), "application/octet-stream", {{"Range", "bytes=5-1004"}});
  EXPECT_EQ(range.status, 206);
  EXPECT_TRUE(range.body == all_.substr(5, 1000));
  // Only a lossy form exists: that one goes out.
  ImageObject lossy = images_;
  lossy.sop_uid = "2.25.3009";
  lossy.transfer_syntax = kJpeg;
  lossy.frames = {"\xFF\xD8 only lossy \xFF\xD9"};
  store_object(lossy);
  const auto found = parts(path(lossy.sop_uid));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].type, std::string("image/jpeg; transfer-syntax=") + kJpeg);
  EXPECT_TRUE(found[0].data.starts_with(lossy.frames[0]));
  EXPECT_EQ(found[0].location, base_url() + path(lossy.sop_uid) + "/bulkdata/7FE00010");
}

TEST_F(PixelData, N7N8_CodestreamsAreOnePartAFrame) {
  store_object(images_);
  const std::string at = path(images_.sop_uid);
  const std::string any = related("*/*") + "; transfer-syntax=*";
  for (const std::string& accept : {related("image/jls"), related("image/x-jls"), any}) {
    const auto found = parts(at, accept);
    ASSERT_EQ(found.size(), 3u) << accept;
    for (size_t f = 0; f < 3; ++f) {
      EXPECT_TRUE(found[f].data.starts_with(images_.frames[f]));
      EXPECT_EQ(found[f].type, std::string("image/jls; transfer-syntax=") + kJls);
      EXPECT_EQ(found[f].location, base_url() + at + "/frames/" + std::to_string(f + 1));
      EXPECT_TRUE(behind(found[f].location) == found[f].data);
    }
  }
  const auto j2k = parts(at, related("image/jp2"));
  ASSERT_EQ(j2k.size(), 3u);
  for (size_t f = 0; f < 3; ++f) {
    const auto back = codecs_->decode(kJ2k, "", images_.shape, j2k[f].data);
    ASSERT_TRUE(back.has_value());
    EXPECT_TRUE(back->pixels == frames_[f].pixels);
  }
  EXPECT_EQ(ask(at, "image/jls").status, 406);  // N4: three parts are no single part
  EXPECT_EQ(ask(at, "image/jxl").status, 406);
  EXPECT_EQ(ask(at, related("application/octet-stream") + "; transfer-syntax=nonsense").status,
            406);
  EXPECT_EQ(ask(at, "application/octet-stream, image/png").status, 400);  // N3
  ImageObject one = images_;
  one.sop_uid = "2.25.3010";
  one.frames.resize(1);
  store_object(one);
  EXPECT_TRUE(ask(path(one.sop_uid), "image/jls").body.starts_with(one.frames[0]));
}

TEST_F(PixelData, N6_BigEndianAndDeflatedPixelsAreLittleEndianSamples) {
  ImageObject wide;
  wide.shape = images_.shape;
  wide.shape.bits_allocated = wide.shape.bits_stored = 32;
  wide.shape.high_bit = 31;
  wide.frames = {Bytes(size_t{wide.shape.rows} * wide.shape.columns * 4, '\0')};
  for (size_t i = 0; i < wide.frames[0].size(); ++i) wide.frames[0][i] = static_cast<char>(i * 7);
  Bytes turned = wide.frames[0];
  for (size_t i = 0; i < turned.size(); i += 4) std::reverse(&turned[i], &turned[i] + 4);
  wide.transfer_syntax = kBig;
  store_object(wide);
  const HttpAnswer whole = ask(path(wide.sop_uid), "application/octet-stream");
  EXPECT_TRUE(whole.body == turned);
  EXPECT_EQ(whole.header("Content-Type"), octets(kExplicit));
  EXPECT_TRUE(
      get(path(wide.sop_uid) + "/frames/1", {{"Accept", "application/octet-stream"}}).body ==
      turned);
  wide.sop_uid = "2.25.3011";
  wide.transfer_syntax = kDeflated;
  store_object(wide);
  EXPECT_TRUE(ask(path(wide.sop_uid), "application/octet-stream").body == wide.frames[0]);
}

// Decoded frames follow each other as native ones do, inside bytes too (PS3.5 8.2).
TEST_F(PixelData, W3_OneBitFramesAreJoinedBitByBit) {
  ImageObject native;
  native.shape.rows = 3;
  native.shape.columns = 7;
  native.shape.samples_per_pixel = 1;
  native.shape.bits_allocated = native.shape.bits_stored = 1;
  native.shape.high_bit = 0;
  native.shape.photometric = "MONOCHROME2";
  ImageObject compressed = native;
  compressed.sop_uid = "2.25.3012";
  compressed.transfer_syntax = kJ2k;
  for (uint32_t f = 0; f < 5; ++f) {
    const Frame frame = test::make_frame(native.shape, f + 1);
    native.frames.push_back(frame.pixels);
    const auto encoded = codecs_->encode(kJ2k, frame);
    ASSERT_TRUE(encoded.has_value()) << encoded.error().text;
    compressed.frames.push_back(encoded->codestream);
  }
  store_object(native);
  store_object(compressed);
  const Bytes want = ask(path(native.sop_uid), "application/octet-stream").body;
  EXPECT_EQ(want.size(), 14u);  // 105 bits
  EXPECT_TRUE(ask(path(compressed.sop_uid), "application/octet-stream").body == want);
}

TEST_F(PixelData, FloatPixelsAndVideosAreOnePart) {
  test::DatasetMaker floats;
  floats.us(0x00280002, 1).us(0x00280010, 2).us(0x00280011, 1).us(0x00280100, 32);
  store_plain("2.25.3013", floats.bytes(0x7FE00008, "OF", "abcdefgh").view());
  const auto found = parts(path("2.25.3013"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].data, "abcdefgh");
  EXPECT_EQ(found[0].location, base_url() + path("2.25.3013") + "/bulkdata/7FE00008");

  ImageObject video = images_;
  video.sop_uid = "2.25.3014";
  video.transfer_syntax = kMp4;
  video.frames = {"first piece ", "second piece"};  // two fragments of one stream
  store_object(video);
  const HttpAnswer stream = ask(path(video.sop_uid), "video/mp4");
  EXPECT_EQ(stream.body, "first piece second piece");
  EXPECT_EQ(stream.header("Content-Type"), std::string("video/mp4; transfer-syntax=") + kMp4);
}

TEST_F(PixelData, W1_SeriesAndStudiesGiveThoseOfAllInstances) {
  const std::string study = "/dicom-web/studies/" + images_.study_uid;
  store_plain("2.25.3015");
  EXPECT_EQ(ask(study, "").status, 404);
  EXPECT_EQ(ask(path("2.25.3015"), "").status, 404);
  store_object(images_);
  ImageObject native = images_;
  native.sop_uid = "2.25.3016";
  native.transfer_syntax = kExplicit;
  native.frames = {frames_[1].pixels};
  store_object(native);
  for (const std::string& at : {study, std::string(kSeries)}) {
    const auto found = parts(at);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_TRUE(found[0].data == all_);
    EXPECT_TRUE(found[1].data.starts_with(frames_[1].pixels));
    EXPECT_EQ(found[1].location, base_url() + path(native.sop_uid) + "/bulkdata/7FE00010");
  }
  const auto jls = parts(study, related("image/jls"));
  ASSERT_EQ(jls.size(), 4u);
  EXPECT_TRUE(jls[2].data.starts_with(images_.frames[2]));
  EXPECT_EQ(jls[3].type, std::string("image/jls; transfer-syntax=") + kJls);
  EXPECT_EQ(ask(study, "image/jls").status, 406);  // N4

  const HttpAnswer whole = ask(study, "");
  const std::string etag = whole.header("ETag");
  EXPECT_EQ(ask(study, "", {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(ask(study, related("image/jls"), {{"If-None-Match", etag}}).status, 200);
  EXPECT_EQ(test::http(port(), "HEAD", study + "/pixeldata").status, 200);

  ImageObject opaque = images_;
  opaque.sop_uid = "2.25.3017";
  opaque.transfer_syntax = kJxl;
  store_object(opaque);
  EXPECT_EQ(ask(study, "", {{"If-None-Match", etag}}).status, 200);
  const HttpAnswer some = ask(study, related("image/jls"));
  EXPECT_EQ(some.status, 206);
  EXPECT_EQ(parts_of(some).size(), 4u);
  EXPECT_EQ(ask(study, related("image/dicom-rle") + "; transfer-syntax=1.2.3").status, 406);
  EXPECT_EQ(ask(study, "image/gif").status, 406);

  EXPECT_EQ(ask("/dicom-web/studies/9.9", "").status, 404);
  EXPECT_EQ(ask(study + "/series/9.9", "").status, 404);
  EXPECT_EQ(ask(path("9.9"), "").status, 404);
  EXPECT_EQ(test::http(port(), "DELETE", path(native.sop_uid)).status, 204);
  EXPECT_EQ(ask(path(native.sop_uid), "").status, 410);
}

// One damaged image goes out as it is stored, and does not end the answer for its study.
TEST_F(PixelData, DamageIsToldOfOneAndPassedOverInMany) {
  ImageObject damaged = images_;
  damaged.sop_uid = "2.25.3018";
  damaged.frames[0] = damaged.frames[0].substr(0, 30);
  store_object(damaged);
  store_object(images_);
  const HttpAnswer answer = ask(path(damaged.sop_uid), "application/octet-stream");
  EXPECT_EQ(answer.status, 500);
  EXPECT_NE(answer.body.find("JPEG-LS"), Bytes::npos);
  const auto found = parts(kSeries);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_TRUE(found[0].data == all_);
  EXPECT_EQ(found[1].type, std::string("image/jls; transfer-syntax=") + kJls);
}

}  // namespace
}  // namespace medarc::web
