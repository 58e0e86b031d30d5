// Command sets, statuses, SOP classes: the tables and codecs of the message layer.
#include <gtest/gtest.h>

#include <random>

#include "dicom/dimse/command.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"
#include "tests/dicom/net/net_fixture.h"

namespace medarc::dicom {
namespace {

using dimse::Command;
using dimse::encode;
using dimse::parse_command;

Command store_rq() {
  Command out;
  out.field = dimse::kStoreRq;
  out.message_id = 77;
  out.dataset_type = 1;
  out.sop_class = "1.2.840.10008.5.1.4.1.1.2";
  out.sop_instance = "1.2.3";
  return out;
}

TEST(Command, RoundTrip) {
  const Command rq = store_rq();
  EXPECT_EQ(*parse_command(encode(rq)), rq);
  const Command rsp = response_to(rq, 0xA700, "out of room");
  const auto back = parse_command(encode(rsp));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, rsp);
  EXPECT_EQ(back->field, 0x8001);
  EXPECT_EQ(back->message_id_responded_to, 77);
  EXPECT_FALSE(back->has_dataset());
  EXPECT_EQ(encode(rsp).size() % 2, 0u);
  Command pending;
  pending.field = dimse::kMoveRq | dimse::kResponseBit;
  pending.message_id_responded_to = 1;
  pending.status = 0xFF00;
  pending.suboperations = dimse::Suboperations{4, 3, 2, 1};
  EXPECT_EQ(*parse_command(encode(pending)), pending);
}

TEST(Command, NServicesNameWhatTheyRequestAndWhatIsAffected) {
  Command action;
  action.field = dimse::kActionRq;
  action.message_id = 7;
  action.dataset_type = dimse::kDataset;
  action.sop_class = kCommitmentSopClass;
  action.sop_instance = kCommitmentSopInstance;
  action.action_type = 1;
  EXPECT_EQ(*parse_command(encode(action)), action);
  using namespace test;
  EXPECT_NE(encode(action).find(le16(0) + le16(0x0003)), Bytes::npos);  // Requested SOP Class UID
  EXPECT_NE(encode(action).find(le16(0) + le16(0x1001)), Bytes::npos);
  const Bytes response = encode(response_to(action, 0));
  EXPECT_NE(response.find(le16(0) + le16(0x0002)), Bytes::npos);  // Affected
  EXPECT_EQ(parse_command(response)->action_type, 1);
  Command event = action;
  event.field = dimse::kEventReportRq;
  event.action_type.reset();
  event.event_type = 2;
  EXPECT_EQ(*parse_command(encode(event)), event);
  EXPECT_EQ(encode(event).find(le16(0) + le16(0x0003)), Bytes::npos);
}

TEST(Command, TheErrorCommentIsShortAndPlain) {
  const Command rsp = response_to(store_rq(), 0xC000, "a\\b\n\xC3\xA9" + std::string(100, 'x'));
  const auto back = parse_command(encode(rsp));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->error_comment.size(), 64u);
  EXPECT_EQ(back->error_comment.substr(0, 7), "a?b???x");
}

TEST(Command, MalformedSetsAreRefused) {
  using namespace test;
  EXPECT_TRUE(parse_command("").has_error());
  EXPECT_TRUE(parse_command("abc").has_error());
  EXPECT_TRUE(parse_command(command_set({{0x0110, le16(1)}})).has_error());  // no field
  EXPECT_TRUE(parse_command(command_set({{0x0100, le16(1)}})).has_error());  // no message id
  EXPECT_TRUE(parse_command(command_set({{0x0100, "abc"}, {0x0110, le16(1)}})).has_error());
  // An element of group 0008, and one that claims 4 GiB.
  const std::string good = encode(store_rq());
  EXPECT_TRUE(parse_command(good + le16(8) + le16(0x16) + le32(0)).has_error());
  EXPECT_TRUE(parse_command(good + le16(0) + le16(0x1030) + le32(0xFFFFFFFF)).has_error());
  // What later editions add is skipped.
  EXPECT_TRUE(parse_command(good + le16(0) + le16(0x1031) + le32(2) + le16(5)).has_value());
}

TEST(Command, TruncationsAndDamageNeverCrash) {
  const Bytes good = encode(response_to(store_rq(), 0xC000, "text"));
  for (size_t n = 0; n < good.size(); ++n) {
    const Bytes cut = good.substr(0, n);
    (void)parse_command(cut);
  }
  std::mt19937 engine(5);
  for (int i = 0; i < 20'000; ++i) {
    Bytes damaged = good;
    for (int k = 0; k < 4; ++k) damaged[engine() % damaged.size()] = static_cast<char>(engine());
    (void)parse_command(damaged);
  }
}

TEST(DimseStatus, D1_EachCodeHasAStatusInTheRightGroup) {
  EXPECT_EQ(store_status(Code::exhausted), 0xA700);
  EXPECT_EQ(store_status(Code::unavailable), 0xA700);
  EXPECT_EQ(store_status(Code::io), 0xA700);
  EXPECT_EQ(store_status(Code::permission_denied), 0x0124);
  EXPECT_EQ(store_status(Code::invalid_argument), 0xC000);
  EXPECT_EQ(store_status(Code::too_large), 0xC000);
  EXPECT_EQ(store_status(Code::internal), 0x0110);
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    EXPECT_NE(store_status(static_cast<Code>(code)), kSuccess) << code;
  }
}

TEST(DimseStatus, D1_TheRefusalsOwnReasonWins) {
  Refusal refusal;
  refusal.error = make_error(Code::invalid_argument, "x");
  EXPECT_EQ(store_status(refusal), 0xC000);
  refusal.reason = 0xA900;
  EXPECT_EQ(store_status(refusal), 0xA900);
}

TEST(SopClass, D6_StorageIsKnownPrivateIsByPolicyServicesAreNot) {
  EXPECT_GT(storage_sop_classes().size(), 150u);
  EXPECT_TRUE(std::is_sorted(
      storage_sop_classes().begin(), storage_sop_classes().end(),
      [](const StorageSopClass& a, const StorageSopClass& b) { return a.uid < b.uid; }));
  for (const StorageSopClass& c : storage_sop_classes()) {
    EXPECT_EQ(kind_of(c.uid), SopClassKind::storage) << c.uid;
  }
  EXPECT_EQ(kind_of("1.2.840.10008.1.1"), SopClassKind::verification);
  EXPECT_EQ(kind_of(kCommitmentSopClass), SopClassKind::commitment);
  EXPECT_EQ(kind_of("1.3.12.2.1107.5.9.1"), SopClassKind::storage_unknown);
  EXPECT_EQ(kind_of("1.2.840.10008.5.1.4.1.1.9999"), SopClassKind::storage_unknown);
  for (const char* service :
       {"1.2.840.10008.5.1.4.1.2.4.1", "1.2.840.10008.5.1.4.31", "1.2.840.10008.1.20.2",
        "1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.4.1.1.200.4", "", "not a uid"}) {
    EXPECT_EQ(kind_of(service), SopClassKind::other) << service;
    EXPECT_FALSE(acceptable_sop_class(service, true)) << service;
  }
  EXPECT_EQ(kind_of("1.2.840.10008.1.20.1"), SopClassKind::commitment);
  for (const char* query : {"1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.3"}) {
    EXPECT_EQ(kind_of(query), SopClassKind::query_retrieve);
    EXPECT_TRUE(acceptable_sop_class(query, false));
  }
  EXPECT_TRUE(acceptable_sop_class("1.3.12.2.1107.5.9.1", true));
  EXPECT_FALSE(acceptable_sop_class("1.3.12.2.1107.5.9.1", false));
  EXPECT_TRUE(acceptable_sop_class("1.2.840.10008.5.1.4.1.1.2", false));
}

}  // namespace
}  // namespace medarc::dicom
