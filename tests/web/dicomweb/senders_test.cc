// Senders that do not conform, through both doors: one rule does the same for C-STORE and STOW, and
// what is wrong is told by instance and by day.
#include "web/senders.h"

#include <boost/json.hpp>

#include "dicom/part10.h"
#include "dicom/senders/quirks.h"
#include "dicom/server.h"
#include "tests/support/raw_association.h"
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

namespace json = boost::json;
using test::HttpAnswer;
using test::ImageRecipe;

constexpr char kCt[] = "1.2.840.10008.5.1.4.1.1.2", kExplicit[] = "1.2.840.10008.1.2.1";
// 王^小东
constexpr char kGbkName[] = "\xCD\xF5^\xD0\xA1\xB6\xAB";

// Calling AE titles are what they say; over HTTP, one gateway and one who may only look.
class Callers : public security::Authenticator {
 public:
  Result<security::Principal> http(std::string_view authorization,
                                   const std::string& peer) override {
    if (authorization == "Bearer radiologist") {
      return security::Principal{"token:radiologist", {security::Role::radiologist}, "http", peer};
    }
    return security::Principal{"token:gateway", {security::Role::administrator}, "http", peer};
  }
  Result<security::Principal> association(const security::Caller& caller) override {
    return security::Principal{
        "ae:" + caller.aet, {security::Role::modality}, "dimse", caller.address};
  }
  bool known_peer(const security::Caller&) const override { return true; }
  bool tokens_configured() const override { return true; }
  bool peers_configured() const override { return false; }
};

class Senders : public ArchiveTest {
 protected:
  void start(const std::string& rules) {
    auto config = Config::parse(rules);
    ASSERT_TRUE(config.has_value());
    auto quirks = dicom::senders::Quirks::from(*config, "MEDARC");
    ASSERT_TRUE(quirks.has_value()) << quirks.error().text;
    const auto refusals = std::make_shared<dicom::senders::Refusals>();
    imaging_ = dicom::Imaging::create(
        *index_, *guard_, {}, nullptr, {}, {},
        {std::make_shared<const dicom::senders::Quirks>(std::move(*quirks)), refusals});
    auto report = dicom::senders::Report::open(posix_fs(), dir_, *index_, refusals, {});
    ASSERT_TRUE(report.has_value());
    report_ = std::move(*report);
    std::vector<Route> routes = dicomweb_routes(*imaging_, {});
    for (Route& route : senders_routes({imaging_.get(), report_.get(), guard_.get()})) {
      routes.push_back(std::move(route));
    }
    ServerOptions options;
    options.port = 0;
    auto server = Server::start(options, std::move(routes), callers_);
    ASSERT_TRUE(server.has_value());
    server_ = std::move(*server);
    dicom::ServerOptions door;
    door.port = 0;
    auto made = dicom::Server::start(door, {}, *imaging_, callers_);
    ASSERT_TRUE(made.has_value());
    dicom_ = std::move(*made);
  }
  void TearDown() override {
    dicom_.reset();
    server_.reset();
    report_.reset();
  }

  // C-STORE; the status.
  uint16_t c_store(const std::string& aet, const ImageRecipe& recipe) {
    test::RawRequest request;
    request.calling = aet;
    request.contexts = {{1, kCt, {kExplicit}}};
    test::RawAssociation association(dicom_->port(), request);
    EXPECT_TRUE(association.established());
    const auto answer = association.store(1, kCt, recipe.sop_uid, test::make_dataset(recipe));
    EXPECT_TRUE(answer.has_value());
    association.release();
    return answer ? answer->status : 0xFFFF;
  }
  json::value json_of(const std::string& target) {
    const HttpAnswer answer = get(target, {{"Accept", "application/json"}});
    EXPECT_EQ(answer.status, 200) << target << " " << answer.body;
    return json::parse(answer.body);
  }
  static std::string path(const ImageRecipe& r) {
    return "/dicom-web/studies/" + r.study_uid + "/series/" + r.series_uid + "/instances/" +
           r.sop_uid;
  }
  void follow() {
    for (bool more = true; more;) {
      const auto step = report_->step();
      ASSERT_TRUE(step.has_value());
      more = *step;
    }
  }

  Callers callers_;
  std::unique_ptr<dicom::senders::Report> report_;
  std::unique_ptr<dicom::Server> dicom_;
};

constexpr char kRule[] =
    "[[dicom.quirk]]\naet = \"OLDCT\"\nprincipal = \"token:gateway\"\ncharset = \"GB18030\"\n"
    "uid_repair = \"leading_zeros\"\n";

TEST_F(Senders, S4_OneRuleDoesTheSameThroughCStoreAndStow) {
  start(kRule);
  ImageRecipe r;
  r.charset = "ISO_IR 100";
  r.patient_name = kGbkName;
  r.study_uid = "2.25.0100";
  r.sop_uid = "2.25.0102";
  EXPECT_EQ(c_store("OLDCT", r), 0x0000);  // D1: no warning status unless it is asked for
  ImageRecipe by_web = r;
  by_web.sop_uid = "2.25.0103";
  const Bytes file = test::make_file(by_web);
  const HttpAnswer stored = stow({file});
  EXPECT_EQ(stored.status, 202) << stored.body;
  EXPECT_NE(stored.body.find(R"("00081155":{"vr":"UI","Value":["2.25.103"]})"), std::string::npos)
      << stored.body;

  // Found by what it says now, through QIDO; both in one study.
  const json::value found =
      json_of("/dicom-web/studies?PatientName=%E7%8E%8B%5E%E5%B0%8F%E4%B8%9C&includefield=all");
  ASSERT_EQ(found.as_array().size(), 1u);
  EXPECT_EQ(found.at(0).at("0020000D").at("Value").at(0), "2.25.100");
  EXPECT_EQ(found.at(0).at("00201208").at("Value").at(0), 2);

  r.study_uid = by_web.study_uid = "2.25.100";
  r.sop_uid = "2.25.102";
  by_web.sop_uid = "2.25.103";
  const json::value one = json_of(path(r) + "/findings"),
                    other = json_of(path(by_web) + "/findings");
  EXPECT_EQ(one.at("findings"), other.at("findings"));
  EXPECT_EQ(one.at("sender"), "OLDCT");
  EXPECT_EQ(other.at("sender"), "token:gateway");
  EXPECT_TRUE(one.at("corrected").as_bool());
  // The record is in the metadata and in the object; what was received is at /original.
  const json::value metadata = json_of(path(by_web) + "/metadata?accept=application/dicom%2Bjson");
  EXPECT_EQ(metadata.at(0).at("04000561").at("Value").at(0).at("04000565").at("Value").at(0),
            "CORRECT");
  EXPECT_TRUE(get(path(by_web) + "/original").body == file);
  const HttpAnswer served = get(path(by_web), {{"Accept", "application/dicom"}});
  ASSERT_EQ(served.status, 200);
  EXPECT_NE(served.body.find("ISO_IR 192"), std::string::npos);
  EXPECT_NE(served.body.find("\xE7\x8E\x8B^"), std::string::npos);
  EXPECT_EQ(served.header("ETag") == get(path(by_web) + "/original").header("ETag"), false);
  // Values that stand in no header are found by their place all the same.
  EXPECT_EQ(get(path(by_web) + "/bulkdata/00100010", {{"Accept", "*/*"}}).status, 200);
  // Fields of our own are in no answer.
  const HttpAnswer all = get("/dicom-web/instances?includefield=all");
  EXPECT_EQ(all.body.find("FFFE00"), std::string::npos);
}

TEST_F(Senders, S11_TheDailyReportIsForAdministratorsInTwoForms) {
  start(kRule);
  ImageRecipe r;
  r.sop_uid = "2.25.07";
  r.patient_name = "Muster<b>^Erika";
  EXPECT_EQ(c_store("CT7", r), 0x0000);
  EXPECT_NE(c_store("<i>", ImageRecipe{.sop_uid = "a b"}), 0x0000);
  follow();
  const json::value report = json_of("/admin/senders");
  ASSERT_EQ(report.at("days").as_array().size(), 1u);
  const json::array& senders = report.at("days").at(0).at("senders").as_array();
  ASSERT_EQ(senders.size(), 2u);
  EXPECT_EQ(senders[0].at("sender"), "<i>");
  EXPECT_EQ(senders[0].at("findings").at(0).at("kind"), "refused");
  EXPECT_EQ(senders[1].at("sender"), "CT7");
  const json::value& line = senders[1].at("findings").at(0);
  EXPECT_EQ(line.at("kind"), "uid");
  EXPECT_EQ(line.at("keyword"), "SOPInstanceUID");
  EXPECT_EQ(line.at("sop_class"), kCt);
  EXPECT_EQ(line.at("example"), "2.25.07");
  EXPECT_EQ(json_of("/admin/senders?sender=CT7").at("days").at(0).at("senders").as_array().size(),
            1u);
  EXPECT_TRUE(json_of("/admin/senders?day=2001-01-01").at("days").as_array().empty());

  const HttpAnswer html = get("/admin/senders", {{"Accept", "text/html,*/*;q=0.8"}});
  EXPECT_EQ(html.status, 200);
  EXPECT_EQ(html.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(html.body.find("&lt;i&gt;"), std::string::npos);
  EXPECT_EQ(html.body.find("<i>"), std::string::npos);
  EXPECT_EQ(html.body.find("Muster"), std::string::npos);  // no patient is named
  EXPECT_EQ(get("/admin/senders?day=today").status, 400);
  EXPECT_EQ(get("/admin/senders", {{"Accept", "image/png"}}).status, 406);
  const test::HttpClient::Headers radiologist{{"Authorization", "Bearer radiologist"}};
  EXPECT_EQ(get("/admin/senders", radiologist).status, 403);
  EXPECT_EQ(get(path(r) + "/findings", radiologist).status, 200);
  EXPECT_EQ(get(path(ImageRecipe()) + "/findings").status, 404);
}

}  // namespace
}  // namespace medarc::web
