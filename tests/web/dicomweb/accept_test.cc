// The `accept` query parameter, which links use where no header can be set (PS3.18 8.3.3.1).
#include "tests/web/dicomweb/archive_fixture.h"
#include "web/url.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::ImageRecipe;

// What a browser says when a link is followed.
constexpr char kBrowser[] =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

class AcceptParameter : public ArchiveTest {
 protected:
  void SetUp() override {
    serve();
    store(recipe_);
  }
  HttpAnswer ask(const std::string& target, const std::string& accept, const std::string& header) {
    return get(target + "?accept=" + percent_encode(accept),
               header.empty() ? test::HttpClient::Headers()
                              : test::HttpClient::Headers{{"Accept", header}});
  }

  const ImageRecipe recipe_;
  const std::string study_ = "/dicom-web/studies/" + recipe_.study_uid;
  const std::string series_ = study_ + "/series/" + recipe_.series_uid;
  const std::string instance_ = series_ + "/instances/" + recipe_.sop_uid;
};

TEST_F(AcceptParameter, N2_ComesBeforeTheHeaderOnEveryResource) {
  const std::string jls = "1.2.840.10008.1.2.4.80";
  const std::string objects = "multipart/related; type=\"application/dicom\"";
  const std::string octets = "multipart/related; type=\"application/octet-stream\"";
  const std::string xml = "multipart/related; type=\"application/dicom+xml\"";
  const struct {
    std::string target, accept, type;
  } cases[] = {
      {study_, objects + "; transfer-syntax=" + jls, objects},
      {study_, "application/zip", "application/zip"},
      {series_, objects + "; transfer-syntax=*", objects},
      {series_, "application/zip", "application/zip"},
      {instance_, "application/dicom", "application/dicom"},
      {instance_, "application/zip", "application/zip"},
      {study_ + "/metadata", xml, xml},
      {series_ + "/metadata", "application/dicom+json", "application/dicom+json"},
      {instance_ + "/metadata", "application/dicom+json", "application/dicom+json"},
      {instance_ + "/frames/1", "image/jls", "image/jls"},
      {instance_ + "/frames/1", octets, octets},
      {instance_ + "/bulkdata/7FE00010", octets, octets},
      {study_ + "/pixeldata", octets, octets},
      {series_ + "/pixeldata", "multipart/related; type=\"image/jp2\"",
       "multipart/related; type=\"image/jp2\""},
      {instance_ + "/pixeldata", "application/octet-stream", "application/octet-stream"},
      {study_ + "/rendered", "multipart/related; type=\"image/png\"",
       "multipart/related; type=\"image/png\""},
      {instance_ + "/rendered", "image/png", "image/png"},
      {instance_ + "/frames/1/rendered", "image/gif", "image/gif"},
      {study_ + "/thumbnail", "image/png", "image/png"},
      {series_ + "/thumbnail", "image/png", "image/png"},
      {instance_ + "/thumbnail", "image/png", "image/png"},
      {"/dicom-web/studies", xml, xml},
  };
  for (const auto& c : cases) {
    for (const char* header : {kBrowser, "", "audio/ogg"}) {
      const HttpAnswer answer = ask(c.target, c.accept, header);
      EXPECT_EQ(answer.status, 200) << c.target << " " << c.accept << " " << header;
      EXPECT_TRUE(answer.header("Content-Type").starts_with(c.type))
          << c.target << ": " << answer.header("Content-Type");
    }
  }
}

TEST_F(AcceptParameter, N2_ThenTheHeader) {
  EXPECT_EQ(ask(instance_, "audio/ogg", "application/dicom").header("Content-Type"),
            "application/dicom; transfer-syntax=1.2.840.10008.1.2.1");
  EXPECT_EQ(ask(instance_, "application/dicom;q=0.1, application/zip", "").header("Content-Type"),
            "application/zip");
  EXPECT_EQ(ask(instance_, "audio/ogg", "").status, 406);
  EXPECT_EQ(ask(instance_, "audio/ogg", "image/gif").status, 406);
}

TEST_F(AcceptParameter, N2_ItsWildcardsAreIgnored) {
  EXPECT_EQ(ask(instance_, "*/*", "application/dicom").header("Content-Type"),
            "application/dicom; transfer-syntax=1.2.840.10008.1.2.1");
  EXPECT_TRUE(ask(instance_, "*/*", "").header("Content-Type").starts_with("multipart/related"));
  EXPECT_EQ(ask(instance_ + "/rendered", "image/*", "image/gif").header("Content-Type"),
            "image/gif");
}

TEST_F(AcceptParameter, N3_MixedInOnePlaceOnly) {
  EXPECT_EQ(ask(instance_, "application/dicom, image/png", "").status, 400);
  EXPECT_EQ(ask(instance_, "application/dicom, image/png", kBrowser).status, 400);
  EXPECT_EQ(ask(instance_, "", "application/dicom, image/png").status, 400);
  EXPECT_EQ(ask(instance_ + "/rendered", "application/dicom, image/png", "").status, 400);
  EXPECT_EQ(ask(instance_, "application/dicom", "image/png").status, 200);
  EXPECT_EQ(ask(instance_ + "/rendered", "image/png", "application/dicom").status, 200);
}

}  // namespace
}  // namespace medarc::web
