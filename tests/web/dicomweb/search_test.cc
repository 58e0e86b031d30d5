// QIDO query strings as index queries.
#include "web/dicomweb/search.h"

#include <gtest/gtest.h>

#include <random>

#include "dicom/dictionary.h"
#include "web/dicomweb/retrieve.h"
#include "web/url.h"

namespace medarc::web {
namespace {

using index::Kind;
using index::TermOp;

Result<Search> parse(const std::string& query, Kind kind = Kind::study, SearchRules rules = {}) {
  EXPECT_TRUE(dicom::load_dictionary());
  const auto target = parse_target("/?" + query);
  EXPECT_TRUE(target) << query;
  return parse_search(kind, target->query, rules);
}

// "tag op values" of each term, groups by " & ", terms of a group by " | ".
std::string text(const Result<Search>& search) {
  static constexpr const char* kNames[] = {"=", "~", "range", "present", "empty", "begins", "all"};
  if (!search) return "error: " + search.error().text;
  std::string out;
  for (const auto& group : search->query.all_of_any) {
    out += out.empty() ? "" : " & ";
    bool first = true;
    for (const index::Term& term : group) {
      char tag[16];
      std::snprintf(tag, sizeof tag, "%08X", term.field.value);
      out += (first ? "" : " | ") + std::string(tag) + " " + kNames[static_cast<int>(term.op)];
      first = false;
      for (const std::string& value : term.values) out += " [" + value + "]";
    }
  }
  return out;
}

TEST(Search, Q2KeysByKeywordAndHexAndLists) {
  EXPECT_EQ(text(parse("PatientID=11235813")), "00100020 = [11235813]");
  EXPECT_EQ(text(parse("00100020=11235813")), "00100020 = [11235813]");
  EXPECT_EQ(text(parse("0020000d=1.2")), "0020000D = [1.2]");
  EXPECT_EQ(text(parse("StudyInstanceUID=1.2,1.3%5C1.4")), "0020000D = [1.2] [1.3] [1.4]");
  EXPECT_EQ(text(parse("StudyInstanceUID=1.2&StudyInstanceUID=1.3")),
            "0020000D = [1.2] | 0020000D = [1.3]");
  EXPECT_EQ(text(parse("PatientName=Smith%2C+J")), "00100010 = [Smith, J]");
  EXPECT_EQ(text(parse("Modality=CT&PatientID=1", Kind::series)),
            "00080060 = [CT] & 00100020 = [1]");
}

TEST(Search, M2M3WildcardsOnlyWhereTheyExist) {
  EXPECT_EQ(text(parse("PatientName=DOE*")), "00100010 ~ [DOE*]");
  EXPECT_EQ(text(parse("AccessionNumber=A?1")), "00080050 ~ [A?1]");
  EXPECT_EQ(text(parse("StudyInstanceUID=1.2*")), "0020000D = [1.2*]");
  EXPECT_EQ(text(parse("StudyDate=2020*")), "00080020 = [2020*]");
}

TEST(Search, M4Ranges) {
  EXPECT_EQ(text(parse("StudyDate=20200101-20201231")), "00080020 range [20200101] [20201231]");
  EXPECT_EQ(text(parse("StudyDate=20200101-")), "00080020 range [20200101] []");
  EXPECT_EQ(text(parse("StudyTime=-120000")), "00080030 range [] [120000]");
  EXPECT_EQ(text(parse("AcquisitionDateTime=20200101-0500", Kind::instance)),
            "0008002A = [20200101-0500]");
  EXPECT_EQ(text(parse("AcquisitionDateTime=20200101-20200102", Kind::instance)),
            "0008002A range [20200101] [20200102]");
  EXPECT_EQ(parse("StudyDate=-").error().code, Code::invalid_argument);
  EXPECT_EQ(parse("StudyDate=1-2-3").error().code, Code::invalid_argument);
  // A hyphen is no range in other VRs.
  EXPECT_EQ(text(parse("PatientID=A-B")), "00100020 = [A-B]");
}

TEST(Search, M7UniversalMatchingIsNoCondition) {
  for (const char* query : {"PatientName=*", "PatientName=", "PatientID=**",
                            "StudyDate=", "PatientID=a&PatientID=*", "PatientID=*&PatientID=a"}) {
    EXPECT_EQ(text(parse(query)), "") << query;
  }
}

TEST(Search, Q8ValuesOfModalitiesAnyOrAll) {
  EXPECT_EQ(text(parse("ModalitiesInStudy=CT")), "00080061 = [CT]");
  EXPECT_EQ(text(parse("ModalitiesInStudy=CT,PT")), "00080061 = [CT] [PT]");
  EXPECT_EQ(text(parse("ModalitiesInStudy=CT%5CPT&multiplevaluematching=true")),
            "00080061 all [CT] [PT]");
  EXPECT_EQ(text(parse("multiplevaluematching=true&StudyInstanceUID=1,2")), "0020000D = [1] [2]");
}

TEST(Search, Q1EmptyValueMatching) {
  EXPECT_EQ(text(parse("PatientID=%22%22&emptyvaluematching=true")), "00100020 empty");
  EXPECT_EQ(text(parse("PatientID=%22%22")), "00100020 = [\"\"]");
}

TEST(Search, Q1FuzzyMatchingIsAPrefixOfEachWord) {
  EXPECT_EQ(text(parse("PatientName=jan+do&fuzzymatching=true")),
            "00100010 begins [jan] & 00100010 begins [do]");
  EXPECT_EQ(text(parse("PatientID=jan&fuzzymatching=true")), "00100020 = [jan]");
}

TEST(Search, Q9LimitsAndOffsets) {
  const auto search = parse("limit=7&offset=20");
  ASSERT_TRUE(search);
  EXPECT_TRUE(search->limited);
  EXPECT_EQ(search->query.limit, 7u);
  EXPECT_EQ(search->query.offset, 20u);
  for (const char* query : {"limit=0", "limit=-1", "limit=abc", "limit=", "limit=1.5", "offset=-1",
                            "offset=x", "fuzzymatching=maybe", "emptyvaluematching=",
                            "multiplevaluematching=1", "limit=99999999999999999999"}) {
    EXPECT_EQ(parse(query).error().code, Code::invalid_argument) << query;
  }
  EXPECT_EQ(parse("limit=5000000", Kind::study, {false, 1000})->query.limit, 1000u);
  EXPECT_FALSE(parse("limit=5000000", Kind::study, {false, 1000})->limited);
}

TEST(Search, Q11UnknownKeysWarnOrFail) {
  for (const char* query :
       {"NoSuchKeyword=1", "0010002=1", "PatientName.x=1", "Modality=CT", "SOPInstanceUID=1",
        "PixelData=1", "00091001=1", "RequestAttributesSequence.ScheduledProcedureStepID=1",
        "00400275.00400009=1", "includefield=NoSuchKeyword"}) {
    const auto search = parse(query);
    ASSERT_TRUE(search) << query;
    EXPECT_EQ(search->warnings.size(), 1u) << query;
    EXPECT_TRUE(search->query.all_of_any.empty()) << query;
    EXPECT_EQ(parse(query, Kind::study, {true}).error().code, Code::invalid_argument) << query;
  }
  const auto hostile = parse("a%0d%0ab%22=1");
  EXPECT_EQ(hostile->warnings[0].find_first_of("\r\n\""), std::string::npos);
}

TEST(Search, Q3IncludeFields) {
  const auto search = parse("includefield=StudyDescription,00081060&includefield=Modality");
  ASSERT_TRUE(search);
  EXPECT_EQ(search->include.size(), 2u);  // Modality is not of this level (Q4)
  EXPECT_TRUE(search->warnings.empty());
  EXPECT_TRUE(parse("includefield=all&includefield=StudyDescription")->include_all);
}

TEST(Search, LimitOnKeys) {
  std::string query;
  for (int i = 0; i < 101; ++i) query += "PatientID=" + std::to_string(i) + "&";
  EXPECT_EQ(parse(query).error().code, Code::invalid_argument);
}

TEST(Search, R7AnyQueryIsAnswered) {
  ASSERT_TRUE(dicom::load_dictionary());
  std::mt19937 random(5);
  const std::vector<std::string> words = {"PatientName",
                                          "00100010",
                                          "StudyDate",
                                          "limit",
                                          "offset",
                                          "includefield",
                                          "all",
                                          "=",
                                          "&",
                                          "%2C",
                                          ",",
                                          "%5C",
                                          "*",
                                          "?",
                                          "-",
                                          "20200101",
                                          "true",
                                          "fuzzymatching",
                                          "multiplevaluematching",
                                          "emptyvaluematching",
                                          "%22%22",
                                          ".",
                                          "StudyInstanceUID",
                                          "1.2",
                                          "+",
                                          "%00",
                                          "%FF",
                                          "Doe%5EJ"};
  for (int round = 0; round < 30'000; ++round) {
    std::string query;
    for (size_t i = 0, n = random() % 12; i < n; ++i) query += words[random() % words.size()];
    const auto target = parse_target("/?" + query);
    if (!target) continue;
    const auto search = parse_search(static_cast<Kind>(2 + random() % 3), target->query, {});
    if (!search) continue;
    ASSERT_GE(search->query.limit, 1u);
    for (const auto& group : search->query.all_of_any) ASSERT_FALSE(group.empty());
  }
}

TEST(Retrieve, W2FrameLists) {
  EXPECT_EQ(*parse_frame_list("1", 10), (std::vector<uint32_t>{1}));
  EXPECT_EQ(*parse_frame_list("3,1,2", 10), (std::vector<uint32_t>{3, 1, 2}));
  for (const char* bad : {"", "0", "1,", ",1", "a", "1.5", "-1", "1,,2", "1 2", "4294967296"}) {
    EXPECT_EQ(parse_frame_list(bad, 10).error().code, Code::invalid_argument) << bad;
  }
  EXPECT_EQ(parse_frame_list("1,2,3", 2).error().code, Code::too_large);
}

std::string form(const std::string& accept, const std::string& stored, bool frames) {
  Request request;
  if (!accept.empty()) request.headers.add("Accept", accept);
  const auto wanted = frames ? wanted_bulk(request, true) : wanted_objects(request, true);
  if (!wanted) return std::to_string(static_cast<int>(wanted.error().code));
  for (const Wanted& w : *wanted) {
    std::string out;
    const auto add = [&](const std::string& type, const dicom::Form& f) {
      out += (out.empty() ? (w.single_part ? "single " : "multi ") : ", else ") + type +
             (f == dicom::Form::stored        ? " stored"
              : f == dicom::Form::explicit_le ? " explicit"
                                              : " as " + std::string(f.transfer_syntax()));
    };
    if (frames) {
      for (const auto& [f, type] : frame_forms_for(w, stored)) add(type, f);
    } else {
      for (const auto& f : forms_for(w, stored)) add("application/dicom", f);
    }
    if (!out.empty()) return out;
  }
  return "406";
}

constexpr char kExplicit[] = "1.2.840.10008.1.2.1", kImplicit[] = "1.2.840.10008.1.2",
               kBig[] = "1.2.840.10008.1.2.2", kJls[] = "1.2.840.10008.1.2.4.80",
               kJpeg[] = "1.2.840.10008.1.2.4.50", kHt[] = "1.2.840.10008.1.2.4.202";
const std::string kBad = std::to_string(static_cast<int>(Code::invalid_argument));
const std::string kNone = std::to_string(static_cast<int>(Code::not_acceptable));

// Lossless objects are expanded for those who ask for no transfer syntax (N5).
const std::string kDefault = "application/dicom explicit, else application/dicom stored";

TEST(Retrieve, N1N2N3N4ObjectsByAccept) {
  EXPECT_EQ(form("", kJls, false), "multi " + kDefault);
  EXPECT_EQ(form("*/*", kJls, false), "multi " + kDefault);
  EXPECT_EQ(form("application/dicom", kJls, false), "single " + kDefault);
  EXPECT_EQ(form("text/html, */*;q=0.8", kJls, false), "multi " + kDefault);
  EXPECT_EQ(form("image/gif", kJls, false), kNone);
  EXPECT_EQ(form("nonsense", kJls, false), kNone);
  EXPECT_EQ(form("image/png, application/dicom", kJls, false), kBad);
  EXPECT_EQ(
      form("application/dicom;q=0.1, multipart/related; type=\"application/dicom\"", kJls, false),
      "multi " + kDefault);
  EXPECT_EQ(form("multipart/related; type=\"application/octet-stream\"", kJls, false), kNone);
}

TEST(Retrieve, N5N6TransferSyntaxes) {
  const auto asked = [](const std::string& syntax) {
    return "multipart/related; type=\"application/dicom\"; transfer-syntax=" + syntax;
  };
  constexpr char kDeflated[] = "1.2.840.10008.1.2.1.99", kJxl[] = "1.2.840.10008.1.2.4.110";
  EXPECT_EQ(form("", kJpeg, false), "multi application/dicom stored");  // lossy
  EXPECT_EQ(form("", kJxl, false), "multi application/dicom stored");   // cannot be expanded
  EXPECT_EQ(form("", kExplicit, false), "multi application/dicom stored");
  EXPECT_EQ(form("", kDeflated, false), "multi " + kDefault);
  EXPECT_EQ(form(asked("*"), kJls, false), "multi application/dicom stored");
  EXPECT_EQ(form(asked(kJls), kJls, false), "multi application/dicom stored");
  EXPECT_EQ(form(asked(kExplicit), kJls, false), "multi application/dicom explicit");
  EXPECT_EQ(form(asked(kExplicit), kJpeg, false), "multi application/dicom explicit");
  EXPECT_EQ(form(asked(kExplicit), kJxl, false), "406");
  EXPECT_EQ(form(asked(kJls), kExplicit, false), std::string("multi application/dicom as ") + kJls);
  EXPECT_EQ(form(asked(kHt), kJls, false), std::string("multi application/dicom as ") + kHt);
  EXPECT_EQ(form(asked(kHt), kImplicit, false), std::string("multi application/dicom as ") + kHt);
  // Lossy for who names it, after what is lossless.
  EXPECT_EQ(form(asked(kJpeg), kExplicit, false),
            std::string("multi application/dicom as ") + kJpeg);
  EXPECT_EQ(form(asked(kJpeg) + ", " + asked(kJls) + ";q=0.1", kExplicit, false),
            std::string("multi application/dicom as ") + kJls);
  EXPECT_EQ(form(asked(kExplicit), kImplicit, false), "multi application/dicom stored");
  EXPECT_EQ(form(asked(kExplicit), kBig, false), "multi application/dicom stored");
  EXPECT_EQ(form(asked(kImplicit), kImplicit, false), "406");
  EXPECT_EQ(form(asked(kDeflated), kExplicit, false), "406");
  EXPECT_EQ(form(asked(kExplicit), kDeflated, false), "multi application/dicom explicit");
  EXPECT_EQ(form(asked("nonsense"), kExplicit, false), "406");
}

TEST(Retrieve, N7N8FramesByAccept) {
  const auto related = [](const std::string& type, const std::string& syntax = "") {
    return "multipart/related; type=\"" + type + "\"" +
           (syntax.empty() ? "" : "; transfer-syntax=" + syntax);
  };
  EXPECT_EQ(form("", kExplicit, true), "multi application/octet-stream stored");
  EXPECT_EQ(form("application/octet-stream", kExplicit, true),
            "single application/octet-stream stored");
  EXPECT_EQ(form("multipart/related; type=application/octet-stream", kBig, true),
            "multi application/octet-stream explicit");
  EXPECT_EQ(form(related("image/jls"), kJls, true), "multi image/jls stored");
  EXPECT_EQ(form(related("image/x-jls"), kJls, true), "multi image/jls stored");
  EXPECT_EQ(form(related("image/jhc", "*"), kHt, true), "multi image/jphc stored");
  EXPECT_EQ(form(related("application/octet-stream", "*"), kJls, true),
            "multi application/octet-stream stored");
  EXPECT_EQ(form(related("application/octet-stream"), kJls, true),
            "multi application/octet-stream explicit");
  EXPECT_EQ(form(related("application/octet-stream", kExplicit), kJls, true),
            "multi application/octet-stream explicit");
  EXPECT_EQ(form(related("application/octet-stream"), kJpeg, true),
            "multi application/octet-stream stored");  // N5: only a lossy form exists
  EXPECT_EQ(form(related("application/octet-stream", kExplicit), kJpeg, true),
            "multi application/octet-stream explicit");
  EXPECT_EQ(form("image/jls", kJls, true), "single image/jls stored");
  EXPECT_EQ(form("*/*", kJls, true),
            "multi application/octet-stream explicit, else image/jls stored");
  EXPECT_EQ(form("*/*", kJpeg, true), "multi image/jpeg stored");
  // Compressed as asked, whatever is stored; a type alone stands for its lossless default.
  EXPECT_EQ(form(related("image/jp2"), kJls, true), "multi image/jp2 as 1.2.840.10008.1.2.4.90");
  EXPECT_EQ(form(related("image/jphc"), kExplicit, true),
            "multi image/jphc as 1.2.840.10008.1.2.4.201");
  EXPECT_EQ(form(related("image/jphc", kHt), kImplicit, true),
            std::string("multi image/jphc as ") + kHt);
  EXPECT_EQ(form(related("image/jpeg"), kExplicit, true),
            "multi image/jpeg as 1.2.840.10008.1.2.4.70");
  EXPECT_EQ(form(related("image/x-dicom-rle"), kExplicit, true),
            "multi image/dicom-rle as 1.2.840.10008.1.2.5");
  EXPECT_EQ(form(related("image/jpeg", kJpeg), kExplicit, true),
            std::string("multi image/jpeg as ") + kJpeg);  // named
  EXPECT_EQ(form(related("image/jpeg", "1.2.840.10008.1.2.4.51"), kExplicit, true), "406");
  EXPECT_EQ(form(related("image/jls", kHt), kExplicit, true), "406");  // the type is another's
  EXPECT_EQ(form("image/png", kExplicit, true), "406");
}

}  // namespace
}  // namespace medarc::web
