// Presentation states end to end: their rendered resource, and WADO-URI with one.
#include <png.h>

#include "tests/dicom/render/state_maker.h"
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::PictureMaker;

Bytes greys(const Bytes& file) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&png, file.data(), file.size()) == 0) return {};
  png.format = PNG_FORMAT_GRAY;
  Bytes out(PNG_IMAGE_SIZE(png), '\0');
  png_image_finish_read(&png, nullptr, out.data(), 0, nullptr);
  return out;
}

// Two pixels, 0x40 and 0x80, in as many frames as asked for, each 1 more than the one before.
PictureMaker image(const std::string& sop, int frames = 1) {
  PictureMaker maker(2, 1);
  Bytes pixels;
  for (int i = 0; i < frames; ++i) {
    pixels += static_cast<char>(0x40 + i);
    pixels += static_cast<char>(0x80 + i);
  }
  if (frames > 1) maker.text(0x00280008, "IS", std::to_string(frames));
  return maker.pixels(pixels).uids("2.25.1001", "2.25.1002", sop);
}

PictureMaker flipping(const std::vector<PictureMaker>& references) {
  PictureMaker state = test::state_of(references, image("2.25.11"));
  state.sequence(0x0070005A, {test::displayed_area(1, 1, 2, 1)});
  return state.text(0x00700041, "CS", "Y").us(0x00700042, {0});
}

class PresentedWeb : public ArchiveTest {
 protected:
  static constexpr char kState[] =
      "/dicom-web/studies/2.25.1001/series/2.25.1009/instances/2.25.1010/rendered";
  void put(const PictureMaker& maker) {
    const HttpAnswer answer = stow({maker.file()});
    ASSERT_LT(answer.status, 300) << answer.body;
  }
  HttpAnswer as(const std::string& target, const std::string& accept) {
    return get(target, {{"Accept", accept}});
  }
};

TEST_F(PresentedWeb, W5_AStateIsRenderedAsItsImage) {
  serve();
  put(image("2.25.11"));
  put(flipping({test::reference_to(image("2.25.11"))}));
  const HttpAnswer png = as(kState, "image/png");
  EXPECT_EQ(png.status, 200);
  EXPECT_EQ(png.header("Content-Type"), "image/png");
  EXPECT_EQ(greys(png.body), Bytes("\x80\x40"));
  EXPECT_EQ(get(kState).header("Content-Type"), "image/jpeg");
  const std::string tag = png.header("ETag");
  EXPECT_EQ(get(kState, {{"Accept", "image/png"}, {"If-None-Match", tag}}).status, 304);
  const HttpAnswer plain =
      as("/dicom-web/studies/2.25.1001/series/2.25.1002/instances/2.25.11/rendered", "image/png");
  EXPECT_EQ(greys(plain.body), Bytes("\x40\x80"));
  EXPECT_NE(plain.header("ETag"), tag);
  EXPECT_EQ(as(std::string(kState) + "?window=40,400,linear", "image/png").status, 400);
  EXPECT_EQ(as(std::string(kState) + "?viewport=8,8", "image/png").status, 200);
  EXPECT_EQ(as(kState, "text/html").status, 406);
}

TEST_F(PresentedWeb, W5_ManyImagesAndFramesAreParts) {
  serve();
  put(image("2.25.11"));
  put(image("2.25.12", 4));
  put(flipping(
      {test::reference_to(image("2.25.11")), test::reference_to(image("2.25.12"), "3\\1")}));
  EXPECT_EQ(as(kState, "image/png").status, 406);  // N4
  const HttpAnswer all = as(kState, "multipart/related; type=\"image/png\"");
  EXPECT_EQ(all.status, 200);
  const auto parts = parts_of(all);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(greys(parts[0].data), Bytes("\x80\x40"));
  EXPECT_EQ(greys(parts[1].data), Bytes("\x82\x42"));
  EXPECT_EQ(greys(parts[2].data), Bytes("\x80\x40"));
  // Where a part can be had again.
  ASSERT_TRUE(parts[1].location.starts_with(base_url()));
  const HttpAnswer again = as(parts[1].location.substr(base_url().size()), "image/png");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(greys(again.body), greys(parts[1].data));
  // With its images in the whole study: two, and three by way of the state.
  EXPECT_EQ(parts_of(get("/dicom-web/studies/2.25.1001/rendered")).size(), 5u);
}

TEST_F(PresentedWeb, W5_ImagesThatAreNotHere) {
  DicomwebOptions options;
  options.presented_images_max = 2;
  serve(options);
  put(flipping({test::reference_to(image("2.25.11")), test::reference_to(image("2.25.12"))}));
  EXPECT_EQ(get(kState).status, 404);
  put(image("2.25.12"));
  const HttpAnswer some = get(kState);
  EXPECT_EQ(some.status, 206);
  EXPECT_EQ(parts_of(some).size(), 1u);
  PictureMaker three = flipping(std::vector<PictureMaker>(3, test::reference_to(image("2.25.12"))));
  three.sop = "2.25.1011";
  put(three);
  EXPECT_EQ(
      get("/dicom-web/studies/2.25.1001/series/2.25.1009/instances/2.25.1011/rendered").status,
      413);
}

TEST_F(PresentedWeb, W6_UriWithAPresentationState) {
  serve();
  put(image("2.25.11"));
  put(image("2.25.12", 3));
  put(flipping({test::reference_to(image("2.25.11")), test::reference_to(image("2.25.12"), "2")}));
  const auto uri = [&](const std::string& sop, const std::string& more) {
    return get(
        "/wado?requestType=WADO&studyUID=2.25.1001&seriesUID=2.25.1002&contentType=image/png"
        "&objectUID=" +
        sop + more);
  };
  const std::string state = "&presentationSeriesUID=2.25.1009&presentationUID=2.25.1010";
  EXPECT_EQ(greys(uri("2.25.11", "").body), Bytes("\x40\x80"));
  EXPECT_EQ(greys(uri("2.25.11", state).body), Bytes("\x80\x40"));
  EXPECT_EQ(greys(uri("2.25.12", state + "&frameNumber=2").body), Bytes("\x81\x41"));
  EXPECT_EQ(greys(uri("2.25.12", state).body), Bytes("\x81\x41"));  // the frame it is made for
  EXPECT_EQ(uri("2.25.12", state + "&frameNumber=1").status, 400);  // not of the state
  EXPECT_EQ(uri("2.25.11", "&presentationUID=2.25.1010").status, 400);
  EXPECT_EQ(uri("2.25.11", "&presentationSeriesUID=2.25.1009").status, 400);
  EXPECT_EQ(uri("2.25.11", state + "&windowCenter=40&windowWidth=400").status, 400);
  EXPECT_EQ(uri("2.25.11", state + "&region=0,0,1,1").status, 400);
  EXPECT_EQ(uri("2.25.11", "&presentationSeriesUID=2.25.1009&presentationUID=2.25.5").status, 404);
  EXPECT_EQ(uri("2.25.11", "&presentationSeriesUID=2.25.1002&presentationUID=2.25.12").status, 400);
  const HttpAnswer many =
      get("/wado?requestType=WADO&studyUID=2.25.1001&seriesUID=2.25.1009&objectUID=2.25.1010"
          "&contentType=image/png");
  EXPECT_EQ(many.status, 406);
}

}  // namespace
}  // namespace medarc::web
