// Peers that are added while the server runs, with real processes: usable at once, still there
// after a kill, gone when taken away; and the verb that does the same from the command line.
#include "tests/scenario/outgoing_fixture.h"

namespace medarc::test {
namespace {

class Administration : public Outgoing {
 protected:
  static HttpAnswer ask(const ServerProcess& server, const std::string& method,
                        const std::string& path, const std::string& body = {}) {
    return http(server.http_port(), method, "/admin/peers/" + path, {}, body);
  }
  static std::string settings_of(const ServerProcess& peer) {
    return R"({"host":"127.0.0.1","role":"radiologist","port":)" +
           std::to_string(peer.dicom_port()) + "}";
  }
  // C-MOVE of the object's study to WS1, asked for by WS1.
  static CommandResult move(const ServerProcess& server, const SmallObject& object) {
    return run_command({"movescu", "-v", "-S", "-aet", "WS1", "-aec", "MEDARC", "-aem", "WS1", "-k",
                        "0008,0052=STUDY", "-k", "0020,000D=" + object.study, "127.0.0.1",
                        std::to_string(server.dicom_port())});
  }
  static bool unknown_destination(const CommandResult& ran) {
    return (ran.out + ran.err).find("MoveDestinationUnknown") != std::string::npos;
  }
};

TEST_F(Administration, APeerIsUsedAtOnceAndSurvivesAKill) {
  ServerProcess there(dir_ / "there", {"--aet", "WS1"});
  ASSERT_TRUE(there.ready()) << there.ready_line();
  const auto sent = objects(1, 3);
  uint64_t version = 0;
  {
    ServerProcess server(dir_ / "data");
    ASSERT_TRUE(server.ready()) << server.ready_line();
    RawAssociation running(server.dicom_port(), store_request("CT1"));
    ASSERT_TRUE(running.established());
    ASSERT_TRUE(c_store(running, sent[0]));
    EXPECT_TRUE(unknown_destination(move(server, sent[0])));  // A801
    const HttpAnswer put = ask(server, "PUT", "WS1", settings_of(there));
    ASSERT_EQ(put.status, 201) << put.body;
    const CommandResult moved = move(server, sent[0]);
    EXPECT_EQ(moved.exit_code, 0) << moved.out << moved.err;
    EXPECT_TRUE(has(there, sent[0]));
    // Who is known now decides who may call; an association that runs goes on.
    EXPECT_FALSE(RawAssociation(server.dicom_port(), store_request("CT1")).established());
    EXPECT_TRUE(c_store(running, sent[1]));
    running.release();
    const HttpAnswer echoed = ask(server, "POST", "WS1/echo");
    EXPECT_NE(echoed.body.find(R"("status":"0000")"), std::string::npos) << echoed.body;
    version = std::stoull(json_values(ask(server, "GET", "WS1").body, "version").at(0));
    server.kill();
  }
  {
    ServerProcess server(dir_ / "data");
    ASSERT_TRUE(server.ready()) << server.ready_line();
    const HttpAnswer kept = ask(server, "GET", "WS1");
    ASSERT_EQ(kept.status, 200) << kept.body;
    EXPECT_EQ(std::stoull(json_values(kept.body, "version").at(0)), version);
    EXPECT_EQ(move(server, sent[1]).exit_code, 0);
    EXPECT_TRUE(has(there, sent[1]));
    ASSERT_EQ(ask(server, "DELETE", "WS1").status, 204);
    const CommandResult refused = move(server, sent[1]);
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_TRUE(unknown_destination(refused)) << refused.out << refused.err;  // A801
    server.kill();
  }
  ServerProcess server(dir_ / "data");
  ASSERT_TRUE(server.ready()) << server.ready_line();
  EXPECT_EQ(ask(server, "GET", "WS1").status, 404);
  EXPECT_EQ(server.stop(), 0);
  EXPECT_EQ(run_medarc({"rebuild-index", "--data", dir_ / "data", "--compare"}).exit_code, 0);
}

TEST_F(Administration, ARuleIsFollowedAtOnce) {
  ServerProcess there(dir_ / "there", {"--aet", "WS1"});
  ASSERT_TRUE(there.ready()) << there.ready_line();
  ServerProcess server(dir_ / "data", {"--config", config("a", peer("CT1"))});
  ASSERT_TRUE(server.ready()) << server.ready_line();
  ASSERT_EQ(ask(server, "PUT", "WS1", settings_of(there)).status, 201);
  ASSERT_EQ(http(server.http_port(), "PUT", "/admin/routes/all", {}, R"({"to":"WS1"})").status,
            201);
  const auto sent = objects(1, 2);
  store(server, sent);
  for (const SmallObject& object : sent) {
    EXPECT_TRUE(eventually([&] { return has(there, object); }));
  }
}

TEST_F(Administration, TheVerbWorksOnAStoppedArchiveAndOnARunningServer) {
  const std::string data = dir_ / "data";
  ServerProcess there(dir_ / "there", {"--aet", "WS1"});
  ASSERT_TRUE(there.ready()) << there.ready_line();
  EXPECT_EQ(run_medarc({"peer", "list", "--data", data}).exit_code, 3);  // no archive
  {
    ServerProcess server(data);
    ASSERT_TRUE(server.ready());
    const std::string at = "http://127.0.0.1:" + std::to_string(server.http_port());
    const auto verb = [&](std::vector<std::string> words) {
      words.insert(words.begin(), "peer");
      words.insert(words.end(), {"--server", at, "--json"});
      return run_medarc(words);
    };
    const CommandResult set =
        verb({"set", "WS1", "host=127.0.0.1", "port=" + std::to_string(there.dicom_port())});
    ASSERT_EQ(set.exit_code, 0) << set.err;
    EXPECT_EQ(verb({"set", "WS2", "port=1"}).exit_code, 0);
    EXPECT_EQ(verb({"set", "WS2", "port=2"}).exit_code, 0);  // in place of what was
    EXPECT_EQ(verb({"set", "WS2", "prot=2"}).exit_code, 2);
    EXPECT_EQ(json_number(verb({"list"}).last_line(), "peers"), 2u);
    EXPECT_EQ(verb({"echo", "WS1"}).exit_code, 0);
    EXPECT_EQ(verb({"echo", "WS2"}).exit_code, 1);
    EXPECT_EQ(verb({"echo", "NOBODY"}).exit_code, 3);
    EXPECT_EQ(verb({"remove", "WS2"}).exit_code, 0);
    EXPECT_EQ(verb({"remove", "WS2"}).exit_code, 3);
    const CommandResult busy = run_medarc({"peer", "list", "--data", data});
    EXPECT_EQ(busy.exit_code, 3);
    EXPECT_NE(busy.err.find("--server"), std::string::npos) << busy.err;
    server.stop();
  }
  const auto verb = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "peer");
    words.insert(words.end(), {"--data", data, "--json"});
    return run_medarc(words);
  };
  const CommandResult listed = verb({"list"});
  EXPECT_NE(listed.out.find(R"("name":"WS1")"), std::string::npos) << listed.out << listed.err;
  EXPECT_EQ(json_number(listed.last_line(), "peers"), 1u);
  EXPECT_EQ(verb({"echo", "WS1"}).exit_code, 0);
  EXPECT_EQ(verb({"set", "WS1", "port=1", "role=auditor"}).exit_code, 0);
  EXPECT_EQ(verb({"set", "WS1", "role=boss"}).exit_code, 2);
  EXPECT_EQ(verb({"echo", "WS1"}).exit_code, 1);
  EXPECT_EQ(verb({"remove", "WS1"}).exit_code, 0);
  EXPECT_EQ(json_number(verb({"list"}).last_line(), "peers"), 0u);
  EXPECT_EQ(run_medarc({"peer"}).exit_code, 2);
}

}  // namespace
}  // namespace medarc::test
