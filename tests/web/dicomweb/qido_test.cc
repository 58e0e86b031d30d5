// QIDO-RS end to end.
#include <boost/json.hpp>
#include <set>

#include "tests/web/dicomweb/archive_fixture.h"
#include "web/dicomweb/page_memory.h"

namespace medarc::web {
namespace {

namespace json = boost::json;
using test::HttpAnswer;
using test::ImageRecipe;

class Qido : public ArchiveTest {
 protected:
  // Ten studies of one series with two instances; the even ones are MR.
  void fill() {
    std::vector<Bytes> files;
    for (int s = 0; s < 10; ++s) {
      for (int i = 1; i <= 2; ++i) {
        ImageRecipe r;
        r.study_uid = "2.25.10" + std::to_string(s);
        r.series_uid = r.study_uid + ".1";
        r.sop_uid = r.series_uid + "." + std::to_string(i);
        r.patient_id = "P" + std::to_string(s / 2);
        r.patient_name = s % 2 ? "Muster^Erika Anna" : "Beispiel^Max";
        r.study_date = "2026010" + std::to_string(s);
        r.accession = "A" + std::to_string(s);
        r.modality = s % 2 ? "CT" : "MR";
        r.instance_number = i;
        r.rows = r.columns = 8;
        files.push_back(test::make_file(r));
      }
    }
    ASSERT_EQ(stow(files).status, 200);
  }

  json::array found(const std::string& target) {
    const HttpAnswer answer = get("/dicom-web" + target);
    EXPECT_EQ(answer.status, 200) << target << " " << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/dicom+json");
    boost::system::error_code error;
    const json::value value = json::parse(answer.body, error);
    EXPECT_FALSE(error) << answer.body;
    return value.is_array() ? value.as_array() : json::array();
  }
  size_t count(const std::string& target) { return found(target).size(); }
};

std::string first(const json::value& result, const char* tag) {
  const json::object& element = result.at(tag).as_object();
  if (!element.contains("Value")) return "";
  const json::value& value = element.at("Value").at(0);
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

TEST_F(Qido, Q5Q6Q7RequiredAttributesAtEachLevel) {
  serve();
  fill();
  const auto studies = found("/studies?AccessionNumber=A3");
  ASSERT_EQ(studies.size(), 1u);
  for (const char* tag : {"00080020", "00080030", "00080050", "00080061", "00080090", "00100010",
                          "00100020", "00100030", "00100040", "0020000D", "00200010", "00201206",
                          "00201208", "00080005", "00080056", "00081190"}) {
    EXPECT_TRUE(studies[0].as_object().contains(tag)) << tag;
  }
  EXPECT_EQ(first(studies[0], "0020000D"), "2.25.103");
  EXPECT_EQ(first(studies[0], "00081190"), base_url() + "/dicom-web/studies/2.25.103");
  EXPECT_EQ(first(studies[0], "00080056"), "ONLINE");
  EXPECT_EQ(first(studies[0], "00080061"), "CT");
  EXPECT_EQ(first(studies[0], "00201206"), "1");
  EXPECT_EQ(first(studies[0], "00201208"), "2");
  EXPECT_EQ(first(studies[0], "00100010"), R"({"Alphabetic":"Muster^Erika Anna"})");
  EXPECT_FALSE(studies[0].as_object().contains("00080060"));  // Q4

  const auto series = found("/studies/2.25.103/series");
  ASSERT_EQ(series.size(), 1u);
  for (const char* tag : {"00080060", "0020000E", "00200011", "00201209", "00081190", "0020000D"}) {
    EXPECT_TRUE(series[0].as_object().contains(tag)) << tag;
  }
  EXPECT_FALSE(series[0].as_object().contains("00100010"));
  const auto all_series = found("/series?PatientID=P1&Modality=CT");
  ASSERT_EQ(all_series.size(), 1u);
  EXPECT_EQ(first(all_series[0], "00100020"), "P1");  // Q4: parents' attributes

  const auto instances = found("/studies/2.25.103/series/2.25.103.1/instances");
  ASSERT_EQ(instances.size(), 2u);
  for (const char* tag : {"00080016", "00080018", "00200013", "00081190", "00280010", "00280011"}) {
    EXPECT_TRUE(instances[0].as_object().contains(tag)) << tag;
  }
  EXPECT_EQ(count("/studies/2.25.103/instances"), 2u);
  EXPECT_EQ(first(found("/instances?SOPInstanceUID=2.25.103.1.2").at(0), "00080050"), "A3");
}

TEST_F(Qido, Q2Q8M1M2M4M5Matching) {
  serve();
  fill();
  EXPECT_EQ(count("/studies"), 10u);
  EXPECT_EQ(count("/studies?00100020=P1"), 2u);
  EXPECT_EQ(count("/studies?PatientID=p1"), 0u);                 // M1
  EXPECT_EQ(count("/studies?PatientName=muster*"), 5u);          // PN without case
  EXPECT_EQ(count("/studies?AccessionNumber=A?"), 10u);          // M2
  EXPECT_EQ(count("/studies?StudyInstanceUID=2.25.10*"), 0u);    // M3
  EXPECT_EQ(count("/studies?StudyDate=20260103-20260105"), 3u);  // M4
  EXPECT_EQ(count("/studies?StudyDate=20260108-"), 2u);
  EXPECT_EQ(count("/studies?StudyInstanceUID=2.25.101,2.25.102%5C2.25.103"), 3u);  // M5
  EXPECT_EQ(count("/studies?StudyInstanceUID=2.25.101&StudyInstanceUID=2.25.102"), 2u);
  EXPECT_EQ(count("/studies?ModalitiesInStudy=CT"), 5u);
  EXPECT_EQ(count("/studies?ModalitiesInStudy=CT,MR"), 10u);
  EXPECT_EQ(count("/studies?ModalitiesInStudy=CT,MR&multiplevaluematching=true"), 0u);
  EXPECT_EQ(count("/studies?PatientName=anna&fuzzymatching=true"), 5u);
  EXPECT_EQ(count("/studies?PatientName=er+mus&fuzzymatching=true"), 5u);
  EXPECT_EQ(count("/studies?PatientName=rika&fuzzymatching=true"), 0u);
  EXPECT_EQ(count("/studies?AdmittingDiagnosesDescription=%22%22&emptyvaluematching=true"), 10u);
  EXPECT_EQ(count("/studies?PatientID=%22%22&emptyvaluematching=true"), 0u);
}

TEST_F(Qido, Q9NoMatchIsAnEmptyListOr204) {
  serve();
  fill();
  const HttpAnswer none = get("/dicom-web/studies?PatientID=nobody");
  EXPECT_EQ(none.status, 200);
  EXPECT_EQ(none.body, "[]");
  EXPECT_EQ(get("/dicom-web/studies?offset=100").body, "[]");
  EXPECT_EQ(get("/dicom-web/studies/9.9/series").body, "[]");
  for (const char* query : {"limit=0", "limit=-1", "limit=abc", "offset=-1"}) {
    EXPECT_EQ(get(std::string("/dicom-web/studies?") + query).status, 400) << query;
  }
  DicomwebOptions options;
  options.no_match_204 = true;
  serve(options);
  EXPECT_EQ(get("/dicom-web/studies?PatientID=nobody").status, 204);
}

TEST_F(Qido, Q10Q12PagesAndTheRemainingCount) {
  serve();
  fill();
  std::set<std::string> seen;
  for (int offset = 0; offset < 10; offset += 3) {
    const HttpAnswer answer = get("/dicom-web/studies?limit=3&offset=" + std::to_string(offset));
    const auto page = json::parse(answer.body).as_array();
    for (const auto& one : page) EXPECT_TRUE(seen.insert(first(one, "0020000D")).second);
    const int left = 10 - offset - 3;
    EXPECT_EQ(answer.header("Warning"),
              left <= 0 ? ""
                        : "299 " + base_url() + "/dicom-web: There are " + std::to_string(left) +
                              " additional results that can be requested");
  }
  EXPECT_EQ(seen.size(), 10u);
}

TEST_F(Qido, Q10TheNumberOfFurtherResultsIsExact) {
  DicomwebOptions options;
  options.counted_beyond_max = 5;
  serve(options);
  fill();
  const auto warned = [&](const std::string& query) {
    const std::string text(get("/dicom-web/studies?" + query).header("Warning"));
    const size_t at = text.find("There are ");
    return at == std::string::npos ? text
                                   : text.substr(at + 10, text.find(" additional") - at - 10);
  };
  EXPECT_EQ(warned("limit=4&PatientName=B*"), "1");
  EXPECT_EQ(warned("limit=5&PatientName=B*"), "");
  EXPECT_EQ(warned("limit=2&AccessionNumber=A*"), "at least 5");  // counted no further
  EXPECT_EQ(warned("limit=2"), "8");                              // known without counting
  EXPECT_EQ(warned("limit=2&offset=6&AccessionNumber=A*"), "2");
}

TEST_F(Qido, Q12PagesStayWholeWhileDataArrives) {
  serve();
  fill();
  for (const std::string filter : {"", "&AccessionNumber=A*", "&StudyDate=20260101-20260109"}) {
    std::set<std::string> before, seen;
    for (const auto& one : found("/studies?limit=1000" + filter))
      before.insert(first(one, "0020000D"));
    for (int offset = 0;; offset += 3) {
      const auto page = found("/studies?limit=3&offset=" + std::to_string(offset) + filter);
      for (const auto& one : page) {
        EXPECT_TRUE(seen.insert(first(one, "0020000D")).second) << filter << offset;
      }
      if (page.size() < 3) break;
      // Before all others, by every order that a page may have.
      ImageRecipe r;
      r.study_uid = "1.2.9" + std::to_string(offset) + std::to_string(filter.size());
      r.series_uid = r.study_uid + ".1";
      r.sop_uid = r.series_uid + ".1";
      r.study_date = "20260101";
      r.accession = "A";
      r.rows = r.columns = 2;
      store(r);
    }
    for (const std::string& uid : before) EXPECT_TRUE(seen.contains(uid)) << filter << uid;
  }
}

TEST(PageMemory, Q12KeepsTheNewestForTenMinutes) {
  PageMemory pages(2);
  const Timestamp start{1'000'000};
  pages.remember("a", 10, "first", start);
  EXPECT_EQ(pages.find("a", 10, start), "first");
  EXPECT_EQ(pages.find("a", 20, start), std::nullopt);
  EXPECT_EQ(pages.find("b", 10, start), std::nullopt);
  pages.remember("a", 10, "again", start);
  EXPECT_EQ(pages.find("a", 10, start), "again");
  pages.remember("b", 10, "b", start);
  pages.remember("c", 10, "c", start);  // one too many
  EXPECT_EQ(pages.find("a", 10, start), std::nullopt);
  EXPECT_EQ(pages.find("b", 10, start), "b");
  EXPECT_EQ(pages.find("b", 10, {start.us + PageMemory::kKeptUs + 1}), std::nullopt);
  PageMemory none(0);
  none.remember("a", 10, "a", start);
  EXPECT_EQ(none.find("a", 10, start), std::nullopt);
}

TEST_F(Qido, Q4Q6Q7LowerLevelsStayBelowAndParentsComeWithWhatThePathDoesNotName) {
  serve();
  fill();
  // Q4: asked for at a level above, an attribute is left out.
  const auto study = found("/studies?AccessionNumber=A3&includefield=Modality,SOPInstanceUID");
  EXPECT_FALSE(study[0].as_object().contains("00080060"));
  EXPECT_FALSE(study[0].as_object().contains("00080018"));
  // Q6, Q7: with all parents' attributes, with those of the study only, with none.
  const auto everywhere = found("/instances?SOPInstanceUID=2.25.103.1.1");
  const auto in_study = found("/studies/2.25.103/instances?SOPInstanceUID=2.25.103.1.1");
  const auto in_series = found("/studies/2.25.103/series/2.25.103.1/instances?InstanceNumber=1");
  EXPECT_TRUE(everywhere[0].as_object().contains("00100020"));
  EXPECT_TRUE(everywhere[0].as_object().contains("00080060"));
  EXPECT_FALSE(in_study[0].as_object().contains("00100020"));
  EXPECT_TRUE(in_study[0].as_object().contains("00080060"));
  EXPECT_FALSE(in_series[0].as_object().contains("00100020"));
  EXPECT_FALSE(in_series[0].as_object().contains("00080060"));
  // Named, they come all the same.
  const auto named = found(
      "/studies/2.25.103/series/2.25.103.1/instances?InstanceNumber=1&includefield=PatientID");
  EXPECT_EQ(first(named[0], "00100020"), "P1");
}

TEST_F(Qido, Q8ModalitiesOfAnySeriesMatchAndWithMultipleValuesAllOfThem) {
  serve();
  for (const char* modality : {"CT", "SR", "PT"}) {
    ImageRecipe r;
    r.series_uid = "2.25.50" + std::to_string(modality[0]);
    r.sop_uid = r.series_uid + ".1";
    r.modality = modality;
    r.rows = r.columns = 2;
    store(r);
  }
  EXPECT_EQ(count("/studies?ModalitiesInStudy=SR"), 1u);
  EXPECT_EQ(count("/studies?ModalitiesInStudy=MR,SR"), 1u);
  const std::string all = "&multiplevaluematching=true";
  EXPECT_EQ(count("/studies?ModalitiesInStudy=PT,CT" + all),
            1u);  // in any order, more may be there
  EXPECT_EQ(count("/studies?ModalitiesInStudy=PT,MR" + all), 0u);
  EXPECT_EQ(count("/studies?ModalitiesInStudy=P*,CT" + all), 0u);  // no wildcards
}

TEST_F(Qido, Q3AllOverridesWhatIsNamedAndKeysComeBack) {
  serve();
  ImageRecipe r;
  r.before_pixels = test::DatasetMaker().text(0x00400009, "SH", "STEP").view();
  store(r);
  const auto all = found("/instances?includefield=all");
  EXPECT_EQ(found("/instances?includefield=all,PatientID"), all);
  EXPECT_EQ(found("/instances?includefield=StudyTime&includefield=all"), all);
  EXPECT_FALSE(all[0].as_object().contains("00400009"));  // of the metadata, not of the index
  EXPECT_EQ(first(found("/instances?includefield=00400009")[0], "00400009"), "STEP");
  EXPECT_EQ(first(found("/instances?00400009=STE*")[0], "00400009"), "STEP");
  EXPECT_FALSE(found("/studies")[0].as_object().contains("00101010"));
  EXPECT_FALSE(found("/studies?includefield=PatientAge")[0].as_object().contains("00101010"));
  EXPECT_EQ(first(found("/studies?ProcedureCodeSequence.CodeValue=CTTHX")[0], "00081032")
                    .find("99LOCAL") != std::string::npos,
            true);
}

TEST_F(Qido, Q11UnknownKeysAreNamedOrRefused) {
  serve();
  fill();
  const HttpAnswer answer = get("/dicom-web/studies?NoSuchKeyword=1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.header("Warning").find("NoSuchKeyword"), std::string::npos);
  DicomwebOptions options;
  options.strict_query = true;
  serve(options);
  EXPECT_EQ(get("/dicom-web/studies?NoSuchKeyword=1").status, 400);
}

TEST_F(Qido, Q3IncludeFields) {
  serve();
  fill();
  const auto plain = found("/instances?limit=1"),
             all = found("/instances?limit=1&includefield=all");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_GE(all[0].as_object().size(), plain[0].as_object().size());
  EXPECT_FALSE(plain[0].as_object().contains("00083002"));
  EXPECT_TRUE(all[0].as_object().contains("00083002"));
  const auto named = found("/instances?limit=1&includefield=AvailableTransferSyntaxUID");
  EXPECT_EQ(first(named[0], "00083002"), "1.2.840.10008.1.2.1");
}

TEST_F(Qido, N1OnlyJsonAndXml) {
  serve();
  EXPECT_EQ(get("/dicom-web/studies", {{"Accept", "text/html"}}).status, 406);
  EXPECT_EQ(get("/dicom-web/studies", {{"Accept", "multipart/related; type=\"image/png\""}}).status,
            406);
  EXPECT_EQ(get("/dicom-web/studies", {{"Accept", "application/json"}}).status, 200);
  EXPECT_EQ(
      get("/dicom-web/studies?accept=application/dicom+json", {{"Accept", "text/html"}}).status,
      200);
}

TEST_F(Qido, Q13ResultsOverOnePageStream) {
  serve();
  std::vector<Bytes> files;
  for (int i = 1; i <= 620; ++i) {
    ImageRecipe r;
    r.sop_uid = "2.25.5." + std::to_string(i);
    r.instance_number = i;
    r.rows = r.columns = 2;
    files.push_back(test::make_file(r));
  }
  ASSERT_EQ(stow(files).status, 200);
  std::set<std::string> seen;
  for (const auto& one : found("/instances")) seen.insert(first(one, "00080018"));
  EXPECT_EQ(seen.size(), 620u);
  EXPECT_EQ(count("/instances?limit=610"), 610u);
  DicomwebOptions options;
  options.results_max = 600;
  serve(options);
  const HttpAnswer cut = get("/dicom-web/instances");
  EXPECT_EQ(json::parse(cut.body).as_array().size(), 600u);
  EXPECT_NE(cut.header("Warning").find("There are 20 additional"), std::string::npos);
}

TEST_F(Qido, X17StringsStayText) {
  serve();
  ImageRecipe r;
  r.patient_name = "<script>alert(1)</script>";
  r.accession = "'; DROP--\"";
  store(r);
  EXPECT_EQ(first(found("/studies")[0], "00080050"), "'; DROP--\"");
  const HttpAnswer page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body.find("<script>alert"), std::string::npos);
  EXPECT_NE(page.body.find("&lt;script&gt;alert"), std::string::npos);
}

}  // namespace
}  // namespace medarc::web
