// What the server does of its own accord, with real processes on both sides: deliveries and reports
// are not lost by kill -9 nor by a peer that is away, arrive once, and are seen by operators. And
// the verbs that call peers.
#include <fstream>
#include <thread>

#include "tests/scenario/outgoing_fixture.h"
#include "tests/support/report_receiver.h"

namespace medarc::test {
namespace {

namespace fs = std::filesystem;

TEST_F(Outgoing, RoutedObjectsOutliveKill9AndArriveOnce) {
  const uint16_t port = free_port();
  const std::string file = config(
      "a", peer("CT1") + peer("B", port) + "[[dicom.route]]\nto = \"B\"\ncalling = \"CT*\"\n");
  const auto sent = objects(1, 60);
  {
    ServerProcess a(dir_ / "a", {"--config", file});
    ASSERT_TRUE(a.ready()) << a.ready_line();
    store(a, sent);
    // Nobody is there to take them; operators see why.
    EXPECT_TRUE(eventually([&] {
      return jobs(a).find("cannot") != std::string::npos ||
             jobs(a).find("refused") != std::string::npos;
    }));
    EXPECT_EQ(json_values(jobs(a), "name").size(), sent.size());
    a.kill();
  }
  {
    ServerProcess b(dir_ / "b", {"--aet", "B", "--dicom-port", std::to_string(port)});
    ASSERT_TRUE(b.ready()) << b.ready_line();
    for (int kills = 0; kills < 3; ++kills) {
      ServerProcess a(dir_ / "a", {"--config", file});
      ASSERT_TRUE(a.ready());
      store(a, objects(100 + 10 * uint64_t(kills), 10));
      std::this_thread::sleep_for(std::chrono::milliseconds(80 * kills));
      a.kill();
    }
    ServerProcess a(dir_ / "a", {"--config", file});
    ASSERT_TRUE(a.ready());
    EXPECT_TRUE(eventually([&] { return json_values(jobs(a), "name").empty(); })) << jobs(a);
    for (const SmallObject& object : sent) EXPECT_TRUE(has(b, object)) << object.instance;
    for (int kills = 0; kills < 3; ++kills) {
      for (const auto& object : objects(100 + 10 * uint64_t(kills), 10))
        EXPECT_TRUE(has(b, object));
    }
    // What comes again is nothing new, and is not sent on again.
    const uint64_t before = metric(a, "medarc_deliveries_total");
    store(a, sent);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_EQ(json_values(jobs(a), "name").size(), 0u);
    EXPECT_EQ(metric(a, "medarc_deliveries_total"), before);
    EXPECT_EQ(a.stop(), 0);
    EXPECT_EQ(b.stop(), 0);
  }
  const CommandResult stats = run_medarc({"stats", "--data", dir_ / "b", "--json"});
  EXPECT_EQ(json_number(stats.last_line(), "instances"), sent.size() + 30);
  const CommandResult left = run_medarc({"jobs", "--data", dir_ / "a", "--json"});
  EXPECT_EQ(json_number(left.last_line(), "waiting"), 0u) << left.out;
  const CommandResult rebuilt = run_medarc({"rebuild-index", "--data", dir_ / "a", "--compare"});
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.out << rebuilt.err;
}

TEST_F(Outgoing, TwoThatRouteToEachOtherSendEachObjectOnce) {
  const uint16_t port_a = free_port(), port_b = free_port();
  const auto rules = [&](const std::string& other, uint16_t port) {
    return peer("CT1") + peer(other, port) + "[[dicom.route]]\nto = \"" + other + "\"\n";
  };
  ServerProcess a(dir_ / "a", {"--aet", "A", "--dicom-port", std::to_string(port_a), "--config",
                               config("a", rules("B", port_b))});
  ServerProcess b(dir_ / "b", {"--aet", "B", "--dicom-port", std::to_string(port_b), "--config",
                               config("b", rules("A", port_a))});
  ASSERT_TRUE(a.ready() && b.ready());
  const auto sent = objects(1, 5);
  RawRequest request = store_request("CT1");
  request.called = "A";
  RawAssociation association(a.dicom_port(), request);
  ASSERT_TRUE(association.established());
  for (const SmallObject& object : sent) ASSERT_TRUE(c_store(association, object));
  for (const SmallObject& object : sent) {
    EXPECT_TRUE(eventually([&] { return has(b, object); }));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_EQ(metric(a, "medarc_deliveries_total"), sent.size());
  EXPECT_EQ(metric(b, "medarc_deliveries_total"), 0u);
}

TEST_F(Outgoing, AStrangersPacsTakesDeliveriesAndOneThatRefusesIsSeen) {
  const uint16_t good = free_port(), bad = free_port();
  fs::create_directory(dir_ / "taken");
  Child storescp({"storescp", "-od", dir_ / "taken", "+xa", std::to_string(good)});
  Child refusing({"storescp", "--refuse", "-od", dir_ / "taken", std::to_string(bad)});
  ServerProcess a(dir_ / "a", {"--config",
                               config("a", peer("CT1") + peer("GOOD", good) + peer("BAD", bad) +
                                               "[[dicom.route]]\nto = \"GOOD,BAD\"\n"),
                               "--set", "jobs.attempts_max=3"});
  ASSERT_TRUE(a.ready());
  store(a, objects(1, 4));
  const auto taken = [&] {
    return std::distance(fs::directory_iterator(dir_ / "taken"), fs::directory_iterator());
  };
  EXPECT_TRUE(eventually([&] { return taken() == 4; }));
  EXPECT_TRUE(eventually([&] {
    return json_values(jobs(a, "?state=failed&queue=route:BAD"), "name").size() == 4;
  })) << jobs(a);
  EXPECT_NE(jobs(a).find("rejected"), std::string::npos);
  EXPECT_TRUE(json_values(jobs(a, "?queue=route:GOOD"), "name").empty());

  // Operators step in: once more, and away with it.
  const auto names = json_values(jobs(a), "name");
  ASSERT_EQ(names.size(), 4u);
  const std::string job = "/admin/jobs/route:BAD/" + names[0];
  EXPECT_EQ(http(a.http_port(), "POST", job + "/retry").status, 204);
  EXPECT_TRUE(
      eventually([&] { return json_values(jobs(a, "?state=failed"), "name").size() == 4; }));
  EXPECT_EQ(http(a.http_port(), "DELETE", job).status, 204);
  EXPECT_EQ(http(a.http_port(), "DELETE", job).status, 404);
  EXPECT_EQ(json_values(jobs(a), "name").size(), 3u);
  // Pages.
  const std::string first = jobs(a, "?limit=2");
  EXPECT_EQ(json_values(first, "name").size(), 2u);
  const auto next = json_values(first, "next");
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(json_values(jobs(a, "?limit=2&after=" + next[0]), "name").size(), 1u);
  for (const char* wrong : {"?limit=0", "?limit=x", "?state=odd", "?after=zz"}) {
    EXPECT_EQ(http(a.http_port(), "GET", std::string("/admin/jobs") + wrong).status, 400) << wrong;
  }
}

TEST_F(Outgoing, OnlyAdministratorsSeeJobs) {
  // SHA-256 of "reader" and "chief".
  const std::string file =
      config("a", "[[security.token]]\nname = \"reader\"\nrole = \"radiologist\"\nsha256 = \"" +
                      sha256_hex("reader") + "\"\n[[security.token]]\nname = \"chief\"\nrole = " +
                      "\"administrator\"\nsha256 = \"" + sha256_hex("chief") + "\"\n");
  ServerProcess a(dir_ / "a", {"--config", file});
  ASSERT_TRUE(a.ready());
  const auto as = [&](const char* method, const char* path, const std::string& token) {
    return http(a.http_port(), method, path, {{"Authorization", "Bearer " + token}}).status;
  };
  EXPECT_EQ(as("GET", "/admin/jobs", "chief"), 200);
  EXPECT_EQ(as("GET", "/admin/jobs", "reader"), 403);
  EXPECT_EQ(as("POST", "/admin/jobs/q/n/retry", "reader"), 403);
  EXPECT_EQ(as("DELETE", "/admin/jobs/q/n", "reader"), 403);
  EXPECT_EQ(as("DELETE", "/admin/jobs/q/n", "chief"), 404);
  EXPECT_EQ(http(a.http_port(), "GET", "/admin/jobs").status, 401);
}

TEST_F(Outgoing, D4_ACommitmentReportOutlivesKill9) {
  const uint16_t port = free_port();
  const std::string file = config("a", peer("CT1", port));
  const SmallObject object = make_object(1, 2000);
  {
    ServerProcess a(dir_ / "a", {"--config", file});
    ASSERT_TRUE(a.ready());
    store(a, {object});
    RawRequest request = store_request("CT1");
    request.contexts.push_back({5, "1.2.840.10008.1.20.1", {"1.2.840.10008.1.2"}});
    RawAssociation association(a.dicom_port(), request);
    ASSERT_TRUE(association.established());
    const auto reference = [](uint16_t element, const std::string& uid) {
      return le16(8) + le16(element) + le32(static_cast<uint32_t>(uid.size())) + uid;
    };
    const std::string item =
        reference(0x1150, ui(object.sop_class)) + reference(0x1155, ui(object.instance));
    const std::string items =
        le16(0xFFFE) + le16(0xE000) + le32(static_cast<uint32_t>(item.size())) + item;
    const auto answer = association.request_commitment(
        5, reference(0x1195, ui("2.25.77")) + reference(0x1199, items));
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->status, 0);
    a.kill();  // acknowledged, so it is owed
  }
  ReportReceiver receiver(port);
  ServerProcess a(dir_ / "a", {"--config", file});
  ASSERT_TRUE(a.ready());
  ASSERT_TRUE(eventually([&] { return receiver.reports().size() == 1; }));
  EXPECT_EQ(receiver.reports()[0].event_type, 1);
  EXPECT_TRUE(eventually([&] { return json_values(jobs(a), "name").empty(); }));
  EXPECT_EQ(receiver.reports().size(), 1u);
}

TEST_F(Outgoing, VerbsCallPeers) {
  ServerProcess a(dir_ / "a");
  ASSERT_TRUE(a.ready());
  const std::string at = "MEDARC@127.0.0.1:" + std::to_string(a.dicom_port());
  CommandResult ran = run_medarc({"echo", at, "--json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_NE(run_medarc({"echo", "WRONG@127.0.0.1:" + std::to_string(a.dicom_port())}).exit_code, 0);
  EXPECT_NE(run_medarc({"echo", "NOBODY"}).exit_code, 0);

  fs::create_directory(dir_ / "files");
  std::vector<SmallObject> all = objects(1, 3);
  for (size_t i = 0; i < all.size(); ++i) {
    std::ofstream(dir_ / ("files/" + std::to_string(i)), std::ios::binary) << all[i].file;
  }
  std::ofstream(dir_ / "files/readme.txt") << "no DICOM";
  ran = run_medarc({"send", at, dir_ / "files", "--commit", "--json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(json_number(ran.last_line(), "sent"), 3u);
  EXPECT_EQ(json_number(ran.last_line(), "skipped"), 1u);
  EXPECT_EQ(json_number(ran.last_line(), "committed"), 3u);
  for (const SmallObject& object : all) EXPECT_TRUE(has(a, object));

  ran = run_medarc({"find", at, "--key", "PatientID=SC-2", "--json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(json_number(ran.last_line(), "matches"), 1u);
  EXPECT_NE(ran.out.find(all[1].study), std::string::npos) << ran.out;
  EXPECT_EQ(run_medarc({"find", at, "--key", "Patient=SC-2"}).exit_code, 2);

  ran = run_medarc({"pull", at, "--study", all[1].study, "--data", dir_ / "mine", "--json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(json_number(ran.last_line(), "instances"), 1u);
  EXPECT_EQ(json_number(ran.last_line(), "missing"), 0u);
  EXPECT_EQ(json_number(run_medarc({"stats", "--data", dir_ / "mine", "--json"}).last_line(),
                        "instances"),
            1u);
  EXPECT_NE(run_medarc({"pull", at, "--study", "1.2.3", "--data", dir_ / "mine"}).exit_code, 0);

  // And from an archive onwards.
  ServerProcess b(dir_ / "b");
  ASSERT_TRUE(b.ready());
  ran = run_medarc({"send", "MEDARC@127.0.0.1:" + std::to_string(b.dicom_port()), "--study",
                    all[1].study, "--data", dir_ / "mine", "--commit", "--json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(json_number(ran.last_line(), "committed"), 1u);
  EXPECT_TRUE(has(b, all[1]));
}

TEST_F(Outgoing, PullCanHaveAPeerSendToARunningServer) {
  const uint16_t port = free_port();
  ServerProcess b(dir_ / "b", {"--aet", "B", "--dicom-port", std::to_string(port)});
  ServerProcess a(dir_ / "a",
                  {"--config", config("a", peer("MEDARC") + peer("CT1") + peer("B", port))});
  ASSERT_TRUE(a.ready() && b.ready());
  const SmallObject object = make_object(7, 3000);
  store(a, {object});
  const CommandResult ran =
      run_medarc({"pull", "MEDARC@127.0.0.1:" + std::to_string(a.dicom_port()), "--study",
                  object.study, "--move-to", "B", "--json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(json_number(ran.last_line(), "completed"), 1u);
  EXPECT_TRUE(has(b, object));
}

}  // namespace
}  // namespace medarc::test
