// C-FIND and C-GET over the real archive, asked by DCMTK's tools and by a raw client.
#include <fstream>

#include "tests/dicom/net/query_fixture.h"
#include "tests/support/frames.h"
#include "tests/support/image_object.h"

namespace medarc::dicom::test {
namespace {

TEST_F(QueryNet, M1_M4_M7_StudiesAreMatchedByEveryKindOfKey) {
  store_some();
  listen();
  const auto count = [&](uint32_t tag, const std::string& value) {
    return find(kStudyFind, key(0x00080052, "STUDY") + key(tag, value) + key(0x0020000D, ""))
        .matches.size();
  };
  EXPECT_EQ(count(0x00080050, "ACC2"), 1u);
  EXPECT_EQ(count(0x00080050, "acc2"), 0u);
  EXPECT_EQ(count(0x00080050, "ACC*"), 4u);
  EXPECT_EQ(count(0x00080050, "ACC?"), 4u);
  EXPECT_EQ(count(0x00080050, "*"), 4u);
  EXPECT_EQ(count(0x00080050, ""), 4u);
  EXPECT_EQ(count(0x00080020, "20260102-20260103"), 2u);
  EXPECT_EQ(count(0x00080020, "-20260103"), 3u);
  EXPECT_EQ(count(0x00080020, "20260103-"), 2u);
  EXPECT_EQ(count(0x00080020, "2026010*"), 0u);  // M3
  EXPECT_EQ(count(0x00100020, "P1"), 2u);
  EXPECT_EQ(count(0x00100010, "MUSTER*"), 2u);
  EXPECT_EQ(count(0x0020000D, "2.25.1\\2.25.3"), 2u);  // M5
  EXPECT_EQ(count(0x00080061, "SR"), 4u);
}

TEST_F(QueryNet, M9_M10_M13_AnswersHoldWhatWasAskedInACharacterSetThatFits) {
  store_some();
  listen();
  const std::string asked = key(0x00080052, "STUDY") + key(0x00080054, "") + key(0x00080056, "") +
                            key(0x00100010, "") + key(0x00201206, "") + key(0x00201208, "");
  Found found = find(kStudyFind, asked + key(0x00080050, "ACC1"));
  ASSERT_EQ(found.matches.size(), 1u);
  const std::string& plain = found.matches[0].dataset;
  EXPECT_EQ(value_of(plain, 0x00080052), "STUDY");
  EXPECT_EQ(value_of(plain, 0x00080054), "MEDARC");
  EXPECT_EQ(value_of(plain, 0x00080056), "ONLINE");
  EXPECT_EQ(value_of(plain, 0x00100010), "Muster^Erika");
  EXPECT_EQ(value_of(plain, 0x00201206), "2");
  EXPECT_EQ(value_of(plain, 0x00201208), "4");
  EXPECT_EQ(value_of(plain, 0x00080005), std::nullopt);  // ASCII needs none
  EXPECT_EQ(value_of(plain, 0x00080030), std::nullopt);  // not asked for
  EXPECT_EQ(found.matches[0].status, 0xFF00);
  EXPECT_EQ(found.last.status, 0x0000);

  // The requestor's own set where the text fits, UTF-8 where it does not.
  found = find(kStudyFind, key(0x00080005, "ISO_IR 100") + asked + key(0x00080050, "ACC2"));
  ASSERT_EQ(found.matches.size(), 1u);
  EXPECT_EQ(value_of(found.matches[0].dataset, 0x00080005), "ISO_IR 100");
  EXPECT_EQ(value_of(found.matches[0].dataset, 0x00100010), "M\xFCller^J\xF6rg");
  found = find(kStudyFind, key(0x00080005, "ISO_IR 100") + asked + key(0x00080050, "ACC3"));
  ASSERT_EQ(found.matches.size(), 1u);
  EXPECT_EQ(value_of(found.matches[0].dataset, 0x00080005), "ISO_IR 192");
  EXPECT_EQ(value_of(found.matches[0].dataset, 0x00100010), "Wang^XiaoDong=王^小东");

  // A key in the requestor's set finds what is stored in another.
  found = find(kStudyFind, key(0x00080005, "ISO_IR 100") + key(0x00080052, "STUDY") +
                               key(0x00100010, "M\xFCLLER*"));
  EXPECT_EQ(found.matches.size(), 1u);
}

TEST_F(QueryNet, M11_HierarchyNeedsItsUniqueKeysUnlessRelationalQueriesWereNegotiated) {
  store_some();
  listen();
  const std::string images = key(0x00080018, "") + key(0x00080052, "IMAGE");
  EXPECT_EQ(find(kStudyFind, images).last.status, 0xA900);
  const std::string relational = extended(kStudyFind, std::string("\1\0\0", 3));
  EXPECT_EQ(find(kStudyFind, images, relational).matches.size(), 16u);
  const std::string in_series = images + key(0x0020000D, "2.25.1") + key(0x0020000E, "2.25.1.2");
  EXPECT_EQ(find(kStudyFind, in_series).matches.size(), 2u);
  EXPECT_EQ(find(kStudyFind,
                 key(0x00080052, "SERIES") + key(0x00080060, "CT") + key(0x0020000D, "2.25.1"))
                .matches.size(),
            1u);
  // Patient Root: a study is below its patient.
  const std::string study = key(0x00080052, "STUDY") + key(0x0020000D, "");
  EXPECT_EQ(find(kPatientFind, study).last.status, 0xA900);
  EXPECT_EQ(find(kPatientFind, study + key(0x00100020, "P1")).matches.size(), 2u);
  EXPECT_EQ(find(kStudyFind, key(0x00080052, "PATIENT")).last.status, 0xA900);
  EXPECT_EQ(find(kStudyFind, key(0x00080050, "")).last.status, 0xA900);  // no level
  const Found patients =
      find(kPatientFind, key(0x00080052, "PATIENT") + key(0x00100010, "Muster*") +
                             key(0x00100020, "") + key(0x00201200, ""));
  ASSERT_EQ(patients.matches.size(), 1u);
  EXPECT_EQ(value_of(patients.matches[0].dataset, 0x00100020), "P1");
  EXPECT_EQ(value_of(patients.matches[0].dataset, 0x00201200), "2");
}

TEST_F(QueryNet, M8_M12_NegotiatedMatchingAndUnsupportedKeys) {
  store_some();
  listen();
  // A key that is neither matched nor returned is said so with every answer.
  const Found odd =
      find(kStudyFind, key(0x00080050, "ACC1") + key(0x00080052, "STUDY") + key(0x00189999, "X"));
  ASSERT_EQ(odd.matches.size(), 1u);
  EXPECT_EQ(odd.matches[0].status, 0xFF01);
  const std::string words = key(0x00080052, "STUDY") + key(0x00100010, "erika must");
  EXPECT_EQ(find(kStudyFind, words).matches.size(), 0u);
  EXPECT_EQ(find(kStudyFind, words, extended(kStudyFind, std::string("\0\0\1", 3))).matches.size(),
            2u);
  const std::string none = key(0x00080052, "STUDY") + key(0x00080201, "\"\"");
  EXPECT_EQ(find(kStudyFind, none).matches.size(), 0u);
  EXPECT_EQ(
      find(kStudyFind, none, extended(kStudyFind, std::string("\0\0\0\0\0\1", 6))).matches.size(),
      4u);
}

TEST_F(QueryNet, M12_BrokenIdentifiersAreAnsweredAndTheAssociationGoesOn) {
  store_some();
  listen();
  EXPECT_EQ(find(kStudyFind, "rubbish that is no dataset").last.status, 0xC001);
  EXPECT_EQ(find(kStudyFind, key(0x00080020, "20260101-20260102-3") + key(0x00080052, "STUDY"))
                .last.status,
            0xC001);
  limits.identifier_bytes_max = 4096;
  server.reset();
  listen();
  EXPECT_EQ(find(kStudyFind, key(0x00080050, std::string(9000, 'A')) + key(0x00080052, "STUDY"))
                .last.status,
            0xA700);
}

TEST_F(QueryNet, M12_ACancelEndsALongAnswer) {
  for (int i = 0; i < 400; ++i) {
    ImageRecipe r;
    r.study_uid = "2.25." + std::to_string(1000 + i);
    r.series_uid = r.study_uid + ".1";
    r.sop_uid = r.study_uid + ".1.1";
    r.rows = r.columns = 2;
    store(r);
  }
  listen();
  RawRequest request;
  request.contexts = {{1, kStudyFind, {kImplicit}}};
  RawAssociation association(port(), request);
  ASSERT_TRUE(association.established());
  // The cancel is on its way before the first answer.
  std::string long_keys;
  for (uint32_t tag : {0x00080020u, 0x00080050u, 0x00100010u, 0x00100020u, 0x0020000Du}) {
    long_keys += key(tag, "");
    if (tag == 0x00080050) long_keys += key(0x00080052, "STUDY");
  }
  ASSERT_TRUE(association.send_message(1, true,
                                       command_set({{0x0002, ui(kStudyFind)},
                                                    {0x0100, le16(0x0020)},
                                                    {0x0110, le16(3)},
                                                    {0x0800, le16(0)}})));
  ASSERT_TRUE(association.send_message(1, false, long_keys));
  ASSERT_TRUE(association.send_message(
      1, true, command_set({{0x0100, le16(0x0FFF)}, {0x0120, le16(3)}, {0x0800, le16(0x0101)}})));
  uint16_t last = 0xFF00;
  size_t matches = 0;
  while (last == 0xFF00) {
    const auto response = association.read_response();
    ASSERT_TRUE(response.has_value());
    last = response->status;
    matches += last == 0xFF00 ? 1 : 0;
  }
  EXPECT_EQ(last, 0xFE00);
  EXPECT_LT(matches, 400u);
  EXPECT_TRUE(association.release());
}

TEST_F(QueryNet, D3_GetscuGetsTheBytesThatWereStored) {
  store_some();
  listen();
  std::filesystem::create_directories(dir / "got");
  const Ran ran =
      run("getscu -S -k 0008,0052=STUDY -k 0020,000D=2.25.1 -od " + (dir / "got").string() + at());
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  ImageRecipe r = some(1, 2, 1);
  std::ifstream in(dir / "got" / ("CT." + r.sop_uid), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const Bytes sent = make_dataset(r);
  ASSERT_GT(bytes.size(), sent.size()) << ran.output;
  EXPECT_EQ(bytes.substr(bytes.size() - sent.size()), sent);
  const auto files = std::filesystem::directory_iterator(dir / "got");
  EXPECT_EQ(std::distance(begin(files), end(files)), 4) << ran.output;
}

// getscu takes native syntaxes only here: compressed images come expanded, or implicit when it
// takes nothing else, and in another lossless syntax when it takes that.
TEST_F(QueryNet, D3_ACompressedImageComesAsThePeerTakesIt) {
  medarc::test::ImageObject object;
  object.shape = medarc::test::all_shapes()[12].shape;
  const Frame frame = medarc::test::make_frame(object.shape);
  const auto encoded = codecs->encode("1.2.840.10008.1.2.4.201", frame);
  ASSERT_TRUE(encoded.has_value());
  object.frames = {encoded->codestream};
  object.transfer_syntax = "1.2.840.10008.1.2.4.201";
  store(make_file(object));
  listen();
  for (const char* takes : {"+xe", "+xi", "+xs"}) {  // explicit, implicit, JPEG lossless
    const auto got = dir / (std::string("got") + takes);
    std::filesystem::create_directories(got);
    const Ran ran = run("getscu -S " + std::string(takes) + " -k 0008,0052=STUDY -k 0020,000D=" +
                        object.study_uid + " -od " + got.string() + at());
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    const auto files = std::filesystem::directory_iterator(got);
    ASSERT_EQ(std::distance(begin(files), end(files)), 1) << takes << ran.output;
    const Ran plain = run("dcmdjpeg " + std::filesystem::directory_iterator(got)->path().string() +
                          " " + (dir / "plain.dcm").string());
    EXPECT_EQ(plain.exit_code, 0) << plain.output;
    std::ifstream in(dir / "plain.dcm", std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    EXPECT_NE(bytes.find(frame.pixels), std::string::npos) << takes;
  }
}

TEST_F(QueryNet, D3_WhatNoContextFitsFailsAndIsNamed) {
  store_some();
  listen();
  RawRequest request;
  // No storage context at all.
  request.contexts = {{1, kStudyGet, {kImplicit}}};
  RawAssociation association(port(), request);
  ASSERT_TRUE(association.established());
  const auto get = [&](const std::string& identifier) {
    EXPECT_TRUE(association.send_message(1, true,
                                         command_set({{0x0002, ui(kStudyGet)},
                                                      {0x0100, le16(0x0010)},
                                                      {0x0110, le16(5)},
                                                      {0x0800, le16(0)}})));
    EXPECT_TRUE(association.send_message(1, false, identifier));
    std::optional<RawResponse> response;
    do {
      response = association.read_response();
    } while (response && response->status == 0xFF00);
    return response.value_or(RawResponse());
  };
  const RawResponse all = get(key(0x00080052, "SERIES") + key(0x0020000D, "2.25.1") +
                              key(0x0020000E, "2.25.1.1", '\0'));
  EXPECT_EQ(all.status, 0xA702);
  EXPECT_EQ(all.failed, 2);
  EXPECT_EQ(all.completed, 0);
  EXPECT_EQ(value_of(all.dataset, 0x00080058), "2.25.1.1.1\\2.25.1.1.2");
  const RawResponse none = get(key(0x00080052, "STUDY") + key(0x0020000D, "2.25.999"));
  EXPECT_EQ(none.status, 0x0000);
  EXPECT_EQ(none.completed, 0);
  EXPECT_EQ(get(key(0x00080052, "SERIES") + key(0x0020000D, "2.25.1")).status, 0xA900);
  EXPECT_TRUE(association.release());
}

TEST_F(QueryNet, FindscuReadsTheAnswers) {
  store_some();
  listen();
  const Ran ran =
      run("findscu -S -k 0008,0052=STUDY -k 0010,0010=Muster* -k 0020,000D -k 0008,0050" + at());
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_NE(ran.output.find("ACC1"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("ACC4"), std::string::npos);
  EXPECT_EQ(ran.output.find("ACC2"), std::string::npos);
}

}  // namespace
}  // namespace medarc::dicom::test
