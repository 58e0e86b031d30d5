// Unusual objects through STOW-RS: stored and reported, or refused with the standard's reason
// (dicom.md S3, S4, S10, S11).
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

using test::DatasetMaker;
using test::HttpAnswer;
using test::ImageRecipe;

constexpr char kMismatch[] = R"("00081196":{"vr":"US","Value":[45063]})";

// One who may look but not store.
class Auditor : public security::Authenticator {
 public:
  Result<security::Principal> http(std::string_view, const std::string& peer) override {
    return security::Principal{"auditor", {security::Role::auditor}, "", peer};
  }
  Result<security::Principal> association(const security::Caller&) override {
    return make_error(Code::permission_denied, "not here");
  }
  bool known_peer(const security::Caller&) const override { return false; }
  bool tokens_configured() const override { return true; }
  bool peers_configured() const override { return false; }
};

class StowUnusual : public ArchiveTest {
 protected:
  // A small object with these identifiers, as they stand in the dataset.
  static Bytes object(const std::string& sop, const std::string& study, const std::string& series,
                      const std::string& patient = "MDA-1") {
    DatasetMaker meta, d;
    meta.text(0x00020010, "UI", std::string(dicom::kExplicitLittle));
    d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7").text(0x00080018, "UI", sop);
    if (patient != "none") d.text(0x00100020, "LO", patient);
    d.text(0x0020000D, "UI", study).text(0x0020000E, "UI", series);
    return Bytes(128, '\0') + "DICM" + meta.view() + d.view();
  }
  void expect_stored(const Bytes& file, const std::string& study, const char* what, bool warned) {
    const HttpAnswer answer = stow({file});
    EXPECT_EQ(answer.status, warned ? 202 : 200) << what << answer.body;
    EXPECT_EQ(answer.body.find(kMismatch) != std::string::npos, warned) << what << answer.body;
    EXPECT_NE(get("/dicom-web/studies?StudyInstanceUID=" + study).body, "[]") << what;
  }
};

TEST_F(StowUnusual, S11_OddIdentifiersAreStoredWithAWarningAndFound) {
  serve();
  expect_stored(object("2.25.1", "2.25.10", "2.25.11", ""), "2.25.10", "empty Patient ID", true);
  expect_stored(object("2.25.2", "2.25.20", "2.25.21", "none"), "2.25.20", "no Patient ID", true);
  expect_stored(object("2.25.03", "2.25.30", "2.25.31"), "2.25.30", "leading zero", true);
  expect_stored(object("2.25.4", "2.25.40a", "2.25.41"), "2.25.40a", "a letter", true);
  expect_stored(object("2.25.5", "2.25.50", "2.25.50"), "2.25.50", "study UID is series UID",
                false);
  expect_stored(object("2.25.6 ", "2.25.60 ", "2.25.61  "), "2.25.60", "blanks behind UIDs", false);
  expect_stored(object("2.25.7", std::string("2.25.70\0\0\0", 10), "2.25.71"), "2.25.70",
                "NULs behind a UID", false);
}

TEST_F(StowUnusual, X19_PathsAreNoIdentifiers) {
  serve();
  for (const char* uid : {"../../etc/passwd", "/abs", "1..2", "a b", "<b>"}) {
    const HttpAnswer answer = stow({object(uid, "2.25.10", "2.25.11")});
    EXPECT_EQ(answer.status, 409) << uid;
    EXPECT_NE(answer.body.find(R"("Value":[49152])"), std::string::npos) << answer.body;
    EXPECT_EQ(answer.body.find(uid), std::string::npos) << answer.body;
  }
}

TEST_F(StowUnusual, S3_ReasonsAreThoseOfTheStandard) {
  serve();
  // A900: what arrived is no instance of a storage class.
  const HttpAnswer nameless = stow({object("", "2.25.10", "2.25.11")});
  EXPECT_EQ(nameless.status, 409);
  EXPECT_NE(nameless.body.find(R"("00081197":{"vr":"US","Value":[43264]})"), std::string::npos)
      << nameless.body;
  // C000: it cannot be understood, and says not even whose it is.
  const HttpAnswer cut = stow({test::make_file(ImageRecipe()).substr(0, 1000)});
  EXPECT_EQ(cut.status, 409);
  EXPECT_NE(cut.body.find(R"("Value":[49152])"), std::string::npos) << cut.body;
}

TEST_F(StowUnusual, S3_WhoMayNotStoreIsToldSo) {
  Auditor auditor;
  ServerOptions options;
  options.port = 0;
  auto server = Server::start(options, dicomweb_routes(*imaging_, {}), auditor);
  ASSERT_TRUE(server.has_value());
  server_ = std::move(*server);
  const std::string not_authorised = R"("00081197":{"vr":"US","Value":[292]})";
  const HttpAnswer file = stow({test::make_file(ImageRecipe())});
  EXPECT_EQ(file.status, 409);
  EXPECT_NE(file.body.find(not_authorised), std::string::npos) << file.body;
  const HttpAnswer json =
      test::http(port(), "POST", "/dicom-web/studies", {{"Content-Type", "application/dicom+json"}},
                 R"({"00080018":{"vr":"UI","Value":["2.25.9"]}})");
  EXPECT_EQ(json.status, 409);
  EXPECT_NE(json.body.find(not_authorised), std::string::npos) << json.body;
  server_.reset();
}

// Nothing is coerced, so nothing is served as if it were; and the bytes stay as they came.
TEST_F(StowUnusual, S4_NothingIsCoerced) {
  serve();
  const Bytes file = object("2.25.03", "2.25.30", "2.25.31", "  odd  ");
  EXPECT_EQ(stow({file}).status, 202);
  const std::string path = "/dicom-web/studies/2.25.30/series/2.25.31/instances/2.25.03";
  EXPECT_TRUE(get(path + "/original").body == file);
  const HttpAnswer served = get(path, {{"Accept", "application/dicom; transfer-syntax=*"}});
  EXPECT_NE(served.body.find("  odd  "), std::string::npos);
  EXPECT_EQ(get(path + "/metadata").body.find("04000561"), std::string::npos);
}

TEST_F(StowUnusual, S10_PreamblesOfOtherFormatsAreKeptAndFlagged) {
  serve();
  int number = 0;
  for (const std::string& start : {std::string("II*\0", 4), std::string("MZ"),
                                   std::string("\x7F"
                                               "ELF"),
                                   std::string("#!/bin/sh"), std::string("<html>"),
                                   std::string("\n <script>"), std::string()}) {
    ImageRecipe r;
    r.sop_uid = "2.25.1003." + std::to_string(++number);
    Bytes file = test::make_file(r);
    file.replace(0, start.size(), start);
    const HttpAnswer answer = stow({file});
    EXPECT_EQ(answer.status, start.empty() ? 200 : 202) << start;
    EXPECT_EQ(answer.body.find(kMismatch) != std::string::npos, !start.empty()) << answer.body;
    EXPECT_TRUE(get("/dicom-web/studies/" + r.study_uid + "/series/" + r.series_uid +
                    "/instances/" + r.sop_uid + "/original")
                    .body == file);
  }
}

}  // namespace
}  // namespace medarc::web
