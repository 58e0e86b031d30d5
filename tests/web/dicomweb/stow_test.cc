// STOW-RS end to end.
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::ImageRecipe;
using test::make_file;

class Stow : public ArchiveTest {};

ImageRecipe recipe(const std::string& study, int number) {
  ImageRecipe r;
  r.study_uid = study;
  r.series_uid = study + ".1";
  r.sop_uid = study + ".1." + std::to_string(number);
  r.instance_number = number;
  r.seed = static_cast<uint64_t>(number);
  return r;
}

TEST_F(Stow, S1S2AllStoredIs200WithReferences) {
  serve();
  const HttpAnswer answer = stow({make_file(recipe("2.25.1", 1)), make_file(recipe("2.25.1", 2))});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/dicom+json");
  const std::string url = base_url() + "/dicom-web/studies/2.25.1";
  EXPECT_EQ(
      answer.body,
      R"({"00081190":{"vr":"UR","Value":[")" + url +
          R"("]},"00081199":{"vr":"SQ","Value":[)"
          R"({"00081150":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.2"]},"00081155":{"vr":"UI","Value":["2.25.1.1.1"]},)"
          R"("00081190":{"vr":"UR","Value":[")" +
          url +
          R"(/series/2.25.1.1/instances/2.25.1.1.1"]}},)"
          R"({"00081150":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.2"]},"00081155":{"vr":"UI","Value":["2.25.1.1.2"]},)"
          R"("00081190":{"vr":"UR","Value":[")" +
          url + R"(/series/2.25.1.1/instances/2.25.1.1.2"]}}]}})");
}

TEST_F(Stow, S1GoodAndGarbageIs202AndTheGoodOneIsThere) {
  serve();
  const HttpAnswer answer = stow({make_file(recipe("2.25.1", 1)), "garbage"});
  EXPECT_EQ(answer.status, 202);
  EXPECT_NE(answer.body.find("\"0008119A\""), std::string::npos) << answer.body;
  EXPECT_EQ(get("/dicom-web/studies/2.25.1/series/2.25.1.1/instances/2.25.1.1.1/original").status,
            200);
}

TEST_F(Stow, S1GarbageAloneIs409) {
  serve();
  EXPECT_EQ(stow({"garbage", ""}).status, 409);
  EXPECT_EQ(get("/dicom-web/studies").body, "[]");
}

TEST_F(Stow, S1BrokenMultipartIs400OrKeepsWhatCameWhole) {
  serve();
  const test::HttpClient::Headers type{{"Content-Type", kMultipartType}};
  const std::string file = make_file(recipe("2.25.1", 1));
  EXPECT_EQ(test::http(port(), "POST", "/dicom-web/studies", type, "no boundary").status, 400);
  const std::string cut = multipart_of({file, file}).substr(0, file.size() + 200);
  const HttpAnswer answer = test::http(port(), "POST", "/dicom-web/studies", type, cut);
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_NE(answer.body.find("2.25.1.1.1"), std::string::npos);
}

TEST_F(Stow, S1WrongTypesAre415) {
  serve();
  for (const char* type : {"application/json", "multipart/form-data; boundary=XX", "",
                           "multipart/related; type=\"text/plain\"; boundary=XX"}) {
    EXPECT_EQ(test::http(port(), "POST", "/dicom-web/studies", {{"Content-Type", type}},
                         multipart_of({"x"}))
                  .status,
              415)
        << type;
  }
  EXPECT_EQ(test::http(port(), "POST", "/dicom-web/studies",
                       {{"Content-Type", "multipart/related; type=\"application/dicom\""}}, "x")
                .status,
            400);
}

TEST_F(Stow, S1TooLargeIs413) {
  ServerOptions small;
  small.upload_bytes_max = 1000;
  serve({}, small);
  EXPECT_EQ(stow({make_file(recipe("2.25.1", 1))}).status, 413);
}

TEST_F(Stow, S5OtherStudyFailsAloneWith272) {
  serve();
  const HttpAnswer answer =
      stow({make_file(recipe("2.25.7", 1)), make_file(recipe("2.25.1", 1))}, "2.25.1");
  EXPECT_EQ(answer.status, 202);
  EXPECT_NE(
      answer.body.find(
          R"("00081155":{"vr":"UI","Value":["2.25.7.1.1"]},"00081197":{"vr":"US","Value":[272]})"),
      std::string::npos)
      << answer.body;
  EXPECT_EQ(get("/dicom-web/studies/2.25.7/metadata").status, 404);
  EXPECT_EQ(get("/dicom-web/studies/2.25.1/metadata").status, 200);
  EXPECT_EQ(stow({make_file(recipe("2.25.7", 1))}, "2.25.1").status, 409);
}

TEST_F(Stow, S6SameBytesAgainIs200AndOtherBytesAreANewVersion) {
  serve();
  ImageRecipe r = recipe("2.25.1", 1);
  const std::string first = make_file(r);
  EXPECT_EQ(stow({first}).status, 200);
  EXPECT_EQ(stow({first}).status, 200);
  const std::string path =
      "/dicom-web/studies/2.25.1/series/2.25.1.1/instances/2.25.1.1.1/original";
  EXPECT_EQ(get(path + "?version=2").status, 404);
  r.seed = 99;
  const std::string second = make_file(r);
  EXPECT_EQ(stow({second}).status, 200);
  EXPECT_TRUE(get(path).body == second);
  EXPECT_TRUE(get(path + "?version=1").body == first);
  EXPECT_TRUE(get(path + "?version=2").body == second);
  EXPECT_EQ(get(path + "?version=0").status, 400);
}

TEST_F(Stow, S7EmptyMultipartIs400) {
  serve();
  EXPECT_EQ(stow({}).status, 400);
  EXPECT_EQ(
      test::http(port(), "POST", "/dicom-web/studies", {{"Content-Type", kMultipartType}}).status,
      400);
}

TEST_F(Stow, S9XmlWhenAsked) {
  serve();
  const HttpAnswer answer =
      stow({make_file(recipe("2.25.1", 1))}, "", {{"Accept", "application/dicom+xml"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/dicom+xml");
  EXPECT_NE(answer.body.find(
                "<DicomAttribute tag=\"00081155\" vr=\"UI\" "
                "keyword=\"ReferencedSOPInstanceUID\"><Value number=\"1\">2.25.1.1.1</Value>"),
            std::string::npos)
      << answer.body;
  EXPECT_EQ(stow({make_file(recipe("2.25.1", 1))}, "", {{"Accept", "text/html"}}).status, 406);
}

TEST_F(Stow, SinglePartBody) {
  serve();
  const HttpAnswer answer =
      test::http(port(), "POST", "/dicom-web/studies", {{"Content-Type", "application/dicom"}},
                 make_file(recipe("2.25.1", 1)));
  EXPECT_EQ(answer.status, 200) << answer.body;
}

TEST_F(Stow, N12ChunkedManyPartsAcrossBatches) {
  DicomwebOptions options;
  options.batch_objects_max = 7;
  serve(options);
  std::vector<Bytes> files;
  for (int i = 1; i <= 40; ++i) files.push_back(make_file(recipe("2.25.1", i)));
  const Bytes body = multipart_of(files);
  std::string chunked;
  for (size_t at = 0; at < body.size(); at += 9001) {
    const std::string piece = body.substr(at, 9001);
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    chunked += size + piece + "\r\n";
  }
  const HttpAnswer answer = test::http(
      port(), "POST", "/dicom-web/studies",
      {{"Content-Type", kMultipartType}, {"Transfer-Encoding", "chunked"}}, chunked + "0\r\n\r\n");
  EXPECT_EQ(answer.status, 200) << answer.body;
  const HttpAnswer study = get("/dicom-web/studies/2.25.1");
  const auto parts = parts_of(study);
  ASSERT_EQ(parts.size(), 40u);
}

TEST_F(Stow, X01NestedSequencesAreRefusedAndTheServerLives) {
  serve();
  test::DatasetMaker bomb;
  for (int i = 0; i < 20'000; ++i) bomb.head(0x00081140, "SQ", 0xFFFFFFFF).item();
  test::DatasetMaker meta;
  meta.text(0x00020010, "UI", "1.2.840.10008.1.2.1");
  const std::string file = std::string(128, '\0') + "DICM" + meta.view() + bomb.view();
  const HttpAnswer answer = stow({file, make_file(recipe("2.25.1", 1))});
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(get("/healthz").status, 200);
}

}  // namespace
}  // namespace medarc::web
