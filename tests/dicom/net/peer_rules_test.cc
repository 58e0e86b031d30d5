// What is agreed on with a peer beside its roles ([[dicom.peer]]): transfer syntaxes, associations,
// sub-operations; read anew for each association.
#include "tests/dicom/net/query_fixture.h"

namespace medarc::dicom::test {
namespace {

constexpr const char* kJpeg = "1.2.840.10008.1.2.4.70";

class PeerRules : public QueryNet {
 protected:
  void agree_with(const std::string& aet, const std::string& more) {
    auto peer = security::parse_peer(Config::parse("[[dicom.peer]]\naet = \"" + aet + "\"\n" + more)
                                         ->tables("dicom.peer", "")[0]);
    ASSERT_TRUE(peer.has_value()) << peer.error().text;
    peers->put(std::move(*peer));
    options.peers = peers;
  }
  RawAssociation call(const std::string& aet, const RawContext& context) {
    RawRequest request;
    request.calling = aet;
    request.contexts = {context};
    return RawAssociation(port(), request);
  }

  std::shared_ptr<security::KnownPeers> peers = std::make_shared<security::KnownPeers>();
};

TEST_F(PeerRules, ThePreferredTransferSyntaxOfThoseProposedIsTaken) {
  agree_with("CT1",
             std::string("transfer_syntaxes = \"1.2.3, ") + kExplicit + "," + kImplicit + "\"\n");
  listen();
  EXPECT_EQ(call("CT1", {1, kCt, {kJpeg, kImplicit, kExplicit}}).accepted[1], kExplicit);
  EXPECT_EQ(call("CT1", {1, kCt, {kJpeg, kImplicit}}).accepted[1], kImplicit);
  EXPECT_EQ(call("CT1", {1, kCt, {kJpeg}}).accepted[1], kJpeg);
  EXPECT_EQ(call("CT2", {1, kCt, {kJpeg, kExplicit}}).accepted[1], kJpeg);
  // It is agreed on otherwise from the next association on.
  agree_with("CT1", "");
  EXPECT_EQ(call("CT1", {1, kCt, {kJpeg, kExplicit}}).accepted[1], kJpeg);
}

TEST_F(PeerRules, APeerHasItsOwnLimitOfAssociations) {
  agree_with("CT1", "associations_max = 1\n");
  listen();
  const RawContext context{1, kVerification, {kImplicit}};
  {
    RawAssociation first = call("CT1", context);
    ASSERT_TRUE(first.established());
    const RawAssociation second = call("CT1", context);
    ASSERT_TRUE(second.refused && second.refused->type == 3);
    EXPECT_EQ(second.refused->body.substr(1), std::string("\2\3\2", 3));  // transient, local limit
    EXPECT_TRUE(call("CT2", context).established());
    EXPECT_TRUE(first.release());
  }
  EXPECT_TRUE(eventually([&] { return call("CT1", context).established(); }));
}

TEST_F(PeerRules, APeerHasItsOwnLimitOfSuboperations) {
  store_some();
  agree_with("WS1", "suboperations_max = 3\n");
  listen();
  const auto get = [&](const std::string& aet) {
    RawRequest request;
    request.calling = aet;
    request.contexts = {{1, kStudyGet, {kImplicit}}};
    RawAssociation association(port(), request);
    EXPECT_TRUE(association.send_message(1, true,
                                         command_set({{0x0002, ui(kStudyGet)},
                                                      {0x0100, le16(0x0010)},
                                                      {0x0110, le16(5)},
                                                      {0x0800, le16(0)}})));
    EXPECT_TRUE(association.send_message(
        1, false, key(0x00080052, "STUDY") + key(0x0020000D, "2.25.1", '\0')));
    uint16_t status = 0xFF00;
    while (status == 0xFF00) {
      const auto response = association.read_response();
      if (!response) return uint16_t{0xFFFF};
      status = response->status;
    }
    return status;
  };
  EXPECT_EQ(get("WS1"), 0xA701);
  EXPECT_NE(get("WS2"), 0xA701);
}

TEST(PeerRulesText, WrongOnesAreRefused) {
  for (const char* wrong : {"associations_max = 0", "associations_max = 65536",
                            "suboperations_max = \"many\"", "transfer_syntaxes = \"1.2.3,,\"",
                            "transfer_syntaxes = \"JPEG\"", "transfersyntaxes = \"1\""}) {
    Config config = *Config::parse(std::string("[[dicom.peer]]\naet = \"CT1\"\n") + wrong + "\n");
    const auto peers = security::parse_peers(config.tables("dicom.peer", ""));
    ASSERT_TRUE(peers.has_error()) << wrong;
    EXPECT_EQ(peers.error().code, Code::invalid_argument);
  }
}

}  // namespace
}  // namespace medarc::dicom::test
