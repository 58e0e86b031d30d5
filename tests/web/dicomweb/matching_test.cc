// Each rule of matching (PS3.4 C.2.2.2), asked through both doors, which must agree.
#include "tests/web/dicomweb/both_doors.h"

namespace medarc::web {
namespace {

using Found = std::set<std::string>;
using test::DatasetMaker;
using test::ImageRecipe;

ImageRecipe study(int n) {
  ImageRecipe r;
  r.study_uid = "2.25." + std::to_string(n);
  r.series_uid = r.study_uid + ".1";
  r.sop_uid = r.series_uid + ".1";
  r.patient_id = "P" + std::to_string(n);
  r.accession = "A" + std::to_string(n);
  r.rows = r.columns = 2;
  return r;
}

// Request Attributes Sequence with one item for each {step id, procedure id}.
Bytes requests(const std::vector<std::pair<std::string, std::string>>& items) {
  DatasetMaker d;
  d.head(0x00400275, "SQ", 0xFFFFFFFF);
  for (const auto& [step, procedure] : items) {
    d.item().text(0x00400007, "LO", "Thorax").text(0x00400009, "SH", step);
    d.text(0x00401001, "SH", procedure).end_item();
  }
  d.end_sequence();
  return d.view();
}

// A private block of the group 0009, with one text.
Bytes private_text(const std::string& creator, const std::string& value, uint32_t block = 0x10) {
  DatasetMaker d;
  d.text(0x00090000 | block, "LO", creator).text(0x00090001 | block << 8, "LO", value);
  return d.view();
}

class Matching : public BothDoors {};

TEST_F(Matching, M1_SingleValuesCountCaseExceptInNames) {
  ImageRecipe a = study(1), b = study(2);
  a.patient_name = "Muster^Erika";
  b.patient_name = "MUSTER^ERIKA^^";
  b.accession = "a1";
  put(a);
  put(b);
  EXPECT_EQ(found("STUDY", {{"00080050", "A1"}}), Found({"2.25.1"}));
  EXPECT_EQ(found("STUDY", {{"00080050", "a1"}}), Found({"2.25.2"}));
  EXPECT_EQ(found("STUDY", {{"00100010", "muster^erika"}}), Found({"2.25.1", "2.25.2"}));
  EXPECT_EQ(found("STUDY", {{"00100010", "muster"}}), Found());
}

TEST_F(Matching, M2_WildcardsOfAnyRunAndOfOneCharacter) {
  for (int n = 1; n <= 3; ++n) {
    ImageRecipe r = study(n);
    r.accession = n == 1 ? "AB" : n == 2 ? "AXB" : "";
    r.patient_name = n == 1 ? "Müller^A" : n == 2 ? "Muller^B" : "Mueller^C";
    r.charset = "ISO_IR 192";
    put(r);
  }
  EXPECT_EQ(found("STUDY", {{"00080050", "A*B"}}),
            Found({"2.25.1", "2.25.2"}));  // * may be nothing
  EXPECT_EQ(found("STUDY", {{"00080050", "A?B"}}), Found({"2.25.2"}));
  EXPECT_EQ(found("STUDY", {{"00080050", "A?"}}), Found({"2.25.1"}));
  EXPECT_EQ(found("STUDY", {{"00080050", "*"}}), Found({"2.25.1", "2.25.2", "2.25.3"}));
  EXPECT_EQ(found("STUDY", {{"00100010", "m?ller^*"}}),
            Found({"2.25.1", "2.25.2"}));  // one of UTF-8
}

TEST_F(Matching, M3_InDatesTimesNumbersAndUidsTheyAreLiteral) {
  ImageRecipe r = study(1);
  r.before_pixels = DatasetMaker().text(0x00400244, "DA", "20260115").view();
  put(r);
  EXPECT_EQ(found("STUDY", {{"00080020", "2026*"}}), Found());
  EXPECT_EQ(found("STUDY", {{"00080030", "10????"}}), Found());
  EXPECT_EQ(found("STUDY", {{"0020000D", "2.25.*"}}), Found());
  EXPECT_EQ(found("SERIES", {{"00200011", "?"}}), Found());  // IS
  EXPECT_EQ(found("SERIES", {{"00400244", "*0115"}}), Found());
  EXPECT_EQ(found("SERIES", {{"00400244", "20260115"}}), Found({"2.25.1.1"}));
  EXPECT_EQ(found("SERIES", {{"00200011", "1"}}), Found({"2.25.1.1"}));
}

TEST_F(Matching, M4_RangesAndDatesCombinedWithTimes) {
  const std::pair<const char*, const char*> moments[] = {
      {"20260701", "0959"}, {"20260701", "1000"},   {"20260702", "0300"},
      {"20260703", "1800"}, {"20260703", "180101"}, {"20260704", "1200"}};
  for (int n = 1; n <= 6; ++n) {
    ImageRecipe r = study(n);
    r.study_date = moments[n - 1].first;
    r.study_time = moments[n - 1].second;
    put(r);
  }
  EXPECT_EQ(found("STUDY", {{"00080020", "20260702-20260703"}}),
            Found({"2.25.3", "2.25.4", "2.25.5"}));
  EXPECT_EQ(found("STUDY", {{"00080020", "20260704-"}}), Found({"2.25.6"}));
  EXPECT_EQ(found("STUDY", {{"00080020", "-20260701"}}), Found({"2.25.1", "2.25.2"}));
  EXPECT_EQ(found("STUDY", {{"00080030", "1000-1800"}}), Found({"2.25.2", "2.25.4", "2.25.6"}));
  // From the first moment to the last, nights included (C.2.2.2.5.4).
  EXPECT_EQ(found("STUDY", {{"00080020", "20260701-20260703"}, {"00080030", "1000-1800"}}),
            Found({"2.25.2", "2.25.3", "2.25.4"}));
  EXPECT_EQ(found("STUDY", {{"00080020", "20260703-"}, {"00080030", "1800-"}}),
            Found({"2.25.4", "2.25.5", "2.25.6"}));
  EXPECT_EQ(found("STUDY", {{"00080020", "-20260702"}, {"00080030", "-0300"}}),
            Found({"2.25.1", "2.25.2", "2.25.3"}));
  // Ranges of other forms stay apart.
  EXPECT_EQ(found("STUDY", {{"00080020", "20260701-20260703"}, {"00080030", "-1000"}}),
            Found({"2.25.1", "2.25.2", "2.25.3"}));
  // Without negotiation C-FIND asks for these hours of each day.
  Ask apart;
  apart.keys = {{"00080020", "20260701-20260703"}, {"00080030", "1000-1800"}};
  apart.date_times = false;
  EXPECT_EQ(by_dimse(apart).matches.size(), 2u);
}

TEST_F(Matching, M5_ListsOfUids) {
  for (int n = 1; n <= 3; ++n) put(study(n));
  EXPECT_EQ(found("STUDY", {{"0020000D", "2.25.1\\2.25.3\\2.25.9"}}), Found({"2.25.1", "2.25.3"}));
  EXPECT_EQ(found("IMAGE", {{"00080018", "2.25.2.1.1\\2.25.3.1.1"}}),
            Found({"2.25.2.1.1", "2.25.3.1.1"}));
  EXPECT_EQ(found("IMAGE", {{"00080016", "1.2.3\\1.2.840.10008.5.1.4.1.1.2"}}).size(), 3u);
}

TEST_F(Matching, M6_AnItemOfASequenceMeetsAllItsKeys) {
  ImageRecipe a = study(1), b = study(2), c = study(3), d = study(4);
  a.before_pixels = requests({{"S1", "R1"}, {"S2", "R2"}});
  b.before_pixels = requests({{"S1", "R2"}});
  c.before_pixels = requests({});
  for (const ImageRecipe& r : {a, b, c, d}) put(r);
  const Found all{"2.25.1.1", "2.25.2.1", "2.25.3.1", "2.25.4.1"};
  EXPECT_EQ(found("SERIES", {{"00400275.00400009", "S1"}}), Found({"2.25.1.1", "2.25.2.1"}));
  EXPECT_EQ(found("SERIES", {{"00400275.00400009", "S2"}}), Found({"2.25.1.1"}));
  // In the same item, not one here and one there.
  EXPECT_EQ(found("SERIES", {{"00400275.00400009", "S1"}, {"00400275.00401001", "R2"}}),
            Found({"2.25.2.1"}));
  EXPECT_EQ(found("SERIES", {{"00400275.00401001", "R?"}}), Found({"2.25.1.1", "2.25.2.1"}));
  EXPECT_EQ(found("SERIES", {{"00400275.00401001", "r1"}}), Found());
  EXPECT_EQ(found("SERIES", {{"00400275.00400009", ""}}), all);  // universal, and so is no item
  // With a key that rows decide, and at a level below.
  EXPECT_EQ(found("SERIES", {{"00400275.00400009", "S1"}, {"00100020", "P2"}}),
            Found({"2.25.2.1"}));
  EXPECT_EQ(found("IMAGE", {{"00400275.00400009", "S2"}}), Found({"2.25.1.1.1"}));
  EXPECT_EQ(found("STUDY", {{"00081032.00080100", "CTTHX"}}).size(), 4u);
  EXPECT_EQ(found("STUDY", {{"00081032.00080100", "CTABD"}}).size(), 0u);

  // Only what was asked of an item returns; what it has not, empty; no item of keys: whole items.
  Ask ask;
  ask.level = "SERIES";
  ask.keys = {{"00400275.00400009", "S1"}, {"00400275.00321060", ""}, {"0020000D", "2.25.1"}};
  auto read = read_implicit(by_dimse(ask).matches.at(0).dataset);
  EXPECT_EQ(read["00400275[0].00400009"], "S1");
  EXPECT_EQ(read["00400275[1].00400009"], "S2");
  EXPECT_TRUE(read.contains("00400275[0].00321060"));
  EXPECT_FALSE(read.contains("00400275[0].00401001"));
  ask.keys = {{"00400275", ""}, {"0020000D", "2.25.1"}};
  read = read_implicit(by_dimse(ask).matches.at(0).dataset);
  EXPECT_EQ(read["00400275[1].00401001"], "R2");
  EXPECT_EQ(read["00400275[1].00400007"], "Thorax");
}

TEST_F(Matching, M6_SequencesTooLongForRowsAndOfInstances) {
  ImageRecipe a = study(1), b = study(2);
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 200; ++i) many.emplace_back("S" + std::to_string(i), "R" + std::to_string(i));
  a.before_pixels = requests(many);
  b.before_pixels = requests({{"S7", "R8"}});
  // Referenced Image Sequence, an attribute of instances.
  DatasetMaker referenced;
  referenced.head(0x00081140, "SQ", 0xFFFFFFFF).item();
  referenced.text(0x00081150, "UI", "1.2.840.10008.5.1.4.1.1.2").text(0x00081155, "UI", "2.25.99");
  b.before_patient = referenced.end_item().end_sequence().view();
  put(a);
  put(b);
  EXPECT_EQ(found("SERIES", {{"00400275.00400009", "S7"}, {"00400275.00401001", "R7"}}),
            Found({"2.25.1.1"}));
  EXPECT_EQ(found("SERIES", {{"00400275.00400009", "S7"}}), Found({"2.25.1.1", "2.25.2.1"}));
  EXPECT_EQ(found("SERIES", {{"00400275.00400009", "S200"}}), Found());
  EXPECT_EQ(found("IMAGE", {{"00081140.00081155", "2.25.98\\2.25.99"}}), Found({"2.25.2.1.1"}));
  EXPECT_EQ(found("IMAGE", {{"00081140.00081155", "2.25.98"}}), Found());
  Ask ask;
  ask.level = "SERIES";
  ask.keys = {{"00400275", ""}, {"0020000E", "2.25.1.1"}};
  EXPECT_EQ(read_implicit(by_dimse(ask).matches.at(0).dataset)["00400275[199].00400009"], "S199");
  EXPECT_NE(by_web(ask).body.find("S199"), std::string::npos);
}

TEST_F(Matching, M7_UniversalMatchingReturnsWhatLacksTheAttributeToo) {
  ImageRecipe a = study(1), b = study(2);
  b.accession = "";
  a.before_pixels = DatasetMaker().text(0x00401001, "SH", "R1").view();
  put(a);
  put(b);
  for (const char* universal : {"", "*", "**"}) {
    EXPECT_EQ(found("STUDY", {{"00080050", universal}}), Found({"2.25.1", "2.25.2"}));
    EXPECT_EQ(found("IMAGE", {{"00401001", universal}}), Found({"2.25.1.1.1", "2.25.2.1.1"}));
  }
  EXPECT_EQ(found("IMAGE", {{"00401001", "R*"}}), Found({"2.25.1.1.1"}));
}

TEST_F(Matching, M8_EmptyAndMultipleValuesOnlyWhereAskedFor) {
  ImageRecipe a = study(1), b = study(2), c = study(3);
  a.accession = "";
  b.modality = "CT";
  put(b);
  b.series_uid += "2";
  b.sop_uid += "2";
  b.modality = "SR";
  put(b);
  c.modality = "SR";
  a.modality = "PT";
  a.before_pixels = requests({{"", "R1"}});
  put(a);
  put(c);
  Ask ask;
  ask.keys = {{"00080050", "\"\""}};
  EXPECT_EQ(found(ask), Found());
  ask.empty_values = true;
  EXPECT_EQ(found(ask), Found({"2.25.1"}));
  ask.keys = {{"00400275.00400009", "\"\""}};
  ask.level = "SERIES";
  EXPECT_EQ(found(ask), Found({"2.25.1.1"}));

  Ask several;
  several.keys = {{"00080061", "SR\\CT"}};
  EXPECT_EQ(found(several), Found({"2.25.2", "2.25.3"}));
  several.all_values = true;
  EXPECT_EQ(found(several), Found({"2.25.2"}));  // in any order
  several.keys = {{"00080061", "S*\\CT"}};
  EXPECT_EQ(found(several), Found());  // no wildcards
}

TEST_F(Matching, M9_TheCharacterSetGovernsTextAndIsNoKey) {
  ImageRecipe a = study(1), b = study(2);
  a.charset = "ISO_IR 192";
  a.patient_name = "Müller^Jörg";
  b.charset = "ISO_IR 100";
  b.patient_name = "M\xFCller^J\xF6rg";
  put(a);
  put(b);
  const Found both{"2.25.1", "2.25.2"};
  EXPECT_EQ(found("STUDY", {{"00100010", "MÜLLER^*"}}), both);
  Ask latin;
  latin.charset = "ISO_IR 100";
  latin.keys = {{"00100010", "M\xFCLLER^*"}};
  EXPECT_EQ(by_dimse(latin).matches.size(), 2u);
  // A set that is not known reads as ASCII; what is ASCII is found all the same.
  latin.charset = "ISO_IR 999";
  latin.keys = {{"00100020", "P1"}};
  EXPECT_EQ(by_dimse(latin).matches.size(), 1u);
  // As a key it filters nothing: C-FIND takes it for the set of the identifier, QIDO-RS says so.
  const test::HttpAnswer answer = get("/dicom-web/instances?SpecificCharacterSet=ISO_IR%20100");
  EXPECT_EQ(boost::json::parse(answer.body).as_array().size(), 2u);
  EXPECT_NE(answer.header("Warning").find("SpecificCharacterSet"), std::string::npos);
}

TEST_F(Matching, M10_NamesAcrossGroupsSetsAndPadding) {
  ImageRecipe a = study(1), b = study(2), c = study(3);
  a.charset = "ISO_IR 192";
  a.patient_name = "Yamada^Tarou=山田^太郎=やまだ^たろう";
  b.charset = "\\ISO 2022 IR 87";
  b.patient_name = "Yamada^Tarou=\033$B;3ED\033(B^\033$BB@O:\033(B";
  c.patient_name = "Yamada^Hanako^^";
  for (const ImageRecipe& r : {a, b, c}) put(r);
  EXPECT_EQ(found("STUDY", {{"00100010", "山田^太郎"}}), Found({"2.25.1", "2.25.2"}));
  EXPECT_EQ(found("STUDY", {{"00100010", "=山田*"}}), Found({"2.25.1", "2.25.2"}));
  EXPECT_EQ(found("STUDY", {{"00100010", "やまだ^*"}}), Found({"2.25.1"}));
  EXPECT_EQ(found("STUDY", {{"00100010", "yamada^hanako"}}), Found({"2.25.3"}));
  EXPECT_EQ(found("STUDY", {{"00100010", "yamada^hanako^^^"}}), Found({"2.25.3"}));
  EXPECT_EQ(found("STUDY", {{"00100010", "yamada^*"}}).size(), 3u);
}

TEST_F(Matching, Q3_PrivateElementsAreNamedByTheirCreator) {
  ImageRecipe a = study(1), b = study(2), c = study(3), d = study(4);
  a.before_patient = private_text("ACME 1.0", "alpha");
  b.before_patient = private_text("OTHER", "alpha") + private_text("ACME 1.0", "beta", 0x11);
  c.before_patient = private_text("OTHER", "alpha");
  d.transfer_syntax = "1.2.840.10008.1.2";  // implicit: VR unknown
  DatasetMaker implicit(dicom::Encoding::implicit_little);
  d.before_patient =
      implicit.text(0x00090010, "LO", "ACME 1.0").text(0x00091001, "LO", "alpha").view();
  for (const ImageRecipe& r : {a, b, c, d}) put(r);
  EXPECT_EQ(found("IMAGE", {{"00090010", "ACME 1.0"}, {"00091001", "alpha"}}),
            Found({"2.25.1.1.1", "2.25.4.1.1"}));
  EXPECT_EQ(found("IMAGE", {{"00090010", "ACME 1.0"}, {"00091001", "bet*"}}),
            Found({"2.25.2.1.1"}));  // in another block there
  EXPECT_EQ(found("IMAGE", {{"00090010", "OTHER"}}), Found({"2.25.2.1.1", "2.25.3.1.1"}));
  EXPECT_EQ(found("IMAGE", {{"00090010", "nobody"}, {"00091001", "alpha"}}), Found());

  // Both come back, under the tags that were asked for.
  Ask ask;
  ask.level = "IMAGE";
  ask.keys = {{"00090010", "ACME 1.0"}, {"00080018", "2.25.2.1.1"}};
  const test::HttpAnswer answer = by_web(ask, "&includefield=00091001");
  const auto rows = boost::json::parse(answer.body).as_array();
  ASSERT_EQ(rows.size(), 1u) << answer.body;
  EXPECT_EQ(rows[0].at("00090010").at("Value").at(0), "ACME 1.0");
  EXPECT_EQ(rows[0].at("00091001").at("Value").at(0), "beta");
  ask.keys.emplace_back("00091001", "");
  auto read = read_implicit(by_dimse(ask).matches.at(0).dataset);
  EXPECT_EQ(read["00090010"], "ACME 1.0");
  EXPECT_EQ(read["00091001"], "beta");
  // Without its creator the element says nothing: a warning, or FF01.
  ask.keys = {{"00091001", "alpha"}};
  EXPECT_NE(by_web(ask).header("Warning").find("00091001"), std::string::npos);
  EXPECT_EQ(by_dimse(ask).matches.at(0).status, 0xFF01);
}

TEST_F(Matching, M12_TooManyInstancesToCompareIsRefusedAndNamed) {
  for (int n = 1; n <= 5; ++n) {
    ImageRecipe r = study(n);
    r.before_pixels = DatasetMaker().text(0x00181160, "SH", "NONE").view();  // Filter Type
    put(r);
  }
  dicom_.reset();
  server_.reset();
  dicom::Limits limits;
  limits.compared_instances_max = 3;
  imaging_ = dicom::Imaging::create(*index_, *guard_, limits, codecs_.get());
  open_doors();
  Ask ask;
  ask.level = "IMAGE";
  ask.keys = {{"00181160", "NONE"}};
  EXPECT_EQ(by_web(ask).status, 413);
  const Responses refused = by_dimse(ask);
  EXPECT_EQ(refused.last, 0xA700);
  EXPECT_NE(refused.comment.find("more than 3"), std::string::npos) << refused.comment;
  ask.keys.emplace_back("00100020", "P2");  // fewer rows, fewer comparisons
  EXPECT_EQ(found(ask), Found({"2.25.2.1.1"}));
}

TEST_F(Matching, M12_KeysOfSequencesAreBounded) {
  put(study(1));
  Ask ask;
  ask.level = "SERIES";
  std::string path = "00400275";
  for (int i = 0; i < 20; ++i) path += ".00400275";
  ask.keys = {{path + ".00400009", "S1"}};
  EXPECT_EQ(by_dimse(ask).last, 0xC001);
  EXPECT_NE(by_web(ask).header("Warning").find("was ignored"), std::string::npos);
}

TEST_F(Matching, M12_WhatWasNegotiatedIsWhatHappens) {
  ImageRecipe a = study(1);
  a.patient_name = "Muster^Erika Anna";
  a.accession = "";
  put(a);
  Ask ask;
  ask.level = "IMAGE";
  // Nothing negotiated: the hierarchy must be given, words are no names, "" is a value.
  EXPECT_EQ(by_dimse(ask, "").last, 0xA900);
  ask.level = "STUDY";
  ask.keys = {{"00100010", "anna"}};
  EXPECT_EQ(by_dimse(ask, "").matches.size(), 0u);
  EXPECT_EQ(by_dimse(ask, std::string("\0\0\1", 3)).matches.size(), 1u);
  ask.keys = {{"00080050", "\"\""}};
  EXPECT_EQ(by_dimse(ask, "").matches.size(), 0u);
  EXPECT_EQ(by_dimse(ask, std::string("\0\0\0\0\0\1", 6)).matches.size(), 1u);
}

}  // namespace
}  // namespace medarc::web
