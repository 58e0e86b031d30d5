// Deliveries with real processes on both sides: promised by the destination (storage commitment),
// over TLS, by STOW-RS, and under the name of a user.
#include <filesystem>

#include "tests/scenario/outgoing_fixture.h"
#include "tests/support/certificates.h"

namespace medarc::test {
namespace {

namespace fs = std::filesystem;

class Delivery : public Outgoing {
 protected:
  bool delivered(const ServerProcess& from, const ServerProcess& to,
                 const std::vector<SmallObject>& all) {
    for (const SmallObject& object : all) {
      if (!eventually([&] { return has(to, object); })) return false;
    }
    return eventually([&] { return json_values(jobs(from), "name").empty(); });
  }
  void send(const ServerProcess& server, const std::string& called,
            const std::vector<SmallObject>& all) {
    RawRequest request = store_request("CT1");
    request.called = called;
    RawAssociation association(server.dicom_port(), request);
    ASSERT_TRUE(association.established());
    for (const SmallObject& object : all) ASSERT_TRUE(c_store(association, object));
    association.release();
  }
  std::vector<std::string> files(const std::vector<SmallObject>& all) {
    std::vector<std::string> out;
    fs::create_directory(dir_ / "files");
    for (const SmallObject& object : all) {
      out.push_back(dir_ / ("files/" + object.instance));
      std::ofstream(out.back(), std::ios::binary) << object.file;
    }
    return out;
  }
};

TEST_F(Delivery, D4_IsDoneWhenThePeerHasPromisedOverEitherAssociation) {
  const uint16_t port_a = free_port(), port_b = free_port();
  ServerProcess a(
      dir_ / "a",
      {"--aet", "A", "--dicom-port", std::to_string(port_a), "--config",
       config("a", peer("CT1") + peer("B", port_b) +
                       "[[dicom.route]]\nto = \"B\"\ncommit = true\ncalling = \"CT1\"\n")});
  ASSERT_TRUE(a.ready()) << a.ready_line();
  for (const char* same_ms : {"10000", "0"}) {
    ServerProcess b(dir_ / "b", {"--aet", "B", "--dicom-port", std::to_string(port_b), "--config",
                                 config("b", peer("A", port_a)), "--set",
                                 std::string("commitment.same_association_ms=") + same_ms});
    ASSERT_TRUE(b.ready()) << b.ready_line();
    const auto sent = objects(same_ms[0] == '0' ? 10 : 20, 3);
    send(a, "A", sent);
    EXPECT_TRUE(delivered(a, b, sent)) << jobs(a);
    EXPECT_GE(metric(b, "medarc_dimse_commitments_total"), 1u);
    EXPECT_EQ(b.stop(), 0);
  }
  EXPECT_EQ(metric(a, "medarc_deliveries_total"), 6u);
}

TEST_F(Delivery, D4_SendTakesAPromiseThatComesOverThePeersAssociation) {
  const uint16_t back = free_port();
  ServerProcess b(dir_ / "b", {"--config", config("b", peer("SENDER", back)), "--set",
                               "commitment.same_association_ms=0"});
  ASSERT_TRUE(b.ready());
  const auto paths = files(objects(1, 2));
  std::vector<std::string> words = {
      "send",     "MEDARC@127.0.0.1:" + std::to_string(b.dicom_port()),
      paths[0],   paths[1],
      "--aet",    "SENDER",
      "--commit", "--json"};
  words.insert(words.end(), {"--listen", "127.0.0.1:" + std::to_string(back)});
  const CommandResult ran = run_medarc(words);
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(json_number(ran.last_line(), "committed"), 2u);
  EXPECT_NE(run_medarc({"send", words[1], paths[0], "--listen", "127.0.0.1:0"}).exit_code, 0);
}

TEST_F(Delivery, TlsFromStoreToPromise) {
  CertificateAuthority authority(dir_.path());
  const auto of_a = authority.make("a.example"), of_b = authority.make("b.example");
  const uint16_t tls_a = free_port(), tls_b = free_port();
  const auto with = [&](const CertificateFiles& own, uint16_t port, const std::string& more) {
    return "[server]\ndicom_tls = \"127.0.0.1:" + std::to_string(port) +
           "\"\n[tls]\ncertificate = \"" + own.certificate + "\"\nkey = \"" + own.key +
           "\"\nauthorities = \"" + authority.file() + "\"\n" + more;
  };
  const std::string config_a =
      config("a", with(of_a, tls_a,
                       peer("CT1") + peer("B", tls_b) +
                           "tls = true\ncertificate = \"b.example\"\ncommit = true\n"
                           "[[dicom.route]]\nto = \"B\"\ncalling = \"CT1\"\n"));
  ServerProcess a(dir_ / "a", {"--aet", "A", "--config", config_a});
  // B reports over an association of its own, which is TLS too.
  ServerProcess b(dir_ / "b", {"--aet", "B", "--config",
                               config("b", with(of_b, tls_b,
                                                peer("MEDARC") + peer("A", tls_a) +
                                                    "tls = true\ncertificate = \"a.example\"\n")),
                               "--set", "commitment.same_association_ms=0"});
  ASSERT_TRUE(a.ready() && b.ready()) << a.ready_line() << b.ready_line();
  const auto sent = objects(1, 3);
  send(a, "A", sent);
  EXPECT_TRUE(delivered(a, b, sent)) << jobs(a);
  // The verbs, by the same table.
  const std::vector<std::string> as_a = {"--config", config_a, "--aet", "A", "--json"};
  const auto verb = [&](std::vector<std::string> words) {
    words.insert(words.end(), as_a.begin(), as_a.end());
    const CommandResult ran = run_medarc(words);
    EXPECT_EQ(ran.exit_code, 0) << words[0] << ran.out << ran.err;
    return ran.last_line();
  };
  verb({"echo", "B"});
  EXPECT_EQ(json_number(verb({"find", "B", "--key", "PatientID=SC-2"}), "matches"), 1u);
  const auto more = objects(9, 1);
  EXPECT_EQ(json_number(verb({"send", "B", files(more)[0]}), "sent"), 1u);
  EXPECT_TRUE(has(b, more[0]));
  EXPECT_EQ(json_number(verb({"pull", "B", "--study", more[0].study, "--data", dir_ / "mine"}),
                        "instances"),
            1u);
}

TEST_F(Delivery, ByStowToAnotherServerOutlivesKill9) {
  const uint16_t http_b = free_port();
  std::ofstream(dir_ / "token") << "b's token\n";
  const std::string file = config(
      "a", peer("CT1") + "[[dicom.web_destination]]\nname = \"cloud\"\nurl = \"http://127.0.0.1:" +
               std::to_string(http_b) + "/dicom-web/\"\nbatch = 7\ntoken_file = \"" +
               (dir_ / "token") + "\"\n[[dicom.route]]\nto = \"cloud\"\ncalling = \"CT*\"\n");
  const auto sent = objects(1, 40);
  {
    ServerProcess a(dir_ / "a", {"--config", file});
    ASSERT_TRUE(a.ready()) << a.ready_line();
    store(a, sent);
    EXPECT_TRUE(eventually([&] { return jobs(a).find("cannot be reached") != std::string::npos; }));
    EXPECT_EQ(json_values(jobs(a, "?queue=stow:cloud"), "name").size(), sent.size());
    a.kill();
  }
  ServerProcess a(dir_ / "a", {"--config", file});
  ASSERT_TRUE(a.ready());
  const auto serve_b = [&](const std::string& token) {
    return std::make_unique<ServerProcess>(
        dir_ / "b", std::vector<std::string>{
                        "--http-port", std::to_string(http_b), "--config",
                        config("b",
                               "[[security.token]]\nname = \"a\"\nrole = \"administrator\"\n"
                               "sha256 = \"" +
                                   sha256_hex(token) + "\"\n")});
  };
  {
    const auto stranger = serve_b("another token");
    ASSERT_TRUE(stranger->ready()) << stranger->ready_line();
    EXPECT_TRUE(
        eventually([&] { return jobs(a).find("the server answered 401") != std::string::npos; }));
    EXPECT_EQ(stranger->stop(), 0);
  }
  const auto b = serve_b("b's token");
  ASSERT_TRUE(b->ready());
  EXPECT_TRUE(eventually([&] { return json_values(jobs(a), "name").empty(); })) << jobs(a);
  EXPECT_EQ(metric(a, "medarc_stow_deliveries_total"), sent.size());
  for (const SmallObject& object : sent) {
    const HttpAnswer answer =
        http(b->http_port(), "GET", object.url(), {{"Authorization", "Bearer b's token"}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(dataset_of(answer.body) == object.dataset) << object.instance;
  }
}

TEST_F(Delivery, AsAUserWhomThePeerKnows) {
  const uint16_t port_b = free_port();
  const std::string passcode = dir_ / "passcode";
  std::ofstream(passcode) << "open sesame\n";
  ServerProcess a(dir_ / "a",
                  {"--aet", "A", "--config",
                   config("a", peer("CT1") + peer("B", port_b) +
                                   "user = \"a\"\nuser_confirmed = true\npasscode_file = \"" +
                                   passcode + "\"\n[[dicom.route]]\nto = \"B\"\n")});
  ServerProcess b(
      dir_ / "b",
      {"--aet", "B", "--dicom-port", std::to_string(port_b), "--config",
       config("b", peer("A") +
                       "identity = \"required\"\n[[security.token]]\nname = \"a\"\n"
                       "role = \"modality\"\nsha256 = \"" +
                       sha256_hex("open sesame") +
                       "\"\n[[security.token]]\nname = \"chief\"\nrole = \"administrator\"\n"
                       "sha256 = \"" +
                       sha256_hex("chief") + "\"\n")});
  ASSERT_TRUE(a.ready() && b.ready()) << a.ready_line() << b.ready_line();
  const auto sent = objects(1, 2);
  send(a, "A", sent);
  EXPECT_TRUE(eventually([&] { return json_values(jobs(a), "name").empty(); })) << jobs(a);
  for (const SmallObject& object : sent) {
    EXPECT_EQ(http(b.http_port(), "GET", object.url(), {{"Authorization", "Bearer chief"}}).status,
              200);
  }
  const CommandResult stranger =
      run_medarc({"echo", "B@127.0.0.1:" + std::to_string(port_b), "--aet", "A"});
  EXPECT_NE(stranger.exit_code, 0);
  EXPECT_EQ(b.stop(), 0);
  EXPECT_EQ(run_medarc({"audit", "verify", "--data", dir_ / "b"}).exit_code, 0);
}

}  // namespace
}  // namespace medarc::test
