// Attributes indexed by configuration: the same answers before, while and after they are indexed.
#include <thread>

#include "dicom/attribute_indexer.h"
#include "tests/web/dicomweb/both_doors.h"

namespace medarc::web {
namespace {

using Found = std::set<std::string>;
using test::DatasetMaker;
using test::ImageRecipe;

constexpr const char* kSerialNumber = "00181000";

ImageRecipe image(int study, int n, const std::string& serial) {
  ImageRecipe r;
  r.study_uid = "2.25." + std::to_string(study);
  r.series_uid = r.study_uid + ".1";
  r.sop_uid = r.series_uid + "." + std::to_string(n);
  r.patient_id = "P" + std::to_string(study);
  r.seed = static_cast<uint64_t>(study * 100 + n);
  r.rows = r.columns = 2;
  if (!serial.empty()) r.before_pixels = DatasetMaker().text(0x00400009, "SH", serial).view();
  return r;
}

class ExtraAttributesTest : public BothDoors {
 protected:
  void SetUp() override {}
  static dicom::ExtraAttributes extras_of(const std::string& toml) {
    Config config = *Config::parse(toml);
    auto extras = dicom::ExtraAttributes::from(config);
    EXPECT_TRUE(extras.has_value()) << extras.error().text;
    return *extras;
  }
  void configure(const std::string& toml, uint32_t compared_instances_max = 1000) {
    dicom_.reset();
    server_.reset();
    indexer_.reset();
    extras_ = extras_of(toml);
    dicom::Limits limits;
    limits.compared_instances_max = compared_instances_max;
    imaging_ = dicom::Imaging::create(*index_, *guard_, limits, codecs_.get(), {}, extras_);
    open_doors();
    auto indexer = dicom::AttributeIndexer::open(*index_, extras_);
    ASSERT_TRUE(indexer.has_value()) << indexer.error().text;
    indexer_ = std::move(*indexer);
  }
  // Reads are audited in commits of their own, so the last commit may always be one more.
  void index_all() {
    const uint64_t last = progress().commits;
    for (bool more = true; more;) {
      const auto stepped = indexer_->step();
      ASSERT_TRUE(stepped.has_value()) << stepped.error().text;
      more = *stepped && progress().commits_done < last;
    }
    EXPECT_GE(progress().commits_done, last);
  }
  dicom::IndexingProgress progress() { return *dicom::indexing_progress(*index_->view(), extras_); }
  Ask step_is(const std::string& level, const std::string& value) {
    Ask ask;
    ask.level = level;
    ask.keys = {{"00400009", value}};
    return ask;
  }

  dicom::ExtraAttributes extras_;
  std::unique_ptr<dicom::AttributeIndexer> indexer_;
};

constexpr const char* kStepOfStudy = "[[index.attribute]]\nkey = \"00400009\"\nlevel = \"study\"\n";

TEST_F(ExtraAttributesTest, M6_AStudyHasTheValuesOfItsInstances) {
  for (int n = 1; n <= 4; ++n) {
    put(image(n, 1, ""));
    put(image(n, 2, n == 4 ? "" : n == 3 ? "S1" : "S" + std::to_string(n)));
  }
  configure(kStepOfStudy);
  for (const bool indexed : {false, true}) {
    if (indexed) index_all();
    EXPECT_EQ(found(step_is("STUDY", "S1")), Found({"2.25.1", "2.25.3"})) << indexed;
    EXPECT_EQ(found(step_is("STUDY", "S*")), Found({"2.25.1", "2.25.2", "2.25.3"})) << indexed;
    EXPECT_EQ(found(step_is("STUDY", "s1")), Found()) << indexed;
    EXPECT_EQ(found(step_is("SERIES", "S1")), Found({"2.25.1.1", "2.25.3.1"})) << indexed;
    EXPECT_EQ(found(step_is("IMAGE", "S2")), Found({"2.25.2.1.1", "2.25.2.1.2"})) << indexed;
    Ask both = step_is("STUDY", "S1");
    both.keys.emplace_back("00100020", "P3");
    EXPECT_EQ(found(both), Found({"2.25.3"})) << indexed;
    Ask none = step_is("STUDY", "\"\"");
    none.empty_values = true;
    EXPECT_EQ(found(none), Found({"2.25.4"})) << indexed;
    const auto answer = read_implicit(by_dimse(step_is("STUDY", "S2")).matches.at(0).dataset);
    EXPECT_EQ(answer.at("00400009"), "S2") << indexed;
    EXPECT_NE(
        by_web(step_is("STUDY", "S2")).body.find("\"00400009\":{\"vr\":\"SH\",\"Value\":[\"S2\"]}"),
        std::string::npos);
  }
  EXPECT_EQ(progress().attributes, 1u);
}

TEST_F(ExtraAttributesTest, EntriesSpareComparisonsAndWhatCameSinceIsLookedAt) {
  for (int n = 1; n <= 10; ++n) put(image(n, 1, "S" + std::to_string(n)));
  configure(kStepOfStudy, 3);
  EXPECT_LT(progress().commits_done, progress().commits);
  EXPECT_EQ(by_web(step_is("STUDY", "S7")).status, 413);  // ten would have to be compared
  EXPECT_EQ(by_dimse(step_is("STUDY", "S7")).last, 0xA700);
  index_all();
  EXPECT_EQ(found(step_is("STUDY", "S7")), Found({"2.25.7"}));
  put(image(11, 1, "S7"));  // not in the entries yet
  EXPECT_EQ(found(step_is("STUDY", "S7")), Found({"2.25.7", "2.25.11"}));
  // A new version with another value, and one that is removed.
  ImageRecipe changed = image(7, 1, "T7");
  put(changed);
  EXPECT_EQ(found(step_is("STUDY", "S7")), Found({"2.25.11"}));
  index_all();
  EXPECT_EQ(found(step_is("STUDY", "S7")), Found({"2.25.11"}));
  EXPECT_EQ(found(step_is("STUDY", "T7")), Found({"2.25.7"}));
  ASSERT_TRUE(imaging_->remove(who_, index::StudyUid("2.25.11"), {}, {}, "test").has_value());
  EXPECT_EQ(found(step_is("STUDY", "S7")), Found());
  index_all();
  EXPECT_EQ(found(step_is("STUDY", "S7")), Found());
}

TEST_F(ExtraAttributesTest, IndexingGoesOnWhereItWasLeft) {
  for (int n = 1; n <= 3; ++n) put(image(n, 1, "S" + std::to_string(n)));
  configure(kStepOfStudy, 2);
  index_all();
  const uint64_t done = progress().commits_done;
  ASSERT_TRUE(index_->flush().has_value());
  // The same archive opened again.
  dicom_.reset();
  server_.reset();
  indexer_.reset();
  imaging_.reset();
  guard_.reset();
  index_.reset();
  index_ = std::move(*index::open_index(posix_fs(), dir_, {}));
  guard_ = security::Guard::create(*index_, {});
  configure(kStepOfStudy, 2);
  EXPECT_EQ(progress().commits_done, done);
  EXPECT_EQ(found(step_is("STUDY", "S2")), Found({"2.25.2"}));
  // An attribute more begins at the first commit, the other one stays; without both nothing is
  // left.
  configure(std::string(kStepOfStudy) + "[[index.attribute]]\nkey = \"" + kSerialNumber + "\"\n",
            2);
  EXPECT_EQ(progress().commits_done, 0u);
  EXPECT_EQ(found(step_is("STUDY", "S2")), Found({"2.25.2"}));
  configure("");
  EXPECT_FALSE(index_->view()->lookup_through("00400009 SH")->has_value());
  EXPECT_EQ(by_dimse(step_is("STUDY", "S2")).matches.at(0).status,
            0xFF01);  // no key of studies now
  configure(kStepOfStudy);
  EXPECT_EQ(progress().commits_done, 0u);
  EXPECT_EQ(found(step_is("STUDY", "S2")), Found({"2.25.2"}));
}

TEST_F(ExtraAttributesTest, AThreadFollowsTheFeed) {
  configure(kStepOfStudy, 1);
  indexer_->start();
  for (int n = 1; n <= 5; ++n) put(image(n, 1, "S" + std::to_string(n)));
  const uint64_t last = progress().commits;
  for (int i = 0; i < 1200 && progress().commits_done < last; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_GE(progress().commits_done, last);
  indexer_->stop();
  EXPECT_EQ(found(step_is("STUDY", "S4")), Found({"2.25.4"}));
}

TEST_F(ExtraAttributesTest, Q3_PrivateElementsOfStudies) {
  const auto with = [](int n, const std::string& creator, const std::string& value,
                       uint32_t block) {
    ImageRecipe r = image(n, 1, "");
    DatasetMaker d;
    d.text(0x00090000 | block, "LO", creator).text(0x00090001 | block << 8, "LO", value);
    r.before_patient = d.view();
    return r;
  };
  put(with(1, "ACME 1.0", "1.50", 0x10));
  put(with(2, "ACME 1.0", "2", 0x12));
  put(with(3, "OTHER", "1.5", 0x10));
  configure(
      "[[index.attribute]]\nkey = \"00091001\"\ncreator = \"ACME 1.0\"\nvr = \"DS\"\n"
      "level = \"study\"\n");
  for (const bool indexed : {false, true}) {
    if (indexed) index_all();
    EXPECT_EQ(found("STUDY", {{"00090010", "ACME 1.0"}, {"00091001", "1.5"}}), Found({"2.25.1"}));
    Ask ask;
    ask.keys = {{"00090010", "ACME 1.0"}, {"00091001", "2.0"}};
    EXPECT_EQ(found(ask), Found({"2.25.2"}));
    auto read = read_implicit(by_dimse(ask).matches.at(0).dataset);
    EXPECT_EQ(read["00090010"], "ACME 1.0");
    EXPECT_EQ(read["00091001"], "2");
    EXPECT_NE(by_web(ask).body.find("\"00090010\""), std::string::npos);
  }
}

TEST(ExtraAttributes, WhatCannotBeIndexedIsRefused) {
  ASSERT_TRUE(dicom::load_dictionary());
  for (const char* toml :
       {"key = \"NoSuchKeyword\"", "key = \"PatientName\"", "key = \"PixelData\"",
        "key = \"00091001\"", "key = \"DeviceSerialNumber\"\nlevel = \"world\"",
        "key = \"DeviceSerialNumber\"\nvr = \"SH\"", "key = \"DeviceSerialNumber.StationName\"",
        "key = \"00091001\"\ncreator = \"A\"\nvr = \"OB\"", "level = \"study\"",
        "key = \"DeviceSerialNumber\"\ncolour = \"red\""}) {
    Config config = *Config::parse(std::string("[[index.attribute]]\n") + toml + "\n");
    EXPECT_EQ(dicom::ExtraAttributes::from(config).error().code, Code::invalid_argument) << toml;
  }
  std::string many;
  for (int i = 0; i < 65; ++i) {
    many +=
        "[[index.attribute]]\nkey = \"000910" + std::to_string(10 + i) + "\"\ncreator = \"A\"\n";
  }
  Config config = *Config::parse(many);
  EXPECT_EQ(dicom::ExtraAttributes::from(config).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace medarc::web
