// Peers and routing rules that administrators add while the server runs: over HTTP, in both doors
// of DICOM at once, durably, and without touching what the configuration file holds.
#include "web/administration.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>

#include "dicom/dictionary.h"
#include "dicom/server.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

namespace json = boost::json;
using test::HttpAnswer;
using Headers = test::HttpClient::Headers;

// An administrator, and one who may only look at images.
class Callers : public security::Authenticator {
 public:
  Result<security::Principal> http(std::string_view authorization,
                                   const std::string& peer) override {
    if (authorization == "Bearer radiologist") {
      return security::Principal{"token:radiologist", {security::Role::radiologist}, "http", peer};
    }
    return security::Principal{"token:chief", {security::Role::administrator}, "http", peer};
  }
  Result<security::Principal> association(const security::Caller& caller) override {
    return security::Principal{"ae:" + caller.aet, {security::Role::modality}, "dimse", ""};
  }
  bool known_peer(const security::Caller&) const override { return true; }
  bool tokens_configured() const override { return true; }
  bool peers_configured() const override { return false; }
};

constexpr char kFile[] =
    "[[dicom.peer]]\naet = \"CT1\"\nhost = \"127.0.0.1\"\nport = 1\n"
    "[[dicom.web_destination]]\nname = \"cloud\"\nurl = \"http://127.0.0.1\"\n"
    "[[dicom.route]]\nto = \"cloud\"\nModality = \"US\"\n";

class AdministrationTest : public ArchiveTest {
 protected:
  void SetUp() override { ASSERT_TRUE(dicom::load_dictionary().has_value()); }
  void TearDown() override { server_.reset(); }

  // As the process does when it starts; again: as after a restart.
  void start(const std::string& more = {}) {
    server_.reset();
    administration_.reset();
    auto config = Config::parse(kFile + more);
    ASSERT_TRUE(config.has_value()) << config.error().text;
    auto credentials = security::Credentials::from(*config);
    ASSERT_TRUE(credentials.has_value()) << credentials.error().text;
    credentials_ = *credentials;
    door_ = security::make_authenticator(credentials_);
    destinations_ = *dicom::Destinations::from(*config);
    const auto web = dicom::WebDestinations::from(*config);
    ASSERT_TRUE(web.has_value()) << web.error().text;
    auto rules = dicom::Routes::from(*config, destinations_, *web);
    ASSERT_TRUE(rules.has_value()) << rules.error().text;
    rules_ = *rules;
    auto opened = dicom::Administration::open(
        *index_, *guard_, {credentials_, destinations_, *web, rules_, "MEDARC", {}},
        dicom::AdministrationOptions::from(*config));
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    administration_ = std::move(*opened);
    ServerOptions options;
    options.port = 0;
    auto server = Server::start(options, administration_routes(*administration_), callers_);
    ASSERT_TRUE(server.has_value());
    server_ = std::move(*server);
  }

  HttpAnswer ask(const std::string& method, const std::string& path, const std::string& body = {},
                 const Headers& headers = {}) {
    return test::http(port(), method, "/admin/" + path, headers, body);
  }
  static json::object object(const HttpAnswer& answer) {
    return json::parse(answer.body).as_object();
  }
  bool may_call(const std::string& aet, const std::string& address = "127.0.0.1") {
    return door_->association({aet, address}).has_value();
  }
  // Where a CT object goes.
  std::vector<dicom::RouteTarget> targets() {
    index::StoreInstance stored;
    stored.series_attributes.set({0x00080060}, "CS", {"CT"});
    return rules_.targets(stored, "", 0);
  }

  Callers callers_;
  security::Credentials credentials_;
  std::unique_ptr<security::Authenticator> door_;
  dicom::Destinations destinations_;
  dicom::Routes rules_;
  std::unique_ptr<dicom::Administration> administration_;
};

TEST_F(AdministrationTest, APeerIsMadeReadReplacedAndTakenAway) {
  start();
  EXPECT_FALSE(may_call("WS1"));
  const HttpAnswer made =
      ask("PUT", "peers/WS1", R"({"host":"127.0.0.1","port":11112,"role":"radiologist"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const HttpAnswer read = ask("GET", "peers/WS1");
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.header("ETag"), made.header("ETag"));
  EXPECT_EQ(object(read).at("source"), "administration");
  EXPECT_EQ(object(read).at("settings"),
            json::parse(R"({"aet":"WS1","host":"127.0.0.1","port":11112,"role":"radiologist"})"));
  // At once, for those who call and for those who are called.
  EXPECT_EQ(door_->association({"WS1", "127.0.0.1"})->roles,
            std::set<security::Role>{security::Role::radiologist});
  EXPECT_FALSE(may_call("WS1", "10.0.0.7"));
  ASSERT_NE(destinations_.find("WS1"), nullptr);
  EXPECT_EQ(destinations_.find("WS1")->port, 11112);

  const HttpAnswer replaced =
      ask("PUT", "peers/WS1", R"({"commit":true,"port":104,"role":"modality,clinician"})",
          {{"If-Match", read.header("ETag")}});
  EXPECT_EQ(replaced.status, 200) << replaced.body;
  EXPECT_NE(replaced.header("ETag"), read.header("ETag"));
  EXPECT_EQ(destinations_.find("WS1")->port, 104);
  EXPECT_TRUE(destinations_.find("WS1")->commit);
  EXPECT_TRUE(may_call("WS1", "10.0.0.7"));
  ASSERT_EQ(
      ask("PUT", "peers/WS1", R"({"role":"auditor"})", {{"If-Match", replaced.header("ETag")}})
          .status,
      200);
  EXPECT_EQ(destinations_.find("WS1"), nullptr);  // without a port it is not called any more

  EXPECT_EQ(ask("DELETE", "peers/WS1").status, 204);
  EXPECT_EQ(ask("GET", "peers/WS1").status, 404);
  EXPECT_EQ(ask("DELETE", "peers/WS1").status, 404);
  EXPECT_FALSE(may_call("WS1"));
}

TEST_F(AdministrationTest, TheListSaysWhereEachComesFrom) {
  start();
  ASSERT_EQ(ask("PUT", "peers/WS%201", "{}").status, 201);
  const json::object all = object(ask("GET", "peers"));
  const json::array& peers = all.at("peers").as_array();
  ASSERT_EQ(peers.size(), 2u);
  EXPECT_EQ(peers[0].at("name"), "CT1");
  EXPECT_EQ(peers[0].at("source"), "configuration");
  EXPECT_EQ(peers[0].as_object().if_contains("version"), nullptr);
  EXPECT_EQ(peers[1].at("name"), "WS 1");
  EXPECT_EQ(peers[1].at("source"), "administration");
  EXPECT_EQ(peers[1].at("settings").at("aet"), "WS 1");
  const json::object rules = object(ask("GET", "routes"));
  EXPECT_EQ(rules.at("routes").at(0).at("name"), "configuration-1");
  EXPECT_EQ(rules.at("routes").at(0).at("settings").at("Modality"), "US");
}

TEST_F(AdministrationTest, TwoAdministratorsDoNotOverwriteEachOther) {
  start();
  const std::string first = ask("PUT", "peers/WS1", R"({"port":1})").header("ETag");
  EXPECT_EQ(ask("PUT", "peers/WS1", R"({"port":2})").status, 428);
  EXPECT_EQ(ask("PUT", "peers/WS1", R"({"port":2})", {{"If-None-Match", "*"}}).status, 412);
  const HttpAnswer second = ask("PUT", "peers/WS1", R"({"port":2})", {{"If-Match", first}});
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(ask("PUT", "peers/WS1", R"({"port":3})", {{"If-Match", first}}).status, 412);
  EXPECT_EQ(ask("DELETE", "peers/WS1", "", {{"If-Match", first}}).status, 412);
  EXPECT_EQ(ask("PUT", "peers/WS1", R"({"port":3})", {{"If-Match", "\"other\""}}).status, 412);
  EXPECT_EQ(destinations_.find("WS1")->port, 2);
  EXPECT_EQ(
      ask("PUT", "peers/WS1", R"({"port":3})", {{"If-Match", first + ", " + second.header("ETag")}})
          .status,
      200);
  EXPECT_EQ(ask("PUT", "peers/WS1", R"({"port":4})", {{"If-Match", "*"}}).status, 200);
  ASSERT_EQ(ask("DELETE", "peers/WS1", "", {{"If-Match", "*"}}).status, 204);
  EXPECT_EQ(ask("PUT", "peers/WS1", R"({"port":5})", {{"If-Match", "*"}}).status, 412);
  // Made anew it is another than before.
  ASSERT_EQ(ask("PUT", "peers/WS1", R"({"port":6})", {{"If-None-Match", "*"}}).status, 201);
  EXPECT_EQ(ask("PUT", "peers/WS1", R"({"port":7})", {{"If-Match", first}}).status, 412);
  EXPECT_EQ(ask("PUT", "peers/WS1", "{}", {{"If-None-Match", first}}).status, 400);
}

TEST_F(AdministrationTest, WhatTheFileHoldsIsChangedInTheFile) {
  start();
  for (const Headers& headers : {Headers{}, Headers{{"If-Match", "*"}}}) {
    const HttpAnswer put = ask("PUT", "peers/CT1", R"({"port":2})", headers);
    EXPECT_EQ(put.status, 409);
    EXPECT_NE(put.body.find("configuration file"), std::string::npos) << put.body;
    EXPECT_EQ(ask("DELETE", "peers/CT1", "", headers).status, 409);
    EXPECT_EQ(ask("PUT", "routes/configuration-1", R"({"to":"CT1"})", headers).status, 409);
    EXPECT_EQ(ask("DELETE", "routes/configuration-1", "", headers).status, 409);
  }
  EXPECT_EQ(ask("PUT", "routes/configuration-9", R"({"to":"CT1"})").status, 409);
  EXPECT_EQ(destinations_.find("CT1")->port, 1);
  // The file was edited: its word counts, and the other comes back when it is gone from the file.
  ASSERT_EQ(ask("PUT", "peers/WS1", R"({"port":2})").status, 201);
  start("[[dicom.peer]]\naet = \"WS1\"\nport = 3\n");
  EXPECT_EQ(object(ask("GET", "peers/WS1")).at("source"), "configuration");
  EXPECT_EQ(destinations_.find("WS1")->port, 3);
  start();
  EXPECT_EQ(destinations_.find("WS1")->port, 2);
}

TEST_F(AdministrationTest, IsForAdministratorsAlone) {
  start();
  const Headers other = {{"Authorization", "Bearer radiologist"}};
  for (const std::string kind : {"peers", "routes"}) {
    EXPECT_EQ(ask("GET", kind, "", other).status, 403);
    EXPECT_EQ(ask("GET", kind + "/CT1", "", other).status, 403);
    EXPECT_EQ(ask("PUT", kind + "/A", R"({"to":"CT1"})", other).status, 403);
    EXPECT_EQ(ask("DELETE", kind + "/CT1", "", other).status, 403);
  }
  EXPECT_EQ(ask("POST", "peers/CT1/echo", "", other).status, 403);
}

TEST_F(AdministrationTest, WhatTheConfigurationRefusesIsRefusedHere) {
  start("[administration]\nvalue_bytes_max = 64\n");
  for (const char* wrong :
       {"", "[]", "{", R"({"port":0})", R"({"port":65536})", R"({"port":1.5})", R"({"port":-1})",
        R"({"hots":"127.0.0.1"})", R"({"host":""  ,"role":"boss"})", R"({"role":""})",
        R"({"aet":"WS2"})", R"({"identity":"required"})", R"({"identity":"perhaps"})",
        R"({"commit":"perhaps","port":1})", R"({"host":null})", R"({"host":["127.0.0.1"]})",
        R"({"host":"127.0.0.1\u0000"})", R"({"user_confirmed":true,"port":1})",
        R"({"port":1,"tls":true})"}) {
    const HttpAnswer answer = ask("PUT", "peers/WS1", wrong);
    EXPECT_EQ(answer.status, 400) << wrong << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  }
  EXPECT_EQ(ask("PUT", "peers/SEVENTEEN-LETTERS", "{}").status, 400);
  EXPECT_EQ(ask("PUT", "peers/WS1", R"({"user":")" + std::string(65, 'u') + "\"}").status, 413);
  EXPECT_EQ(ask("PUT", "peers/WS1", std::string((64u << 10) + 1, ' ')).status, 413);
  EXPECT_EQ(ask("PUT", "peers/cloud", R"({"port":1})").status, 409);  // rules could mean either
  EXPECT_EQ(ask("GET", "peers/WS1").status, 404);
  for (const char* wrong :
       {R"({"Modality":"CT"})", R"({"to":"NOBODY"})", R"({"to":"cloud","commit":true})",
        R"({"to":"CT1","hours":"18-7"})", R"({"to":"CT1","Modalty":"CT"})"}) {
    EXPECT_EQ(ask("PUT", "routes/night", wrong).status, 400) << wrong;
  }
  EXPECT_EQ(ask("PUT", "routes/n%20n", R"({"to":"CT1"})").status, 400);
}

TEST_F(AdministrationTest, FilesAreNamedInTheirDirectoryOnly) {
  test::TempDir files;
  test::CertificateAuthority authority(files.path());
  std::ofstream(files / "passcode") << "secret";
  const std::string ca = std::filesystem::path(authority.file()).filename();
  const std::string with_tls =
      R"({"port":1,"tls":true,"user":"medarc","passcode_file":"passcode","tls_authorities":")" +
      ca + "\"}";
  start();
  const HttpAnswer unset = ask("PUT", "peers/WS1", with_tls);
  EXPECT_EQ(unset.status, 400);
  EXPECT_NE(unset.body.find("files_directory"), std::string::npos) << unset.body;
  const std::string place = "[administration]\nfiles_directory = \"" + files.path() + "\"\n";
  start(place);
  for (const char* outside : {"/etc/hostname", "../passcode", "a/passcode", "..", "."}) {
    EXPECT_EQ(
        ask("PUT", "peers/WS1",
            json::serialize(json::object{{"port", 1}, {"user", "x"}, {"passcode_file", outside}}))
            .status,
        400)
        << outside;
  }
  ASSERT_EQ(ask("PUT", "peers/WS1", with_tls).status, 201);
  EXPECT_NE(destinations_.find("WS1")->tls, nullptr);
  EXPECT_EQ(destinations_.find("WS1")->identity->passcode_file, files / "passcode");
  EXPECT_EQ(object(ask("GET", "peers/WS1")).at("settings").at("passcode_file"), "passcode");
  start(place);
  EXPECT_NE(destinations_.find("WS1")->tls, nullptr);
  // A file that is gone keeps a peer out, and not the server from starting.
  std::filesystem::remove(authority.file());
  start(place);
  EXPECT_EQ(destinations_.find("WS1"), nullptr);
  EXPECT_FALSE(may_call("WS1"));
  EXPECT_NE(object(ask("GET", "peers/WS1")).if_contains("problem"), nullptr);
  EXPECT_EQ(ask("POST", "peers/WS1/echo").status, 409);
  EXPECT_EQ(ask("PUT", "peers/WS1", R"({"port":1})", {{"If-Match", "*"}}).status, 200);
  EXPECT_TRUE(may_call("WS1"));
}

TEST_F(AdministrationTest, EveryChangeIsAudited) {
  start();
  ask("PUT", "peers/WS1", R"({"host":"127.0.0.1","port":1})");
  ask("PUT", "routes/night", R"({"to":"WS1"})");
  ask("PUT", "routes/night", R"({"to":"NOBODY"})", {{"If-Match", "*"}});  // changes nothing
  ask("DELETE", "routes/night");
  ask("DELETE", "peers/WS1");
  std::vector<std::string> told;
  const auto view = index_->view();
  const auto entries = view->audit(0, 100);
  ASSERT_TRUE(entries.has_value());
  for (const index::AuditEntry& entry : *entries) {
    EXPECT_EQ(entry.principal, "token:chief");
    EXPECT_EQ(entry.door, "http");
    told.push_back(entry.action + " " + entry.object + " " + entry.detail);
  }
  EXPECT_EQ(told, (std::vector<std::string>{
                      R"(set setting/peer/WS1 {"aet":"WS1","host":"127.0.0.1","port":1})",
                      R"(set setting/route/night {"to":"WS1"})", "unset setting/route/night ",
                      "unset setting/peer/WS1 "}));
}

TEST_F(AdministrationTest, ARestartKeepsThemAndTheirVersions) {
  start();
  const HttpAnswer peer = ask("PUT", "peers/WS1", R"({"port":11112,"commit":true})");
  const HttpAnswer rule = ask("PUT", "routes/night", R"({"to":"WS1","Modality":"CT"})");
  ASSERT_EQ(rule.status, 201) << rule.body;
  const HttpAnswer before = ask("GET", "peers");
  start();
  EXPECT_EQ(ask("GET", "peers").body, before.body);
  EXPECT_EQ(ask("GET", "peers/WS1").header("ETag"), peer.header("ETag"));
  EXPECT_EQ(ask("GET", "routes/night").header("ETag"), rule.header("ETag"));
  EXPECT_TRUE(may_call("WS1"));
  EXPECT_EQ(targets(), (std::vector<dicom::RouteTarget>{{"WS1", false, true}}));
}

TEST_F(AdministrationTest, RulesAreFollowedAtOnceAndHoldTheirPeers) {
  start();
  EXPECT_EQ(ask("PUT", "routes/night", R"({"to":"WS1"})").status, 400);
  const HttpAnswer peer = ask("PUT", "peers/WS1", R"({"port":11112})");
  ASSERT_EQ(ask("PUT", "routes/night", R"({"to":"WS1","calling":"CT*"})").status, 201);
  EXPECT_TRUE(targets().empty());  // who sent it is not known
  ASSERT_EQ(ask("PUT", "routes/night", R"({"to":"WS1"})", {{"If-Match", "*"}}).status, 200);
  EXPECT_EQ(targets(), (std::vector<dicom::RouteTarget>{{"WS1", false, false}}));
  const HttpAnswer held = ask("DELETE", "peers/WS1");
  EXPECT_EQ(held.status, 409);
  EXPECT_NE(held.body.find("night"), std::string::npos) << held.body;
  EXPECT_EQ(ask("PUT", "peers/WS1", "{}", {{"If-Match", peer.header("ETag")}}).status, 409);
  EXPECT_EQ(ask("PUT", "peers/WS1", R"({"port":1,"commit":true})", {{"If-Match", "*"}}).status,
            200);
  EXPECT_EQ(targets(), (std::vector<dicom::RouteTarget>{{"WS1", false, true}}));
  EXPECT_EQ(ask("DELETE", "routes/night").status, 204);
  EXPECT_TRUE(targets().empty());
  EXPECT_EQ(ask("DELETE", "peers/WS1").status, 204);
}

TEST_F(AdministrationTest, ThereIsALimitToThem) {
  start("[administration]\nentries_max = 1\n");
  ASSERT_EQ(ask("PUT", "peers/WS1", "{}").status, 201);
  const HttpAnswer over = ask("PUT", "peers/WS2", "{}");
  EXPECT_EQ(over.status, 409);
  EXPECT_NE(over.body.find("entries_max"), std::string::npos) << over.body;
  EXPECT_EQ(ask("PUT", "peers/WS1", R"({"port":1})", {{"If-Match", "*"}}).status, 200);
  EXPECT_EQ(ask("PUT", "routes/night", R"({"to":"WS1"})").status, 201);
}

TEST_F(AdministrationTest, AnEchoSaysWhatCameBack) {
  start("[administration]\necho_timeout_ms = 300\n");
  dicom::ServerOptions there;
  there.port = 0;
  there.aet = "WS1";
  auto peer = dicom::Server::start(there, {}, *imaging_, callers_);
  ASSERT_TRUE(peer.has_value());
  const std::string at = R"({"port":)" + std::to_string((*peer)->port()) + "}";
  ASSERT_EQ(ask("PUT", "peers/WS1", at).status, 201);
  const HttpAnswer answered = ask("POST", "peers/WS1/echo");
  ASSERT_EQ(answered.status, 200) << answered.body;
  EXPECT_EQ(object(answered).at("answered"), true);
  EXPECT_EQ(object(answered).at("status"), "0000");
  // It runs, and is called otherwise.
  ASSERT_EQ(ask("PUT", "peers/WS9", at).status, 201);
  const json::object rejected = object(ask("POST", "peers/WS9/echo"));
  EXPECT_EQ(rejected.at("answered"), false);
  EXPECT_NE(std::string(rejected.at("problem").as_string()).find("reason 7"), std::string::npos);
  peer->reset();
  EXPECT_EQ(object(ask("POST", "peers/WS1/echo")).at("answered"), false);
  ASSERT_EQ(ask("PUT", "peers/DEAF", "{}").status, 201);
  EXPECT_EQ(ask("POST", "peers/DEAF/echo").status, 409);
  EXPECT_EQ(ask("POST", "peers/NOBODY/echo").status, 404);
}

TEST_F(AdministrationTest, ASilentPeerIsWaitedForSoLongAndByOneAtATime) {
  start("[administration]\necho_timeout_ms = 500\nechoes_max = 1\n");
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor silent(io, {boost::asio::ip::address_v4::loopback(), 0});
  ASSERT_EQ(ask("PUT", "peers/MUTE",
                R"({"port":)" + std::to_string(silent.local_endpoint().port()) + "}")
                .status,
            201);
  std::vector<std::future<HttpAnswer>> both;
  for (int i = 0; i < 2; ++i) {
    both.push_back(std::async(std::launch::async, [&] { return ask("POST", "peers/MUTE/echo"); }));
  }
  std::multiset<int> statuses;
  for (auto& one : both) {
    const HttpAnswer answer = one.get();
    statuses.insert(answer.status);
    if (answer.status == 200) {
      EXPECT_EQ(object(answer).at("answered"), false);
    } else {
      EXPECT_NE(answer.body.find("echoes_max"), std::string::npos) << answer.body;
    }
  }
  EXPECT_EQ(statuses, (std::multiset<int>{200, 503}));
}

}  // namespace
}  // namespace medarc::web
