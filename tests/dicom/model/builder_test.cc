// What clients write in JSON and XML beside what we write ourselves.
#include "dicom/model/bulk_spool.h"
#include "dicom/values.h"
#include "tests/dicom/model/model_fixture.h"
#include "tests/support/temp_dir.h"

namespace medarc::dicom::test {
namespace {

class Builder : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(load_dictionary().has_value()); }
  static Bytes json_of(std::string_view text) {
    return metadata_of(read_one<JsonReader>(text).dataset);
  }
  static Bytes xml_of(std::string_view inside) {
    return metadata_of(
        read_one<XmlReader>("<NativeDicomModel>" + std::string(inside) + "</NativeDicomModel>")
            .dataset);
  }
  // As metadata_of() ends.
  static Bytes with_end(std::string text) {
    return text + R"(,"00083002":{"vr":"UI","Value":["1.2.840.10008.1.2.1"]}})";
  }
};

TEST_F(Builder, TheOrderOfMembersIsFree) {
  EXPECT_EQ(json_of(R"({"00200013":{"Value":["3"],"vr":"IS"},)"
                    R"("00081032":{"Value":[{"00080102":{"vr":"SH","Value":["B"]},)"
                    R"("00080100":{"vr":"SH","Value":["A"]}},{}],"other":{"a":[1,{}]},"vr":"SQ"},)"
                    R"("00100010":{"Value":[{"Phonetic":"p","Alphabetic":"a"},{}],"vr":"PN"}})"),
            with_end(R"({"00081032":{"vr":"SQ","Value":[{"00080100":{"vr":"SH","Value":["A"]},)"
                     R"("00080102":{"vr":"SH","Value":["B"]}},{}]},)"
                     R"("00100010":{"vr":"PN","Value":[{"Alphabetic":"a","Phonetic":"p"}]},)"
                     R"("00200013":{"vr":"IS","Value":[3]})"));
}

TEST_F(Builder, KeywordsPlainNamesAndAbsentVrsAreRead) {
  EXPECT_EQ(json_of(R"({"PatientName":{"Value":["Muster^Erika"]},"00280010":{"Value":["5"]}})"),
            with_end(R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"Muster^Erika"}]},)"
                     R"("00280010":{"vr":"US","Value":[5]})"));
}

TEST_F(Builder, NumbersAreReadInEveryForm) {
  EXPECT_EQ(
      json_of(R"({"00091001":{"vr":"SL","Value":[-1,2e2,"3",4.0]},)"
              R"("00091002":{"vr":"UV","Value":[18446744073709551615,"18446744073709551615"]},)"
              R"("00091003":{"vr":"FD","Value":["NaN","-inf","Infinity",0.1,-0]},)"
              R"("00091004":{"vr":"DS","Value":[1.50,"2.5",null]}})"),
      with_end(R"({"00091001":{"vr":"SL","Value":[-1,200,3,4]},)"
               R"("00091002":{"vr":"UV","Value":[18446744073709551615,18446744073709551615]},)"
               R"("00091003":{"vr":"FD","Value":["NaN","-inf","inf",0.1,-0]},)"
               R"("00091004":{"vr":"DS","Value":[1.50,2.5]})"));
}

TEST_F(Builder, WhatObjectsDoNotCarryIsLeftOut) {
  const ModelInstance read = read_one<JsonReader>(
      R"({"00020010":{"vr":"UI","Value":["1.2.840.10008.1.2.5"]},"00080000":{"vr":"UL","Value":[9]},)"
      R"("00083002":{"vr":"UI","Value":["1.2"]},"00080016":{"vr":"UI","Value":["1.2.3"]},)"
      R"("00080018":{"vr":"UI","Value":["1.2.4"]}})");
  EXPECT_EQ(read.transfer_syntax, "1.2.840.10008.1.2.5");
  EXPECT_EQ(read.sop_class.value, "1.2.3");
  EXPECT_EQ(read.uid.value, "1.2.4");
  EXPECT_EQ(read.elements.size(), 2u);
  EXPECT_TRUE(read.has(Tag{0x00080018}));
  EXPECT_FALSE(read.has(Tag{0x00083002}));
  EXPECT_EQ(read.first_value(Tag{0x00080018}), "1.2.4");
  EXPECT_EQ(read.first_value(Tag{0x00100020}), "");
}

TEST_F(Builder, TextIsUtf8AndSaysSo) {
  const std::string named = R"("00080005":{"vr":"CS","Value":["ISO_IR 192"]})";
  EXPECT_EQ(json_of(R"({"00100020":{"vr":"LO","Value":["a"]}})").find(named), std::string::npos);
  EXPECT_NE(
      json_of(R"({"00081032":{"vr":"SQ","Value":[{"00080104":{"vr":"LO","Value":["\u00e9"]}}]}})")
          .find(named),
      std::string::npos);
  EXPECT_NE(json_of(R"({"00080005":{"vr":"CS","Value":["ISO_IR 100"]}})").find(named),
            std::string::npos);
  // Latin-1 XML too.
  const ModelInstance read = read_one<XmlReader>(
      "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><NativeDicomModel>"
      "<DicomAttribute tag=\"00100020\" vr=\"LO\"><Value number=\"1\">\xE9</Value></DicomAttribute>"
      "</NativeDicomModel>");
  EXPECT_NE(metadata_of(read.dataset).find("\"é\""), std::string::npos);
}

TEST_F(Builder, LongTextOfAShortVrBecomesUn) {
  const std::string text(70'000, 'x');
  const ModelInstance read =
      read_one<JsonReader>(R"({"00091001":{"vr":"LT","Value":[")" + text + "\"]}}");
  EXPECT_EQ(read.dataset.substr(4, 2), "UN");
  EXPECT_NE(read.dataset.find(text), std::string::npos);
}

TEST_F(Builder, PrivateBlocksFollowTheirCreators) {
  const std::string creator =
      R"(<DicomAttribute tag="00090010" vr="LO"><Value number="1">A</Value></DicomAttribute>)";
  const std::string element =
      R"( vr="LO" privateCreator="B"><Value number="1">x</Value></DicomAttribute>)";
  const Bytes wanted =
      with_end(R"({"00090010":{"vr":"LO","Value":["A"]},"00090011":{"vr":"LO","Value":["B"]},)"
               R"("00091101":{"vr":"LO","Value":["x"]})");
  // The block left out, or written; its creator not named as an element of its own.
  EXPECT_EQ(xml_of(creator + R"(<DicomAttribute tag="00090001")" + element), wanted);
  EXPECT_EQ(xml_of(creator + R"(<DicomAttribute tag="00091101")" + element), wanted);
  // What is left of the tag may look like that of a creator.
  EXPECT_EQ(
      xml_of(creator + R"(<DicomAttribute tag="00090010")" + element),
      with_end(R"({"00090010":{"vr":"LO","Value":["A"]},"00090011":{"vr":"LO","Value":["B"]},)"
               R"("00091110":{"vr":"LO","Value":["x"]})"));
}

TEST_F(Builder, XmlWithNamespacesBlanksAndGaps) {
  EXPECT_EQ(xml_of("\n  <n:DicomAttribute xmlns:n=\"http://x\" tag=\"00081030\" vr=\"LO\">\n"
                   "<n:Value number=\"1\"> a&amp;b </n:Value>\n<n:Value number=\"3\">c</n:Value>\n"
                   "</n:DicomAttribute>\n<!-- c --><DicomAttribute tag=\"7FE00010\" vr=\"OB\">"
                   "<InlineBinary>\nAQ\nI=\n</InlineBinary></DicomAttribute>"),
            with_end(R"({"00081030":{"vr":"LO","Value":["a&b",null,"c"]},)"
                     R"("7FE00010":{"vr":"OB","BulkDataURI":")" +
                     std::string(1, kBaseMark) + R"(/instances/1.2.3/bulkdata/7FE00010"})"));
}

TEST_F(Builder, BulkDataKeepsItsPlaceWhateverTheOrder) {
  const ModelInstance read = read_one<JsonReader>(
      R"({"7FE00010":{"vr":"OW","BulkDataURI":"p"},"00091002":{"vr":"UN","BulkDataURI":"b"},)"
      R"("00091001":{"vr":"UN","BulkDataURI":"a"},"00091003":{"vr":"LO","Value":["x"]},)"
      R"("00081140":{"vr":"SQ","Value":[{"00880200":{"vr":"OB","BulkDataURI":"n"},)"
      R"("00080100":{"vr":"SH","Value":["A"]}}]}})");
  ASSERT_EQ(read.bulk.size(), 4u);
  std::string uris;
  uint64_t before = 0;
  for (const BulkReference& b : read.bulk) {
    uris += b.uri;
    EXPECT_GE(b.at, before);
    before = b.at;
    EXPECT_EQ(b.top_level, b.uri != "n");
  }
  EXPECT_EQ(uris, "nabp");
  EXPECT_EQ(read.bulk.back().at, read.dataset.size());
  EXPECT_EQ(read.bulk[1].at, read.bulk[2].at);
  EXPECT_EQ(read.dataset.substr(read.bulk[1].at, 8), ByteView("\x09\0\x03\x10LO\x02\0", 8));
}

TEST(BulkSpool, KeepsBytesInMemoryThenInAFileWithoutAName) {
  const medarc::test::TempDir dir;
  BulkSpool spool(posix_fs(), dir.path() + "/t", 300'000);
  Bytes all;
  const auto append = [&](size_t count) {
    Bytes more(count, '\0');
    for (size_t i = 0; i < count; ++i) more[i] = static_cast<char>((all.size() + i) * 7 >> 3);
    ASSERT_TRUE(spool.append(more).has_value());
    all += more;
  };
  const auto expect_all = [&] {
    ASSERT_EQ(spool.size(), all.size());
    for (uint64_t at : {uint64_t{0}, uint64_t{1}, all.size() / 2, all.size() - 1}) {
      Bytes got(all.size() - at, '\0');
      for (size_t have = 0; have < got.size();) {
        const auto n = spool.read(at + have, got.data() + have, got.size() - have);
        ASSERT_TRUE(n.has_value() && *n > 0);
        have += *n;
      }
      EXPECT_TRUE(got == all.substr(at));
    }
  };
  append(299'000);
  expect_all();
  EXPECT_FALSE(*posix_fs().exists(dir.path() + "/t"));
  append(2000);
  append(1'000'000);
  append(10);
  expect_all();
  EXPECT_TRUE(posix_fs().list(dir.path() + "/t")->empty());
  spool.clear();
  all.clear();
  append(5);
  expect_all();
}

}  // namespace
}  // namespace medarc::dicom::test
