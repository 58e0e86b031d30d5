// Data sets as trees: JSON and bytes say the same, odd ones are refused, limits hold.
#include "dicom/dataset.h"

#include <gtest/gtest.h>

#include "dicom/model/xml_writer.h"
#include "tests/support/work_items.h"

namespace medarc::dicom {
namespace {

constexpr std::string_view kImplicit = "1.2.840.10008.1.2", kExplicit = "1.2.840.10008.1.2.1",
                           kBig = "1.2.840.10008.1.2.2";

class DataSetTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(load_dictionary().has_value()); }
  DataSet json(const std::string& text) {
    auto out = read_dataset_json(text, limits);
    EXPECT_TRUE(out.has_value()) << (out.has_error() ? out.error().text : "");
    return out.has_value() ? std::move(*out) : DataSet();
  }
  Code refused(const std::string& text) {
    auto out = read_dataset_json(text, limits);
    EXPECT_TRUE(out.has_error()) << text;
    return out.has_error() ? out.error().code : Code::internal;
  }
  Limits scanned;
  DataSetLimits limits;
};

const std::string kMany =
    R"({"00080050":{"vr":"SH","Value":["A1"]},"00080201":{"vr":"SH","Value":["+0100"]},)"
    R"("00081195":{"vr":"UI","Value":["2.25.7"]},"0008119A":{"vr":"SQ","Value":[{},)"
    R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"Inner^Name"}]}}]},)"
    R"("00100010":{"vr":"PN","Value":[{"Alphabetic":"Yamada^Tarou","Ideographic":"山田^太郎"}]},)"
    R"("00101020":{"vr":"DS","Value":[1.75]},"00200013":{"vr":"IS","Value":[-3]},)"
    R"("00280008":{"vr":"IS"},"00280010":{"vr":"US","Value":[512]},)"
    R"("00209165":{"vr":"AT","Value":["00201206"]},"00189073":{"vr":"FD","Value":[0.5,2]},)"
    R"("00189313":{"vr":"FD","Value":[1e300]},"00189219":{"vr":"SS","Value":[-5]},)"
    R"("00741238":{"vr":"LT","Value":["two\r\nlines \\ and a backslash"]},)"
    R"("00420011":{"vr":"OB","InlineBinary":"AQIDBA=="}})";

TEST_F(DataSetTest, JsonAndEveryEncodingSayTheSame) {
  const DataSet wanted = json(kMany);
  EXPECT_EQ(json(to_json(wanted)), wanted);
  for (const auto syntax : {kImplicit, kExplicit, kBig}) {
    const Bytes bytes = write_dataset(wanted, {}, syntax);
    EXPECT_EQ(bytes.size() % 2, 0u);
    auto back = read_dataset(bytes, syntax, scanned, limits);
    ASSERT_TRUE(back.has_value()) << back.error().text;
    EXPECT_EQ(to_json(*back), to_json(wanted)) << syntax;
  }
  const DataSet item = json(test::work_item_json());
  auto back = read_dataset(write_dataset(item, {}, kExplicit), kExplicit, scanned, limits);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, item);
}

TEST_F(DataSetTest, XmlSaysTheSame) {
  const DataSet wanted = json(kMany);
  auto xml = native_xml(to_json(wanted));
  ASSERT_TRUE(xml.has_value()) << xml.error().text;
  auto back = read_dataset_xml(*xml, limits);
  ASSERT_TRUE(back.has_value()) << back.error().text;
  EXPECT_EQ(to_json(*back), to_json(wanted));
  limits.bytes_max = xml->size() - 1;
  EXPECT_EQ(read_dataset_xml(*xml, limits).error().code, Code::too_large);
}

TEST_F(DataSetTest, XmlLeavesBlocksOfPrivateCreatorsOpen) {
  const auto element = [](const std::string& tag, const std::string& creator) {
    return "<DicomAttribute tag=\"" + tag + "\" vr=\"LO\" privateCreator=\"" + creator +
           "\"><Value number=\"1\">x</Value></DicomAttribute>";
  };
  auto read =
      read_dataset_xml("<NativeDicomModel>" + element("00090001", "A") + element("00090010", "B") +
                           element("00090011", "A") + "</NativeDicomModel>",
                       limits);
  ASSERT_TRUE(read.has_value()) << read.error().text;
  EXPECT_EQ(to_json(*read),
            R"({"00090010":{"vr":"LO","Value":["A"]},"00090011":{"vr":"LO","Value":["B"]},)"
            R"("00091001":{"vr":"LO","Value":["x"]},"00091011":{"vr":"LO","Value":["x"]},)"
            R"("00091110":{"vr":"LO","Value":["x"]}})");
}

TEST_F(DataSetTest, NumbersAreWrittenAsTheirVrHasThem) {
  const DataSet read =
      json(R"({"00200013":{"vr":"IS","Value":[2.0,1e2]},"00280010":{"vr":"US","Value":[5.0]},)"
           R"("00101030":{"vr":"DS","Value":[0.12345678901234567]}})");
  EXPECT_EQ(read.find(Tag{0x00200013})->values, (std::vector<std::string>{"2", "100"}));
  EXPECT_EQ(read.first(Tag{0x00280010}), "5");
  EXPECT_EQ(read.first(Tag{0x00101030}), "0.12345678901235");
}

TEST_F(DataSetTest, TextLeavesInTheCharacterSetThatWasAskedFor) {
  const DataSet latin = json(R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"Müller^Jörg"}]}})");
  const Bytes asked = write_dataset(latin, {"ISO_IR 100"}, kExplicit);
  EXPECT_NE(asked.find("M\xFCller"), Bytes::npos);
  EXPECT_NE(asked.find("ISO_IR 100"), Bytes::npos);
  const Bytes utf8 = write_dataset(latin, {}, kExplicit);
  EXPECT_NE(utf8.find("ISO_IR 192"), Bytes::npos);
  for (const Bytes& bytes : {asked, utf8}) {
    auto back = read_dataset(bytes, kExplicit, scanned, limits);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, latin);
  }
  const DataSet plain = json(R"({"00100020":{"vr":"LO","Value":["P1"]}})");
  EXPECT_EQ(write_dataset(plain, {"ISO_IR 100"}, kExplicit).find("ISO_IR"), Bytes::npos);
}

TEST_F(DataSetTest, WhatIsNoDataSetIsRefused) {
  for (const char* text : {
           "",
           "{",
           "[]",
           "[{},{}]",
           "7",
           "{} {}",
           R"({"0010":{"vr":"LO"}})",
           R"({"00100010":7})",
           R"({"PatientsName":{"vr":"PN"}})",
           R"({"00100010":{"vr":"XX"}})",
           R"({"00100010":{"vr":"PN","Value":"Doe"}})",
           R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":7}]}})",
           R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"a=b"}]}})",
           R"({"00100020":{"vr":"LO","Value":[7]}})",
           R"({"00100020":{"vr":"LO","Value":["a\\b"]}})",
           R"({"00100020":{"vr":"LO","Value":["a\u0001b"]}})",
           R"({"00280010":{"vr":"US","Value":[70000]}})",
           R"({"00280010":{"vr":"US","Value":[-1]}})",
           R"({"00280010":{"vr":"US","Value":["x"]}})",
           R"({"00200013":{"vr":"IS","Value":["1.5"]}})",
           R"({"00081195":{"vr":"UI","Value":["not a uid"]}})",
           R"({"00404025":{"vr":"SQ","Value":[7]}})",
           R"({"00741238":{"vr":"LT","Value":["a","b"]}})",
           R"({"00420011":{"vr":"OB","InlineBinary":"%"}})",
           R"({"00420011":{"vr":"OB","Value":["x"]}})",
           R"({"00100020":{"vr":"LO","InlineBinary":"AQI="}})",
       }) {
    EXPECT_EQ(refused(text), Code::invalid_argument) << text;
  }
  EXPECT_EQ(refused(R"({"00420011":{"vr":"OB","BulkDataURI":"http://x"}})"), Code::unsupported);
}

TEST_F(DataSetTest, LimitsHoldForTextAndForBytes) {
  std::string deep = "{}";
  for (int n = 0; n < 6; ++n) deep = R"({"0040A730":{"vr":"SQ","Value":[)" + deep + "]}}";
  const DataSet six = json(deep);
  const Bytes bytes = write_dataset(six, {}, kExplicit);
  limits.depth_max = 5;
  EXPECT_EQ(refused(deep), Code::too_large);
  EXPECT_EQ(read_dataset(bytes, kExplicit, scanned, limits).error().code, Code::too_large);
  limits = {};
  limits.elements_max = 3;
  EXPECT_EQ(refused(kMany), Code::too_large);
  limits = {};
  limits.bytes_max = 20;
  EXPECT_EQ(refused(kMany), Code::too_large);
  EXPECT_EQ(read_dataset(bytes, kExplicit, scanned, limits).error().code, Code::too_large);
  limits = {};
  EXPECT_EQ(refused(R"({"00100020":{"vr":"LO","Value":[")" + std::string(70'000, 'x') + "\"]}}"),
            Code::too_large);
  // The nesting of the text itself is bounded before anything is made of it.
  EXPECT_EQ(refused(std::string(100'000, '[')), Code::invalid_argument);
}

TEST_F(DataSetTest, MetaAndCommandElementsAreNoPartOfIt) {
  EXPECT_TRUE(json(R"({"00000002":{"vr":"UI","Value":["1.2"]},"00020010":{"vr":"UI"},)"
                   R"("00080005":{"vr":"CS","Value":["ISO_IR 100"]},"00080000":{"vr":"UL"}})")
                  .empty());
  EXPECT_EQ(json(R"([{"00100020":{"vr":"LO","Value":["P1"]}}])").first(Tag{0x00100020}), "P1");
}

}  // namespace
}  // namespace medarc::dicom
