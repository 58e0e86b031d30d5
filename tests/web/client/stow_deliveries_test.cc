// Deliveries by STOW-RS to a server that answers as it is told.
#include "web/client/stow_deliveries.h"

#include <chrono>
#include <fstream>
#include <set>

#include "dicom/delivery.h"
#include "tests/support/certificates.h"
#include "tests/web/client/scripted_server.h"
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

using index::JobOutcome;
using index::JobRow;
using Verdict = JobOutcome::Verdict;

class StowDeliveryTest : public ArchiveTest {
 protected:
  StowDeliveryTest() {
    serve();
    for (int i = 1; i <= 3; ++i) store(recipe(i));
  }
  static test::ImageRecipe recipe(int i) {
    test::ImageRecipe r;
    r.sop_uid = "2.25.200" + std::to_string(i);
    r.seed = static_cast<uint64_t>(i);
    return r;
  }
  static JobRow job(int i, uint32_t attempts = 0) {
    const test::ImageRecipe r = recipe(i);
    JobRow out;
    out.queue = "stow:there";
    out.name = std::to_string(i);
    out.attempts = attempts;
    out.payload =
        encode(dicom::Delivery{dicom::StudyUid(r.study_uid), dicom::SeriesUid(r.series_uid),
                               dicom::SopInstanceUid(r.sop_uid)});
    return out;
  }
  // What becomes of jobs for `there`, as "done", "later: why" and so on.
  std::vector<std::string> deliver(const std::string& url, const std::vector<JobRow>& jobs,
                                   const std::string& more = {}) {
    Config config = *Config::parse("[[dicom.web_destination]]\nname = \"there\"\nurl = \"" + url +
                                   "\"\ntimeout_ms = 5000\n" + more);
    auto destinations = dicom::WebDestinations::from(config);
    EXPECT_TRUE(destinations.has_value()) << destinations.error().text;
    StowDeliveries deliveries(*imaging_, *destinations);
    std::vector<std::string> out;
    for (const JobOutcome& o : deliveries.run(jobs)) {
      out.push_back(o.verdict == Verdict::done    ? "done"
                    : o.verdict == Verdict::later ? "later: " + o.problem
                                                  : "failed: " + o.problem);
    }
    return out;
  }
  static std::string at(const ScriptedServer& server) {
    return "http://127.0.0.1:" + std::to_string(server.port()) + "/dw";
  }
  static std::string failed(const std::string& uid, int reason) {
    return R"({"00081198":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":[")" + uid +
           R"("]},"00081197":{"vr":"US","Value":[)" + std::to_string(reason) + "]}}]}}";
  }
  static size_t parts(const ScriptedRequest& request) {
    size_t n = 0;
    for (size_t at = 0; (at = request.body.find("application/dicom\r\n", at)) != std::string::npos;
         ++at) {
      ++n;
    }
    return n;
  }

  using Outcomes = std::vector<std::string>;
};

TEST_F(StowDeliveryTest, SendsFilesByteForByteSeveralARequestOverOneConnection) {
  ScriptedServer server([](const auto&) { return stow_answer(200, "{}"); });
  EXPECT_EQ(deliver(at(server), {job(1), job(2), job(3)}, "batch = 2\n"),
            (Outcomes{"done", "done", "done"}));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(parts(requests[0]), 2u);
  EXPECT_EQ(parts(requests[1]), 1u);
  EXPECT_EQ(requests[1].connection, 1);
  EXPECT_TRUE(requests[0].head.starts_with("POST /dw/studies HTTP/1.1\r\n")) << requests[0].head;
  EXPECT_NE(requests[0].head.find("type=\"application/dicom\""), std::string::npos);
  EXPECT_NE(requests[0].head.find("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"),
            std::string::npos);
  EXPECT_EQ(requests[0].head.find("Authorization"), std::string::npos);
  for (int i = 1; i <= 2; ++i) {
    EXPECT_NE(requests[0].body.find(test::make_file(recipe(i))), std::string::npos);
  }
  EXPECT_NE(requests[1].body.find(test::make_file(recipe(3))), std::string::npos);
}

TEST_F(StowDeliveryTest, ARequestHasALengthLimitButOneObjectAlwaysFits) {
  ScriptedServer server([](const auto&) { return stow_answer(200, "{}"); });
  EXPECT_EQ(deliver(at(server), {job(1), job(2)}, "request_bytes = 1\n"),
            (Outcomes{"done", "done"}));
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(StowDeliveryTest, N6_ImplicitVrLeavesAsExplicit) {
  test::ImageRecipe r = recipe(7);
  r.transfer_syntax = "1.2.840.10008.1.2";
  store(r);
  ScriptedServer server([](const auto&) { return stow_answer(200, "{}"); });
  EXPECT_EQ(deliver(at(server), {job(7), job(1)}), (Outcomes{"done", "done"}));
  const std::string body = server.requests().at(0).body;
  EXPECT_NE(body.find(test::make_pixels(r)), std::string::npos);
  EXPECT_EQ(body.find(test::make_dataset(r)), std::string::npos);
  r.transfer_syntax = dicom::kExplicitLittle;
  EXPECT_NE(body.find(test::make_dataset(r)), std::string::npos);
}

TEST_F(StowDeliveryTest, S1_EachInstanceHasItsOwnEnd) {
  ScriptedServer server([](const auto&) { return stow_answer(200, failed("2.25.2002", 0xC122)); });
  EXPECT_EQ(deliver(at(server), {job(1), job(2), job(3)}),
            (Outcomes{"done", "failed: the server answered 200, reason C122", "done"}));
}

TEST_F(StowDeliveryTest, WhatWaitsHoldsThoseBehindIt) {
  ScriptedServer server([](const auto&) { return stow_answer(409, failed("2.25.2001", 0xA700)); });
  EXPECT_EQ(deliver(at(server), {job(1), job(2), job(3)}, "batch = 1\n"),
            (Outcomes{"later: the server answered 409, reason A700"}));
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(StowDeliveryTest, ARequestThatIsRefusedAsAWholeIsTakenApart) {
  ScriptedServer server([](const ScriptedRequest& request) {
    const bool bad = request.body.find("2.25.2002") != std::string::npos;
    return stow_answer(bad ? 400 : 200, "");
  });
  EXPECT_EQ(deliver(at(server), {job(1), job(2), job(3)}),
            (Outcomes{"done", "failed: the server answered 400", "done"}));
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST_F(StowDeliveryTest, AConnectionThatWasKeptMayBeClosedMeanwhile) {
  ScriptedServer server([](const ScriptedRequest& request) {
    static int answered = 0;
    return request.connection == 1 && ++answered == 2 ? std::string() : stow_answer(200, "{}");
  });
  EXPECT_EQ(deliver(at(server), {job(1), job(2)}, "batch = 1\n"), (Outcomes{"done", "done"}));
  EXPECT_EQ(server.requests().back().connection, 2);
}

TEST_F(StowDeliveryTest, AnAnswerMayCloseOrComeInPieces) {
  ScriptedServer server([](const auto&) {
    return std::string(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        "Connection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
  });
  EXPECT_EQ(deliver(at(server), {job(1), job(2)}, "batch = 1\n"), (Outcomes{"done", "done"}));
  EXPECT_EQ(server.requests().back().connection, 2);
}

TEST_F(StowDeliveryTest, CredentialsComeFromFiles) {
  ScriptedServer server([](const auto&) { return stow_answer(200, "{}"); });
  const std::string file = dir_ + "/secret";
  std::ofstream(file) << "t0ken\n";
  EXPECT_EQ(deliver(at(server), {job(1)}, "token_file = \"" + file + "\"\n"), Outcomes{"done"});
  EXPECT_NE(server.requests().back().head.find("Authorization: Bearer t0ken\r\n"),
            std::string::npos);
  std::ofstream(file) << "medarc:t0ken\n";
  EXPECT_EQ(deliver(at(server), {job(1)}, "basic_file = \"" + file + "\"\n"), Outcomes{"done"});
  EXPECT_NE(server.requests().back().head.find("Authorization: Basic " + to_base64("medarc:t0ken") +
                                               "\r\n"),
            std::string::npos);
  std::ofstream(file) << "two\nlines\n";
  const auto odd = deliver(at(server), {job(1)}, "token_file = \"" + file + "\"\n");
  ASSERT_EQ(odd.size(), 1u);
  EXPECT_TRUE(odd[0].starts_with("later: ") && odd[0].find("lines") == std::string::npos) << odd[0];
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(StowDeliveryTest, ServersThatAreAwaySilentOrOddAreWaitedFor) {
  uint16_t nobody = 0;
  {
    nobody = ScriptedServer([](const auto&) { return std::string(); }).port();
  }
  const auto starts = [&](const std::string& url, const std::string& why,
                          const std::string& more = {}) {
    const auto ends = deliver(url, {job(1), job(2)}, more);
    EXPECT_EQ(ends.size(), 1u);
    EXPECT_TRUE(!ends.empty() && ends[0].starts_with("later: ") &&
                ends[0].find(why) != std::string::npos)
        << (ends.empty() ? "none" : ends[0]);
  };
  starts("http://127.0.0.1:" + std::to_string(nobody) + "/dw", "cannot be reached");
  ScriptedServer closing([](const auto&) { return std::string(); });
  starts(at(closing), "closed");
  ScriptedServer odd([](const auto&) { return std::string("SSH-2.0-hello\r\n\r\n"); });
  starts(at(odd), "answer");
  ScriptedServer long_winded([](const auto&) {
    return "HTTP/1.1 200 OK\r\nA: " + std::string(HttpConnection::kHeadBytesMax, 'a') + "\r\n\r\n";
  });
  starts(at(long_winded), "answer");
  ScriptedServer huge([](const auto&) {
    return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
           std::to_string(HttpConnection::kBodyBytesMax + 1) + "\r\n\r\n";
  });
  starts(at(huge), "answer");
  ScriptedServer half(
      [](const auto&) { return std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"); });
  starts(at(half), "answer_timeout_ms", "answer_timeout_ms = 200\n");
}

TEST_F(StowDeliveryTest, TlsIsCheckedByNameAndAuthority) {
  test::CertificateAuthority authority(dir_), other(dir_, "Other-CA");
  const auto files = authority.make("localhost");
  const auto tls = security::TlsContext::server(
      {files.certificate, files.key, authority.file(), security::PeerCertificates::asked});
  ASSERT_TRUE(tls.has_value());
  ScriptedServer server([](const auto&) { return stow_answer(200, "{}"); }, *tls);
  const std::string port = std::to_string(server.port());
  const std::string trusted = "tls_authorities = \"" + authority.file() + "\"\n";
  EXPECT_EQ(deliver("https://localhost:" + port + "/dw", {job(1)}, trusted), Outcomes{"done"});
  EXPECT_EQ(deliver("https://127.0.0.1:" + port + "/dw", {job(1)},
                    trusted + "tls_name = \"localhost\"\n"),
            Outcomes{"done"});
  const auto refused = [&](const std::string& url, const std::string& more) {
    const auto ends = deliver(url, {job(1)}, more);
    return ends.size() == 1 && ends[0].starts_with("later: TLS");
  };
  EXPECT_TRUE(refused("https://127.0.0.1:" + port + "/dw", trusted));
  EXPECT_TRUE(refused("https://localhost:" + port, trusted + "tls_name = \"b.example\"\n"));
  EXPECT_TRUE(refused("https://localhost:" + port, "tls_authorities = \"" + other.file() + "\"\n"));
}

TEST_F(StowDeliveryTest, ObjectsThatAreGoneHaveFailedAndTheOthersGo) {
  ScriptedServer server([](const auto&) { return stow_answer(200, "{}"); });
  EXPECT_EQ(deliver(at(server), {job(9), job(1)}),
            (Outcomes{"failed: the object is gone", "done"}));
  JobRow broken = job(1);
  broken.payload = "?";
  EXPECT_EQ(deliver(at(server), {broken}).size(), 1u);
  JobRow unknown = job(1);
  unknown.queue = "stow:elsewhere";
  EXPECT_EQ(deliver(at(server), {unknown}),
            Outcomes{"later: no [[dicom.web_destination]] has this name"});
}

TEST(WebDestinations, WhatIsWrongIsRefused) {
  const auto read = [](const std::string& text) {
    Config config = *Config::parse("[[dicom.web_destination]]\n" + text);
    return dicom::WebDestinations::from(config);
  };
  const auto good = read("url = \"https://a.example:8443/dicom-web//\"\ntls_authorities = \"" +
                         std::string("/nowhere.pem") + "\"\n");
  EXPECT_EQ(good.error().code, Code::invalid_argument);  // the file
  const auto plain = read("name = \"x\"\nurl = \"http://[::1]:81/a/b/\"\n");
  ASSERT_TRUE(plain.has_value()) << plain.error().text;
  EXPECT_EQ(plain->find("x")->host, "::1");
  EXPECT_EQ(plain->find("x")->port, 81);
  EXPECT_EQ(plain->find("x")->path, "/a/b");
  EXPECT_EQ(read("url = \"http://h\"\n")->find("http://h")->port, 80);
  for (const char* wrong :
       {"name = \"x\"", "url = \"\"", "url = \"ftp://h/\"", "url = \"http://\"",
        "url = \"http://u@h/\"", "url = \"http://h/?q\"", "url = \"http://h:0/\"",
        "url = \"http://h:99999/\"", "url = \"http://h:x/\"", "url = \"http://[::1/\"",
        "url = \"http://h/ a\"", "url = \"http://h\"\nname = \"a,b\"",
        "url = \"http://h\"\nodd = 1", "url = \"http://h\"\nbatch = 0",
        "url = \"http://h\"\ntimeout_ms = 1", "url = \"http://h\"\ntoken_file = \"t\"",
        "url = \"http://127.0.0.1\"\ntoken_file = \"t\"\nbasic_file = \"b\"",
        "url = \"http://h\"\n[[dicom.web_destination]]\nurl = \"http://h\""}) {
    EXPECT_EQ(read(std::string(wrong) + "\n").error().code, Code::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace medarc::web
