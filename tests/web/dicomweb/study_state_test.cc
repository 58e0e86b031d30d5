// The state of studies as private elements: told and matched the same through both doors.
#include "dicom/completeness/stable.h"
#include "dicom/completeness/state_elements.h"
#include "tests/web/dicomweb/both_doors.h"

namespace medarc::web {
namespace {

using Found = std::set<std::string>;
using Keys = std::vector<std::pair<std::string, std::string>>;
using test::DatasetMaker;
using test::ImageRecipe;

class StudyState : public BothDoors {
 protected:
  void SetUp() override {}
  void open(uint32_t compared_instances_max = 1000, uint32_t stable_after_s = 0) {
    dicom_.reset();
    server_.reset();
    dicom::CompletenessOptions options;
    options.stable_after_s = stable_after_s;
    dicom::ExtraAttributes extras;
    extras.tell_state_by(options);
    dicom::Limits limits;
    limits.compared_instances_max = compared_instances_max;
    imaging_ = dicom::Imaging::create(*index_, *guard_, limits, codecs_.get(), {}, extras);
    open_doors();
  }
  // Study 1 has a hole, study 2 says nothing of itself, the sender of study 3 has counted.
  void fill() {
    for (const int number : {1, 2, 4, 5}) put(image(1, number, ""));
    for (const int number : {1, 2}) put(image(2, number, ""));
    for (const int number : {1, 2}) put(image(3, number, "2"));
  }
  static ImageRecipe image(int study, int number, const std::string& count) {
    ImageRecipe r;
    r.study_uid = "2.25." + std::to_string(study);
    r.series_uid = r.study_uid + ".1";
    r.sop_uid = r.series_uid + "." + std::to_string(number);
    r.patient_id = "P" + std::to_string(study);
    r.instance_number = number;
    r.seed = static_cast<uint64_t>(study * 10 + number);
    r.rows = r.columns = 2;
    if (!count.empty()) r.before_pixels = DatasetMaker().text(0x00201209, "IS", count).view();
    return r;
  }
  static Keys state(const std::string& element, const std::string& value) {
    return {{"00990010", std::string(dicom::kStudyStateCreator)}, {"009910" + element, value}};
  }
};

TEST_F(StudyState, Q3_TheVerdictIsToldAndMatched) {
  open();
  fill();
  EXPECT_EQ(found("STUDY", state("01", "INCOMPLETE")), Found({"2.25.1"}));
  EXPECT_EQ(found("STUDY", state("01", "UNKNOWN")), Found({"2.25.2"}));
  EXPECT_EQ(found("STUDY", state("01", "COMPLETE")), Found({"2.25.3"}));
  EXPECT_EQ(found("STUDY", state("01", "*COMPLETE")), Found({"2.25.1", "2.25.3"}));
  EXPECT_EQ(found("STUDY", state("01", "")), Found({"2.25.1", "2.25.2", "2.25.3"}));
  EXPECT_EQ(found("SERIES", state("01", "COMPLETE")), Found({"2.25.3.1"}));
  EXPECT_EQ(found("IMAGE", state("01", "COMPLETE")), Found({"2.25.3.1.1", "2.25.3.1.2"}));
  // In whatever block it is asked for, and beside other keys.
  EXPECT_EQ(found("STUDY", {{"00990042", std::string(dicom::kStudyStateCreator)},
                            {"00994201", "INCOMPLETE"},
                            {"00100020", "P1"}}),
            Found({"2.25.1"}));
  EXPECT_EQ(found("STUDY", {{"00990010", std::string(dicom::kStudyStateCreator)},
                            {"00991001", "INCOMPLETE"},
                            {"00100020", "P2"}}),
            Found());
  for (const char* level : {"STUDY", "SERIES", "IMAGE"}) {
    Ask ask;
    ask.level = level;
    ask.keys = state("01", "INCOMPLETE");
    const auto responses = by_dimse(ask);
    ASSERT_FALSE(responses.matches.empty()) << level;
    const auto answer = read_implicit(responses.matches[0].dataset);
    EXPECT_EQ(answer.at("00991001"), "INCOMPLETE") << level;
    EXPECT_EQ(answer.at("00990010"), dicom::kStudyStateCreator) << level;
    const std::string body = by_web(ask).body;
    EXPECT_NE(body.find("\"00991001\":{\"vr\":\"CS\",\"Value\":[\"INCOMPLETE\"]}"),
              std::string::npos)
        << level;
    EXPECT_NE(body.find("\"00990010\":{\"vr\":\"LO\",\"Value\":[\"MEDARC STUDY STATE\"]}"),
              std::string::npos)
        << level;
  }
  // What is not asked for is not told, and no element of a stranger's block.
  EXPECT_EQ(get("/dicom-web/studies?includefield=all").body.find("00991001"), std::string::npos);
  EXPECT_EQ(get("/dicom-web/studies?00990010=OTHER&includefield=00991001").body.find("COMPLETE"),
            std::string::npos);
}

TEST_F(StudyState, TimesSinceTheLastChangeAndStability) {
  open(1000, 60);
  fill();
  const Found all({"2.25.1", "2.25.2", "2.25.3"});
  EXPECT_EQ(found("STUDY", state("02", "20200101-")), all);
  EXPECT_EQ(found("STUDY", state("02", "-20200101")), Found());
  EXPECT_EQ(found("STUDY", state("02", "-29991231235959+0000")), all);
  EXPECT_EQ(found("STUDY", state("02", "29991231-")), Found());
  EXPECT_EQ(found("STUDY", state("01", "COMPLETE")), Found());  // it may go on
  EXPECT_EQ(found("STUDY", state("04", "NO")), all);
  dicom::CompletenessOptions options;
  dicom::StableStudies announcing(*index_, options, nullptr,
                                  [] { return Timestamp{now().us + int64_t{61} * 1'000'000}; });
  for (bool more = true; more;) more = *announcing.step();
  EXPECT_EQ(found("STUDY", state("04", "YES")), all);
  put(image(2, 3, ""));
  EXPECT_EQ(found("STUDY", state("04", "NO")), Found({"2.25.2"}));
  const std::string body =
      get("/dicom-web/studies?00990010=MEDARC%20STUDY%20STATE&includefield=00991003").body;
  EXPECT_NE(body.find("\"00991003\":{\"vr\":\"IS\",\"Value\":["), std::string::npos) << body;
}

TEST_F(StudyState, TheVerdictOfManyIsRefusedAndTheirTimesAreNot) {
  open(5);
  fill();
  EXPECT_EQ(found("STUDY", state("02", "20200101-")), Found({"2.25.1", "2.25.2", "2.25.3"}));
  Ask ask;
  ask.keys = state("01", "COMPLETE");
  EXPECT_EQ(by_web(ask).status, 413);
  EXPECT_EQ(by_dimse(ask).last, 0xA700);
  ask.keys.emplace_back("00100020", "P3");
  EXPECT_EQ(found(ask), Found({"2.25.3"}));
}

TEST_F(StudyState, ItIsNobodysToIndex) {
  Config config =
      *Config::parse("[[index.attribute]]\nkey = \"00991001\"\ncreator = \"MEDARC STUDY STATE\"\n");
  ASSERT_TRUE(dicom::load_dictionary());
  EXPECT_EQ(dicom::ExtraAttributes::from(config).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace medarc::web
