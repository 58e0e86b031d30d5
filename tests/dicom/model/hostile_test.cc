// Documents that strangers make: refused with a reason, in bounded memory.
#include "tests/dicom/model/model_fixture.h"

namespace medarc::dicom::test {
namespace {

class HostileModel : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(load_dictionary().has_value()); }
};

// The only instance has a problem; its document is fine.
template <class Reader>
void expect_problem(const std::string& text, Code code, const Limits& limits = {}) {
  const Read read = read_document<Reader>(text, limits);
  ASSERT_TRUE(read.status.has_value()) << read.status.error().text << " " << text.substr(0, 200);
  ASSERT_EQ(read.instances.size(), 1u) << text.substr(0, 200);
  ASSERT_TRUE(read.instances[0].problem) << text.substr(0, 200);
  EXPECT_EQ(read.instances[0].problem->code, code) << text.substr(0, 200);
}

std::string nested_json(int depth) {
  std::string out = "{";
  for (int i = 0; i < depth; ++i) out += R"("00081140":{"vr":"SQ","Value":[{)";
  for (int i = 0; i < depth; ++i) out += "}]}";
  return out + "}";
}
std::string nested_xml(int depth) {
  std::string out = "<NativeDicomModel>";
  for (int i = 0; i < depth; ++i)
    out += R"(<DicomAttribute tag="00081140" vr="SQ"><Item number="1">)";
  for (int i = 0; i < depth; ++i) out += "</Item></DicomAttribute>";
  return out + "</NativeDicomModel>";
}

TEST_F(HostileModel, X01_DepthEndsAtTheLimitOfTheScanner) {
  EXPECT_EQ(metadata_of(read_one<JsonReader>(nested_json(64)).dataset),
            metadata_of(read_one<XmlReader>(nested_xml(64)).dataset));
  expect_problem<JsonReader>(nested_json(65), Code::too_large);
  expect_problem<XmlReader>(nested_xml(65), Code::too_large);
  for (const int depth : {100, 20'000, 200'000}) {
    EXPECT_EQ(read_document<JsonReader>(nested_json(depth), {}, 4096).status.error().code,
              Code::too_large);
    EXPECT_EQ(read_document<XmlReader>(nested_xml(depth), {}, 4096).status.error().code,
              Code::too_large);
  }
  const std::string brackets(200'000, '[');
  EXPECT_EQ(read_document<JsonReader>(brackets).status.error().code, Code::invalid_argument);
}

TEST_F(HostileModel, WhatIsNoDocumentIsRefused) {
  for (const char* text : {"", "x", "5", "\"a\"", "[5]", "[[]]", "{} {}", "[{}", "{\"a\"}", "[{},]",
                           "{\"00100010\":{\"vr\":\"PN\",\"Value\":[\"\xFF\"]}}", "{/**/}"}) {
    EXPECT_EQ(read_document<JsonReader>(text).status.error().code, Code::invalid_argument) << text;
  }
  for (const char* text :
       {"", "x", "<a/>", "<NativeDicomModel>", "<NativeDicomModel/><NativeDicomModel/>",
        "<NativeDicomModel>&undefined;</NativeDicomModel>",
        "<!DOCTYPE NativeDicomModel><NativeDicomModel/>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><NativeDicomModel>&b;"
        "</NativeDicomModel>",
        "<?xml version=\"1.0\" encoding=\"EBCDIC-X\"?><NativeDicomModel/>"}) {
    EXPECT_EQ(read_document<XmlReader>(text).status.error().code, Code::invalid_argument) << text;
  }
}

TEST_F(HostileModel, WhatTheModelHasNotIsAProblemOfItsInstanceAlone) {
  for (const char* text : {
           R"({"no tag":{"vr":"LO"}})",
           R"({"00100020":5})",
           R"({"00100020":[]})",
           R"({"00100020":{"vr":5}})",
           R"({"00100020":{"vr":"XX"}})",
           R"({"00100020":{"vr":"L"}})",
           R"({"00100020":{"vr":"LOL"}})",
           R"({"00100020":{"vr":"LO","Value":"1"}})",
           R"({"00100020":{"vr":"LO","Value":[["1"]]}})",
           R"({"00100020":{"vr":"LO","Value":["1\\2"]}})",
           R"({"00100020":{"vr":"LO","Value":["1"],"InlineBinary":"AA=="}})",
           R"({"00100020":{"vr":"LO","Value":[{"00100020":{"vr":"LO"}}]}})",
           R"({"00100020":{"vr":"LO","Value":["1"]},"00100020":{"vr":"LO"}})",
           R"({"00104000":{"vr":"LT","Value":["a","b"]}})",
           R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"a=b"}]}})",
           R"({"00100010":{"vr":"PN","Value":[{"Latin":"a"}]}})",
           R"({"00280010":{"vr":"US","Value":[65536]}})",
           R"({"00280010":{"vr":"US","Value":[-1]}})",
           R"({"00280010":{"vr":"US","Value":[1.5]}})",
           R"({"00280010":{"vr":"US","Value":["x"]}})",
           R"({"00280010":{"vr":"US","Value":[1,null]}})",
           R"({"00280010":{"vr":"UV","Value":[18446744073709551616]}})",
           R"({"00280010":{"vr":"SV","Value":["-9223372036854775809"]}})",
           R"({"00280010":{"vr":"FL","Value":[1e39]}})",
           R"({"00280009":{"vr":"AT","Value":["0018106"]}})",
           R"({"7FE00010":{"vr":"OB","Value":[1]}})",
           R"({"7FE00010":{"vr":"OB","InlineBinary":"A"}})",
           R"({"7FE00010":{"vr":"OB","InlineBinary":"AA==","BulkDataURI":"x"}})",
           R"({"7FE00010":{"vr":"OB","BulkDataURI":""}})",
           R"({"00081140":{"vr":"SQ","BulkDataURI":"x"}})",
           R"({"00081140":{"vr":"SQ","Value":["x"]}})",
           R"({"FFFEE000":{"vr":"UN"}})",
       }) {
    expect_problem<JsonReader>(text, Code::invalid_argument);
  }
  for (const char* inside : {
           "text",
           "<Value number=\"1\">x</Value>",
           "<DicomAttribute vr=\"LO\"/>",
           "<DicomAttribute tag=\"0010002\" vr=\"LO\"/>",
           "<DicomAttribute tag=\"00100020\" vr=\"LO\"><Item/></DicomAttribute>",
           "<DicomAttribute tag=\"00100020\" vr=\"LO\"><What/></DicomAttribute>",
           "<DicomAttribute tag=\"00100020\" vr=\"LO\"><Value number=\"2\"/><Value number=\"1\"/>"
           "</DicomAttribute>",
           "<DicomAttribute tag=\"00100020\" vr=\"LO\"><Value number=\"0\"/></DicomAttribute>",
           "<DicomAttribute tag=\"00100020\" vr=\"LO\"><Value number=\"4294967295\">x</Value>"
           "</DicomAttribute>",
           "<DicomAttribute tag=\"00081140\" vr=\"SQ\"><Value number=\"1\">x</Value>"
           "</DicomAttribute>",
       }) {
    expect_problem<XmlReader>(std::string("<NativeDicomModel>") + inside + "</NativeDicomModel>",
                              Code::invalid_argument);
  }
  // The next one is as if nothing had been.
  const Read read = read_document<JsonReader>(
      R"([{"00280010":{"vr":"US","Value":[-1]}},{"00100020":{"vr":"LO"}}])");
  ASSERT_EQ(read.instances.size(), 2u);
  EXPECT_TRUE(read.instances[0].problem);
  EXPECT_FALSE(read.instances[1].problem);
}

TEST_F(HostileModel, SizesHaveLimits) {
  Limits limits;
  limits.element_bytes_max = 1000;
  limits.header_bytes_max = 3000;
  limits.elements_max = 10;
  const std::string fits(900, 'x'), too_long(1001, 'x');
  const auto text = [](const std::string& value) {
    return R"("00104000":{"vr":"LT","Value":[")" + value + R"("]})";
  };
  EXPECT_FALSE(read_document<JsonReader>("{" + text(fits) + "}", limits).instances.at(0).problem);
  expect_problem<JsonReader>("{" + text(too_long) + "}", Code::too_large, limits);
  expect_problem<JsonReader>(
      R"({"7FE00010":{"vr":"OB","InlineBinary":")" + std::string(4000, 'A') + "\"}}",
      Code::too_large, limits);
  std::string numbers = "1";
  for (int i = 0; i < 400; ++i) numbers += ",1";
  expect_problem<JsonReader>(R"({"00280010":{"vr":"US","Value":[)" + numbers + "]}}",
                             Code::too_large, limits);
  std::string items;
  for (int i = 0; i < 4; ++i) items += (i > 0 ? ",{" : "{") + text(fits) + "}";
  expect_problem<JsonReader>(R"({"00081140":{"vr":"SQ","Value":[)" + items + "]}}", Code::too_large,
                             limits);
  std::string empty_items = "{}";
  for (int i = 0; i < 300; ++i) empty_items += ",{}";
  expect_problem<JsonReader>(R"({"00081140":{"vr":"SQ","Value":[)" + empty_items + "]}}",
                             Code::too_large, limits);
  std::string elements;
  for (int i = 10; i < 30; ++i) elements += ",\"000910" + std::to_string(i) + R"(":{"vr":"LO"})";
  expect_problem<JsonReader>("{" + elements.substr(1) + "}", Code::too_large, limits);
  // A tag or comment that does not end.
  const std::string comment = "<!--" + std::string(2 << 20, 'x');
  EXPECT_EQ(read_document<XmlReader>(comment, {}, 1000).status.error().code, Code::too_large);
}

}  // namespace
}  // namespace medarc::dicom::test
