// Rendered resources and thumbnails of WADO-RS, and WADO-URI's images, end to end.
#include <png.h>

#include <atomic>
#include <thread>

#include "tests/support/picture_maker.h"
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::PictureMaker;

struct Picture {
  uint32_t width = 0, height = 0;
  Bytes grey;
};
Picture read_png(const Bytes& bytes) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) return {};
  png.format = PNG_FORMAT_GRAY;
  Picture out{png.width, png.height, Bytes(PNG_IMAGE_SIZE(png), '\0')};
  png_image_finish_read(&png, nullptr, out.grey.data(), 0, nullptr);
  return out;
}

// 12 bits: 0 to 4095 in steps of 256, a row for each step of 16.
PictureMaker ramp(const std::string& sop, uint16_t rows = 16) {
  PictureMaker maker(16, rows);
  std::vector<uint16_t> values;
  for (size_t i = 0; i < size_t{16} * rows; ++i) {
    values.push_back(static_cast<uint16_t>(i % 16 * 256 + i / 16 % 16 * 16));
  }
  maker.bits(16, 12).window("2048", "4096").pixels(values);
  return maker.uids("2.25.1001", "2.25.1002", sop);
}

PictureMaker frames(const std::string& sop, int count) {
  PictureMaker maker(8, 8);
  Bytes pixels;
  for (int i = 0; i < count; ++i) pixels.append(64, static_cast<char>(10 * (i + 1)));
  maker.text(0x00280008, "IS", std::to_string(count)).pixels(pixels);
  return maker.uids("2.25.1001", "2.25.1002", sop);
}

PictureMaker without_image(const std::string& sop_class, const std::string& sop) {
  PictureMaker maker = PictureMaker(1, 1).uids("2.25.1001", "2.25.1002", sop);
  for (const uint32_t tag : {0x00280002u, 0x00280004u, 0x00280010u, 0x00280011u, 0x00280100u,
                             0x00280101u, 0x00280102u, 0x00280103u, 0x7FE00010u}) {
    maker.erase(tag);
  }
  maker.sop_class = sop_class;
  return maker;
}

class RenderedWeb : public ArchiveTest {
 protected:
  static constexpr char kSeries[] = "/dicom-web/studies/2.25.1001/series/2.25.1002";
  static std::string path(const std::string& sop) {
    return std::string(kSeries) + "/instances/" + sop;
  }
  void put(const PictureMaker& maker) {
    const HttpAnswer answer = stow({maker.file()});
    ASSERT_LT(answer.status, 300) << answer.body;
  }
  HttpAnswer as(const std::string& target, const std::string& accept) {
    return get(target, {{"Accept", accept}});
  }
};

TEST_F(RenderedWeb, W5_ContentTypeEqualsTheBytes) {
  serve();
  put(ramp("2.25.11"));
  const std::string target = path("2.25.11") + "/rendered";
  for (const auto& [accept, type] : std::vector<std::pair<std::string, std::string>>{
           {"", "image/jpeg"},
           {"*/*", "image/jpeg"},
           {"image/*", "image/jpeg"},
           {"image/avif,image/webp,image/*,*/*;q=0.8", "image/jpeg"},
           {"image/png", "image/png"},
           {"image/jpg", "image/jpeg"},
           {"image/gif;q=0.9, image/png;q=0.3", "image/gif"}}) {
    const HttpAnswer answer = accept.empty() ? get(target) : as(target, accept);
    EXPECT_EQ(answer.status, 200) << accept << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), type) << accept;
    EXPECT_TRUE(answer.body.starts_with(type == "image/jpeg"  ? "\xFF\xD8\xFF"
                                        : type == "image/png" ? "\x89PNG"
                                                              : "GIF8"))
        << accept;
    EXPECT_EQ(answer.header("Vary"), "Accept");
  }
  EXPECT_EQ(get(target + "?accept=image/png").header("Content-Type"), "image/png");  // N2
  const auto parts = parts_of(as(target, "multipart/related; type=\"image/png\""));
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].type, "image/png");
  EXPECT_EQ(parts[0].location, base_url() + target);
  EXPECT_EQ(as(target, "text/html").status, 406);
  EXPECT_EQ(as(target, "application/dicom").status, 406);
  EXPECT_EQ(as(target, "image/jpeg, application/dicom").status, 400);  // N3
  EXPECT_EQ(get(path("2.25.404") + "/rendered").status, 404);
}

TEST_F(RenderedWeb, W5_ThePictureIsTheOneComputedByHand) {
  serve();
  put(ramp("2.25.11"));
  const std::string target = path("2.25.11") + "/rendered?accept=image/png";
  const Picture whole = read_png(get(target).body);
  ASSERT_EQ(whole.width, 16u);
  ASSERT_EQ(whole.height, 16u);
  for (size_t i = 0; i < 256; ++i) {
    const double value = static_cast<double>(i % 16 * 256 + i / 16 * 16);
    EXPECT_EQ(static_cast<uint8_t>(whole.grey[i]), static_cast<int>(value / 4095 * 255 + 0.5)) << i;
  }
  const Picture narrow = read_png(get(target + "&window=512,256,linear-exact").body);
  EXPECT_EQ(static_cast<uint8_t>(narrow.grey[1]), 0);
  EXPECT_EQ(static_cast<uint8_t>(narrow.grey[2]), 128);
  EXPECT_EQ(static_cast<uint8_t>(narrow.grey[3]), 255);
  for (const char* window : {"512,256,LINEAR", "512,256,sigmoid", "512,256,Linear_Exact"}) {
    EXPECT_EQ(get(target + "&window=" + window).status, 200) << window;
  }
  for (const char* window : {"512", "512,256", "512,256,cubic", "a,256,linear", "512,b,linear",
                             "512,0,sigmoid", "512,0.5,linear", "512,-1,linear", "512,1,2,linear",
                             "nan,256,linear", "1e999,256,linear"}) {
    EXPECT_EQ(get(target + "&window=" + window).status, 400) << window;
  }
}

TEST_F(RenderedWeb, W5_ViewportAndQuality) {
  serve();
  put(ramp("2.25.11", 8));
  const std::string target = path("2.25.11") + "/rendered?accept=image/png";
  const auto size = [&](const std::string& viewport) {
    const Picture p = read_png(get(target + "&viewport=" + viewport).body);
    return std::pair(p.width, p.height);
  };
  EXPECT_EQ(size("8,8"), std::pair(8u, 4u));
  EXPECT_EQ(size("64,16"), std::pair(32u, 16u));
  EXPECT_EQ(size("4,4,0,0,4,4"), std::pair(4u, 4u));
  EXPECT_EQ(size("16,16,8,4,,"), std::pair(16u, 8u));
  const Picture there = read_png(get(target + "&viewport=16,8,0,0,16,8").body);
  const Picture back = read_png(get(target + "&viewport=16,8,0,0,-16,8").body);
  ASSERT_EQ(there.grey.size(), back.grey.size());
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(there.grey[i], back.grey[15 - i]);
  for (const char* viewport : {"8", "8,8,0", "8,8,0,0,4", "8,8,0,0,4,4,4", "0,8", "-8,8", "8,x",
                               "8,8,-1,0,4,4", "8,8,0,0,0,4", "8,8,99,0,4,4", "8.5,8"}) {
    EXPECT_EQ(get(target + "&viewport=" + viewport).status, 400) << viewport;
  }
  EXPECT_EQ(get(target + "&viewport=100000,100000").status, 413);
  const std::string jpeg = path("2.25.11") + "/rendered?quality=";
  EXPECT_LT(get(jpeg + "5").body.size(), get(jpeg + "100").body.size());
  for (const char* quality : {"0", "101", "x", "-1", "50.5"}) {
    EXPECT_EQ(get(jpeg + quality).status, 400) << quality;
  }
}

TEST_F(RenderedWeb, W5_WhatIsNotFollowedIsSaid) {
  serve();
  put(ramp("2.25.11"));
  const std::string target = path("2.25.11") + "/rendered";
  EXPECT_EQ(get(target).header("Warning"), "");
  EXPECT_EQ(get(target + "?iccprofile=no").header("Warning"), "");
  for (const char* parameter : {"annotation=patient,technique", "iccprofile=srgb"}) {
    const HttpAnswer answer = get(target + "?" + parameter);
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.header("Warning").starts_with("299 ")) << parameter;
  }
  EXPECT_EQ(get(target + "?iccprofile=purple").status, 400);
}

TEST_F(RenderedWeb, N13_ConditionalRequests) {
  serve();
  put(ramp("2.25.11"));
  const std::string target = path("2.25.11") + "/rendered";
  const std::string tag = get(target).header("ETag");
  ASSERT_GT(tag.size(), 2u);
  const HttpAnswer same = get(target, {{"If-None-Match", tag}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.header("ETag"), tag);
  EXPECT_EQ(get(target + "?quality=30", {{"If-None-Match", tag}}).status, 200);
  EXPECT_EQ(get(target + "?window=1,2,linear", {{"If-None-Match", tag}}).status, 200);
  EXPECT_EQ(get(target, {{"If-Match", "\"other\""}}).status, 412);
  const HttpAnswer head = test::http(port(), "HEAD", target);
  EXPECT_EQ(head.header("Content-Length"), std::to_string(get(target).body.size()));
}

TEST_F(RenderedWeb, W2_FramesOneAndMany) {
  serve();
  put(frames("2.25.12", 5));
  const std::string base = path("2.25.12") + "/frames/";
  const Picture two = read_png(as(base + "2/rendered", "image/png").body);
  EXPECT_EQ(two.grey, Bytes(64, 20));
  const auto parts = parts_of(as(base + "4,1/rendered", "multipart/related; type=image/png"));
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(read_png(parts[0].data).grey, Bytes(64, 40));
  EXPECT_EQ(read_png(parts[1].data).grey, Bytes(64, 10));
  EXPECT_TRUE(parts[0].location.ends_with("/frames/4/rendered"));
  EXPECT_EQ(as(base + "4,1/rendered", "image/png").status, 406);  // N4
  EXPECT_EQ(get(base + "6/rendered").status, 404);
  EXPECT_EQ(get(base + "1,6/rendered").status, 404);
  EXPECT_EQ(get(base + "0/rendered").status, 400);
  EXPECT_EQ(get(base + "x/rendered").status, 400);
  // The instance: its middle frame, or all of them moving.
  EXPECT_EQ(read_png(as(path("2.25.12") + "/rendered", "image/png").body).grey, Bytes(64, 30));
  EXPECT_NE(as(path("2.25.12") + "/rendered", "image/gif").body.find("NETSCAPE"), Bytes::npos);
  EXPECT_EQ(as(base + "2/rendered", "image/gif").body.find("NETSCAPE"), Bytes::npos);
}

TEST_F(RenderedWeb, W5_DocumentsReportsAndWhatIsNeither) {
  serve();
  PictureMaker pdf = without_image("1.2.840.10008.5.1.4.1.1.104.1", "2.25.21");
  pdf.bytes(0x00420011, "OB", "%PDF-1.7 paper");
  PictureMaker cda = without_image("1.2.840.10008.5.1.4.1.1.104.2", "2.25.22");
  cda.bytes(0x00420011, "OB", "<ClinicalDocument/>");
  PictureMaker report = without_image("1.2.840.10008.5.1.4.1.1.88.11", "2.25.23");
  report.text(0x0040A040, "CS", "CONTAINER");
  put(pdf);
  put(cda);
  put(report);
  put(without_image("1.2.840.10008.5.1.4.1.1.11.1", "2.25.24"));
  const HttpAnswer paper = get(path("2.25.21") + "/rendered");
  EXPECT_EQ(paper.header("Content-Type"), "application/pdf");
  EXPECT_EQ(paper.body, "%PDF-1.7 paper");
  const HttpAnswer clinical = get(path("2.25.22") + "/rendered");
  EXPECT_EQ(clinical.header("Content-Type"), "text/xml");
  EXPECT_NE(clinical.header("Content-Security-Policy").find("sandbox"), std::string::npos);
  const HttpAnswer page = as(path("2.25.23") + "/rendered", "text/html");
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(page.header("Content-Type").starts_with("text/html"));
  EXPECT_NE(page.header("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(as(path("2.25.21") + "/rendered", "image/jpeg").status, 406);
  EXPECT_EQ(get(path("2.25.24") + "/rendered").status, 406);
  EXPECT_EQ(get(path("2.25.21") + "/thumbnail").status, 404);
  EXPECT_EQ(get(path("2.25.21") + "/frames/1/rendered").status, 406);
}

TEST_F(RenderedWeb, W1_StudiesAndSeriesAsParts) {
  serve();
  put(ramp("2.25.11"));
  put(frames("2.25.12", 3));
  PictureMaker pdf = without_image("1.2.840.10008.5.1.4.1.1.104.1", "2.25.21");
  put(pdf.bytes(0x00420011, "OB", "%PDF-1.7 paper"));
  const std::string study = "/dicom-web/studies/2.25.1001";
  const HttpAnswer all = get(study + "/rendered");
  EXPECT_EQ(all.status, 200);
  const auto parts = parts_of(all);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].type, "image/jpeg");
  EXPECT_EQ(parts[2].type, "application/pdf");
  EXPECT_EQ(parts[2].data, "%PDF-1.7 paper");
  const HttpAnswer some =
      as(std::string(kSeries) + "/rendered", "multipart/related; type=\"image/png\"");
  EXPECT_EQ(some.status, 206);
  EXPECT_EQ(parts_of(some).size(), 2u);
  EXPECT_EQ(as(study + "/rendered", "image/jpeg").status, 406);  // N4
  EXPECT_EQ(as(study + "/rendered", "multipart/related; type=\"image/jpeg\", image/png").status,
            206);
  EXPECT_EQ(get("/dicom-web/studies/9.9/rendered").status, 404);
  // What turns out to be no picture is left out.
  PictureMaker broken = ramp("2.25.19");
  put(broken.us(0x00280100, {12}));
  EXPECT_EQ(parts_of(get(study + "/rendered")).size(), 3u);
}

TEST_F(RenderedWeb, W5_ThumbnailsAtEveryLevel) {
  DicomwebOptions options;
  options.thumbnail_edge_max = 20;
  serve(options);
  PictureMaker large(100, 50);
  large.pixels(Bytes(5000, '\x60'));
  put(large.uids("2.25.1001", "2.25.1002", "2.25.15"));
  put(frames("2.25.16", 3));
  put(without_image("1.2.840.10008.5.1.4.1.1.11.1", "2.25.1"));
  for (const std::string& target :
       {std::string("/dicom-web/studies/2.25.1001"), std::string(kSeries), path("2.25.15"),
        path("2.25.15") + "/frames/1"}) {
    const HttpAnswer answer = as(target + "/thumbnail", "image/png");
    EXPECT_EQ(answer.status, 200) << target;
    const Picture small = read_png(answer.body);
    EXPECT_EQ(small.width, 20u);
    EXPECT_EQ(small.height, 10u);
    EXPECT_EQ(get(target + "/thumbnail").header("Content-Type"), "image/jpeg");
  }
  // Never enlarged unless a viewport says so.
  const std::string middle = path("2.25.16") + "/thumbnail";
  EXPECT_EQ(read_png(as(middle, "image/png").body).width, 8u);
  EXPECT_EQ(read_png(as(middle + "?viewport=40,40", "image/png").body).width, 40u);
  EXPECT_EQ(read_png(as(middle, "image/png").body).grey, Bytes(64, 20));
  EXPECT_EQ(get(middle + "?viewport=4").status, 400);
  EXPECT_EQ(get(path("2.25.1") + "/thumbnail").status, 404);
  EXPECT_EQ(get("/dicom-web/studies/9.9/thumbnail").status, 404);
  EXPECT_EQ(get(path("2.25.16") + "/frames/9/thumbnail").status, 404);
}

TEST_F(RenderedWeb, W6_UriRendersToo) {
  serve();
  put(ramp("2.25.11"));
  put(frames("2.25.12", 3));
  const auto uri = [&](const std::string& sop, const std::string& more) {
    return get("/wado?requestType=WADO&studyUID=2.25.1001&seriesUID=2.25.1002&objectUID=" + sop +
               more);
  };
  EXPECT_EQ(uri("2.25.11", "").header("Content-Type"), "image/jpeg");
  EXPECT_EQ(uri("2.25.11", "&contentType=image/jpeg").status, 200);
  EXPECT_EQ(uri("2.25.11", "&contentType=image%2Fpng").header("Content-Type"), "image/png");
  EXPECT_EQ(uri("2.25.11", "&contentType=image/gif").header("Content-Type"), "image/gif");
  EXPECT_TRUE(uri("2.25.11", "&contentType=application/dicom")
                  .header("Content-Type")
                  .starts_with("application/dicom"));
  EXPECT_EQ(uri("2.25.11", "&contentType=text/html").status, 406);
  const std::string png = "&contentType=image/png";
  const Picture windowed = read_png(uri("2.25.11", png + "&windowCenter=512&windowWidth=257").body);
  EXPECT_EQ(static_cast<uint8_t>(windowed.grey[1]), 0);
  EXPECT_EQ(static_cast<uint8_t>(windowed.grey[3]), 255);
  EXPECT_EQ(read_png(uri("2.25.11", png + "&rows=8").body).width, 8u);
  EXPECT_EQ(read_png(uri("2.25.11", png + "&rows=64&columns=32").body).height, 32u);
  const Picture corner = read_png(uri("2.25.11", png + "&region=0.5,0,1,0.25").body);
  EXPECT_EQ(corner.width, 8u);
  EXPECT_EQ(corner.height, 4u);
  EXPECT_EQ(read_png(uri("2.25.12", png + "&frameNumber=3").body).grey, Bytes(64, 30));
  EXPECT_EQ(uri("2.25.12", "&frameNumber=4").status, 404);
  for (const char* wrong : {"&windowCenter=40", "&windowWidth=40", "&windowCenter=a&windowWidth=1",
                            "&rows=0", "&columns=x", "&region=0,0,1", "&region=0.5,0,0.5,1",
                            "&region=0,0,2,1", "&imageQuality=0", "&frameNumber=0"}) {
    EXPECT_EQ(uri("2.25.11", wrong).status, 400) << wrong;
  }
  EXPECT_EQ(uri("2.25.11", "&anonymize=yes&contentType=application/dicom").status, 501);
}

TEST_F(RenderedWeb, X08_X09_ObjectsThatLieAre406WithTheReason) {
  serve();
  PictureMaker none = ramp("2.25.31"), many = ramp("2.25.32"), palette(4, 4);
  put(none.us(0x00280100, {0}));
  put(many.us(0x00280002, {65535}));
  palette.uids("2.25.1001", "2.25.1002", "2.25.33").photometric("PALETTE COLOR");
  for (uint32_t i = 0; i < 3; ++i) {
    palette.us(0x00281101 + i, {0, 0, 16}).bytes(0x00281201 + i, "OW", test::words({1, 2, 3, 4}));
  }
  put(palette);
  for (const char* sop : {"2.25.31", "2.25.32", "2.25.33"}) {
    const HttpAnswer answer = get(path(sop) + "/rendered");
    EXPECT_EQ(answer.status, 406) << sop;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
    EXPECT_NE(answer.body.find("detail"), std::string::npos) << answer.body;
  }
}

TEST_F(RenderedWeb, W5_ManyAskersAtATimeAllGetTheSame) {
  serve();
  put(ramp("2.25.11"));
  const std::string target = path("2.25.11") + "/rendered?viewport=300,300";
  const HttpAnswer first = get(target + "&quality=50");
  std::atomic<int> right{0};
  std::vector<std::thread> askers;
  for (int i = 0; i < 6; ++i) {
    askers.emplace_back([&, i] {
      for (int n = 0; n < 8; ++n) {
        // Some from memory, some made anew.
        const std::string quality = std::to_string(i % 2 == 0 ? 50 : 51 + n + i);
        const HttpAnswer answer = get(target + "&quality=" + quality);
        if (answer.status == 200 && (i % 2 != 0 || answer.body == first.body)) ++right;
      }
    });
  }
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(right, 48);
}

}  // namespace
}  // namespace medarc::web
