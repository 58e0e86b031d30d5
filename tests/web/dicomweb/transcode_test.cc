// What a client asks for is what it gets, whatever is stored: WADO-RS objects and frames, WADO-URI.
#include "dicom/part10.h"
#include "tests/support/frames.h"
#include "tests/support/image_object.h"
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

using dicom::Frame;
using test::HttpAnswer;
using test::ImageObject;

constexpr char kExplicit[] = "1.2.840.10008.1.2.1", kJls[] = "1.2.840.10008.1.2.4.80",
               kJ2k[] = "1.2.840.10008.1.2.4.90", kHt[] = "1.2.840.10008.1.2.4.201",
               kHtRpcl[] = "1.2.840.10008.1.2.4.202";

class WadoTranscode : public ArchiveTest {
 protected:
  void SetUp() override {
    serve();
    object_.shape = test::all_shapes()[12].shape;
    for (uint32_t f = 0; f < 3; ++f) {
      frames_.push_back(test::make_frame(object_.shape, f + 1));
      const auto encoded = codecs_->encode(kJls, frames_.back());
      ASSERT_TRUE(encoded.has_value()) << encoded.error().text;
      object_.frames.push_back(encoded->codestream);
      all_ += frames_.back().pixels;
    }
    object_.transfer_syntax = kJls;
    ASSERT_EQ(stow({test::make_file(object_)}).status, 200);
  }
  std::string path() const {
    return "/dicom-web/studies/" + object_.study_uid + "/series/" + object_.series_uid +
           "/instances/" + object_.sop_uid;
  }
  static std::string syntax_in(const Bytes& file) {
    const auto envelope = dicom::parse_envelope(file, true, {});
    return envelope && *envelope ? (*envelope)->transfer_syntax : "";
  }
  Bytes decoded(const char* syntax, const Bytes& codestream) {
    const auto frame = codecs_->decode(syntax, "", object_.shape, codestream);
    EXPECT_TRUE(frame.has_value()) << frame.error().text;
    return frame.has_value() ? frame->pixels : Bytes();
  }

  ImageObject object_;
  std::vector<Frame> frames_;
  Bytes all_;
};

TEST_F(WadoTranscode, N5_LosslessObjectsAreExpandedWhenNothingIsAsked) {
  const HttpAnswer whole = get(path(), {{"Accept", "application/dicom"}});
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.header("Content-Type"),
            std::string("application/dicom; transfer-syntax=") + kExplicit);
  EXPECT_EQ(syntax_in(whole.body), kExplicit);
  EXPECT_NE(whole.body.find(all_), Bytes::npos);
  const auto parts = parts_of(get(path()));
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0].data == whole.body);
  // A range of it is of the very same bytes.
  const HttpAnswer range =
      get(path(), {{"Accept", "application/dicom"}, {"Range", "bytes=5000-9999"}});
  EXPECT_EQ(range.status, 206);
  EXPECT_TRUE(range.body == whole.body.substr(5000, 5000));
  const HttpAnswer stored = get(path(), {{"Accept", "application/dicom; transfer-syntax=*"}});
  EXPECT_TRUE(stored.body == test::make_file(object_));
  EXPECT_NE(stored.header("ETag"), whole.header("ETag"));
}

TEST_F(WadoTranscode, N8_InTheSyntaxAskedFor) {
  for (const char* syntax : {kExplicit, kJls, kJ2k, kHt, kHtRpcl, "1.2.840.10008.1.2.5",
                             "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.8.1"}) {
    const HttpAnswer answer =
        get(path(), {{"Accept", std::string("application/dicom; transfer-syntax=") + syntax}});
    EXPECT_EQ(answer.status, 200) << syntax;
    EXPECT_EQ(syntax_in(answer.body), syntax);
    const HttpAnswer by_uri = get("/wado?requestType=WADO&studyUID=" + object_.study_uid +
                                  "&seriesUID=" + object_.series_uid +
                                  "&objectUID=" + object_.sop_uid + "&transferSyntax=" + syntax);
    EXPECT_EQ(by_uri.status, 200) << syntax;
    EXPECT_TRUE(by_uri.body == answer.body) << syntax;
  }
  // Not of 12 bits, and not for anybody: extended JPEG.
  for (const char* syntax : {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}) {
    EXPECT_EQ(get(path(), {{"Accept", std::string("application/dicom; transfer-syntax=") + syntax}})
                  .status,
              406);
  }
}

TEST_F(WadoTranscode, N7_FramesInTheSyntaxAskedFor) {
  const HttpAnswer plain = get(path() + "/frames/2", {{"Accept", "application/octet-stream"}});
  EXPECT_TRUE(plain.body == frames_[1].pixels);
  EXPECT_EQ(plain.header("Content-Type"),
            std::string("application/octet-stream; transfer-syntax=") + kExplicit);
  const auto parts =
      parts_of(get(path() + "/frames/3,1",
                   {{"Accept", "multipart/related; type=\"application/octet-stream\""}}));
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_TRUE(parts[0].data == frames_[2].pixels);
  EXPECT_TRUE(parts[1].data == frames_[0].pixels);
  const HttpAnswer ht = get(path() + "/frames/1,2,3",
                            {{"Accept", std::string("multipart/related; type=\"image/jphc\"; "
                                                    "transfer-syntax=") +
                                            kHtRpcl}});
  const auto codestreams = parts_of(ht);
  ASSERT_EQ(codestreams.size(), 3u);
  for (size_t f = 0; f < 3; ++f) {
    EXPECT_EQ(codestreams[f].type, std::string("image/jphc; transfer-syntax=") + kHtRpcl);
    EXPECT_TRUE(decoded(kHtRpcl, codestreams[f].data) == frames_[f].pixels);
  }
  const HttpAnswer j2k = get(path() + "/frames/1", {{"Accept", "image/jp2"}});
  EXPECT_TRUE(j2k.body.starts_with("\xFF\x4F\xFF\x51"));
  EXPECT_TRUE(decoded(kJ2k, j2k.body) == frames_[0].pixels);
}

TEST_F(WadoTranscode, N8_DeflatedFramesByTheirTypeOrTheirName) {
  constexpr char kDeflated[] = "1.2.840.10008.1.2.8.1";
  for (const std::string& accept :
       {std::string("application/x-deflate"),
        std::string("application/x-deflate; transfer-syntax=") + kDeflated}) {
    const HttpAnswer answer = get(path() + "/frames/2", {{"Accept", accept}});
    EXPECT_EQ(answer.status, 200) << accept;
    EXPECT_EQ(answer.header("Content-Type"),
              std::string("application/x-deflate; transfer-syntax=") + kDeflated);
    EXPECT_TRUE(decoded(kDeflated, answer.body) == frames_[1].pixels);
  }
}

// N5: something that loses is made for those only who name it.
TEST_F(WadoTranscode, N5_LossyOnlyWhenItsNameIsSaid) {
  constexpr char kNear[] = "1.2.840.10008.1.2.4.81";
  const HttpAnswer unnamed = get(path() + "/frames/1", {{"Accept", "image/jls"}});
  EXPECT_EQ(unnamed.header("Content-Type"), std::string("image/jls; transfer-syntax=") + kJls);
  const HttpAnswer frame =
      get(path() + "/frames/1", {{"Accept", std::string("image/jls; transfer-syntax=") + kNear}});
  EXPECT_EQ(frame.status, 200) << frame.body;
  EXPECT_EQ(frame.header("Content-Type"), std::string("image/jls; transfer-syntax=") + kNear);
  EXPECT_NE(frame.header("ETag"), unnamed.header("ETag"));
  const Bytes near = decoded(kNear, frame.body);
  ASSERT_EQ(near.size(), frames_[0].pixels.size());
  EXPECT_FALSE(near == frames_[0].pixels);

  const HttpAnswer object =
      get(path(), {{"Accept", std::string("application/dicom; transfer-syntax=") + kNear}});
  EXPECT_EQ(object.status, 200);
  EXPECT_EQ(syntax_in(object.body), kNear);
  const auto envelope = dicom::parse_envelope(object.body, true, {});
  ASSERT_TRUE(envelope && *envelope);
  EXPECT_NE((*envelope)->instance, object_.sop_uid);
  EXPECT_TRUE((*envelope)->instance.starts_with("2.25."));
  const HttpAnswer by_uri = get("/wado?requestType=WADO&studyUID=" + object_.study_uid +
                                "&seriesUID=" + object_.series_uid +
                                "&objectUID=" + object_.sop_uid + "&transferSyntax=" + kNear);
  EXPECT_TRUE(by_uri.body == object.body);
  // Not even first in a list that names something lossless too.
  const HttpAnswer either =
      get(path(), {{"Accept", std::string("application/dicom; transfer-syntax=") + kNear +
                                  ", application/dicom; transfer-syntax=" + kJ2k + ";q=0.5"}});
  EXPECT_EQ(syntax_in(either.body), kJ2k);
  const HttpAnswer either_frame =
      get(path() + "/frames/1", {{"Accept", std::string("image/jls; transfer-syntax=") + kNear +
                                                ", application/octet-stream"}});
  EXPECT_TRUE(either_frame.body == frames_[0].pixels);
  const HttpAnswer stored = get(path(), {{"Accept", "application/dicom; transfer-syntax=*"}});
  EXPECT_EQ(syntax_in(stored.body), kJls);
  EXPECT_NE(stored.header("ETag"), object.header("ETag"));
  const auto study =
      parts_of(get("/dicom-web/studies/" + object_.study_uid,
                   {{"Accept", std::string("multipart/related; type=\"application/dicom\"; "
                                           "transfer-syntax=") +
                                   kNear}}));
  ASSERT_EQ(study.size(), 1u);
  EXPECT_TRUE(study[0].data == object.body);
}

TEST_F(WadoTranscode, DamageIsTold) {
  ImageObject damaged = object_;
  damaged.sop_uid = "2.25.3009";
  damaged.frames[0] = damaged.frames[0].substr(0, 30);
  ASSERT_EQ(stow({test::make_file(damaged)}).status, 200);
  const std::string at = "/dicom-web/studies/" + object_.study_uid + "/series/" +
                         object_.series_uid + "/instances/" + damaged.sop_uid;
  const HttpAnswer answer = get(at, {{"Accept", "application/dicom"}});
  EXPECT_EQ(answer.status, 500);
  EXPECT_NE(answer.body.find("JPEG-LS"), Bytes::npos) << answer.body;
  EXPECT_EQ(get(at + "/frames/1", {{"Accept", "application/octet-stream"}}).status, 500);
  EXPECT_EQ(get(at + "/frames/2", {{"Accept", "application/octet-stream"}}).status, 200);
  EXPECT_EQ(get(at, {{"Accept", "application/dicom; transfer-syntax=*"}}).status, 200);
  // Of a whole study it goes out as it is stored.
  const auto parts = parts_of(get("/dicom-web/studies/" + object_.study_uid));
  ASSERT_EQ(parts.size(), 2u);
  std::vector<std::string> syntaxes = {syntax_in(parts[0].data), syntax_in(parts[1].data)};
  std::sort(syntaxes.begin(), syntaxes.end());
  EXPECT_EQ(syntaxes, (std::vector<std::string>{kExplicit, kJls}));
}

}  // namespace
}  // namespace medarc::web
