// The Native DICOM Model written from DICOM JSON.
#include "dicom/model/xml_writer.h"

#include <gtest/gtest.h>

#include "dicom/dictionary.h"

namespace medarc::dicom {
namespace {

class XmlWriter : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(load_dictionary().has_value()); }
  // Without the beginning and the end, which are the same for all.
  static std::string inner(std::string_view json) {
    auto xml = native_xml(json);
    EXPECT_TRUE(xml.has_value()) << json;
    if (xml.has_error()) return {};
    const size_t begin = xml->find("\"preserve\">"), end = xml->rfind("</NativeDicomModel>");
    EXPECT_NE(begin, std::string::npos);
    EXPECT_NE(end, std::string::npos);
    return xml->substr(begin + 11, end - begin - 11);
  }
};

TEST_F(XmlWriter, S9_ValuesAreNumberedAndEmptyOnesKeepTheirPlace) {
  EXPECT_EQ(inner(R"({"00080020":{"vr":"DA"},"00280030":{"vr":"DS","Value":[0.5,null,1e2]}})"),
            R"(<DicomAttribute tag="00080020" vr="DA" keyword="StudyDate"></DicomAttribute>)"
            R"(<DicomAttribute tag="00280030" vr="DS" keyword="PixelSpacing">)"
            R"(<Value number="1">0.5</Value><Value number="2"/><Value number="3">1e2</Value>)"
            R"(</DicomAttribute>)");
}

TEST_F(XmlWriter, NamesAreCutIntoGroupsAndComponents) {
  EXPECT_EQ(inner(R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"Muster^Erika^^Dr.",)"
                  R"("Phonetic":"ま^え"},null]}})"),
            R"(<DicomAttribute tag="00100010" vr="PN" keyword="PatientName">)"
            R"(<PersonName number="1"><Alphabetic><FamilyName>Muster</FamilyName>)"
            R"(<GivenName>Erika</GivenName><NamePrefix>Dr.</NamePrefix></Alphabetic>)"
            R"(<Phonetic><FamilyName>ま</FamilyName><GivenName>え</GivenName></Phonetic>)"
            R"(</PersonName><PersonName number="2"/></DicomAttribute>)");
}

TEST_F(XmlWriter, ItemsNestAndMayBeEmpty) {
  EXPECT_EQ(
      inner(R"({"00081032":{"vr":"SQ","Value":[{"00080100":{"vr":"SH","Value":["T"]}},{}]}})"),
      R"(<DicomAttribute tag="00081032" vr="SQ" keyword="ProcedureCodeSequence">)"
      R"(<Item number="1"><DicomAttribute tag="00080100" vr="SH" keyword="CodeValue">)"
      R"(<Value number="1">T</Value></DicomAttribute></Item><Item number="2"></Item>)"
      R"(</DicomAttribute>)");
}

TEST_F(XmlWriter, PrivateTagsNameTheirCreatorWhereThereIsOnlyOne) {
  EXPECT_EQ(
      inner(R"({"00090010":{"vr":"LO","Value":["ACME"]},"00091001":{"vr":"LO","Value":["x"]}})"),
      R"(<DicomAttribute tag="00090010" vr="LO"><Value number="1">ACME</Value></DicomAttribute>)"
      R"(<DicomAttribute tag="00090001" vr="LO" privateCreator="ACME">)"
      R"(<Value number="1">x</Value></DicomAttribute>)");
  const std::string two = inner(R"({"00090010":{"vr":"LO","Value":["ACME"]},)"
                                R"("00090011":{"vr":"LO","Value":["ACME"]},)"
                                R"("00091101":{"vr":"LO","Value":["x"]}})");
  EXPECT_NE(two.find(R"(<DicomAttribute tag="00091101" vr="LO">)"), std::string::npos) << two;
}

TEST_F(XmlWriter, X17_TextIsEscapedAndKeepsItsLines) {
  EXPECT_EQ(
      inner(R"({"00104000":{"vr":"LT","Value":["a<b>&\"\r\n\t\u0007\uffff"]},)"
            R"("00080018":{"vr":"UN","BulkDataURI":"http://h/?a=1&b=2"},)"
            R"("00420011":{"vr":"OB","InlineBinary":"AQI="}})"),
      "<DicomAttribute tag=\"00104000\" vr=\"LT\" keyword=\"PatientComments\">"
      "<Value number=\"1\">a&lt;b&gt;&amp;&quot;&#13;&#10;&#9;\xEF\xBF\xBD\xEF\xBF\xBD</Value>"
      "</DicomAttribute>"
      "<DicomAttribute tag=\"00080018\" vr=\"UN\" keyword=\"SOPInstanceUID\">"
      "<BulkData uri=\"http://h/?a=1&amp;b=2\"/></DicomAttribute>"
      "<DicomAttribute tag=\"00420011\" vr=\"OB\" keyword=\"EncapsulatedDocument\">"
      "<InlineBinary>AQI=</InlineBinary></DicomAttribute>");
}

TEST_F(XmlWriter, WhatIsNoMetadataOfOursIsCorrupt) {
  for (const char* wrong :
       {"", "{", "[1]", R"({"x":{"vr":"LO"}})", R"({"00100020":{"Value":["1"]}})",
        R"({"00100020":{"vr":"LO"}} x)", R"({"00100020":5})"}) {
    EXPECT_EQ(native_xml(wrong).error().code, Code::corrupt) << wrong;
  }
}

TEST_F(XmlWriter, AnArrayIsOneDocumentAnInstance) {
  class Slowly : public ByteSource {
   public:
    Result<size_t> read(char* out, size_t) override {
      if (at_ == text_.size()) return size_t{0};
      *out = text_[at_++];
      return size_t{1};
    }

   private:
    const std::string text_ = R"([{"00100020":{"vr":"LO","Value":["1"]}},{}])";
    size_t at_ = 0;
  };
  XmlInstances all(std::make_unique<Slowly>());
  auto first = all.next();
  ASSERT_TRUE(first.has_value() && first->has_value());
  EXPECT_NE((*first)->find("<Value number=\"1\">1</Value>"), std::string::npos);
  auto second = all.next();
  ASSERT_TRUE(second.has_value() && second->has_value());
  EXPECT_EQ((*second)->find("DicomAttribute"), std::string::npos);
  for (int i = 0; i < 2; ++i) {
    auto end = all.next();
    ASSERT_TRUE(end.has_value());
    EXPECT_FALSE(end->has_value());
  }
}

}  // namespace
}  // namespace medarc::dicom
