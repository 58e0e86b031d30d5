// WADO-RS, WADO-URI and the pages around them, end to end.
#include <boost/json.hpp>

#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

namespace json = boost::json;
using test::HttpAnswer;
using test::ImageRecipe;

constexpr char kImplicit[] = "1.2.840.10008.1.2", kExplicit[] = "1.2.840.10008.1.2.1",
               kBig[] = "1.2.840.10008.1.2.2", kJ2k[] = "1.2.840.10008.1.2.4.90",
               kHt[] = "1.2.840.10008.1.2.4.201", kJxl[] = "1.2.840.10008.1.2.4.110";

class Wado : public ArchiveTest {
 protected:
  static std::string path(const ImageRecipe& r) {
    return "/dicom-web/studies/" + r.study_uid + "/series/" + r.series_uid + "/instances/" +
           r.sop_uid;
  }
};

TEST_F(Wado, N4N13SingleInstanceBothWaysWithRange) {
  serve();
  ImageRecipe r;
  store(r);
  const Bytes file = test::make_file(r);
  const auto parts = parts_of(get(path(r)));
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0].data == file);
  EXPECT_EQ(parts[0].type, std::string("application/dicom; transfer-syntax=") + kExplicit);
  EXPECT_EQ(parts[0].location, base_url() + path(r));
  const HttpAnswer single = get(path(r), {{"Accept", "application/dicom"}});
  EXPECT_TRUE(single.body == file);
  EXPECT_EQ(single.header("Vary"), "Accept");
  const HttpAnswer part =
      get(path(r), {{"Accept", "application/dicom"}, {"Range", "bytes=100-199"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_TRUE(part.body == file.substr(100, 100));
  EXPECT_EQ(
      get(path(r), {{"Accept", "application/dicom"}, {"If-None-Match", single.header("ETag")}})
          .status,
      304);
  EXPECT_EQ(test::http(port(), "HEAD", path(r), {{"Accept", "application/dicom"}})
                .header("Content-Length"),
            std::to_string(file.size()));
}

TEST_F(Wado, N6ImplicitAndBigEndianLeaveAsExplicit) {
  serve();
  for (const char* syntax : {kImplicit, kBig}) {
    ImageRecipe r;
    r.sop_uid = std::string("2.25.9.") + (syntax == kBig ? "1" : "2");
    r.transfer_syntax = syntax;
    store(r);
    ImageRecipe same = r;
    same.transfer_syntax = kExplicit;
    const HttpAnswer any = get(path(r), {{"Accept", "application/dicom; transfer-syntax=*"}});
    EXPECT_EQ(any.status, 200);
    EXPECT_EQ(any.header("Content-Type"),
              std::string("application/dicom; transfer-syntax=") + kExplicit);
    // The dataset behind the file meta is the one an explicit sender would have sent.
    const Bytes want = test::make_dataset(same);
    EXPECT_TRUE(any.body.ends_with(want)) << syntax;
    EXPECT_TRUE(get(path(r) + "/original").body == test::make_file(r));
    EXPECT_EQ(
        get(path(r), {{"Accept", std::string("application/dicom; transfer-syntax=") + syntax}})
            .status,
        406);
  }
}

TEST_F(Wado, N1N5WhatCannotBeDecodedAsStoredOr406) {
  serve();
  ImageRecipe r;
  r.transfer_syntax = kJxl;
  store(r);
  const auto with = [&](const std::string& syntax) {
    return get(path(r), {{"Accept", "application/dicom; transfer-syntax=" + syntax}});
  };
  EXPECT_TRUE(with("*").body == test::make_file(r));
  EXPECT_EQ(with(kJxl).status, 200);
  EXPECT_EQ(with(kExplicit).status, 406);
  EXPECT_EQ(with(kJ2k).status, 406);
  EXPECT_EQ(with("nonsense").status, 406);
  EXPECT_EQ(get(path(r), {{"Accept", "image/gif"}}).status, 406);
  EXPECT_EQ(get(path(r), {{"Accept", "image/png, application/dicom"}}).status, 400);
}

TEST_F(Wado, W1StudyAndSeriesWithMixedSyntaxes) {
  serve();
  ImageRecipe a, b;
  b.sop_uid = "2.25.77";
  b.transfer_syntax = kJxl;
  ASSERT_EQ(stow({test::make_file(a), test::make_file(b)}).status, 200);
  const std::string study = "/dicom-web/studies/" + a.study_uid;
  const std::string dicom = "multipart/related; type=\"application/dicom\"; transfer-syntax=";
  EXPECT_EQ(parts_of(get(study)).size(), 2u);
  EXPECT_EQ(parts_of(get(study + "/series/" + a.series_uid, {{"Accept", dicom + "*"}})).size(), 2u);
  const HttpAnswer some = get(study, {{"Accept", dicom + kExplicit}});
  EXPECT_EQ(some.status, 206);
  EXPECT_EQ(parts_of(some).size(), 1u);
  const HttpAnswer compressed = get(study, {{"Accept", dicom + kJ2k}});
  EXPECT_EQ(compressed.status, 206);
  ASSERT_EQ(parts_of(compressed).size(), 1u);
  EXPECT_EQ(parts_of(compressed)[0].type,
            std::string("application/dicom; transfer-syntax=") + kJ2k);
  EXPECT_EQ(get(study, {{"Accept", dicom + "1.2.840.10008.1.2.4.50"}}).status, 406);
  EXPECT_EQ(get(study, {{"Accept", "application/dicom"}}).status, 406);  // N4
  EXPECT_EQ(get("/dicom-web/studies/9.9").status, 404);
  EXPECT_EQ(get(study + "/series/9.9").status, 404);
  EXPECT_EQ(get(study + "/series/" + a.series_uid + "/instances/9.9").status, 404);
}

TEST_F(Wado, W2N7FramesInOrder) {
  serve();
  for (const char* syntax : {kExplicit, kHt}) {
    ImageRecipe r;
    r.frames = 5;
    r.transfer_syntax = syntax;
    r.sop_uid = std::string("2.25.50.") + (syntax == kHt ? "1" : "2");
    store(r);
    const Bytes pixels = test::make_pixels(r);
    const size_t one = pixels.size() / 5;
    const auto frame = [&](size_t n) { return pixels.substr((n - 1) * one, one); };
    const std::string type = syntax == kHt ? "image/jphc" : "application/octet-stream";
    const HttpAnswer answer =
        get(path(r) + "/frames/4,1,4", {{"Accept", "multipart/related; type=\"" + type + "\""}});
    const auto parts = parts_of(answer);
    ASSERT_EQ(parts.size(), 3u) << syntax;
    EXPECT_TRUE(parts[0].data == frame(4));
    EXPECT_TRUE(parts[1].data == frame(1));
    EXPECT_TRUE(parts[2].data == frame(4));
    EXPECT_EQ(parts[0].type, type + "; transfer-syntax=" + syntax);
    EXPECT_NE(
        answer.header("Content-Type").find("type=\"" + type + "\"; transfer-syntax=" + syntax),
        std::string::npos);  // N9
    const HttpAnswer single = get(path(r) + "/frames/2", {{"Accept", type}});
    EXPECT_TRUE(single.body == frame(2));
    const HttpAnswer range =
        get(path(r) + "/frames/2", {{"Accept", type}, {"Range", "bytes=10-19"}});
    EXPECT_EQ(range.status, 206);
    EXPECT_TRUE(range.body == frame(2).substr(10, 10));
    EXPECT_EQ(
        get(path(r) + "/frames/2", {{"Accept", type}, {"If-None-Match", single.header("ETag")}})
            .status,
        304);
    EXPECT_EQ(get(path(r) + "/frames/6").status, 404);
    EXPECT_EQ(get(path(r) + "/frames/1,6").status, 404);
    EXPECT_EQ(get(path(r) + "/frames/0").status, 400);
    EXPECT_EQ(get(path(r) + "/frames/abc").status, 400);
    EXPECT_EQ(get(path(r) + "/frames/1,2", {{"Accept", type}}).status, 406);  // N4
  }
}

TEST_F(Wado, MetadataAtThreeLevelsWithEtagAndGzip) {
  serve();
  ImageRecipe a, b, c;
  b.sop_uid = "2.25.1004";
  c.series_uid = "2.25.2002";
  c.sop_uid = "2.25.2003";
  ASSERT_EQ(stow({test::make_file(a), test::make_file(b), test::make_file(c)}).status, 200);
  const std::string study = "/dicom-web/studies/" + a.study_uid;
  const std::string series = study + "/series/" + a.series_uid;
  const auto parsed = [&](const std::string& target) {
    const HttpAnswer answer = get(target + "/metadata");
    EXPECT_EQ(answer.status, 200);
    return json::parse(answer.body).as_array();
  };
  EXPECT_EQ(parsed(study).size(), 3u);
  EXPECT_EQ(parsed(series).size(), 2u);
  const auto one = parsed(path(b));
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].at("00080018").at("Value").at(0).as_string(), "2.25.1004");
  const HttpAnswer plain = get(study + "/metadata");
  const HttpAnswer zipped = get(study + "/metadata", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(zipped.header("Content-Encoding"), "gzip");
  EXPECT_LT(zipped.body.size(), plain.body.size());
  const std::string etag = plain.header("ETag");
  EXPECT_EQ(get(study + "/metadata", {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(get(study + "/metadata", {{"If-None-Match", zipped.header("ETag")}}).status, 304);
  ImageRecipe d;
  d.sop_uid = "2.25.1005";
  store(d);
  EXPECT_EQ(get(study + "/metadata", {{"If-None-Match", etag}}).status, 200);
  EXPECT_EQ(get("/dicom-web/studies/9.9/metadata").status, 404);
  EXPECT_EQ(get(study + "/metadata", {{"Accept", "image/png"}}).status, 406);
}

TEST_F(Wado, W4Q13EveryBulkDataUriResolves) {
  serve();
  ImageRecipe r;
  store(r);
  const test::HttpClient::Headers proxied{{"X-Forwarded-Proto", "https"},
                                          {"X-Forwarded-Host", "pacs.example"}};
  const auto metadata = json::parse(get(path(r) + "/metadata", proxied).body).as_array();
  const std::string uri(metadata[0].at("7FE00010").at("BulkDataURI").as_string());
  const std::string host = "https://pacs.example";
  ASSERT_TRUE(uri.starts_with(host)) << uri;
  const HttpAnswer whole = get(uri.substr(host.size()));
  EXPECT_TRUE(whole.body == test::make_pixels(r));
  EXPECT_EQ(whole.header("Content-Type"), "application/octet-stream");
  const HttpAnswer part = get(uri.substr(host.size()), {{"Range", "bytes=5-9"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_TRUE(part.body == test::make_pixels(r).substr(5, 5));
  const auto parts =
      parts_of(get(uri.substr(host.size()),
                   {{"Accept", "multipart/related; type=\"application/octet-stream\""}}));
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0].data == test::make_pixels(r));
  EXPECT_EQ(get(path(r) + "/bulkdata/00091001").status, 404);
}

TEST_F(Wado, W6UriNeedsItsParametersAndGivesDicom) {
  serve();
  ImageRecipe r;
  store(r);
  const std::string ids =
      "&studyUID=" + r.study_uid + "&seriesUID=" + r.series_uid + "&objectUID=" + r.sop_uid;
  const HttpAnswer answer = get("/wado?requestType=WADO&contentType=application%2Fdicom" + ids);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body == test::make_file(r));
  EXPECT_EQ(get("/wado?requestType=WADO&contentType=application/dicom" + ids).status, 200);
  EXPECT_EQ(get("/wado?contentType=application/dicom" + ids).status, 400);
  EXPECT_EQ(get("/wado?requestType=X" + ids).status, 400);
  EXPECT_EQ(get("/wado?requestType=WADO&studyUID=1&seriesUID=2").status, 400);
  EXPECT_EQ(get("/wado?requestType=WADO&studyUID=1&seriesUID=2&objectUID=3").status, 404);
  EXPECT_EQ(get("/wado?requestType=WADO&contentType=image/jp2" + ids).status, 406);
}

TEST_F(Wado, S10OriginalIsTheFileAsReceived) {
  serve();
  ImageRecipe r;
  Bytes file = test::make_file(r);
  file.replace(0, 8, "MZ\x90\0abcd", 8);  // X18: a preamble that is something else as well
  ASSERT_LT(stow({file}).status, 300);
  const HttpAnswer answer = get(path(r) + "/original");
  EXPECT_TRUE(answer.body == file);
  EXPECT_EQ(answer.header("Content-Disposition"), "attachment; filename=\"" + r.sop_uid + ".dcm\"");
  EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
}

TEST_F(Wado, S10PreamblesAreBlankedByConfiguration) {
  ImageRecipe r;
  Bytes file = test::make_file(r);
  file.replace(0, 8, "MZ\x90\0abcd", 8);
  const Bytes blanked = Bytes(128, '\0') + file.substr(128);
  serve();
  ASSERT_LT(stow({file}).status, 300);
  const HttpAnswer as_received = get(path(r), {{"Accept", "application/dicom"}});
  EXPECT_TRUE(as_received.body == file);
  server_.reset();
  DicomwebOptions options;
  options.blank_preamble = true;
  serve(options);
  const HttpAnswer answer = get(path(r), {{"Accept", "application/dicom"}});
  EXPECT_TRUE(answer.body == blanked);
  EXPECT_NE(answer.header("ETag"), as_received.header("ETag"));
  const HttpAnswer part =
      get(path(r), {{"Accept", "application/dicom"}, {"Range", "bytes=100-139"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_TRUE(part.body == blanked.substr(100, 40));
  const auto parts = parts_of(get("/dicom-web/studies/" + r.study_uid));
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0].data == blanked);
  EXPECT_TRUE(get("/wado?requestType=WADO&contentType=application/dicom&studyUID=" + r.study_uid +
                  "&seriesUID=" + r.series_uid + "&objectUID=" + r.sop_uid)
                  .body == blanked);
  EXPECT_TRUE(get(path(r) + "/original").body == file);
}

TEST_F(Wado, LargeObjectStreamsBothWays) {
  serve();
  ImageRecipe r;
  r.rows = r.columns = 2048;
  r.frames = 6;  // 50 MB
  store(r);
  EXPECT_TRUE(get(path(r), {{"Accept", "application/dicom"}}).body == test::make_file(r));
}

class Operations : public ArchiveTest {};

TEST_F(Operations, HealthMetricsDescriptionAndPage) {
  serve();
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_EQ(get("/healthz", {{"Authorization", "Bearer wrong"}}).status, 200);
  EXPECT_EQ(get("/", {{"Authorization", "Bearer wrong"}}).status, 401);
  ImageRecipe r;
  store(r);
  const HttpAnswer metrics = get("/metrics");
  EXPECT_NE(metrics.body.find(
                "medarc_http_request_seconds_bucket{method=\"POST\",route=\"/dicom-web/studies\""),
            std::string::npos);
  const auto description = json::parse(get("/openapi.json").body);
  EXPECT_TRUE(description.at("paths").as_object().contains("/dicom-web/studies/{study}/series"));
  EXPECT_TRUE(description.at("paths").at("/dicom-web/studies").as_object().contains("post"));
  EXPECT_TRUE(description.at("paths").as_object().contains("/openapi.json"));
  // Every link of the page that needs no other folder's routes works.
  const HttpAnswer page = get("/");
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("Erika"), std::string::npos);
  size_t links = 0;
  for (size_t at = page.body.find("href=\""); at != std::string::npos;
       at = page.body.find("href=\"", at + 1)) {
    const size_t begin = at + 6;
    const std::string url = page.body.substr(begin, page.body.find('"', begin) - begin);
    if (url.starts_with("/genomics") || url.starts_with("/fhir")) continue;
    EXPECT_EQ(get(url).status, 200) << url;
    ++links;
  }
  EXPECT_GE(links, 6u);
}

TEST_F(Wado, W1RemovedObjectsAreGoneNotUnknown) {
  serve();
  ImageRecipe r, other;
  other.sop_uid = "2.25.1004";
  other.seed = 2;
  store(r);
  store(other);
  const std::string series = "/dicom-web/studies/" + r.study_uid + "/series/" + r.series_uid;
  const auto remove = [&](const std::string& target) {
    return test::http(port(), "DELETE", target).status;
  };
  EXPECT_EQ(remove(path(r) + "?reason=" + std::string(1025, 'x')), 400);
  EXPECT_EQ(remove(path(r) + "?reason=wrong%20patient"), 204);
  for (const char* below : {"", "/metadata", "/frames/1", "/original"}) {
    EXPECT_EQ(get(path(r) + below).status, 410) << below;
  }
  EXPECT_EQ(remove(path(r)), 410);
  EXPECT_EQ(get(path(other)).status, 200);
  EXPECT_EQ(parts_of(get(series)).size(), 1u);
  EXPECT_EQ(remove("/dicom-web/studies/" + r.study_uid), 204);
  for (const std::string& gone :
       {path(other), series, series + "/metadata", "/dicom-web/studies/" + r.study_uid,
        "/dicom-web/studies/" + r.study_uid + "/metadata"}) {
    EXPECT_EQ(get(gone).status, 410) << gone;
  }
  EXPECT_EQ(get("/dicom-web/studies").body, "[]");
  EXPECT_EQ(get("/dicom-web/studies/2.25.7777").status, 404);
  EXPECT_EQ(remove("/dicom-web/studies/2.25.7777"), 404);
  store(r);
  EXPECT_EQ(get(path(r)).status, 200);
  EXPECT_EQ(get(path(other)).status, 410);
}

}  // namespace
}  // namespace medarc::web
