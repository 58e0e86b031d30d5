// What was there when, and what is complete, over the life of several processes: kill -9, restarts
// and a rebuilt index change none of it.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/clock.h"
#include "tests/scenario/clients.h"
#include "tests/support/dicom_maker.h"

namespace medarc::test {
namespace {

constexpr char kCt[] = "1.2.840.10008.5.1.4.1.1.2";
constexpr char kStudy[] = "2.25.1001";

SmallObject image(int number, uint64_t seed = 1, const std::string& study = kStudy) {
  ImageRecipe r;
  r.rows = r.columns = 16;
  r.study_uid = study;
  r.series_uid = study + ".1";
  r.sop_uid = r.series_uid + "." + std::to_string(number);
  r.instance_number = number;
  r.seed = seed;
  return {r.study_uid, r.series_uid, r.sop_uid, kCt, make_file(r), make_dataset(r)};
}

RawRequest ct_request(const std::string& calling) {
  RawRequest out = store_request(calling);
  out.contexts = {{1, kCt, {"1.2.840.10008.1.2.1"}}};
  return out;
}

// A moment of the server's clock, as a query: between what came before and what follows.
std::string moment() {
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  const Timestamp at = now();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return "asOf=" + to_rfc3339(at);
}

class Versions : public ::testing::Test {
 protected:
  static HttpAnswer get(const ServerProcess& server, const std::string& target) {
    return http(server.http_port(), "GET", target);
  }
  static void store(const ServerProcess& server, const std::vector<SmallObject>& all) {
    HttpClient client(server.http_port());
    ASSERT_TRUE(stow(client, all));
  }
  static std::string completeness(const ServerProcess& server) {
    const HttpAnswer answer =
        get(server, std::string("/dicom-web/studies/") + kStudy + "/completeness");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  }
  // Announcements so far, by study, in order.
  static std::vector<std::string> stable(const ServerProcess& server) {
    std::vector<std::string> out;
    for (uint64_t after = 0;;) {
      const HttpAnswer answer =
          get(server, "/dicom-web/stable-studies?after=" + std::to_string(after));
      EXPECT_EQ(answer.status, 200) << answer.body;
      for (std::string& study : json_values(answer.body, "study")) out.push_back(std::move(study));
      const uint64_t next = json_number(answer.body, "next");
      if (next == after || answer.status != 200) return out;
      after = next;
    }
  }
  static bool announced(const ServerProcess& server, const std::vector<std::string>& wanted) {
    for (int tries = 0; tries < 600 && stable(server).size() < wanted.size(); ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return stable(server) == wanted;
  }

  TempDir dir_;
};

TEST_F(Versions, WhatWasThereStaysKnownOverRestartsAndRebuilds) {
  const SmallObject first = image(1, 1), second = image(1, 2), other = image(2);
  std::string before, between, after;
  const auto check = [&](const ServerProcess& server) {
    EXPECT_EQ(get(server, first.url() + "?" + before).status, 404);
    EXPECT_TRUE(get(server, first.url() + "?" + between).body == first.file);
    EXPECT_TRUE(get(server, first.url() + "?" + after).body == second.file);
    EXPECT_EQ(get(server, other.url() + "?" + after).status, 410);  // removed since
    const std::string instance = first.url().substr(0, first.url().rfind('/'));
    const std::string versions = get(server, instance + "/versions").body;
    EXPECT_EQ(json_values(versions, "cause"), (std::vector<std::string>{"dataset", "first"}));
    EXPECT_EQ(json_values(versions, "door"), (std::vector<std::string>{"dicomweb", "dicomweb"}));
    EXPECT_EQ(json_number(get(server, instance + "/differences?before=1&after=2").body, "count"),
              1u);  // the pixels
  };
  {
    ServerProcess server(dir_ / "data");
    ASSERT_TRUE(server.ready()) << server.ready_line();
    before = moment();
    store(server, {first});
    between = moment();
    store(server, {second, other});
    after = moment();
    ASSERT_EQ(http(server.http_port(), "DELETE",
                   "/dicom-web/studies/" + other.study + "/series/" + other.series + "/instances/" +
                       other.instance + "?reason=test")
                  .status,
              204);
    check(server);
    server.kill();
  }
  {
    ServerProcess server(dir_ / "data");
    ASSERT_TRUE(server.ready());
    check(server);
    EXPECT_EQ(server.stop(), 0);
  }
  const CommandResult rebuilt = run_medarc({"rebuild-index", "--data", dir_ / "data", "--compare"});
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.out << rebuilt.err;
  const CommandResult exported = run_medarc(
      {"export", "--data", dir_ / "data", "--to", dir_ / "then", "--as-of", between.substr(5)});
  EXPECT_EQ(exported.exit_code, 3) << exported.out;  // what was removed since is not made up
  const CommandResult now_only = run_medarc(
      {"export", "--data", dir_ / "data", "--to", dir_ / "now", "--as-of", moment().substr(5)});
  EXPECT_EQ(now_only.exit_code, 0) << now_only.err;
  ServerProcess server(dir_ / "data");
  ASSERT_TRUE(server.ready());
  check(server);
}

TEST_F(Versions, StableOncePerChangeWhateverHappens) {
  const std::vector<std::string> slow = {"--set", "completeness.stable_after_s=3600"};
  const std::vector<std::string> quick = {"--set", "completeness.stable_after_s=1"};
  {
    ServerProcess server(dir_ / "data", slow);
    ASSERT_TRUE(server.ready()) << server.ready_line();
    store(server, {image(1), image(2)});
    EXPECT_TRUE(stable(server).empty());
    server.kill();
  }
  {
    ServerProcess server(dir_ / "data", quick);
    ASSERT_TRUE(server.ready());
    EXPECT_TRUE(announced(server, {kStudy}));
    EXPECT_NE(completeness(server).find("\"stable\":{\"since\":"), std::string::npos);
    server.kill();
  }
  {
    ServerProcess server(dir_ / "data", quick);
    ASSERT_TRUE(server.ready());
    store(server, {image(1)});  // known: no change
    store(server, {image(1, 1, "2.25.2002")});
    EXPECT_TRUE(announced(server, {kStudy, "2.25.2002"}));
    store(server, {image(3)});
    EXPECT_TRUE(announced(server, {kStudy, "2.25.2002", kStudy}));
    EXPECT_EQ(server.stop(), 0);
  }
  const CommandResult rebuilt = run_medarc({"rebuild-index", "--data", dir_ / "data", "--compare"});
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.out << rebuilt.err;
  ServerProcess server(dir_ / "data", quick);
  ASSERT_TRUE(server.ready());
  EXPECT_TRUE(announced(server, {kStudy, "2.25.2002", kStudy}));
}

TEST_F(Versions, AssociationsTellOfThemselves) {
  ServerProcess server(dir_ / "data", {"--set", "completeness.stable_after_s=0"});
  ASSERT_TRUE(server.ready()) << server.ready_line();
  const auto verdict = [&] { return json_values(completeness(server), "verdict").at(0); };
  const auto released = [&](bool wanted) {
    const std::string text = std::string("\"released\":") + (wanted ? "true" : "false");
    for (int tries = 0; tries < 200; ++tries) {
      if (completeness(server).find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  };
  {
    RawAssociation a(server.dicom_port(), ct_request("CT1"));
    ASSERT_TRUE(a.established());
    for (const int number : {1, 2, 4}) ASSERT_TRUE(c_store(a, image(number)));
    a.socket.close();  // in the middle
  }
  EXPECT_TRUE(released(false)) << completeness(server);
  EXPECT_EQ(verdict(), "incomplete");
  {
    RawAssociation a(server.dicom_port(), ct_request("CT1"));
    ASSERT_TRUE(a.established());
    ASSERT_TRUE(c_store(a, image(3)));
    EXPECT_TRUE(a.release());
  }
  EXPECT_TRUE(released(true)) << completeness(server);
  EXPECT_EQ(verdict(), "unknown");
  // Commitment of all there is, over the web.
  std::string items;
  for (const int number : {1, 2, 3, 4}) {
    items += std::string(items.empty() ? "" : ",") + R"({"00081150":{"vr":"UI","Value":[")" + kCt +
             R"("]},"00081155":{"vr":"UI","Value":[")" + image(number).instance + R"("]}})";
  }
  const HttpAnswer committed =
      http(server.http_port(), "POST", "/dicom-web/commitment-requests/2.25.9",
           {{"Content-Type", "application/dicom+json"}},
           R"({"00081199":{"vr":"SQ","Value":[)" + items + "]}}");
  EXPECT_TRUE(committed.status == 200 || committed.status == 202) << committed.body;
  for (int tries = 0; tries < 200 && verdict() != "complete"; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(verdict(), "complete") << completeness(server);
}

}  // namespace
}  // namespace medarc::test
