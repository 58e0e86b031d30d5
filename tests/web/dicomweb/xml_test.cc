// Metadata, searches and STOW answers as application/dicom+xml.
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::ImageRecipe;

constexpr char kXmlParts[] = "multipart/related; type=\"application/dicom+xml\"";

class Xml : public ArchiveTest {
 protected:
  void store_two() {
    serve();
    ImageRecipe r;
    r.charset = "ISO_IR 100";
    r.patient_name = "M\xFCller^J\xF6rg";
    store(r);
    r.sop_uid = "2.25.1004";
    r.instance_number = 2;
    store(r);
  }
};

TEST_F(Xml, MetadataIsOnePartAnInstance) {
  store_two();
  const std::string series = "/dicom-web/studies/2.25.1001/series/2.25.1002";
  for (const std::string& path : {std::string("/dicom-web/studies/2.25.1001"), series}) {
    const HttpAnswer answer = get(path + "/metadata", {{"Accept", kXmlParts}});
    EXPECT_EQ(answer.status, 200);
    const auto parts = parts_of(answer);
    ASSERT_EQ(parts.size(), 2u) << answer.body;
    for (const BodyPart& part : parts) {
      EXPECT_EQ(part.type, "application/dicom+xml");
      EXPECT_EQ(part.data.rfind("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", 0), 0u);
      EXPECT_NE(part.data.find("<FamilyName>Müller</FamilyName><GivenName>Jörg</GivenName>"),
                std::string::npos);
      EXPECT_NE(part.data.find("<BulkData uri=\"" + base_url() + series + "/instances/"),
                std::string::npos);
    }
    EXPECT_NE(parts[0].data.find(">2.25.1003</Value>"), std::string::npos);
    EXPECT_NE(parts[1].data.find(">2.25.1004</Value>"), std::string::npos);
  }
  const HttpAnswer one =
      get(series + "/instances/2.25.1004/metadata", {{"Accept", "application/dicom+xml"}});
  EXPECT_EQ(parts_of(one).size(), 1u);
  // Forms are told apart by their tags, and each tag works.
  const HttpAnswer json = get(series + "/instances/2.25.1004/metadata");
  EXPECT_NE(one.header("ETag"), json.header("ETag"));
  EXPECT_EQ(get(series + "/instances/2.25.1004/metadata",
                {{"Accept", kXmlParts}, {"If-None-Match", std::string(one.header("ETag"))}})
                .status,
            304);
}

TEST_F(Xml, N1N2JsonIsTheDefaultAndOtherTypesAre406) {
  store_two();
  const std::string path = "/dicom-web/studies/2.25.1001/metadata";
  for (const char* accept : {"*/*", "application/dicom+json", "application/*",
                             "application/dicom+xml;q=0.5, application/dicom+json"}) {
    EXPECT_EQ(get(path, {{"Accept", accept}}).header("Content-Type"), "application/dicom+json")
        << accept;
  }
  for (const char* accept :
       {"application/dicom+xml, application/dicom+json;q=0.5", "multipart/related",
        "multipart/related; type=application/dicom+xml"}) {
    EXPECT_EQ(parts_of(get(path, {{"Accept", accept}})).size(), 2u) << accept;
  }
  for (const char* accept : {"text/html", "multipart/related; type=\"application/dicom\""}) {
    EXPECT_EQ(get(path, {{"Accept", accept}}).status, 406) << accept;
    EXPECT_EQ(get("/dicom-web/studies", {{"Accept", accept}}).status, 406) << accept;
  }
}

TEST_F(Xml, SearchesAreOnePartAResult) {
  store_two();
  const HttpAnswer answer =
      get("/dicom-web/instances?limit=1&NoSuchKey=1", {{"Accept", "application/dicom+xml"}});
  EXPECT_EQ(answer.status, 200);
  const auto parts = parts_of(answer);
  ASSERT_EQ(parts.size(), 1u) << answer.body;
  EXPECT_NE(parts[0].data.find("keyword=\"SOPInstanceUID\"><Value number=\"1\">2.25.100"),
            std::string::npos);
  EXPECT_NE(answer.header("Warning").find("NoSuchKey"), std::string::npos);
  EXPECT_EQ(parts_of(get("/dicom-web/instances", {{"Accept", kXmlParts}})).size(), 2u);
  // A multipart body has at least one part.
  EXPECT_EQ(get("/dicom-web/studies?PatientID=nobody", {{"Accept", kXmlParts}}).status, 204);
}

TEST_F(Xml, S9AnswersOfTheStoreNameFailuresToo) {
  serve();
  const HttpAnswer answer =
      stow({test::make_file(ImageRecipe()), "garbage"}, "", {{"Accept", "application/dicom+xml"}});
  EXPECT_EQ(answer.status, 202);
  EXPECT_NE(answer.body.find("keyword=\"ReferencedSOPSequence\"><Item number=\"1\">"),
            std::string::npos)
      << answer.body;
  EXPECT_NE(answer.body.find("<DicomAttribute tag=\"0008119A\" vr=\"SQ\""), std::string::npos);
}

}  // namespace
}  // namespace medarc::web
