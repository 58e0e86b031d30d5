// U6: storage commitment over the web on a real archive.
#include "web/dicomweb/commitment.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <thread>

#include "base/log.h"
#include "dicom/model/xml_writer.h"
#include "tests/web/dicomweb/archive_fixture.h"
#include "web/dicomweb/model_forms.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";

class CommitmentWeb : public ArchiveTest {
 protected:
  void TearDown() override {
    server_.reset();
    commitments_.reset();
    jobs_.reset();
    set_log_level(Level::info);
  }
  void start(CommitmentDoorOptions options = {}) {
    set_log_level(Level::off);
    jobs_ = std::move(*index::Jobs::open(*index_, {}));
    commitments_ =
        std::make_unique<dicom::dimse::Commitments>(*index_, *guard_, *jobs_, commitment_options_);
    auto routes = dicomweb_routes(*imaging_, {});
    for (Route& r : commitment_routes(*commitments_, options)) routes.push_back(std::move(r));
    ServerOptions server;
    server.port = 0;
    auto made = Server::start(server, std::move(routes), authenticator_);
    ASSERT_TRUE(made.has_value());
    server_ = std::move(*made);
  }
  static std::string references(const std::vector<std::string>& instances) {
    std::string out = R"({"00081199":{"vr":"SQ","Value":[)";
    for (size_t i = 0; i < instances.size(); ++i) {
      out += (i > 0 ? "," : "") + std::string(R"({"00081150":{"vr":"UI","Value":[")") + kCt +
             R"("]},"00081155":{"vr":"UI","Value":[")" + instances[i] + R"("]}})";
    }
    return out + "]}}";
  }
  HttpAnswer ask(const std::string& transaction, const std::string& body,
                 const std::string& type = "application/dicom+json") {
    return test::http(port(), "POST", "/dicom-web/commitment-requests/" + transaction,
                      {{"Content-Type", type}}, body);
  }
  HttpAnswer check(const std::string& transaction) {
    return get("/dicom-web/commitment-requests/" + transaction);
  }
  static size_t items(const HttpAnswer& answer, const char* sequence) {
    const auto json = boost::json::parse(answer.body).at(0);
    const auto* e = json.as_object().if_contains(sequence);
    return e == nullptr ? 0 : e->at("Value").as_array().size();
  }

  dicom::dimse::CommitmentOptions commitment_options_;
  std::unique_ptr<index::Jobs> jobs_;
  std::unique_ptr<dicom::dimse::Commitments> commitments_;
};

TEST_F(CommitmentWeb, U6_WhatIsHeldIsCommittedAndWhatIsNotHasItsReason) {
  start();
  test::ImageRecipe recipe;
  store(recipe);
  const HttpAnswer done = ask("2.25.1", references({recipe.sop_uid, "9.9.9"}));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.header("Content-Type"), "application/dicom+json");
  EXPECT_EQ(items(done, "00081199"), 1u);
  ASSERT_EQ(items(done, "00081198"), 1u);
  EXPECT_NE(done.body.find(R"("00081197":{"vr":"US","Value":[274]})"), std::string::npos);
  EXPECT_EQ(done.body.find("00081195"), std::string::npos);  // told by the path alone
  EXPECT_EQ(check("2.25.1").body, done.body);
  EXPECT_EQ(ask("2.25.1", references({recipe.sop_uid, "9.9.9"})).status, 200);
  const std::string by_study =
      R"({"00081110":{"vr":"SQ","Value":[{"00081115":{"vr":"SQ","Value":[{"00081112":{"vr":"SQ",)"
      R"("Value":[{"00081150":{"vr":"UI","Value":[")" +
      std::string(kCt) + R"("]},"0008114A":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":[")" +
      recipe.sop_uid + R"("]}}]}}]}}]}}]}})";
  EXPECT_EQ(items(ask("2.25.2", by_study), "00081199"), 1u);
}

TEST_F(CommitmentWeb, U6_XmlIsTakenAndGiven) {
  start();
  test::ImageRecipe recipe;
  store(recipe);
  auto xml = dicom::native_xml(references({recipe.sop_uid}));
  ASSERT_TRUE(xml.has_value());
  const HttpAnswer done = test::http(
      port(), "POST", "/dicom-web/commitment-requests/2.25.1",
      {{"Content-Type", std::string(kDicomXml)}, {"Accept", std::string(kDicomXml)}}, *xml);
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.header("Content-Type"), kDicomXml);
  EXPECT_NE(done.body.find("tag=\"00081199\""), std::string::npos);
  EXPECT_NE(done.body.find(recipe.sop_uid), std::string::npos);
  EXPECT_EQ(items(check("2.25.1"), "00081199"), 1u);
}

TEST_F(CommitmentWeb, U6_ATransactionInUseIs409AndWrongRequestsAre400) {
  commitment_options_.references_max = 3;
  start();
  EXPECT_EQ(ask("2.25.1", references({"1.1"})).status, 200);
  EXPECT_EQ(ask("2.25.1", references({"1.2"})).status, 409);
  EXPECT_EQ(ask("2.25.3", references({})).status, 400);
  EXPECT_EQ(ask("2.25.3", "{").status, 400);
  EXPECT_EQ(ask("not%20a%20uid", references({"1.1"})).status, 400);
  EXPECT_EQ(ask("2.25.3", R"({"00081199":{"vr":"SQ","Value":[{}]}})").status, 400);
  EXPECT_EQ(ask("2.25.3", references({"1", "2", "3", "4"})).status, 413);
  EXPECT_EQ(ask("2.25.3", references({"1.1"}), "text/plain").status, 415);
  EXPECT_EQ(check("2.25.3").status, 404);
}

TEST_F(CommitmentWeb, U6_WhatTakesLongerIs202AndComesWithAGet) {
  CommitmentDoorOptions options;
  options.answer_within_ms = 0;
  options.running_max = 1;
  options.waiting_max = 1;
  start(options);
  std::vector<std::string> many;
  for (int n = 0; n < 20'000; ++n) many.push_back("1.9." + std::to_string(n));
  const HttpAnswer first = ask("2.25.1", references(many));
  EXPECT_EQ(first.status, 202);
  EXPECT_EQ(first.header("Retry-After"), "2");
  // One runs, one waits, the next is too many.
  const int second = ask("2.25.2", references(many)).status;
  const int third = ask("2.25.3", references(many)).status;
  EXPECT_TRUE(second == 202 || second == 503) << second;
  EXPECT_TRUE(third == 202 || third == 503) << third;
  HttpAnswer done;
  for (int n = 0; n < 3000 && (done = check("2.25.1")).status == 202; ++n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_EQ(done.status, 200);
  EXPECT_EQ(items(done, "00081198"), many.size());
}

TEST_F(CommitmentWeb, U6_OnlySoManyResultsAreKept) {
  CommitmentDoorOptions options;
  options.results_max = 2;
  start(options);
  for (const char* t : {"2.25.1", "2.25.2", "2.25.3"}) ask(t, references({"1.1"}));
  EXPECT_EQ(check("2.25.1").status, 404);
  EXPECT_EQ(check("2.25.2").status, 200);
  EXPECT_EQ(check("2.25.3").status, 200);
}

}  // namespace
}  // namespace medarc::web
