// U1-U5 over DIMSE: the same items as over the web, by N-CREATE, N-GET, N-SET, N-ACTION, C-FIND,
// and N-EVENT-REPORT to those who subscribe.
#include "dicom/worklist/worklist.h"
#include "base/fs.h"
#include "base/log.h"
#include "dicom/dimse/worklist_events.h"
#include "tests/dicom/net/net_fixture.h"
#include "tests/support/report_receiver.h"
#include "tests/support/work_items.h"

namespace medarc::dicom::test {
namespace {

using medarc::test::performed_json;
using medarc::test::ReportReceiver;
using medarc::test::state_json;
using medarc::test::work_item_json;

constexpr uint8_t kPush = 1, kPull = 3, kWatch = 5, kQuery = 7;
constexpr uint16_t kNCreate = 0x0140, kNGet = 0x0110, kNSet = 0x0120, kNAction = 0x0130,
                   kCFind = 0x0020;

class WorklistNet : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    set_log_level(medarc::Level::off);
    ASSERT_TRUE(load_dictionary().has_value());
    job_options.first_delay_ms = 20;
    job_options.longest_delay_ms = 50;
  }
  void open(uint16_t receiver_port = 1) {
    auto config = Config::parse("[[dicom.peer]]\naet = \"WATCH\"\nhost = \"127.0.0.1\"\nport = " +
                                std::to_string(receiver_port) + "\n");
    destinations = *Destinations::from(*config);
    archive = std::move(*index::open_index(posix_fs(), dir / "data", {}));
    guard = security::Guard::create(*archive, {});
    jobs = std::move(*index::Jobs::open(*archive, job_options));
    jobs->handle(worklist::kEventJob, std::make_shared<dimse::WorklistEvents>(
                                          destinations, limits, options.aet, list_options));
    list =
        std::make_unique<worklist::Worklist>(*archive, *guard, *jobs, &destinations, list_options);
    options.work_list = list.get();
    start();
    jobs->start();
    association = std::make_unique<RawAssociation>(port(), request());
    ASSERT_TRUE(association->established());
  }
  void TearDown() override {
    association.reset();
    server.reset();
    jobs.reset();
    list.reset();
    guard.reset();
    archive.reset();
    NetTest::TearDown();
  }

  static RawRequest request() {
    RawRequest out;
    out.contexts = {{kPush, "1.2.840.10008.5.1.4.34.6.1", {kImplicit, kExplicit}},
                    {kPull, "1.2.840.10008.5.1.4.34.6.3", {kImplicit}},
                    {kWatch, "1.2.840.10008.5.1.4.34.6.2", {kExplicit}},
                    {kQuery, "1.2.840.10008.5.1.4.34.6.5", {kExplicit}},
                    {9, "1.2.840.10008.5.1.4.34.6.4", {kExplicit}}};
    return out;
  }
  static DataSet of(const std::string& json) { return *read_dataset_json(json, {}); }
  std::string syntax(uint8_t context) { return association->accepted.at(context); }

  // Sends the request; `json` "" sends no data set. `more`: further command elements.
  void send(uint8_t context, uint16_t field, const std::string& uid, const std::string& json,
            std::map<uint16_t, std::string> more = {}) {
    const bool created = field == kNCreate || field == kCFind;
    std::map<uint16_t, std::string> command{
        {static_cast<uint16_t>(created ? 0x0002 : 0x0003), ui("1.2.840.10008.5.1.4.34.6.1")},
        {0x0100, le16(field)},
        {0x0110, le16(++last_id)},
        {0x0800, le16(json.empty() ? 0x0101 : 0)}};
    if (field == kCFind) command[0x0700] = le16(0);
    if (!uid.empty()) command[created ? 0x1000 : 0x1001] = ui(uid);
    command.merge(more);
    association->send_message(context, true, command_set(command));
    if (!json.empty()) {
      association->send_message(context, false, write_dataset(of(json), {}, syntax(context)));
    }
  }
  std::optional<RawResponse> ask(uint8_t context, uint16_t field, const std::string& uid,
                                 const std::string& json,
                                 std::map<uint16_t, std::string> more = {}) {
    send(context, field, uid, json, std::move(more));
    auto out = association->read_response(20'000);
    EXPECT_TRUE(out.has_value());
    if (out) {
      EXPECT_EQ(out->command_field, field | 0x8000);
      EXPECT_EQ(out->message_id, last_id);
    }
    return out;
  }
  uint16_t status(uint8_t context, uint16_t field, const std::string& uid, const std::string& json,
                  std::map<uint16_t, std::string> more = {}) {
    const auto answer = ask(context, field, uid, json, std::move(more));
    return answer ? answer->status : 0xFFFF;
  }
  uint16_t act(uint8_t context, uint16_t action, const std::string& uid, const std::string& json) {
    return status(context, kNAction, uid, json, {{0x1008, le16(action)}});
  }
  DataSet read(const RawResponse& response, uint8_t context) {
    auto out = read_dataset(response.dataset, syntax(context), limits, {});
    EXPECT_TRUE(out.has_value());
    return out.has_value() ? *out : DataSet();
  }
  std::vector<DataSet> find(uint8_t context, const std::string& json, uint16_t* pending = nullptr) {
    std::vector<DataSet> out;
    send(context, kCFind, "", json);
    for (;;) {
      const auto answer = association->read_response(20'000);
      if (!answer || (answer->status & 0xFF00) != 0xFF00) {
        EXPECT_TRUE(answer && answer->status == 0);
        return out;
      }
      if (pending != nullptr) *pending = answer->status;
      out.push_back(read(*answer, context));
    }
  }
  static std::string receiving(const std::string& aet, const std::string& lock = "FALSE") {
    return R"({"00741230":{"vr":"LO","Value":[")" + lock +
           R"("]},"00741234":{"vr":"AE","Value":[")" + aet + "\"]}}";
  }

  index::JobOptions job_options;
  worklist::WorklistOptions list_options;
  std::unique_ptr<index::Index> archive;
  std::unique_ptr<security::Guard> guard;
  std::unique_ptr<index::Jobs> jobs;
  std::unique_ptr<worklist::Worklist> list;
  Destinations destinations;
  std::unique_ptr<RawAssociation> association;
  uint16_t last_id = 0;
};

TEST_F(WorklistNet, U1_U2_U3_AnItemFromCreationToItsEnd) {
  open();
  EXPECT_EQ(association->results[9], 3);  // we send events, we take none
  EXPECT_EQ(status(kPush, kNCreate, "1.2.3", work_item_json()), 0);
  EXPECT_EQ(status(kPush, kNCreate, "1.2.3", work_item_json()), 0x0111);
  EXPECT_EQ(status(kPush, kNCreate, "1.2.4", "{\"00741204\":{\"vr\":\"LO\",\"Value\":[\"x\"]}}"),
            0x0120);
  EXPECT_EQ(status(kPush, kNCreate, "1.2.4", work_item_json("x", "", "COMPLETED")), 0xC309);
  EXPECT_EQ(status(kPush, kNCreate, "", work_item_json()), 0x0117);

  EXPECT_EQ(act(kPull, 1, "1.2.3", state_json("IN PROGRESS", "")), 0xC301);
  EXPECT_EQ(act(kPull, 1, "1.2.3", state_json("IN PROGRESS", "2.25.1")), 0);
  EXPECT_EQ(act(kPull, 1, "1.2.3", state_json("IN PROGRESS", "2.25.1")), 0xC302);
  std::string performed = performed_json();
  EXPECT_EQ(status(kPull, kNSet, "1.2.3", performed), 0xC301);
  performed.insert(1, R"("00081195":{"vr":"UI","Value":["2.25.1"]},)");
  EXPECT_EQ(status(kPull, kNSet, "1.2.3", performed), 0);

  const auto got = ask(kPull, kNGet, "1.2.3", "");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->status, 0);
  const DataSet item = read(*got, kPull);
  EXPECT_EQ(item.first(Tag{0x00741000}), "IN PROGRESS");
  EXPECT_EQ(item.first(Tag{0x00100010}), "Doe^Jane");
  EXPECT_EQ(item.find(Tag{0x00081195}), nullptr);
  EXPECT_EQ(item.find(Tag{0x00080018}), nullptr);
  const auto some = ask(kWatch, kNGet, "1.2.3", "",
                        {{0x1005, le16(0x0074) + le16(0x1204) + le16(0x0008) + le16(0x1195)}});
  ASSERT_TRUE(some);
  EXPECT_EQ(some->status, 0x0001);
  EXPECT_EQ(read(*some, kWatch).all().size(), 1u);

  EXPECT_EQ(act(kPull, 1, "1.2.3", state_json("COMPLETED", "2.25.1")), 0);
  EXPECT_EQ(act(kPull, 1, "1.2.3", state_json("COMPLETED", "2.25.1")), 0xB306);
  EXPECT_EQ(act(kPush, 2, "1.2.3", "{\"00741238\":{\"vr\":\"LT\",\"Value\":[\"x\"]}}"), 0xC311);
  EXPECT_EQ(status(kPull, kNGet, "9.9", ""), 0xC307);
  EXPECT_TRUE(association->release());
}

TEST_F(WorklistNet, EachClassHasItsOwnServices) {
  open();
  EXPECT_EQ(status(kPull, kNCreate, "1.2.3", work_item_json()), 0x0211);
  EXPECT_EQ(status(kPush, kNSet, "1.2.3", performed_json()), 0x0211);
  EXPECT_EQ(status(kQuery, kNGet, "1.2.3", ""), 0x0211);
  EXPECT_EQ(status(kPush, kCFind, "", work_item_json()), 0x0211);
  EXPECT_EQ(act(kPush, 1, "1.2.3", state_json("IN PROGRESS", "2.25.1")), 0x0123);
  EXPECT_EQ(act(kPull, 3, "1.2.3", receiving("WATCH")), 0x0123);
  EXPECT_EQ(act(kWatch, 9, "1.2.3", receiving("WATCH")), 0x0123);
  EXPECT_EQ(act(kWatch, 3, "1.2.3", receiving("WATCH", "MAYBE")), 0x0115);
  EXPECT_EQ(act(kWatch, 3, "1.2.3", receiving("WATCH")), 0xC307);
  EXPECT_EQ(act(kWatch, 3, "1.2.3", receiving("NOBODY")), 0xC308);
  EXPECT_EQ(act(kWatch, 5, "1.2.3", receiving("WATCH")), 0xC314);
  EXPECT_TRUE(association->release());
}

TEST_F(WorklistNet, FindsAsTheWebDoes) {
  open();
  ASSERT_EQ(status(kPush, kNCreate, "1.2.1", work_item_json("Read CT", "", "SCHEDULED", "CT1")), 0);
  ASSERT_EQ(status(kPush, kNCreate, "1.2.2", work_item_json("Read MR", "", "SCHEDULED", "MR1")), 0);
  for (const uint8_t context : {kPull, kWatch, kQuery}) {
    uint16_t pending = 0;
    const auto found = find(context,
                            R"({"00080018":{"vr":"UI"},"00741204":{"vr":"LO","Value":["Read*"]},)"
                            R"("00404025":{"vr":"SQ","Value":[{"00080100":{"vr":"SH","Value":)"
                            R"(["MR1"]}}]}})",
                            &pending);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(pending, 0xFF00);
    EXPECT_EQ(found[0].first(Tag{0x00080018}), "1.2.2");
    EXPECT_EQ(found[0].first(Tag{0x00741204}), "Read MR");
    EXPECT_EQ(found[0].all().size(), 3u);
  }
  uint16_t pending = 0;
  EXPECT_EQ(find(kQuery, R"({"00081195":{"vr":"UI"}})", &pending).size(), 2u);
  EXPECT_EQ(pending, 0xFF01);
  EXPECT_TRUE(association->release());
}

TEST_F(WorklistNet, U4_SubscribersAreTold) {
  ReportReceiver receiver;
  open(receiver.port());
  ASSERT_EQ(status(kPush, kNCreate, "1.2.3", work_item_json()), 0);
  EXPECT_EQ(act(kWatch, 3, "1.2.840.10008.5.1.4.34.5", receiving("WATCH", "TRUE")), 0);
  ASSERT_TRUE(eventually([&] { return receiver.reports().size() == 1; }, 20'000));
  EXPECT_EQ(act(kPull, 1, "1.2.3", state_json("IN PROGRESS", "2.25.1")), 0);
  EXPECT_EQ(act(kWatch, 2, "1.2.3", "{\"00741238\":{\"vr\":\"LT\",\"Value\":[\"please\"]}}"), 0);
  ASSERT_TRUE(eventually([&] { return receiver.reports().size() == 3; }, 20'000));
  const auto reports = receiver.reports();
  const auto told = [&](size_t at) {
    return *read_dataset(reports[at].dataset, reports[at].transfer_syntax, limits, {});
  };
  EXPECT_TRUE(reports[0].provider_role);
  EXPECT_EQ(reports[0].event_type, 1);
  EXPECT_EQ(told(0).first(Tag{0x00741000}), "SCHEDULED");
  EXPECT_EQ(told(0).first(Tag{0x00404041}), "READY");
  EXPECT_EQ(told(1).first(Tag{0x00741000}), "IN PROGRESS");
  EXPECT_EQ(reports[2].event_type, 2);
  EXPECT_EQ(told(2).first(Tag{0x00741236}), "RAW");
  EXPECT_EQ(told(2).first(Tag{0x00741238}), "please");
  EXPECT_EQ(act(kWatch, 4, "1.2.3", receiving("WATCH")), 0);
  EXPECT_EQ(act(kWatch, 5, "1.2.840.10008.5.1.4.34.5", receiving("WATCH")), 0);
  EXPECT_EQ(act(kWatch, 4, "1.2.840.10008.5.1.4.34.5", receiving("WATCH")), 0);
  EXPECT_TRUE(archive->view()->subscribers()->empty());
  EXPECT_TRUE(eventually([&] { return archive->view()->jobs("", "", 10)->empty(); }, 20'000));
  EXPECT_TRUE(association->release());
}

TEST_F(WorklistNet, U4_EventsWaitForASubscriberThatIsAwayInTheirOrder) {
  ReportReceiver receiver;
  receiver.rejecting = true;
  open(receiver.port());
  ASSERT_EQ(status(kPush, kNCreate, "1.2.3", work_item_json()), 0);
  ASSERT_EQ(act(kWatch, 3, "1.2.3", receiving("WATCH")), 0);
  ASSERT_TRUE(eventually([&] { return receiver.associations() > 0; }, 20'000));
  ASSERT_EQ(act(kPull, 1, "1.2.3", state_json("IN PROGRESS", "2.25.1")), 0);
  receiver.rejecting = false;
  ASSERT_TRUE(eventually([&] { return receiver.reports().size() == 2; }, 20'000));
  const auto reports = receiver.reports();
  EXPECT_NE(reports[0].dataset.find("SCHEDULED"), std::string::npos);
  EXPECT_NE(reports[1].dataset.find("IN PROGRESS"), std::string::npos);
  EXPECT_TRUE(association->release());
}

TEST_F(WorklistNet, WhatIsNoDataSetIsRefusedAndTheAssociationGoesOn) {
  list_options.item.bytes_max = 2000;
  open();
  association->send_message(kPush, true,
                            command_set({{0x0002, ui("1.2.840.10008.5.1.4.34.6.1")},
                                         {0x0100, le16(kNCreate)},
                                         {0x0110, le16(++last_id)},
                                         {0x0800, le16(0)},
                                         {0x1000, ui("1.2.3")}}));
  association->send_message(kPush, false, std::string(64, '\x7F'));
  const auto refused = association->read_response(20'000);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 0x0115);
  EXPECT_EQ(status(kPush, kNCreate, "1.2.3",
                   work_item_json("x", R"(,"00400400":{"vr":"LT","Value":[")" +
                                           std::string(3000, 'x') + "\"]}")),
            0x0213);
  EXPECT_EQ(status(kPull, kNGet, "1.2.3", ""), 0xC307);
  EXPECT_TRUE(association->release());
}

}  // namespace
}  // namespace medarc::dicom::test
