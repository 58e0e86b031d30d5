// C-STORE and C-ECHO through the raw client: what no toolkit sends, and what must not be believed.
#include "tests/dicom/net/net_fixture.h"

namespace medarc::dicom::test {
namespace {

using StoreNet = NetTest;

TEST_F(StoreNet, D1_StoredAndAnsweredWithTheRequestsIds) {
  start();
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  const std::string dataset = ct_dataset("1.2.3.4", 50'000);
  const auto response = a.store(3, kCt, "1.2.3.4", dataset);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 0x0000);
  EXPECT_EQ(response->command_field, 0x8001);
  EXPECT_EQ(response->message_id, 1);
  EXPECT_EQ(response->instance, ui("1.2.3.4"));
  EXPECT_EQ(imaging.kept().at("1.2.3.4").dataset, dataset);
  EXPECT_EQ(imaging.kept().at("1.2.3.4").transfer_syntax, kExplicit);
  EXPECT_EQ(a.echo(1)->status, 0x0000);
  EXPECT_TRUE(a.release());
  EXPECT_TRUE(a.socket.closed_within(2000));
}

TEST_F(StoreNet, D5_FragmentsOfAnySizeEvenOneByteAndEmptyOnes) {
  start();
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  int n = 0;
  for (const size_t fragment : {1u, 2u, 3u, 1001u, 16378u, 65537u}) {
    const std::string instance = "1.2.3." + std::to_string(++n);
    const std::string dataset = ct_dataset(instance, fragment < 10 ? 3000 : 300'001);
    const auto response = a.store(3, kCt, instance, dataset, fragment);
    ASSERT_TRUE(response) << fragment;
    EXPECT_EQ(response->status, 0x0000);
    EXPECT_EQ(imaging.kept().at(instance).dataset, dataset) << fragment;
  }
  // Empty PDVs, several PDVs in a PDU, the last one empty.
  ASSERT_TRUE(a.send_store_rq(3, kCt, "1.2.9"));
  const auto pdv = [](uint8_t control, const std::string& data) {
    return be32(static_cast<uint32_t>(data.size() + 2)) + "\3" + static_cast<char>(control) + data;
  };
  ASSERT_TRUE(a.socket.send(ul_pdu(4, pdv(0, "") + pdv(0, "abc") + pdv(0, "defg"))));
  ASSERT_TRUE(a.socket.send(ul_pdu(4, pdv(0, "h") + pdv(2, ""))));
  EXPECT_EQ(a.read_response()->status, 0x0000);
  EXPECT_EQ(imaging.kept().at("1.2.9").dataset, "abcdefgh");
}

TEST_F(StoreNet, D5_OctetsThatArriveOneByOneMakeTheSameMessage) {
  start();
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  ASSERT_TRUE(a.send_store_rq(3, kCt, "1.2.3"));
  const std::string pdu = ul_pdu(4, be32(402) + "\3\2" + std::string(400, 'p'));
  for (const char c : pdu) {
    ASSERT_TRUE(a.socket.send({&c, 1}));
    if (&c - pdu.data() < 40) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(a.read_response()->status, 0x0000);
  EXPECT_EQ(imaging.kept().at("1.2.3").dataset, std::string(400, 'p'));
}

TEST_F(StoreNet, D5_PipelinedRequestsAreAnsweredInOrderAndShareCommits) {
  start();
  RawRequest request = ct_request();
  request.user_items = async_window(0, 0);
  RawAssociation a(port(), request);
  ASSERT_TRUE(a.established());
  EXPECT_NE(a.answer.find(async_window(16, 1)), std::string::npos);
  std::thread sender([&] {
    for (uint16_t i = 1; i <= 64; ++i) {
      const std::string instance = "1.2." + std::to_string(i);
      a.send_store_rq(3, kCt, instance, i);
      a.send_message(3, false, ct_dataset(instance, 2000));
    }
  });
  for (uint16_t i = 1; i <= 64; ++i) {
    const auto response = a.read_response();
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->message_id, i);
    EXPECT_EQ(response->status, 0x0000);
  }
  sender.join();
  EXPECT_EQ(imaging.kept().size(), 64u);
  EXPECT_LT(imaging.commits(), 64u);
}

TEST_F(StoreNet, PipelinedRefusalsAndEchoesKeepTheirPlace) {
  imaging.on_begin = [](const StoreStart& s) -> std::optional<Error> {
    if (s.instance.value == "1.2.2") return make_error(Code::permission_denied, "not you");
    return std::nullopt;
  };
  start();
  RawRequest request = ct_request();
  request.user_items = async_window(4, 1);
  RawAssociation a(port(), request);
  ASSERT_TRUE(a.established());
  for (uint16_t i = 1; i <= 3; ++i) {
    const std::string instance = "1.2." + std::to_string(i);
    a.send_store_rq(3, kCt, instance, i);
    a.send_message(3, false, "dataset");
  }
  a.send_message(1, true,
                 command_set({{0x0002, ui(kVerification)},
                              {0x0100, le16(0x0030)},
                              {0x0110, le16(4)},
                              {0x0800, le16(0x0101)}}));
  const uint16_t wanted[] = {0x0000, 0x0124, 0x0000, 0x0000};
  for (uint16_t i = 1; i <= 4; ++i) {
    const auto response = a.read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->message_id, i);
    EXPECT_EQ(response->status, wanted[i - 1]);
  }
}

TEST_F(StoreNet, D5_OddAndUnlimitedPduLengthsOfThePeer) {
  start();
  for (const std::optional<uint32_t> most :
       {std::optional<uint32_t>(0), std::optional<uint32_t>(), std::optional<uint32_t>(7),
        std::optional<uint32_t>(4097), std::optional<uint32_t>(0xFFFFFFFF)}) {
    RawRequest request = ct_request();
    request.pdu_bytes_max = most;
    RawAssociation a(port(), request);
    ASSERT_TRUE(a.established());
    EXPECT_EQ(a.server_pdu_bytes_max, limits.pdu_bytes_max);
    const auto response = a.store(3, kCt, "1.2.3", "dataset");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 0x0000);
    EXPECT_EQ(response->instance, ui("1.2.3"));
  }
  RawRequest request = ct_request();
  request.pdu_bytes_max = 6;  // no octet of a message fits
  RawAssociation a(port(), request);
  ASSERT_TRUE(a.refused);
  EXPECT_EQ(a.refused->type, 3);
}

TEST_F(StoreNet, D5_WithoutAMaximumAPduMayBeAsLongAsItLikes) {
  limits.pdu_bytes_max = 0;
  start();
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  EXPECT_EQ(a.server_pdu_bytes_max, 0u);
  const std::string dataset = ct_dataset("1.2.3", 8 << 20);
  const auto response = a.store(3, kCt, "1.2.3", dataset, dataset.size());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 0x0000);
  EXPECT_EQ(imaging.kept().at("1.2.3").dataset, dataset);
}

TEST_F(StoreNet, D5_APduLongerThanOfferedAborts) {
  limits.pdu_bytes_max = 4096;
  start();
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  a.send_store_rq(3, kCt, "1.2.3");
  a.socket.send(ul_pdu(4, be32(4095) + "\3\2" + std::string(4093, 'p')));
  const auto pdu = a.socket.read();
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->type, 7);
  EXPECT_TRUE(imaging.kept().empty());
}

TEST_F(StoreNet, D5_AllPresentationContextsAndUnknownItems) {
  start();
  RawRequest request;
  for (int i = 0; i < 128; ++i) {
    const std::string sop_class = i % 2 == 0 ? kCt : "1.2.840.10008.5.1.4.31";
    request.contexts.push_back({static_cast<uint8_t>(2 * i + 1), sop_class, {kExplicit}});
  }
  request.other_items = ul_item(0x7A, "unknown");
  request.user_items = ul_item(0x5E, "unknown");
  RawAssociation a(port(), request);
  ASSERT_TRUE(a.established());
  EXPECT_EQ(a.results.size(), 128u);
  EXPECT_EQ(a.accepted.size(), 64u);
  EXPECT_EQ(a.results.at(3), 3);  // abstract syntax not supported
  EXPECT_EQ(a.store(253, kCt, "1.2.3", "dataset")->status, 0x0000);

  request.contexts.push_back({1, kCt, {kExplicit}});
  RawAssociation more(port(), request);
  ASSERT_TRUE(more.refused);
  EXPECT_EQ(more.refused->type, 3);
  EXPECT_EQ(more.refused->body, std::string("\0\1\3\2", 4));  // permanent, local limit exceeded
}

TEST_F(StoreNet, D6_AnyTransferSyntaxAndPrivateClassesBitExact) {
  start();
  const char* syntaxes[] = {"1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.110",
                            "1.2.840.10008.1.2.4.999", "1.3.46.670589.33.1.4.1",
                            "1.2.840.10008.1.2.1.99"};
  RawRequest request;
  uint8_t id = 1;
  for (const char* ts : syntaxes) {
    request.contexts.push_back({id, kCt, {ts}});
    id += 2;
  }
  request.contexts.push_back({id, "1.3.12.2.1107.5.9.1", {"1.2.840.10008.1.2.4.201", kExplicit}});
  RawAssociation a(port(), request);
  ASSERT_TRUE(a.established());
  ASSERT_EQ(a.accepted.size(), 6u);
  for (const auto& [context, ts] : a.accepted) {
    const std::string instance = "1.2." + std::to_string(context);
    std::string dataset;
    for (int i = 0; i < 100'000; ++i) dataset += static_cast<char>(i * 31 + context);
    EXPECT_EQ(a.store(context, kCt, instance, dataset)->status, 0x0000);
    EXPECT_EQ(imaging.kept().at(instance).dataset, dataset);
    EXPECT_EQ(imaging.kept().at(instance).transfer_syntax, ts);
  }
  EXPECT_EQ(a.accepted.at(11), "1.2.840.10008.1.2.4.201");  // the first proposed
}

TEST_F(StoreNet, D6_PrivateClassesCanBeRefusedByPolicy) {
  options.private_sop_classes = false;
  start();
  RawRequest request;
  request.contexts = {{1, "1.3.12.2.1107.5.9.1", {kExplicit}}, {3, kCt, {kExplicit}}};
  RawAssociation a(port(), request);
  ASSERT_TRUE(a.established());
  EXPECT_EQ(a.results.at(1), 3);
  EXPECT_EQ(a.results.at(3), 0);
  // A message on the refused context is a violation.
  a.send_store_rq(1, "1.3.12.2.1107.5.9.1", "1.2.3");
  const auto pdu = a.socket.read();
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->type, 7);
}

TEST_F(StoreNet, D5_AbortOrCloseInsideAnObjectLeavesNothing) {
  start();
  for (const bool polite : {true, false}) {
    RawAssociation a(port(), ct_request());
    ASSERT_TRUE(a.established());
    ASSERT_EQ(a.store(3, kCt, "1.2.1", "whole")->status, 0x0000);
    a.send_store_rq(3, kCt, "1.2.2");
    a.socket.send(ul_pdu(4, be32(1002) + std::string("\3\0", 2) + std::string(1000, 'p')));
    ASSERT_TRUE(eventually([&] { return imaging.open_objects() == 1; }));
    if (polite) {
      a.abort();
    } else {
      a.socket.close();
    }
    EXPECT_TRUE(eventually([&] { return imaging.open_objects() == 0; }));
  }
  // Release instead of the rest is answered, and drops the object as well.
  RawAssociation a(port(), ct_request());
  a.send_store_rq(3, kCt, "1.2.2");
  a.socket.send(ul_pdu(4, be32(6) + std::string("\3\0", 2) + "part"));
  EXPECT_TRUE(a.release());
  EXPECT_TRUE(a.socket.closed_within(2000));
  EXPECT_EQ(imaging.kept().size(), 1u);
  EXPECT_EQ(imaging.open_objects(), 0u);
}

TEST_F(StoreNet, D1_ARefusedObjectIsDrainedAnsweredAndTheAssociationGoesOn) {
  imaging.on_write = [](ByteView so_far) -> std::optional<Refusal> {
    if (so_far.size() < 1000 || so_far[0] != 'b') return std::nullopt;
    Refusal out;
    out.error = make_error(Code::too_large, "nesting over 64");
    out.reason = 0xC001;
    return out;
  };
  start();
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  const auto refused = a.store(3, kCt, "1.2.1", std::string(3'000'000, 'b'));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 0xC001);
  EXPECT_EQ(refused->comment.substr(0, 15), "nesting over 64");
  EXPECT_EQ(a.store(3, kCt, "1.2.2", "good")->status, 0x0000);
  EXPECT_EQ(imaging.kept().size(), 1u);
}

TEST_F(StoreNet, D1_CommitFailuresAreOutOfResourcesWithoutOurPaths) {
  imaging.on_commit = [] {
    return std::optional(make_error(Code::exhausted, "/var/lib/secret: no space"));
  };
  start();
  RawAssociation a(port(), ct_request());
  const auto refused = a.store(3, kCt, "1.2.1", "dataset");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 0xA700);
  EXPECT_EQ(refused->comment.find("secret"), std::string::npos);
  EXPECT_FALSE(refused->comment.empty());
}

TEST_F(StoreNet, D1_WarningsAreCommentsUnlessAskedForAsStatus) {
  imaging.warnings = {{0xB007, "SOP class of the dataset differs"}};
  start();
  {
    RawAssociation a(port(), ct_request());
    const auto response = a.store(3, kCt, "1.2.1", "dataset");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 0x0000);
    EXPECT_EQ(response->comment.substr(0, 9), "SOP class");
  }
  server.reset();
  options.warn_status = true;
  start();
  RawAssociation a(port(), ct_request());
  EXPECT_EQ(a.store(3, kCt, "1.2.2", "dataset")->status, 0xB007);
}

TEST_F(StoreNet, RequestsThatAreNotServedAreToldSo) {
  start();
  RawAssociation a(port(), ct_request());
  ASSERT_TRUE(a.established());
  // N-CREATE with its dataset: the dataset is dropped, the association goes on.
  a.send_message(
      3, true,
      command_set(
          {{0x0003, ui(kCt)}, {0x0100, le16(0x0140)}, {0x0110, le16(9)}, {0x0800, le16(1)}}));
  a.send_message(3, false, "identifier");
  auto response = a.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 0x0211);
  EXPECT_EQ(response->command_field, 0x8140);
  // C-CANCEL is nothing to answer; C-STORE on a verification context is; so is one without dataset.
  a.send_message(3, true,
                 command_set({{0x0100, le16(0x0FFF)}, {0x0120, le16(9)}, {0x0800, le16(0x0101)}}));
  EXPECT_EQ(a.store(1, kCt, "1.2.3", "dataset")->status, 0x0122);
  a.send_message(3, true,
                 command_set({{0x0002, ui(kCt)},
                              {0x0100, le16(1)},
                              {0x0110, le16(2)},
                              {0x0800, le16(0x0101)},
                              {0x1000, ui("1.2.4")}}));
  EXPECT_EQ(a.read_response()->status, 0xC000);
  EXPECT_EQ(a.store(3, kCt, "1.2.5", "dataset")->status, 0x0000);
  EXPECT_EQ(imaging.kept().size(), 1u);
}

TEST_F(StoreNet, ViolationsOfTheMessageExchangeAbort) {
  start();
  const std::string echo = command_set({{0x0100, le16(0x0030)}, {0x0110, le16(1)}});
  const std::string response =
      command_set({{0x0100, le16(0x8030)}, {0x0120, le16(1)}, {0x0900, le16(0)}});
  const auto pdv = [](const std::string& head, const std::string& data) {
    return ul_pdu(4, be32(static_cast<uint32_t>(data.size() + 2)) + head + data);
  };
  const std::string store_rq =
      command_set({{0x0100, le16(1)}, {0x0110, le16(1)}, {0x0800, le16(1)}, {0x1000, ui("1.2.3")}});
  const std::vector<std::string> violations = {
      pdv("\3\2", "a dataset first"),
      pdv("\3\1", echo.substr(0, 10)) + pdv("\1\3", echo.substr(10)),  // context changes
      pdv("\3\3", store_rq) + pdv("\1\2", "dataset"),
      pdv("\3\3", store_rq) + pdv("\3\3", echo),
      pdv("\3\3", "not a command set"),
      pdv("\3\3", response),
      pdv("\5\3", echo),                                 // context never proposed
      ul_pdu(4, be32(1) + "\3"),                         // PDV too short
      ul_pdu(4, be32(500) + std::string("\3\3abcdef")),  // PDV longer than its PDU
      ul_pdu(4, ""),
      ul_pdu(1, "again"),
      ul_pdu(6, std::string(4, '\0')),
      ul_pdu(0x42, "what"),
      pdv("\3\1", std::string(20'000, 'c')),  // command_bytes_max
  };
  for (size_t i = 0; i < violations.size(); ++i) {
    RawAssociation a(port(), ct_request());
    ASSERT_TRUE(a.established());
    ASSERT_TRUE(a.socket.send(violations[i]));
    const auto pdu = a.socket.read();
    ASSERT_TRUE(pdu) << i;
    EXPECT_EQ(pdu->type, 7) << i;
    EXPECT_TRUE(a.socket.closed_within(2000)) << i;
  }
  EXPECT_TRUE(imaging.kept().empty());
}

}  // namespace
}  // namespace medarc::dicom::test
