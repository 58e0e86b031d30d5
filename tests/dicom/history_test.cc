// What was there when: moments as clients write them, versions by moment, what differs.
#include "dicom/history.h"

#include <random>

#include "archive/hash.h"
#include "dicom/instant.h"
#include "dicom/json.h"
#include "tests/support/dicom_maker.h"
#include "tests/support/imaging_fixture.h"

namespace medarc::dicom {
namespace {

using test::ImageRecipe;

int64_t us(std::string_view text) {
  const auto at = parse_instant(text);
  return at ? at->us : -1;
}

TEST(Instant, Rfc3339AndDicomDateTimes) {
  const int64_t noon = 1'769'860'800'000'000;  // 2026-01-31T12:00:00Z
  EXPECT_EQ(us("2026-01-31T12:00:00Z"), noon);
  EXPECT_EQ(us("2026-01-31t12:00:00z"), noon);
  EXPECT_EQ(us("2026-01-31T13:30:00+01:30"), noon);
  EXPECT_EQ(us("2026-01-31T13:30:00 01:30"), noon);  // a query string's "+"
  EXPECT_EQ(us("2026-01-31T07:00:00-05:00"), noon);
  EXPECT_EQ(us("2026-01-31T12:00:00.25Z"), noon + 250'000);
  EXPECT_EQ(us("2026-01-31T12:00:00.0000019Z"), noon + 1);
  EXPECT_EQ(us("20260131120000"), noon);
  EXPECT_EQ(us("20260131120000.000001"), noon + 1);
  EXPECT_EQ(us("20260131133000+0130"), noon);
  EXPECT_EQ(us("2026013112"), noon);
  EXPECT_EQ(us("202602"), us("2026-02-01T00:00:00Z"));
  EXPECT_EQ(us("2026"), us("2026-01-01T00:00:00Z"));
  EXPECT_EQ(us("19700101"), 0);
  EXPECT_EQ(parse_instant("1969"), (Timestamp{-31'536'000'000'000}));
  for (const char* wrong :
       {"", "now", "202", "20261301", "20260230", "2026-02-30T00:00:00Z", "2026-01-31",
        "2026-01-31T12:00:00", "2026-01-31T24:00:00Z", "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00Zx", "20260131120000.", "20260131120000+01", "2026013112.5",
        "20260131120000+01:30", "0000", "2026-01-31T12:00:00+15:00", "20260131120000 "}) {
    EXPECT_FALSE(parse_instant(wrong).has_value()) << wrong;
  }
}

TEST(Instant, WhatIsWrittenIsReadBack) {
  std::mt19937_64 random(3);
  for (int n = 0; n < 2000; ++n) {
    const Timestamp at{static_cast<int64_t>(random() % 250'000'000'000'000'000)};
    EXPECT_EQ(parse_instant(to_rfc3339(at)), at) << to_rfc3339(at);
  }
}

class HistoryTest : public test::ImagingFixture {
 protected:
  void SetUp() override {
    ImagingFixture::SetUp();
    history_ = std::make_unique<History>(*index_, *guard_, Limits(), differences_);
  }
  // Later than everything so far, and earlier than everything that follows.
  static Timestamp moment() {
    const Timestamp begun = now();
    Timestamp at = now();
    while (at <= begun) at = now();
    for (const Timestamp last = at; now() <= last;) {
    }
    return at;
  }
  InstanceRow latest(const ImageRecipe& r) {
    return row(StudyUid(r.study_uid), SeriesUid(r.series_uid), SopInstanceUid(r.sop_uid));
  }
  Result<InstanceRow> at(const ImageRecipe& r, Timestamp when) {
    const auto view = index_->view();
    return instance_at(*view, StudyUid(r.study_uid), SeriesUid(r.series_uid),
                       SopInstanceUid(r.sop_uid), when);
  }
  Result<Difference> difference(const ImageRecipe& r, uint32_t before, uint32_t after) {
    return history_->difference(who_, StudyUid(r.study_uid), SeriesUid(r.series_uid),
                                SopInstanceUid(r.sop_uid), before, after);
  }
  Result<VersionPage> versions(const ImageRecipe& r, uint32_t below, uint32_t limit) {
    return history_->versions(who_, StudyUid(r.study_uid), SeriesUid(r.series_uid),
                              SopInstanceUid(r.sop_uid), below, limit);
  }
  void remove(const ImageRecipe& r, bool study) {
    const auto gone = imaging_->remove(
        who_, StudyUid(r.study_uid),
        study ? std::optional<SeriesUid>() : std::optional(SeriesUid(r.series_uid)),
        study ? std::optional<SopInstanceUid>() : std::optional(SopInstanceUid(r.sop_uid)),
        "wrong patient");
    ASSERT_TRUE(gone.has_value()) << gone.error().text;
  }

  DifferenceLimits differences_;
  std::unique_ptr<History> history_;
};

TEST_F(HistoryTest, TheVersionOfEveryMoment) {
  ImageRecipe r;
  const Timestamp before = moment();
  std::vector<Timestamp> stored;
  for (uint64_t version = 1; version <= 9; ++version) {
    moment();
    r.seed = version;
    ASSERT_TRUE(store_file(test::make_file(r)).has_value());
    stored.push_back(latest(r).received);
  }
  EXPECT_EQ(at(r, before).error().code, Code::not_found);
  for (uint32_t version = 1; version <= 9; ++version) {
    const Timestamp since = stored[version - 1];
    EXPECT_EQ(at(r, since)->version, version);
    EXPECT_EQ(at(r, Timestamp{since.us + 1})->version, version);
    const auto earlier = at(r, Timestamp{since.us - 1});
    if (version == 1) {
      EXPECT_EQ(earlier.error().code, Code::not_found);
    } else {
      EXPECT_EQ(earlier->version, version - 1);
    }
  }
  EXPECT_EQ(at(r, now())->version, 9u);
}

TEST_F(HistoryTest, RemovedThenAndSince) {
  ImageRecipe r;
  ASSERT_TRUE(store_file(test::make_file(r)).has_value());
  const Timestamp there = moment();
  remove(r, false);
  const Timestamp gone = moment();
  EXPECT_EQ(at(r, there).error().code, Code::gone);
  EXPECT_NE(at(r, there).error().text.find("since"), std::string::npos);
  EXPECT_EQ(at(r, gone).error().code, Code::gone);
  EXPECT_NE(at(r, gone).error().text.find("by then"), std::string::npos);
  // It comes back, with all that was known of it before still unknown.
  ASSERT_TRUE(store_file(test::make_file(r)).has_value());
  EXPECT_EQ(at(r, now())->version, 1u);
  EXPECT_EQ(at(r, gone).error().code, Code::gone);
  EXPECT_EQ(at(r, there).error().code, Code::gone);
  const auto view = index_->view();
  const StudyUid study(r.study_uid);
  EXPECT_EQ(check_kept_since(*view, study, {}, there).error().code, Code::gone);
  EXPECT_TRUE(check_kept_since(*view, study, {}, gone).has_value());
  EXPECT_EQ(check_kept_since(*view, study, SeriesUid(r.series_uid), there).error().code,
            Code::gone);
  EXPECT_TRUE(check_kept_since(*view, study, SeriesUid("2.25.5"), there).has_value());
  // A whole study that went tells of all its series.
  remove(r, true);
  const auto later = index_->view();
  EXPECT_EQ(check_kept_since(*later, study, SeriesUid("2.25.5"), gone).error().code, Code::gone);
}

TEST_F(HistoryTest, VersionsByPagesWithCausesAndWho) {
  ImageRecipe r;
  const Bytes first = test::make_file(r);
  ASSERT_TRUE(store_file(first).has_value());
  Bytes envelope = first;
  envelope[0] = 'x';  // the preamble
  ASSERT_TRUE(store_file(envelope).has_value());
  r.seed = 2;
  ASSERT_TRUE(store_file(test::make_file(r)).has_value());
  ImageRecipe big = r;
  big.transfer_syntax = "1.2.840.10008.1.2.2";
  ASSERT_TRUE(store_file(test::make_file(big)).has_value());
  ASSERT_TRUE(store_file(test::make_file(big)).has_value());  // the same again: no version

  const VersionPage all = *versions(r, 0, 100);
  ASSERT_EQ(all.versions.size(), 4u);
  EXPECT_EQ(all.next, 0u);
  EXPECT_FALSE(all.removed.has_value());
  const VersionCause causes[] = {VersionCause::transfer_syntax, VersionCause::dataset,
                                 VersionCause::envelope, VersionCause::first};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(all.versions[i].row.version, 4 - i);
    EXPECT_EQ(all.versions[i].cause, causes[i]) << i;
    EXPECT_EQ(all.versions[i].stored_by, "local");
    EXPECT_EQ(all.versions[i].door, "test");
  }
  EXPECT_EQ(all.versions[2].row.dataset, all.versions[3].row.dataset);
  std::vector<uint32_t> numbers;
  uint32_t below = 0;
  do {
    const VersionPage page = *versions(r, below, 3);
    for (const StoredVersion& one : page.versions) numbers.push_back(one.row.version);
    below = page.next;
  } while (below != 0);
  EXPECT_EQ(numbers, (std::vector<uint32_t>{4, 3, 2, 1}));

  remove(r, false);
  const VersionPage none = *versions(r, 0, 100);
  EXPECT_TRUE(none.versions.empty());
  ASSERT_TRUE(none.removed.has_value());
  EXPECT_EQ(none.removed->reason, "wrong patient");
  r.sop_uid = "2.25.4711";
  EXPECT_EQ(versions(r, 0, 100).error().code, Code::not_found);
  EXPECT_EQ(difference(r, 1, 2).error().code, Code::not_found);
}

TEST_F(HistoryTest, MetadataOfAnEarlierVersionIsWhatItWas) {
  ImageRecipe r;
  r.charset = "ISO_IR 100";
  r.patient_name = "M\xFCller^J\xF6rg";
  for (const char* syntax :
       {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"}) {
    test::DatasetMaker bulk(transfer_syntax_or_default(syntax).encoding);
    bulk.bytes(0x00420011, "OB", Bytes(5000, 'b'));  // Encapsulated Document
    r.before_pixels = bulk.view();
    r.accession = "FIRST";
    r.transfer_syntax = syntax;
    r.sop_uid += "1";
    ASSERT_TRUE(store_file(test::make_file(r)).has_value());
    const InstanceRow first = latest(r);
    const Bytes then = *metadata_of(*imaging_, who_, first);  // as it was kept
    EXPECT_NE(then.find(kBaseMark), Bytes::npos);
    EXPECT_NE(then.find("Müller"), Bytes::npos);
    r.seed += 100;
    r.accession = "OTHER";
    ASSERT_TRUE(store_file(test::make_file(r)).has_value());
    EXPECT_EQ(*metadata_of(*imaging_, who_, first), then) << syntax;
    EXPECT_NE(*metadata_of(*imaging_, who_, latest(r)), then);
  }
}

TEST_F(HistoryTest, DifferencesByElement) {
  ImageRecipe r;
  test::DatasetMaker one, other;
  one.text(0x00290010, "LO", "ACME");
  one.text(0x00291001, "LO", "mine");
  one.head(0x00400275, "SQ", 0xFFFFFFFF).item();
  one.text(0x00400007, "LO", "Thorax").end_item().item();
  one.text(0x00400007, "LO", "Abdomen").end_item().end_sequence();
  one.bytes(0x00420011, "OB", Bytes(5000, 'b'));
  other.head(0x00400275, "SQ", 0xFFFFFFFF).item();
  other.text(0x00400007, "LO", "Schaedel").end_item().end_sequence();
  other.bytes(0x00420011, "OB", Bytes(5000, 'b'));
  r.before_pixels = one.view();
  ASSERT_TRUE(store_file(test::make_file(r)).has_value());
  r.before_pixels = other.view();
  r.patient_name = "Muster^Erika^^Dr.";
  r.seed = 2;
  ASSERT_TRUE(store_file(test::make_file(r)).has_value());

  const Difference found = *difference(r, 1, 2);
  EXPECT_EQ(found.before.version, 1u);
  EXPECT_EQ(found.after.version, 2u);
  std::vector<std::string> paths;
  for (const ElementDifference& e : found.elements) paths.push_back(e.path);
  EXPECT_EQ(paths,
            (std::vector<std::string>{"00100010", "00290010", "00291001", "00400275",
                                      "00400275/0/00400007", "00400275/1/00400007", "7FE00010"}));
  EXPECT_EQ(found.elements_count, paths.size());
  EXPECT_EQ(found.elements[0].before->json,
            R"({"vr":"PN","Value":[{"Alphabetic":"Muster^Erika"}]})");
  EXPECT_EQ(found.elements[0].after->json,
            R"({"vr":"PN","Value":[{"Alphabetic":"Muster^Erika^^Dr."}]})");
  EXPECT_FALSE(found.elements[1].after.has_value());
  EXPECT_EQ(found.elements[3].before->json, R"({"vr":"SQ","items":2})");
  EXPECT_EQ(found.elements[3].after->json, R"({"vr":"SQ","items":1})");
  EXPECT_FALSE(found.elements[5].after.has_value());
  ImageRecipe pixels;
  const Bytes v1 = test::make_pixels(pixels);
  EXPECT_EQ(found.elements[6].before->json,
            "{\"vr\":\"OW\",\"bytes\":" + std::to_string(v1.size()) + ",\"digest\":\"sha256-" +
                archive::Sha256::of(v1).hex() + "\"}");
  EXPECT_NE(found.elements[6].before, found.elements[6].after);

  // The other way round the same, turned.
  const Difference back = *difference(r, 2, 1);
  ASSERT_EQ(back.elements.size(), found.elements.size());
  for (size_t i = 0; i < back.elements.size(); ++i) {
    EXPECT_EQ(back.elements[i].path, found.elements[i].path);
    EXPECT_EQ(back.elements[i].before, found.elements[i].after);
    EXPECT_EQ(back.elements[i].after, found.elements[i].before);
  }
  EXPECT_TRUE(difference(r, 2, 2)->elements.empty());
  EXPECT_EQ(difference(r, 1, 3).error().code, Code::not_found);
  remove(r, true);
  EXPECT_EQ(difference(r, 1, 2).error().code, Code::gone);
}

TEST_F(HistoryTest, EncodingsAloneAreNoDifference) {
  ImageRecipe r;
  for (const char* syntax : {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2",
                             "1.2.840.10008.1.2.1.99"}) {
    r.transfer_syntax = syntax;
    ASSERT_TRUE(store_file(test::make_file(r)).has_value());
  }
  for (uint32_t version = 2; version <= 4; ++version) {
    const Difference found = *difference(r, 1, version);
    ASSERT_EQ(found.elements.size(), 1u) << version;
    EXPECT_EQ(found.elements[0].path, "00083002");  // Available Transfer Syntax UID
  }
}

TEST_F(HistoryTest, LimitsOfDifferences) {
  ImageRecipe r;
  for (int version = 1; version <= 2; ++version) {
    test::DatasetMaker d;
    for (uint32_t i = 0; i < 20; ++i) {
      d.text(0x00310010 + i, "LO", "creator " + std::to_string(version * 100 + i));
    }
    d.bytes(0x00420011, "OB", Bytes(5000, static_cast<char>('a' + version)));
    r.before_pixels = d.view();
    ASSERT_TRUE(store_file(test::make_file(r)).has_value());
  }
  const auto with = [&](DifferenceLimits limits) {
    return History(*index_, *guard_, Limits(), limits)
        .difference(who_, StudyUid(r.study_uid), SeriesUid(r.series_uid), SopInstanceUid(r.sop_uid),
                    1, 2);
  };
  DifferenceLimits few;
  few.differences_max = 7;
  EXPECT_EQ(with(few)->elements.size(), 7u);
  EXPECT_EQ(with(few)->elements_count, 21u);
  DifferenceLimits metadata;
  metadata.metadata_bytes_max = 1024;
  EXPECT_EQ(with(metadata).error().code, Code::too_large);
  DifferenceLimits bytes;
  bytes.bulk_bytes_max = 6000;  // the pixels are more
  EXPECT_EQ(with(bytes).error().code, Code::too_large);
  DifferenceLimits values;
  values.bulk_values_max = 1;
  EXPECT_EQ(with(values).error().code, Code::too_large);
}

}  // namespace
}  // namespace medarc::dicom
