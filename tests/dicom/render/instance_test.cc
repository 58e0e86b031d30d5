// Renditions of stored instances: what Imaging::rendered() gives for each kind of them.
#include "dicom/render/rendition.h"

#include "tests/support/dicom_maker.h"
#include "tests/support/imaging_fixture.h"
#include "tests/support/picture_maker.h"

namespace medarc::dicom {
namespace {

using test::PictureMaker;

class RenderInstance : public test::ImagingFixture {
 protected:
  struct Answer {
    std::string type, etag, error;
    Bytes bytes;
    Code code = Code::internal;
  };

  InstanceRow store(const Bytes& file) {
    auto stored = store_file(file);
    EXPECT_TRUE(stored.has_value()) << stored.error().text;
    return row(stored->study, stored->series, stored->instance);
  }
  Answer render(const InstanceRow& instance, const RenderRequest& request = {}) {
    Answer out;
    auto rendition = imaging_->rendered(who_, instance, request);
    EXPECT_TRUE(rendition.has_value());
    out.etag = rendition->etag;
    auto body = rendition->open();
    if (body.has_error()) {
      out.error = body.error().text;
      out.code = body.error().code;
      return out;
    }
    out.type = body->media_type;
    Content content;
    content.bytes = body->bytes;
    content.source = std::move(body->source);
    out.bytes = drain(content);
    return out;
  }
  void with(Rendering rendering) {
    imaging_ = Imaging::create(*index_, *guard_, {}, nullptr, std::move(rendering));
  }
};

PictureMaker document(const std::string& sop_class, Bytes bytes, const std::string& sop) {
  PictureMaker maker(1, 1);
  for (const uint32_t tag : {0x00280002u, 0x00280004u, 0x00280010u, 0x00280011u, 0x00280100u,
                             0x00280101u, 0x00280102u, 0x00280103u, 0x7FE00010u}) {
    maker.erase(tag);
  }
  maker.sop_class = sop_class;
  maker.sop = sop;
  if (!bytes.empty()) maker.bytes(0x00420011, "OB", std::move(bytes));
  return maker;
}

TEST_F(RenderInstance, W5_ImagesInEveryTypeAndTheirTags) {
  PictureMaker maker(16, 8);
  maker.pixels(Bytes(128, '\x50'));
  const InstanceRow instance = store(maker.file());
  EXPECT_EQ(rendered_kind(instance), RenderedKind::image);
  EXPECT_EQ(rendered_types(instance).front(), "image/jpeg");
  RenderRequest request;
  const Answer jpeg = render(instance, request);
  EXPECT_EQ(jpeg.type, "image/jpeg");
  EXPECT_TRUE(jpeg.bytes.starts_with("\xFF\xD8\xFF"));
  request.type = ImageType::png;
  const Answer png = render(instance, request);
  EXPECT_EQ(png.type, "image/png");
  EXPECT_TRUE(png.bytes.starts_with("\x89PNG\r\n"));
  request.type = ImageType::gif;
  const Answer gif = render(instance, request);
  EXPECT_EQ(gif.type, "image/gif");
  EXPECT_TRUE(gif.bytes.starts_with("GIF8"));
  EXPECT_NE(jpeg.etag, png.etag);
  EXPECT_NE(png.etag, gif.etag);
  // The same again is the same bytes, from memory now.
  EXPECT_TRUE(render(instance).bytes == jpeg.bytes);
  request.frame = 2;
  EXPECT_EQ(render(instance, request).code, Code::not_found);
}

TEST_F(RenderInstance, W5_EveryNativeEncodingGivesTheSamePicture) {
  Bytes first;
  int n = 0;
  for (const char* syntax : {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2",
                             "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.1.98"}) {
    test::ImageRecipe r;
    r.frames = 3;
    r.transfer_syntax = syntax;
    r.sop_uid = "2.25.7" + std::to_string(++n);
    RenderRequest request;
    request.type = ImageType::png;
    request.frame = 2;
    const Answer answer = render(store(test::make_file(r)), request);
    EXPECT_EQ(answer.error, "") << syntax;
    if (first.empty()) first = answer.bytes;
    EXPECT_TRUE(answer.bytes == first) << syntax;
  }
}

TEST_F(RenderInstance, W5_TheRepresentativeFrameIsTheNamedOneOrTheMiddle) {
  PictureMaker maker(8, 8);
  Bytes pixels;
  for (const char c : {'\x10', '\x20', '\x30', '\x40', '\x50'}) pixels.append(64, c);
  maker.text(0x00280008, "IS", "5").pixels(pixels);
  RenderRequest request;
  request.type = ImageType::png;
  const auto frame = [&](const InstanceRow& instance, uint32_t number) {
    RenderRequest one = request;
    one.frame = number;
    return render(instance, one).bytes;
  };
  const InstanceRow plain = store(maker.file());
  EXPECT_TRUE(render(plain, request).bytes == frame(plain, 3));
  EXPECT_FALSE(render(plain, request).bytes == frame(plain, 4));
  maker.sop = "2.25.88";
  const InstanceRow named = store(maker.us(0x00286010, {4}).file());
  EXPECT_TRUE(render(named, request).bytes == frame(named, 4));
  maker.sop = "2.25.89";
  const InstanceRow wrong = store(maker.us(0x00286010, {9}).file());
  EXPECT_TRUE(render(wrong, request).bytes == frame(wrong, 3));
}

TEST_F(RenderInstance, W5_ACineHasLimits) {
  PictureMaker maker(8, 8);
  maker.text(0x00280008, "IS", "6").text(0x00181063, "DS", "40").pixels(Bytes(384, '\x33'));
  const InstanceRow instance = store(maker.file());
  RenderRequest request;
  request.type = ImageType::gif;
  request.cine = true;
  const Answer whole = render(instance, request);
  EXPECT_NE(whole.bytes.find("NETSCAPE2.0"), Bytes::npos);
  Rendering few;
  few.limits.cine_frames_max = 5;
  with(few);
  EXPECT_EQ(render(instance, request).code, Code::too_large);
  Rendering small;
  small.limits.cine_pixels_max = 383;
  with(small);
  EXPECT_EQ(render(instance, request).code, Code::too_large);
  request.width_max = 4;
  EXPECT_EQ(render(instance, request).error, "");
}

TEST_F(RenderInstance, FramesOfTooManyBytesAreRefusedUnread) {
  const InstanceRow instance = store(PictureMaker(16, 16).file());
  Rendering rendering;
  rendering.limits.frame_bytes_max = 255;
  with(rendering);
  EXPECT_EQ(render(instance).code, Code::too_large);
  rendering.limits.frame_bytes_max = 256;
  with(rendering);
  EXPECT_EQ(render(instance).error, "");
}

TEST_F(RenderInstance, W5_CompressedFramesGoThroughTheDecoder) {
  test::ImageRecipe r;
  r.transfer_syntax = "1.2.840.10008.1.2.4.90";
  const InstanceRow instance = store(test::make_file(r));
  const Answer refused = render(instance);
  EXPECT_EQ(refused.code, Code::not_acceptable);
  EXPECT_NE(refused.error.find("1.2.840.10008.1.2.4.90"), std::string::npos);
  Rendering rendering;
  std::optional<Error> failure;
  uint32_t rows = 64;
  rendering.decode = [&](std::string_view syntax, std::string_view object, const FrameShape& shape,
                         ByteView codestream) -> Result<Frame> {
    EXPECT_EQ(syntax, r.transfer_syntax);
    EXPECT_EQ(object, instance.dataset.hex());
    if (failure) return *failure;
    Frame out{shape, Bytes(codestream)};
    out.shape.rows = rows;
    return out;
  };
  with(rendering);
  RenderRequest request;
  request.type = ImageType::png;
  const Answer decoded = render(instance, request);
  EXPECT_EQ(decoded.error, "");
  test::ImageRecipe native = r;
  native.transfer_syntax = std::string(kExplicitLittle);
  native.sop_uid = "2.25.5551";
  EXPECT_TRUE(render(store(test::make_file(native)), request).bytes == decoded.bytes);
  request.type = ImageType::gif;  // not in memory yet
  failure = make_error(Code::unsupported, "no codec");
  EXPECT_EQ(render(instance, request).code, Code::not_acceptable);
  failure = make_error(Code::corrupt, "damaged");
  EXPECT_EQ(render(instance, request).code, Code::corrupt);
  failure.reset();
  rows = 63;
  EXPECT_EQ(render(instance, request).code, Code::corrupt);
}

TEST_F(RenderInstance, W5_DocumentsAreGivenAsTheyAreWhenTheyAreWhatTheySay) {
  const std::string pdf = "1.2.840.10008.5.1.4.1.1.104.1", cda = "1.2.840.10008.5.1.4.1.1.104.2";
  const Bytes paper = "%PDF-1.7 a short one\n%%EOF";
  const InstanceRow paper_row = store(document(pdf, paper, "2.25.201").file());
  EXPECT_EQ(rendered_types(paper_row), std::vector<std::string>{"application/pdf"});
  const Answer answer = render(paper_row);
  EXPECT_EQ(answer.type, "application/pdf");
  EXPECT_TRUE(answer.bytes == paper);
  // The stated length takes the padding away.
  PictureMaker odd = document(pdf, paper + "x", "2.25.202");
  odd.bytes(0x00420015, "UL", Bytes("\x1B\0\0\0", 4));
  EXPECT_EQ(render(store(odd.file())).bytes.size(), 27u);
  const Bytes xml = "\xEF\xBB\xBF\n<ClinicalDocument/>";
  const Answer clinical = render(store(document(cda, xml, "2.25.203").file()));
  EXPECT_EQ(clinical.type, "text/xml");
  EXPECT_TRUE(clinical.bytes.starts_with(xml));
  EXPECT_EQ(render(store(document(pdf, "MZ not a paper", "2.25.204").file())).code,
            Code::not_acceptable);
  EXPECT_EQ(render(store(document(cda, "{}", "2.25.205").file())).code, Code::not_acceptable);
  EXPECT_EQ(render(store(document(pdf, "", "2.25.206").file())).code, Code::not_acceptable);
  const InstanceRow raw = store(document("1.2.840.10008.5.1.4.1.1.66", "", "2.25.207").file());
  EXPECT_TRUE(rendered_types(raw).empty());
  EXPECT_EQ(render(raw).code, Code::not_acceptable);
  // A presentation state is rendered by way of its images, never alone.
  const InstanceRow state = store(document("1.2.840.10008.5.1.4.1.1.11.1", "", "2.25.208").file());
  EXPECT_EQ(rendered_kind(state), RenderedKind::presentation);
  EXPECT_EQ(rendered_types(state).front(), "image/jpeg");
  EXPECT_EQ(render(state).code, Code::not_acceptable);
}

TEST_F(RenderInstance, W5_ReportsBecomePages) {
  PictureMaker maker = document("1.2.840.10008.5.1.4.1.1.88.11", "", "2.25.301");
  maker.text(0x0040A040, "CS", "CONTAINER");
  const Answer page = render(store(maker.file()));
  EXPECT_EQ(page.type, "text/html; charset=utf-8");
  EXPECT_TRUE(page.bytes.starts_with("<!DOCTYPE html>"));
}

TEST_F(RenderInstance, W5_VideoIsPassedOnUnderItsOwnType) {
  const auto video = [&](const std::string& syntax, const std::string& sop,
                         const std::vector<Bytes>& fragments) {
    test::DatasetMaker d;
    d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.77.1.4.1").text(0x00080018, "UI", sop);
    d.text(0x00100020, "LO", "MDA-1").text(0x0020000D, "UI", "2.25.6");
    d.text(0x0020000E, "UI", "2.25.7").us(0x00280002, 3).text(0x00280004, "CS", "YBR_PARTIAL_420");
    d.text(0x00280008, "IS", "25").us(0x00280010, 2).us(0x00280011, 2).us(0x00280100, 8);
    d.head(0x7FE00010, "OB", 0xFFFFFFFF).item(0);
    for (const Bytes& f : fragments) d.item(static_cast<uint32_t>(f.size())).raw(f);
    d.end_sequence();
    test::DatasetMaker meta;
    meta.text(0x00020010, "UI", syntax);
    return store(Bytes(128, '\0') + "DICM" + meta.view() + d.view());
  };
  const Bytes box(
      "\0\0\0\x18"
      "ftypmp42abcdefgh",
      20);
  const InstanceRow mp4 = video("1.2.840.10008.1.2.4.102", "2.25.401", {box, "more"});
  EXPECT_EQ(rendered_types(mp4), std::vector<std::string>{"video/mp4"});
  const Answer answer = render(mp4);
  EXPECT_EQ(answer.type, "video/mp4");
  EXPECT_TRUE(answer.bytes == box + "more");
  const InstanceRow mpeg =
      video("1.2.840.10008.1.2.4.100", "2.25.402", {Bytes("\0\0\1\xB3xyzw", 8)});
  EXPECT_EQ(rendered_types(mpeg), std::vector<std::string>{"video/mpeg"});
  EXPECT_EQ(render(mpeg).type, "video/mpeg");
  Bytes stream(188 * 2, '\0');
  stream[0] = stream[188] = 'G';
  EXPECT_EQ(render(video("1.2.840.10008.1.2.4.103", "2.25.403", {stream})).type, "video/mp2t");
}

TEST_F(RenderInstance, ManyAtATimeAreTurnedAway) {
  Rendering rendering;
  rendering.limits.threads = 1;
  rendering.limits.wait_ms = 1;
  Code inner = Code::internal;
  test::ImageRecipe compressed;
  compressed.transfer_syntax = "1.2.840.10008.1.2.4.90";
  const InstanceRow first = store(test::make_file(compressed));
  const InstanceRow second = store(PictureMaker(4, 4).uids("2.25.1", "2.25.2", "2.25.4").file());
  rendering.decode = [&](std::string_view, std::string_view, const FrameShape& shape,
                         ByteView codestream) -> Result<Frame> {
    inner = render(second).code;  // while the only place is taken
    return Frame{shape, Bytes(codestream)};
  };
  with(rendering);
  EXPECT_EQ(render(first).error, "");
  EXPECT_EQ(inner, Code::unavailable);
  EXPECT_EQ(render(second).error, "");
}

TEST_F(RenderInstance, WhoMayNotReadMayNotSee) {
  const InstanceRow instance = store(PictureMaker(4, 4).file());
  const security::Principal auditor{"token:a", {security::Role::auditor}, "test", "127.0.0.1"};
  EXPECT_EQ(imaging_->rendered(auditor, instance, {}).error().code, Code::permission_denied);
}

}  // namespace
}  // namespace medarc::dicom
