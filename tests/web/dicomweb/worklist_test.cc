// U1-U5 over the web: UPS-RS of PS3.18 section 11 on a real server, with event channels.
#include "web/dicomweb/worklist.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/model/xml_writer.h"
#include "tests/support/websocket_client.h"
#include "tests/support/work_items.h"
#include "tests/web/dicomweb/archive_fixture.h"
#include "web/dicomweb/model_forms.h"

namespace medarc::web {
namespace {

using dicom::worklist::kAllItems;
using dicom::worklist::kFilteredItems;
using test::discontinued_json;
using test::HttpAnswer;
using test::performed_json;
using test::state_json;
using test::WebSocketClient;
using test::work_item_json;

const std::string kItems = "/dicom-web/workitems", kAll(kAllItems), kFiltered(kFilteredItems);

class WorklistWeb : public ArchiveTest {
 protected:
  void TearDown() override {
    server_.reset();
    list_.reset();
    jobs_.reset();
    set_log_level(Level::info);
  }
  void start(ServerOptions options = {}, DicomwebOptions door = {}) {
    set_log_level(Level::off);
    jobs_ = std::move(*index::Jobs::open(*index_, {}));
    list_ = std::make_unique<dicom::worklist::Worklist>(*index_, *guard_, *jobs_, nullptr,
                                                        list_options_);
    options.port = 0;
    auto made = Server::start(std::move(options), worklist_routes(*list_, door), authenticator_);
    ASSERT_TRUE(made.has_value());
    server_ = std::move(*made);
  }
  HttpAnswer send(const std::string& method, const std::string& target,
                  const std::string& body = {},
                  const std::string& type = "application/dicom+json") {
    test::HttpClient::Headers headers;
    if (!body.empty()) headers.emplace_back("Content-Type", type);
    return test::http(port(), method, target, headers, body);
  }
  HttpAnswer create(const std::string& uid, const std::string& json = work_item_json()) {
    return send("POST", kItems + "?" + uid, json);
  }
  HttpAnswer to_state(const std::string& uid, const std::string& state, const std::string& lock) {
    return send("PUT", kItems + "/" + uid + "/state", state_json(state, lock));
  }
  HttpAnswer subscribe(const std::string& target, const std::string& query = {},
                       const std::string& aet = "PAGE") {
    return send("POST", kItems + "/" + target + "/subscribers/" + aet + query);
  }
  WebSocketClient channel(const std::string& aet = "PAGE", test::HttpClient::Headers headers = {}) {
    return WebSocketClient(port(), "/dicom-web/subscribers/" + aet, std::move(headers));
  }
  std::vector<std::string> found(const std::string& query) {
    const HttpAnswer answer = get(kItems + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<std::string> out;
    const auto json = boost::json::parse(answer.body);
    for (const auto& item : json.as_array()) {
      out.emplace_back(item.at("00080018").at("Value").at(0).as_string());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  // Whether a channel has been closed on a slow reader.
  static uint64_t drops() { return counter("medarc_worklist_channels_dropped_total", "").value(); }
  static std::string warning(const HttpAnswer& answer) { return answer.header("Warning"); }
  using Texts = std::vector<std::string>;

  dicom::worklist::WorklistOptions list_options_;
  std::unique_ptr<index::Jobs> jobs_;
  std::unique_ptr<dicom::worklist::Worklist> list_;
};

TEST_F(WorklistWeb, U1_CreateAnswers201WithItsLocation) {
  start();
  const HttpAnswer made = create("1.2.3");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.header("Location"), "http://127.0.0.1" + kItems + "/1.2.3");
  EXPECT_EQ(warning(made), "");
  EXPECT_EQ(get(kItems + "/1.2.3").status, 200);
  EXPECT_EQ(send("POST", kItems + "?workitem=1.2.4", work_item_json()).status, 201);
  EXPECT_EQ(send("POST", kItems + "?AffectedSOPInstanceUID=1.2.5", work_item_json()).status, 201);
  const std::string inside = work_item_json("x", R"(,"00080018":{"vr":"UI","Value":["1.2.6"]})");
  EXPECT_EQ(send("POST", kItems, inside).header("Location"),
            "http://127.0.0.1" + kItems + "/1.2.6");
  EXPECT_EQ(send("POST", kItems + "?1.2.7", inside).status, 400);
  EXPECT_EQ(send("POST", kItems + "?1.2.8", "[" + work_item_json() + "]").status, 201);
}

TEST_F(WorklistWeb, U1_WhatCannotBeCreatedIs400Or409) {
  start();
  create("1.2.3");
  EXPECT_EQ(create("1.2.3").status, 409);
  EXPECT_EQ(send("POST", kItems, work_item_json()).status, 400);
  EXPECT_EQ(create("1.2.4", "{").status, 400);
  EXPECT_EQ(create("1.2.4", "{}").status, 400);
  EXPECT_EQ(create("1.2.4", work_item_json("x", "", "IN PROGRESS")).status, 400);
  EXPECT_EQ(create(kAll).status, 400);
  EXPECT_EQ(send("POST", kItems + "?1.2.4", work_item_json(), "text/plain").status, 415);
  EXPECT_EQ(send("POST", kItems + "?1.2.4", std::string((1 << 20) + 1, ' ')).status, 413);
  std::string partly = work_item_json();
  partly.replace(partly.find(R"("00400400":{"vr":"LT"},)"), 23, "");
  const HttpAnswer changed = create("1.2.5", partly);
  EXPECT_EQ(changed.status, 201);
  EXPECT_NE(warning(changed).find("created with modifications"), std::string::npos);
  EXPECT_TRUE(warning(changed).starts_with("299 http://127.0.0.1/dicom-web: "));
}

TEST_F(WorklistWeb, U2_TheStateChangesUnderTheLockOfItsTransaction) {
  start();
  create("1.2.3");
  const auto refused = [&](const std::string& state, const std::string& lock, int status,
                           const std::string& why) {
    const HttpAnswer answer = to_state("1.2.3", state, lock);
    EXPECT_EQ(answer.status, status) << state << lock;
    EXPECT_NE(warning(answer).find(why), std::string::npos) << warning(answer);
  };
  refused("IN PROGRESS", "", 400, "Transaction UID is missing");
  refused("COMPLETED", "2.25.1", 409, "did not reference a claimed Workitem");
  refused("SCHEDULED", "2.25.1", 400, "inconsistent");
  EXPECT_EQ(to_state("1.2.3", "IN PROGRESS", "2.25.1").status, 200);
  refused("IN PROGRESS", "2.25.1", 409, "inconsistent");
  refused("COMPLETED", "2.25.2", 400, "Transaction UID is incorrect");
  refused("COMPLETED", "2.25.1", 409, "inconsistent");
  const std::string item = kItems + "/1.2.3";
  EXPECT_EQ(send("POST", item + "?2.25.2", performed_json()).status, 400);
  EXPECT_EQ(send("POST", item, performed_json()).status, 400);
  EXPECT_EQ(send("POST", item + "?2.25.1", performed_json()).status, 200);
  EXPECT_EQ(send("PUT", item + "?transaction-uid=2.25.1", performed_json()).status, 200);
  EXPECT_EQ(to_state("1.2.3", "COMPLETED", "2.25.1").status, 200);
  const HttpAnswer again = to_state("1.2.3", "COMPLETED", "2.25.1");
  EXPECT_EQ(again.status, 200);
  EXPECT_NE(warning(again).find("already in the requested state of COMPLETED"), std::string::npos);
  refused("CANCELED", "2.25.1", 409, "inconsistent");
  EXPECT_EQ(send("POST", item + "?2.25.1", performed_json()).status, 409);
  EXPECT_EQ(to_state("9.9", "IN PROGRESS", "2.25.1").status, 404);
}

TEST_F(WorklistWeb, U2_ARequestToCancelIsAccepted) {
  start();
  create("1.2.3");
  const std::string why = R"({"00741238":{"vr":"LT","Value":["Not needed"]}})";
  EXPECT_EQ(send("POST", kItems + "/1.2.3/cancelrequest", why).status, 202);
  const HttpAnswer again = send("POST", kItems + "/1.2.3/cancelrequest");
  EXPECT_EQ(again.status, 202);
  EXPECT_NE(warning(again).find("already in the requested state of CANCELED"), std::string::npos);
  create("1.2.4");
  to_state("1.2.4", "IN PROGRESS", "2.25.1");
  const HttpAnswer alone = send("POST", kItems + "/1.2.4/cancelrequest", why);
  EXPECT_EQ(alone.status, 409);
  EXPECT_NE(warning(alone).find("performer cannot be contacted"), std::string::npos);
  send("POST", kItems + "/1.2.4?2.25.1", performed_json());
  to_state("1.2.4", "COMPLETED", "2.25.1");
  const HttpAnswer late = send("POST", kItems + "/1.2.4/cancelrequest", why);
  EXPECT_EQ(late.status, 409);
  EXPECT_NE(warning(late).find("already COMPLETED"), std::string::npos);
  EXPECT_EQ(send("POST", kItems + "/9.9/cancelrequest", why).status, 404);
}

TEST_F(WorklistWeb, U3_TheTransactionUidIsNeverInAReply) {
  start();
  create("1.2.3");
  to_state("1.2.3", "IN PROGRESS", "2.25.12345");
  for (const std::string& target :
       {kItems + "/1.2.3", kItems + "?includefield=all", kItems + "?includefield=00081195",
        kItems + "?TransactionUID=2.25.12345"}) {
    const HttpAnswer answer = get(target);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body.find("2.25.12345"), std::string::npos) << target;
    EXPECT_EQ(answer.body.find("00081195"), std::string::npos) << target;
  }
}

TEST_F(WorklistWeb, RetrieveGivesTheItemAsJson) {
  start();
  create("1.2.3");
  const HttpAnswer answer = get(kItems + "/1.2.3");
  EXPECT_EQ(answer.header("Content-Type"), "application/dicom+json");
  const auto item = boost::json::parse(answer.body).at(0);
  EXPECT_EQ(item.at("00080018").at("Value").at(0).as_string(), "1.2.3");
  EXPECT_EQ(item.at("00100010").at("Value").at(0).at("Alphabetic").as_string(), "Doe^Jane");
  EXPECT_EQ(item.at("00404025").at("Value").at(0).at("00080100").at("Value").at(0).as_string(),
            "READ1");
  EXPECT_EQ(get(kItems + "/1.2.3", {{"Accept", "text/html"}}).status, 406);
  EXPECT_EQ(get(kItems + "/1.2.9").status, 404);
}

TEST_F(WorklistWeb, XmlIsTakenAndGivenAsJsonIs) {
  start();
  auto xml = dicom::native_xml(work_item_json());
  ASSERT_TRUE(xml.has_value());
  const std::string type(kDicomXml);
  EXPECT_EQ(send("POST", kItems + "?1.2.3", *xml, type).status, 201);
  create("1.2.4");
  const auto one = [&](const std::string& uid) {
    HttpAnswer answer = get(kItems + "/" + uid, {{"Accept", type}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), type);
    return answer.body;
  };
  EXPECT_NE(one("1.2.3").find("READ1"), std::string::npos);
  // Both are the same but for their UIDs and times.
  EXPECT_EQ(one("1.2.3").size(), one("1.2.4").size());
  const HttpAnswer found = get(kItems + "?PatientName=Doe*",
                               {{"Accept", "multipart/related; type=\"application/dicom+xml\""}});
  EXPECT_EQ(found.status, 200);
  EXPECT_NE(found.body.find(">1.2.3</Value>"), std::string::npos);
  EXPECT_NE(found.body.find(">1.2.4</Value>"), std::string::npos);
  EXPECT_EQ(get(kItems, {{"Accept", "text/html"}}).status, 406);
  EXPECT_EQ(send("POST", kItems + "?1.2.5", "<NativeDicomModel>", type).status, 400);
  EXPECT_EQ(send("POST", kItems + "?1.2.5", *xml, "text/xml").status, 415);
}

TEST_F(WorklistWeb, U5_WhatWasRemovedIs410) {
  start();
  create("1.2.3");
  send("POST", kItems + "/1.2.3/cancelrequest");
  ASSERT_EQ(*list_->remove_final({now().us + 1}), 1u);
  EXPECT_EQ(get(kItems + "/1.2.3").status, 410);
  EXPECT_EQ(to_state("1.2.3", "IN PROGRESS", "2.25.1").status, 410);
  EXPECT_EQ(send("POST", kItems + "/1.2.3", performed_json()).status, 410);
  EXPECT_EQ(subscribe("1.2.3").status, 410);
  EXPECT_EQ(create("1.2.3").status, 409);
}

TEST_F(WorklistWeb, SearchTakesTheParametersOfQido) {
  start();
  create("1.2.1", work_item_json("Read CT", "", "SCHEDULED", "CT1"));
  create("1.2.2", work_item_json("Read MR", "", "SCHEDULED", "MR1"));
  to_state("1.2.2", "IN PROGRESS", "2.25.1");
  const Texts both{"1.2.1", "1.2.2"};
  EXPECT_EQ(found(""), both);
  EXPECT_EQ(found("?ProcedureStepState=SCHEDULED"), Texts{"1.2.1"});
  EXPECT_EQ(found("?00741000=IN%20PROGRESS"), Texts{"1.2.2"});
  EXPECT_EQ(found("?ProcedureStepLabel=*MR"), Texts{"1.2.2"});
  EXPECT_EQ(found("?PatientName=jane&fuzzymatching=true"), both);
  EXPECT_EQ(found("?ScheduledStationNameCodeSequence.CodeValue=CT1"), Texts{"1.2.1"});
  EXPECT_EQ(found("?00404025.00080100=CT1,MR1"), Texts{});  // commas separate in UI and CS alone
  EXPECT_EQ(found("?SOPInstanceUID=1.2.1,1.2.2"), both);
  EXPECT_EQ(found("?ReferencedRequestSequence.AccessionNumber=A1"), both);
  EXPECT_EQ(found("?ScheduledProcedureStepStartDateTime=20260101-20260103"), both);
  EXPECT_EQ(found("?ScheduledProcedureStepStartDateTime=20270101-"), Texts{});
  const HttpAnswer one = get(kItems + "?limit=1");
  EXPECT_EQ(boost::json::parse(one.body).as_array().size(), 1u);
  EXPECT_NE(one.header("Warning").find("1 additional results"), std::string::npos);
  EXPECT_EQ(found("?limit=1&offset=2"), Texts{});
  EXPECT_EQ(get(kItems + "?limit=0").status, 400);
  EXPECT_EQ(get(kItems + "?ScheduledProcedureStepStartDateTime=-").status, 400);
  const HttpAnswer odd = get(kItems + "?Nonsense=1");
  EXPECT_EQ(odd.status, 200);
  EXPECT_NE(odd.header("Warning").find("Nonsense"), std::string::npos);
  EXPECT_EQ(get(kItems + "?CommentsOnTheScheduledProcedureStep=x").status, 200);
  const auto item = boost::json::parse(get(kItems + "?limit=1").body).at(0);
  EXPECT_FALSE(item.as_object().contains("00741216"));
  EXPECT_TRUE(boost::json::parse(get(kItems + "?includefield=00741216").body)
                  .at(0)
                  .as_object()
                  .contains("00741216"));
  EXPECT_EQ(get(kItems, {{"Accept", "image/png"}}).status, 406);
}

TEST_F(WorklistWeb, SearchPagesAndIsStrictWhereThatIsWanted) {
  DicomwebOptions door;
  door.strict_query = true;
  door.no_match_204 = true;
  start({}, door);
  EXPECT_EQ(get(kItems).status, 204);
  for (int n = 0; n < 230; ++n) ASSERT_EQ(create("1.3." + std::to_string(n)).status, 201);
  EXPECT_EQ(found("").size(), 230u);
  EXPECT_EQ(found("?offset=225").size(), 5u);
  EXPECT_EQ(found("?limit=210").size(), 210u);
  EXPECT_EQ(get(kItems + "?Nonsense=1").status, 400);
  EXPECT_EQ(get(kItems + "?TransactionUID=1.2").status, 400);
}

TEST_F(WorklistWeb, U4_SubscriptionsAreMadeSuspendedAndEnded) {
  start();
  create("1.2.3");
  const HttpAnswer made = subscribe("1.2.3", "?deletionlock=true");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.header("Content-Location"), "ws://127.0.0.1/dicom-web/subscribers/PAGE");
  EXPECT_TRUE((*index_->view()->subscription(index::SopInstanceUid("1.2.3"), "PAGE"))->over_web);
  EXPECT_EQ(subscribe("1.2.3", "?deletionlock=maybe").status, 400);
  EXPECT_EQ(subscribe("1.2.9").status, 404);
  EXPECT_EQ(subscribe("1.2.3", "", "SEVENTEEN%20LETTERS").status, 400);
  EXPECT_EQ(subscribe(kAll).status, 201);
  EXPECT_EQ(subscribe(kFiltered, "?filter=ProcedureStepLabel=Read*,PatientID=P1").status, 201);
  EXPECT_EQ(subscribe(kFiltered, "?ProcedureStepLabel=Read*").status, 201);
  EXPECT_EQ(subscribe(kFiltered).status, 400);
  EXPECT_EQ(subscribe(kFiltered, "?Nonsense=1").status, 400);
  const auto gone = [&](const std::string& target) {
    return send("DELETE", kItems + "/" + target + "/subscribers/PAGE").status;
  };
  EXPECT_EQ(send("POST", kItems + "/" + kAll + "/subscribers/PAGE/suspend").status, 200);
  EXPECT_EQ(send("POST", kItems + "/1.2.3/subscribers/PAGE/suspend").status, 400);
  EXPECT_EQ(index_->view()->subscribers()->size(), 1u);
  EXPECT_EQ(gone("1.2.3"), 200);
  EXPECT_EQ(gone("1.2.9"), 404);
  EXPECT_EQ(gone(kAll), 200);
  EXPECT_TRUE(index_->view()->subscribers()->empty());
}

TEST_F(WorklistWeb, U4_AChannelCarriesEventsAsTheyHappen) {
  start();
  WebSocketClient page = channel();
  ASSERT_TRUE(page.open());
  EXPECT_EQ(page.answer().header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  ASSERT_EQ(subscribe(kAll).status, 201);
  create("1.2.3");
  to_state("1.2.3", "IN PROGRESS", "2.25.1");
  const auto event = [&] {
    const auto text = page.text();
    EXPECT_TRUE(text.has_value());
    return boost::json::parse(text.value_or("{}"));
  };
  const auto created = event(), assigned = event(), claimed = event();
  EXPECT_EQ(created.at("00001002").at("Value").at(0).as_int64(), 1);
  EXPECT_EQ(created.at("00001000").at("Value").at(0).as_string(), "1.2.3");
  EXPECT_EQ(created.at("00000002").at("Value").at(0).as_string(), "1.2.840.10008.5.1.4.34.6.1");
  EXPECT_EQ(created.at("00741000").at("Value").at(0).as_string(), "SCHEDULED");
  EXPECT_EQ(created.at("00404041").at("Value").at(0).as_string(), "READY");
  EXPECT_EQ(assigned.at("00001002").at("Value").at(0).as_int64(), 5);
  EXPECT_EQ(claimed.at("00741000").at("Value").at(0).as_string(), "IN PROGRESS");
  EXPECT_EQ(claimed.at("00000110").at("Value").at(0).as_int64(), 3);
  send("POST", kItems + "/1.2.3/cancelrequest");
  EXPECT_EQ(event().at("00001002").at("Value").at(0).as_int64(), 2);
  EXPECT_TRUE(page.send(9, "there?"));
  const auto pong = page.next();
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->opcode, 10);
  EXPECT_EQ(pong->payload, "there?");
  EXPECT_TRUE(page.send(1, "what a client says is passed over"));
  EXPECT_TRUE(page.send(8, std::string("\x03\xE8", 2)));
  const auto closed = page.next();
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->opcode, 8);
  EXPECT_TRUE(page.at_end());
}

TEST_F(WorklistWeb, U4_AChannelNeedsAnUpgradeCredentialsAndAnAdmittedOrigin) {
  ServerOptions options;
  options.cors_origins = "https://viewer.example";
  list_options_.channels_max = 1;
  start(options);
  const HttpAnswer plain = get("/dicom-web/subscribers/PAGE");
  EXPECT_EQ(plain.status, 426);
  EXPECT_EQ(plain.header("Upgrade"), "websocket");
  EXPECT_EQ(channel("PAGE", {{"Sec-WebSocket-Version", "8"}}).answer().status, 426);
  EXPECT_EQ(channel("PAGE", {{"Authorization", "Bearer bad"}}).answer().status, 401);
  EXPECT_EQ(channel("PAGE", {{"Origin", "https://evil.example"}}).answer().status, 403);
  const WebSocketClient own = channel("PAGE", {{"Origin", "https://viewer.example"}});
  EXPECT_TRUE(own.open());
  EXPECT_EQ(channel().answer().status, 503);
}

TEST_F(WorklistWeb, U4_ASlowReaderLosesItsChannelWithAReason) {
  list_options_.channel_events_max = 8;
  start();
  create("1.2.3");
  WebSocketClient slow = channel();
  ASSERT_TRUE(slow.open());
  subscribe("1.2.3");
  ASSERT_TRUE(slow.text());
  to_state("1.2.3", "IN PROGRESS", "2.25.1");
  // Progress of 60 KB each, more than the sockets' buffers hold together.
  const std::string filler(60'000, 'x');
  const uint64_t before = drops();
  for (int n = 0; n < 400; ++n) {
    const std::string progress =
        R"({"00741002":{"vr":"SQ","Value":[{"00741004":{"vr":"DS","Value":[)" + std::to_string(n) +
        R"(]},"00741007":{"vr":"SQ","Value":[{"0040A160":{"vr":"UT","Value":[")" + filler +
        R"("]}}]}}]}})";
    ASSERT_EQ(send("POST", kItems + "/1.2.3?2.25.1", progress).status, 200);
    if (drops() > before) break;
  }
  std::optional<test::WebSocketFrame> last;
  while (auto frame = slow.next()) {
    last = std::move(frame);
    if (last->opcode == 8) break;
  }
  ASSERT_TRUE(last);
  EXPECT_EQ(last->opcode, 8);
  EXPECT_EQ(last->close_code, 1008);
  EXPECT_NE(last->close_reason.find("too slow"), std::string::npos);
}

TEST_F(WorklistWeb, U4_AStoppingServerSaysGoodbye) {
  start();
  WebSocketClient page = channel();
  ASSERT_TRUE(page.open());
  server_->stop(100);  // the client does not answer: it is not waited for
  const auto last = page.next();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->opcode, 8);
  EXPECT_EQ(last->close_code, 1001);
}

TEST_F(WorklistWeb, ASilentPeerOfAChannelIsFound) {
  ServerOptions options;
  options.idle_timeout_ms = 200;
  start(options);
  WebSocketClient silent = channel(), lively = channel();
  ASSERT_TRUE(silent.open() && lively.open());
  const auto ping = lively.next();
  ASSERT_TRUE(ping);
  EXPECT_EQ(ping->opcode, 9);
  EXPECT_TRUE(lively.send(10, ping->payload));
  EXPECT_TRUE(silent.at_end());  // its pings were never answered
}

}  // namespace
}  // namespace medarc::web
