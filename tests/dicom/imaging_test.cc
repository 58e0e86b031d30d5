// The imaging use cases on a real archive: what goes in comes out, in every form.
#include "dicom/imaging.h"

#include <boost/json.hpp>

#include "tests/support/dicom_maker.h"
#include "tests/support/imaging_fixture.h"

namespace medarc::dicom {
namespace {

using test::ImageRecipe;

class ImagingTest : public test::ImagingFixture {
 protected:
  InstanceRow row_of(const ImageRecipe& r) {
    return row(StudyUid(r.study_uid), SeriesUid(r.series_uid), SopInstanceUid(r.sop_uid));
  }
};

const char* const kSyntaxes[] = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2",
                                 "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.90",
                                 "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.110"};

TEST_F(ImagingTest, S10_EveryEncodingComesBackByteForByteAndFrameByFrame) {
  int n = 0;
  for (const char* syntax : kSyntaxes) {
    for (const int frames : {1, 3}) {
      ImageRecipe r;
      r.transfer_syntax = syntax;
      r.frames = frames;
      r.rows = 200;
      r.columns = 300;
      r.seed = static_cast<uint64_t>(++n);
      r.sop_uid = "2.25.9" + std::to_string(n);
      const Bytes file = test::make_file(r);
      auto stored = store_file(file, n % 2 == 0 ? 1 << 20 : 4099);
      ASSERT_TRUE(stored.has_value()) << stored.error().text;
      EXPECT_EQ(stored->state, index::State::done);
      const InstanceRow row = row_of(r);
      auto original = imaging_->object(who_, row, Form::original);
      ASSERT_TRUE(original.has_value());
      EXPECT_TRUE(drain(*original) == file) << syntax;
      const Bytes pixels = test::make_pixels(r);
      const size_t one = pixels.size() / static_cast<size_t>(frames);
      for (uint32_t f = 1; f <= static_cast<uint32_t>(frames); ++f) {
        auto got = imaging_->frames(who_, row, {f}, Form::stored);
        ASSERT_TRUE(got.has_value()) << got.error().text;
        EXPECT_TRUE(drain(got->frames[0]) == pixels.substr((f - 1) * one, one)) << syntax << " frame " << f;
      }
      EXPECT_EQ(imaging_->frames(who_, row, {0}, Form::stored).error().code, Code::invalid_argument);
      EXPECT_EQ(imaging_->frames(who_, row, {static_cast<uint32_t>(frames) + 1}, Form::stored).error().code,
                Code::not_found);
    }
  }
}

TEST_F(ImagingTest, N6_ImplicitAndBigEndianLeaveAsExplicitLittleEndian) {
  ImageRecipe r;
  const Bytes wanted = test::make_file(r);
  for (const char* syntax : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}) {
    r.transfer_syntax = syntax;
    r.sop_uid += "5";
    ASSERT_TRUE(store_file(test::make_file(r)).has_value());
    auto content = imaging_->object(who_, row_of(r), Form::explicit_le);
    ASSERT_TRUE(content.has_value());
    EXPECT_EQ(content->transfer_syntax.value, kExplicitLittle);
    const Bytes converted = drain(*content);
    ImageRecipe same = r;
    same.transfer_syntax = kExplicitLittle;
    const Bytes dataset = test::make_dataset(same);
    ASSERT_GT(converted.size(), dataset.size());
    EXPECT_TRUE(converted.substr(converted.size() - dataset.size()) == dataset) << syntax;
  }
}

TEST_F(ImagingTest, S6_DuplicatesWriteNothingOtherBytesMakeAVersion) {
  ImageRecipe r;
  r.rows = r.columns = 512;
  ASSERT_EQ(store_file(test::make_file(r))->state, index::State::done);
  const uint64_t stored = index_->blobs().stats()->stored_bytes;
  EXPECT_EQ(store_file(test::make_file(r))->state, index::State::duplicate);
  EXPECT_EQ(index_->blobs().stats()->stored_bytes, stored);
  ImageRecipe renamed = r;
  renamed.patient_name = "Other^Name";
  auto second = store_file(test::make_file(renamed));
  EXPECT_EQ(second->state, index::State::new_version);
  EXPECT_EQ(second->version, 2u);
  // The pixels are shared: under 3 % of new bytes.
  EXPECT_LT(index_->blobs().stats()->stored_bytes, stored * 103 / 100);
  auto old = index_->view()->instance(StudyUid(r.study_uid), SeriesUid(r.series_uid), SopInstanceUid(r.sop_uid), 1u);
  ASSERT_TRUE(old.has_value() && old->has_value());
  auto content = imaging_->object(who_, **old, Form::original);
  EXPECT_TRUE(drain(*content) == test::make_file(r));
}

TEST_F(ImagingTest, Q13_MetadataIsJsonWithNamesSequencesAndResolvableBulkData) {
  ImageRecipe r;
  r.charset = "\\ISO 2022 IR 87";
  r.patient_name = "Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B";
  ASSERT_TRUE(store_file(test::make_file(r)).has_value());
  std::shared_ptr<index::View> view = index_->view();
  auto source = imaging_->metadata(who_, view, StudyUid(r.study_uid), SeriesUid(r.series_uid), std::nullopt,
                                   "http://h/dicom-web/studies/1/series/2");
  ASSERT_TRUE(source.has_value());
  Content c;
  c.source = std::move(*source);
  const Bytes text = drain(c, 1000);
  auto json = boost::json::parse(text).as_object();
  const auto& name = json.at("00100010").at("Value").at(0).as_object();
  EXPECT_EQ(name.at("Alphabetic"), "Yamada^Tarou");
  EXPECT_EQ(name.at("Ideographic"), "山田^太郎");
  EXPECT_EQ(name.at("Phonetic"), "やまだ^たろう");
  EXPECT_EQ(json.at("00081032").at("Value").at(0).at("00080100").at("Value").at(0), "CTTHX");
  EXPECT_EQ(json.at("00280010").at("Value").at(0), 64);
  EXPECT_EQ(json.at("7FE00010").at("BulkDataURI"),
            "http://h/dicom-web/studies/1/series/2/instances/2.25.1003/bulkdata/7FE00010");
  auto bulk = imaging_->bulkdata(who_, row_of(r), "7FE00010");
  ASSERT_TRUE(bulk.has_value());
  EXPECT_TRUE(drain(*bulk) == test::make_pixels(r));
  auto nested = imaging_->bulkdata(who_, row_of(r), "00081032/0/00080104");
  ASSERT_TRUE(nested.has_value());
  EXPECT_EQ(drain(*nested), "CT Thorax ");
  for (const char* wrong : {"00081032/1/00080104", "00081032/0", "zz", "", "00081032/0/00990000"}) {
    EXPECT_EQ(imaging_->bulkdata(who_, row_of(r), wrong).error().code, Code::not_found) << wrong;
  }
}

TEST_F(ImagingTest, X01_ToX06_WhatCannotBeReadIsRefusedAndLeavesNothing) {
  auto nested = [](int depth, bool closed) {
    test::DatasetMaker d;
    d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2").text(0x00080018, "UI", "2.25.5");
    for (int i = 0; i < depth; ++i) d.head(0x00081140, "SQ", 0xFFFFFFFF).item();
    for (int i = 0; closed && i < depth; ++i) d.end_item().end_sequence();
    d.text(0x0020000D, "UI", "2.25.6").text(0x0020000E, "UI", "2.25.7");
    return Bytes(128, '\0') + "DICM" +
           test::DatasetMaker().text(0x00020010, "UI", std::string(kExplicitLittle)).view() + d.view();
  };
  EXPECT_TRUE(store_file(nested(64, true)).has_value());
  for (const int depth : {65, 5000, 100'000}) {
    EXPECT_EQ(store_file(nested(depth, true)).error().code, Code::too_large) << depth;
    EXPECT_TRUE(store_file(nested(depth, false)).has_error());
  }
  const Bytes whole = test::make_file({});
  for (size_t cut : {size_t{0}, size_t{100}, size_t{132}, size_t{200}, size_t{400}, whole.size() - 1}) {
    EXPECT_TRUE(store_file(whole.substr(0, cut)).has_error()) << cut;
  }
  Bytes huge = whole;
  const size_t pixels = huge.find(Bytes("\xE0\x7F\x10\x00OW", 6));
  huge.replace(pixels + 8, 4, "\xFE\xFF\xFF\xFF");
  EXPECT_TRUE(store_file(huge).has_error());
  EXPECT_EQ(index_->stats()->instances, 1u);
}

TEST_F(ImagingTest, X06_AnEmptyDatasetIsRefusedWhateverItsCommandNames) {
  StoreStart start;
  start.transfer_syntax.value = kExplicitLittle;
  start.sop_class = SopClassUid("1.2.840.10008.5.1.4.1.1.2");
  start.instance = SopInstanceUid("2.25.5");
  auto object = imaging_->begin(who_, std::move(start));
  ASSERT_TRUE(object.has_value());
  ASSERT_TRUE((*object)->write("").has_value());
  EXPECT_EQ((*object)->prepare().error().code, Code::invalid_argument);
  EXPECT_EQ((*object)->refusal().reason, 0xC000);
  EXPECT_EQ(index_->stats()->instances, 0u);
}

TEST_F(ImagingTest, ADatasetWithoutPreambleMayHoldThePrefixWhereItWouldStand) {
  test::DatasetMaker d;
  d.text(0x00080018, "UI", "2.25.5").text(0x00080020, "DA", "20260115");
  d.text(0x00081030, "LO", Bytes(128 - d.view().size() - 8, 'x') + "DICM and more");
  d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
  d.text(0x0020000D, "UI", "2.25.6").text(0x0020000E, "UI", "2.25.7");
  ASSERT_EQ(d.view().substr(128, 4), "DICM");
  auto stored = store_file(d.view());
  ASSERT_TRUE(stored.has_value()) << stored.error().text;
  auto original = imaging_->object(who_, row(stored->study, stored->series, stored->instance), Form::original);
  EXPECT_TRUE(drain(*original) == d.view());
}

TEST_F(ImagingTest, AnObjectWithoutAnyUidIsRefusedForItsOwn) {
  test::DatasetMaker d;
  d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2").text(0x00100010, "PN", "Muster^Erika");
  EXPECT_EQ(store_file(d.view()).error().text, "SOP Instance UID is missing");
}

TEST_F(ImagingTest, ImpossibleNumbersOfFramesAreReported) {
  for (const char* frames : {"-1", "0"}) {
    test::DatasetMaker d;
    d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7").text(0x00080018, "UI", "2.25.5");
    d.text(0x00100020, "LO", "MDA-1");
    d.text(0x0020000D, "UI", "2.25.6").text(0x0020000E, "UI", "2.25.7").us(0x00280002, 1);
    d.text(0x00280008, "IS", frames).us(0x00280010, 2).us(0x00280011, 2).us(0x00280100, 8);
    d.bytes(0x7FE00010, "OB", "1234");
    auto stored = store_file(d.view());
    ASSERT_TRUE(stored.has_value());
    ASSERT_EQ(stored->warnings.size(), 1u);
    EXPECT_EQ(stored->warnings[0].text, "Number of Frames is not above zero");
  }
}

TEST_F(ImagingTest, Q13_ANameOfDelimitersAloneHasNoValue) {
  for (const char* name : {"^^^^", "=^=", "Muster^Erika^^"}) {
    ImageRecipe r;
    r.patient_name = name;
    ASSERT_TRUE(store_file(test::make_file(r)).has_value());
    std::shared_ptr<index::View> view = index_->view();
    auto source = imaging_->metadata(who_, view, StudyUid(r.study_uid), SeriesUid(r.series_uid), std::nullopt, "");
    ASSERT_TRUE(source.has_value());
    Content c;
    c.source = std::move(*source);
    const auto pn = boost::json::parse(drain(c)).as_object().at("00100010").as_object();
    EXPECT_EQ(pn.contains("Value"), name[0] == 'M') << name;
  }
}

TEST_F(ImagingTest, X19_UidsThatAreNoNamesAreRefusedOddOnesAreKept) {
  for (const char* bad : {"../../etc/passwd", "/etc/cron.d/x", "1.2;drop"}) {
    ImageRecipe r;
    r.study_uid = bad;
    EXPECT_TRUE(store_file(test::make_file(r)).has_error()) << bad;
  }
  ImageRecipe odd;
  odd.sop_uid = "1.02.3";
  auto stored = store_file(test::make_file(odd));
  ASSERT_TRUE(stored.has_value());
  EXPECT_FALSE(stored->warnings.empty());
}

}  // namespace
}  // namespace medarc::dicom
