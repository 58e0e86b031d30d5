// STOW-RS with metadata in JSON or XML and bulk data in parts of its own (S8), end to end.
#include "dicom/model/pixel_parts.h"
#include "dicom/model/xml_writer.h"
#include "tests/support/frames.h"
#include "tests/support/image_object.h"
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;

constexpr char kJls[] = "1.2.840.10008.1.2.4.80";
constexpr char kSeries[] = "/dicom-web/studies/2.25.1/series/2.25.2";

struct SentPart {
  std::string type, location, data;
};

// Elements of a secondary capture; `more` are appended.
std::string object_json(const std::string& uid, const std::string& more) {
  return R"({"00080016":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.7"]},"00080018":{"vr":"UI","Value":[")" +
         uid +
         R"("]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"Müller^Jörg"}]},)"
         R"("00100020":{"vr":"LO","Value":["MDA-7"]},)"
         R"("0020000D":{"vr":"UI","Value":["2.25.1"]},"0020000E":{"vr":"UI","Value":["2.25.2"]})" +
         more + "}";
}

// A small native image whose pixels come from `uri`.
std::string image_json(const std::string& uid, const std::string& uri, int rows = 2,
                       int columns = 3) {
  return object_json(
      uid, R"(,"00280002":{"vr":"US","Value":[1]},"00280004":{"vr":"CS","Value":["MONOCHROME2"]},)"
           R"("00280010":{"vr":"US","Value":[)" +
               std::to_string(rows) + R"(]},"00280011":{"vr":"US","Value":[)" +
               std::to_string(columns) +
               R"(]},"00280100":{"vr":"US","Value":[8]},"00280101":{"vr":"US","Value":[8]},)"
               R"("00280102":{"vr":"US","Value":[7]},"00280103":{"vr":"US","Value":[0]},)"
               R"("7FE00010":{"vr":"OB","BulkDataURI":")" +
               uri + "\"}");
}

class StowModel : public ArchiveTest {
 protected:
  HttpAnswer send(const std::string& type, const std::vector<SentPart>& parts,
                  const std::string& study = "") {
    std::string body;
    for (const SentPart& p : parts) {
      body += "--XX\r\nContent-Type: " + p.type + "\r\n";
      if (!p.location.empty()) body += "Content-Location: " + p.location + "\r\n";
      body += "\r\n" + p.data + "\r\n";
    }
    return test::http(port(), "POST", "/dicom-web/studies" + (study.empty() ? "" : "/" + study),
                      {{"Content-Type", "multipart/related; type=\"" + type + "\"; boundary=XX"}},
                      body + "--XX--\r\n");
  }
  HttpAnswer send_json(const std::string& instances, std::vector<SentPart> bulk = {}) {
    bulk.insert(bulk.begin(), {"application/dicom+json", "", "[" + instances + "]"});
    return send("application/dicom+json", bulk);
  }
  std::string metadata(const std::string& uid) {
    return get(std::string(kSeries) + "/instances/" + uid + "/metadata").body;
  }
  Bytes frame(const std::string& uid, int number = 1,
              const char* type = "application/octet-stream") {
    const HttpAnswer answer =
        get(std::string(kSeries) + "/instances/" + uid + "/frames/" + std::to_string(number),
            {{"Accept", type}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  }
  static std::string failure(const std::string& uid, uint16_t reason) {
    return R"("00081155":{"vr":"UI","Value":[")" + uid + R"("]},"00081197":{"vr":"US","Value":[)" +
           std::to_string(reason) + "]}";
  }
};

TEST_F(StowModel, S8_JsonMetadataAloneIsStoredAndComesBackEqual) {
  serve();
  const std::string object = object_json(
      "2.25.9", R"(,"00400555":{"vr":"SQ","Value":[{"0040A30A":{"vr":"DS","Value":[1.5]}},{}]})");
  const HttpAnswer answer = send_json(object);
  EXPECT_EQ(answer.status, 200) << answer.body;
  // The document was UTF-8 with umlauts; the answer adds what answers carry.
  std::string wanted = object;
  wanted.insert(1, R"("00080005":{"vr":"CS","Value":["ISO_IR 192"]},)");
  wanted.insert(wanted.size() - 1, R"(,"00083002":{"vr":"UI","Value":["1.2.840.10008.1.2.1"]})");
  EXPECT_EQ(metadata("2.25.9"), "[" + wanted + "]");
  // Once more from what was answered: the same object, so nothing new.
  const HttpAnswer again = send_json(metadata("2.25.9").substr(1, wanted.size()));
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(get(std::string(kSeries) + "/instances/2.25.9/original?version=2").status, 404);
}

TEST_F(StowModel, S8_XmlDocumentsAreStoredEachForItself) {
  serve();
  const auto first = dicom::native_xml(image_json("2.25.9", "p"));
  const auto second = dicom::native_xml(object_json("2.25.10", ""));
  ASSERT_TRUE(first.has_value() && second.has_value());
  const HttpAnswer answer =
      send("application/dicom+xml", {{"application/dicom+xml", "", *first},
                                     {"application/dicom+xml", "", "<NativeDicomModel>"},
                                     {"application/dicom+xml", "", *second},
                                     {"application/octet-stream", "p", "abcdef"}});
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(frame("2.25.9"), "abcdef");
  EXPECT_NE(metadata("2.25.10").find(R"("Alphabetic":"Müller^Jörg")"), std::string::npos);
  EXPECT_NE(answer.body.find(
                R"("0008119A":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[49152]}}]})"),
            std::string::npos)
      << answer.body;
}

TEST_F(StowModel, S8_NativePixelsAndOtherValuesByTheirUris) {
  serve();
  const std::string object = image_json("2.25.9", "http://h/bulk/1");
  std::string two = image_json("2.25.10", "http://h/bulk/2");
  two.insert(two.size() - 1, R"(,"00091001":{"vr":"UN","BulkDataURI":"x"})");
  two.insert(two.size() - 1,
             R"(,"00081140":{"vr":"SQ","Value":[{"00880200":{"vr":"OB","BulkDataURI":"y"}}]})");
  const HttpAnswer answer =
      send_json(object + "," + two, {{"application/octet-stream", "y", "in an item"},
                                     {"application/octet-stream", "http://h/bulk/2", "ghijkl"},
                                     {"application/octet-stream", "http://h/bulk/1", "abcdef"},
                                     {"application/octet-stream", "x", "odd"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(frame("2.25.9"), "abcdef");
  EXPECT_EQ(frame("2.25.10"), "ghijkl");
  const std::string path = std::string(kSeries) + "/instances/2.25.10/bulkdata/";
  EXPECT_EQ(get(path + "00081140/0/00880200").body, "in an item");
  EXPECT_EQ(get(path + "00091001").body, std::string("odd\0", 4));
}

TEST_F(StowModel, S8_InlinePixels) {
  serve();
  std::string object = image_json("2.25.9", "u");
  const std::string reference = R"("BulkDataURI":"u")";
  object.replace(object.find(reference), reference.size(), R"("InlineBinary":"YWJjZGVm")");
  EXPECT_EQ(send_json(object).status, 200);
  EXPECT_EQ(frame("2.25.9"), "abcdef");
}

TEST_F(StowModel, S8_CodestreamsBecomeFramesAndDescribeTheImage) {
  serve();
  test::ImageObject made;
  made.shape = test::all_shapes()[6].shape;
  std::vector<SentPart> bulk;
  std::vector<dicom::Frame> frames;
  for (uint32_t f = 0; f < 3; ++f) {
    frames.push_back(test::make_frame(made.shape, f + 1));
    const auto encoded = codecs_->encode(kJls, frames.back());
    ASSERT_TRUE(encoded.has_value()) << encoded.error().text;
    bulk.push_back({"image/jls", "pixels", encoded->codestream});
  }
  // No Image Pixel attributes at all.
  const HttpAnswer answer =
      send_json(object_json("2.25.9", R"(,"00280008":{"vr":"IS","Value":["3"]},)"
                                      R"("7FE00010":{"vr":"OB","BulkDataURI":"pixels"})"),
                bulk);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string described = metadata("2.25.9");
  for (const std::string& wanted :
       {R"("00280010":{"vr":"US","Value":[)" + std::to_string(made.shape.rows) + "]}",
        R"("00280011":{"vr":"US","Value":[)" + std::to_string(made.shape.columns) + "]}",
        R"("00083002":{"vr":"UI","Value":[")" + std::string(kJls) + "\"]}"}) {
    EXPECT_NE(described.find(wanted), std::string::npos) << wanted << "\n" << described;
  }
  for (int f = 1; f <= 3; ++f) {
    const Bytes& sent = bulk[static_cast<size_t>(f) - 1].data;
    EXPECT_TRUE(frame("2.25.9", f, "image/jls").substr(0, sent.size()) == sent) << f;
    EXPECT_TRUE(frame("2.25.9", f) == frames[static_cast<size_t>(f) - 1].pixels) << f;
  }
}

TEST_F(StowModel, S8_WhatDoesNotFitFailsAloneWithItsReason) {
  serve();
  test::ImageObject made;
  made.shape = test::all_shapes()[6].shape;
  const auto encoded = codecs_->encode(kJls, test::make_frame(made.shape, 1));
  ASSERT_TRUE(encoded.has_value());
  const Bytes& jls = encoded->codestream;
  const auto no_shape = [](const std::string& uid, const std::string& uri,
                           const std::string& more = "") {
    return object_json(uid, more + R"(,"7FE00010":{"vr":"OB","BulkDataURI":")" + uri + "\"}");
  };
  const std::string all =
      image_json("2.25.10", "missing") + "," + image_json("2.25.11", "wrong size") + "," +
      no_shape("2.25.12", "rle") + "," + no_shape("2.25.13", "no codestream") + "," +
      no_shape("2.25.14", "unknown type") + "," + no_shape("2.25.15", "contradiction") + "," +
      no_shape("2.25.16", "too many") + "," +
      no_shape("2.25.17", "too few", R"(,"00280008":{"vr":"IS","Value":[2]})") + "," +
      image_json("2.25.18", "good") + "," + image_json("2.25.19", "good") + "," +
      object_json("2.25.20", R"(,"00280010":{"vr":"US","Value":[70000]})");
  const HttpAnswer answer =
      send_json(all, {{"image/jls", "wrong size", jls},
                      {"image/dicom-rle", "rle", "x"},
                      {"image/jls", "no codestream", "abc"},
                      {"image/tiff", "unknown type", "abc"},
                      {"image/jls; transfer-syntax=1.2.840.10008.1.2.4.90", "contradiction", jls},
                      {"image/jls", "too many", jls},
                      {"image/jls", "too many", jls},
                      {"image/jls", "too few", jls},
                      {"application/octet-stream", "good", "abcdef"},
                      {"application/octet-stream", "nobody's", "abcdef"}});
  EXPECT_EQ(answer.status, 202);
  for (const auto& [uid, reason] :
       std::vector<std::pair<std::string, uint16_t>>{{"2.25.10", dicom::kBulkDataMissing},
                                                     {"2.25.11", dicom::kBulkDataMismatch},
                                                     {"2.25.12", dicom::kBulkDataMismatch},
                                                     {"2.25.13", dicom::kBulkDataMismatch},
                                                     {"2.25.14", 0xC122},
                                                     {"2.25.15", 0xC122},
                                                     {"2.25.16", dicom::kBulkDataMismatch},
                                                     {"2.25.17", dicom::kBulkDataMissing},
                                                     {"2.25.19", dicom::kBulkDataMismatch},
                                                     {"2.25.20", 0xC000}}) {
    EXPECT_NE(answer.body.find(failure(uid, reason)), std::string::npos)
        << uid << " " << answer.body;
    EXPECT_EQ(get(std::string(kSeries) + "/instances/" + uid + "/metadata").status, 404) << uid;
  }
  EXPECT_NE(answer.body.find(R"("0008119A":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[)" +
                             std::to_string(dicom::kBulkDataUnused) + "]}}]}"),
            std::string::npos)
      << answer.body;
  EXPECT_EQ(frame("2.25.18"), "abcdef");
}

TEST_F(StowModel, S1_MetadataThatIsNoJsonIs400AndKeepsWhatCameWhole) {
  serve();
  EXPECT_EQ(send_json("{").status, 400);
  EXPECT_EQ(send_json("5").status, 400);
  EXPECT_EQ(send_json(object_json("2.25.9", "") + ",{").status, 202);
  EXPECT_EQ(get(std::string(kSeries) + "/instances/2.25.9/metadata").status, 200);
  // Well-formed, and nothing to store.
  EXPECT_EQ(send_json(R"({"00100020":{"vr":"LO","Value":["x"]}})").status, 409);
  EXPECT_EQ(send_json("").status, 400);
}

TEST_F(StowModel, S5_OtherStudiesFailAlone) {
  serve();
  const HttpAnswer answer =
      send("application/dicom+json", {{"application/dicom+json", "", object_json("2.25.9", "")}},
           "2.25.77");
  EXPECT_EQ(answer.status, 409);
  EXPECT_NE(answer.body.find(failure("2.25.9", 272)), std::string::npos) << answer.body;
}

TEST_F(StowModel, SinglePartBodies) {
  serve();
  EXPECT_EQ(test::http(port(), "POST", "/dicom-web/studies",
                       {{"Content-Type", "application/dicom+json"}}, object_json("2.25.9", ""))
                .status,
            200);
  const auto xml = dicom::native_xml(object_json("2.25.10", ""));
  ASSERT_TRUE(xml.has_value());
  EXPECT_EQ(test::http(port(), "POST", "/dicom-web/studies",
                       {{"Content-Type", "application/dicom+xml; charset=utf-8"}}, *xml)
                .status,
            200);
  EXPECT_EQ(get(std::string(kSeries) + "/metadata").status, 200);
}

TEST_F(StowModel, LimitsOfWaitingMetadataAndMemory) {
  DicomwebOptions options;
  options.waiting_bytes_max = 4000;
  options.bulk_memory_bytes_max = 0;  // all of it in a file
  options.temporary_directory = dir_ + "/temporary";
  serve(options);
  const std::string large(1 << 20, 'x');
  std::string all;
  for (int i = 10; i < 20; ++i) {
    all += (i > 10 ? "," : "") +
           image_json("2.25." + std::to_string(i), "u" + std::to_string(i), 1024, 1024);
  }
  const HttpAnswer answer = send_json(all, {{"application/octet-stream", "u10", large}});
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_TRUE(frame("2.25.10") == large);
  EXPECT_NE(answer.body.find(failure("2.25.19", 0xA700)), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find(failure("2.25.11", dicom::kBulkDataMissing)), std::string::npos);
  // Its file has no name any more.
  EXPECT_TRUE(posix_fs().list(dir_ + "/temporary")->empty());
}

TEST_F(StowModel, X01_HostileDocumentsAreRefusedAndTheServerLives) {
  serve();
  std::string deep, xml = "<NativeDicomModel>";
  for (int i = 0; i < 20'000; ++i) {
    deep += R"({"00081140":{"vr":"SQ","Value":[)";
    xml += R"(<DicomAttribute tag="00081140" vr="SQ"><Item number="1">)";
  }
  EXPECT_EQ(send_json(deep).status, 413);
  EXPECT_EQ(send("application/dicom+xml", {{"application/dicom+xml", "", xml}}).status, 413);
  const std::string entities =
      "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><NativeDicomModel/>";
  EXPECT_EQ(send("application/dicom+xml", {{"application/dicom+xml", "", entities}}).status, 400);
  EXPECT_EQ(get("/healthz").status, 200);
}

}  // namespace
}  // namespace medarc::web
