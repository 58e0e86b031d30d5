// The PDU codec: round trips of random values, every truncation, random damage.
#include <gtest/gtest.h>

#include <random>

#include "dicom/ul/pdu.h"
#include "tests/dicom/net/net_fixture.h"

namespace medarc::dicom::ul {
namespace {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t below(uint32_t n) { return engine_() % n; }
  uint8_t byte() { return static_cast<uint8_t>(engine_()); }
  Bytes bytes(size_t most) {
    Bytes out(below(static_cast<uint32_t>(most) + 1), '\0');
    for (char& c : out) c = static_cast<char>(byte());
    return out;
  }
  std::string uid() {
    std::string out = "1";
    for (uint32_t i = below(12); i > 0; --i) out += "." + std::to_string(1 + below(9999));
    return out;
  }
  std::string title() {
    std::string out(16, ' ');
    for (uint32_t i = below(17); i > 0; --i) out[i - 1] = static_cast<char>('A' + below(26));
    return out;
  }

 private:
  std::mt19937 engine_;
};

UserInformation random_user(Random& r, bool request) {
  UserInformation out;
  if (r.below(4) > 0) out.pdu_bytes_max = r.below(3) == 0 ? 0 : r.below(1u << 30);
  if (r.below(4) > 0) out.implementation_class = r.uid();
  if (r.below(4) > 0) out.implementation_version = "V" + std::to_string(r.below(999));
  if (r.below(2) > 0) {
    out.window =
        AsyncWindow{static_cast<uint16_t>(r.below(65536)), static_cast<uint16_t>(r.byte())};
  }
  for (uint32_t i = r.below(4); i > 0; --i) out.roles.push_back({r.uid(), r.byte(), r.byte()});
  for (uint32_t i = r.below(4); i > 0; --i) out.extended.push_back({r.uid(), r.bytes(20)});
  for (uint32_t i = r.below(3); i > 0; --i) {
    CommonExtendedNegotiation common{r.uid(), r.uid(), {}};
    for (uint32_t k = r.below(4); k > 0; --k) common.related_general_classes.push_back(r.uid());
    out.common_extended.push_back(common);
  }
  if (request && r.below(2) > 0) {
    out.identity = UserIdentity{static_cast<uint8_t>(1 + r.below(5)), r.below(2) > 0, r.bytes(300),
                                r.bytes(30)};
  }
  if (!request && r.below(2) > 0) out.identity_response = r.bytes(100);
  return out;
}

AssociateRq random_rq(Random& r) {
  AssociateRq out;
  out.fixed = {static_cast<uint16_t>(r.below(65536)), r.title(), r.title(), Bytes(32, 'x')};
  out.application_context = r.uid();
  for (uint32_t i = r.below(129); i > 0; --i) {
    ProposedContext context{r.byte(), r.uid(), {}};
    for (uint32_t k = r.below(5); k > 0; --k) context.transfer_syntaxes.push_back(r.uid());
    out.contexts.push_back(context);
  }
  out.user = random_user(r, true);
  return out;
}

AssociateAc random_ac(Random& r) {
  AssociateAc out;
  out.fixed = {1, r.title(), r.title(), Bytes(32, '\0')};
  for (uint32_t i = r.below(129); i > 0; --i) {
    out.contexts.push_back({r.byte(), static_cast<ContextResult>(r.below(5)), r.uid()});
  }
  out.user = random_user(r, false);
  return out;
}

ByteView body(const Bytes& pdu) { return ByteView(pdu).substr(kPduHeaderBytes); }

// Everything that is parsed from a peer, on any bytes. Sanitizers watch; the sum keeps results
// used.
size_t parse_everything(ByteView bytes) {
  size_t sum = 0;
  if (auto rq = parse_associate_rq(bytes, 128)) sum += rq->contexts.size();
  if (auto ac = parse_associate_ac(bytes)) sum += ac->contexts.size();
  if (auto rj = parse_associate_rj(bytes)) sum += rj->reason;
  if (auto abort = parse_abort(bytes)) sum += abort->reason;
  if (auto pdvs = parse_p_data(bytes)) {
    for (const Pdv& pdv : *pdvs) sum += pdv.fragment.size();
  }
  return sum;
}

TEST(Pdu, RoundTripOfRandomAssociateRequestsAndAccepts) {
  Random r(1);
  for (int i = 0; i < 500; ++i) {
    const AssociateRq rq = random_rq(r);
    const Bytes encoded = encode(rq);
    const PduHeader header = parse_pdu_header(encoded.data());
    ASSERT_EQ(header.type, 1);
    ASSERT_EQ(header.length, encoded.size() - kPduHeaderBytes);
    const auto back = parse_associate_rq(body(encoded), 128);
    ASSERT_TRUE(back.has_value()) << back.error().text;
    ASSERT_EQ(*back, rq);

    const AssociateAc ac = random_ac(r);
    const auto ac_back = parse_associate_ac(body(encode(ac)));
    ASSERT_TRUE(ac_back.has_value());
    ASSERT_EQ(*ac_back, ac);
  }
}

TEST(Pdu, RoundTripOfTheSmallOnes) {
  const AssociateRj rj{2, 3, 1};
  EXPECT_EQ(*parse_associate_rj(body(encode(rj))), rj);
  const Abort abort{2, 6};
  EXPECT_EQ(*parse_abort(body(encode(abort))), abort);
  EXPECT_EQ(encode_release_rq(), Bytes("\5\0\0\0\0\4\0\0\0\0", 10));
  EXPECT_EQ(encode_release_rp(), Bytes("\6\0\0\0\0\4\0\0\0\0", 10));
}

TEST(Pdu, D5_MessagesAreCutToThePeersMaximumWhateverItIs) {
  Random r(2);
  for (const uint32_t most : {0u, 7u, 8u, 9u, 31u, 4097u, 16384u, 131071u}) {
    for (const size_t size : {0u, 1u, 2u, 25u, 26u, 4091u, 200'000u}) {
      if (most != 0 && most < 31 && size > 5000) continue;
      const Bytes message = Bytes(size, 'm');
      Bytes pdus, joined;
      append_p_data(pdus, 9, true, message, most);
      ByteView rest = pdus;
      bool last = false;
      while (!rest.empty()) {
        const PduHeader header = parse_pdu_header(rest.data());
        ASSERT_EQ(header.type, 4);
        ASSERT_TRUE(most == 0 || header.length <= most) << header.length;
        const auto pdvs = parse_p_data(rest.substr(kPduHeaderBytes, header.length));
        ASSERT_TRUE(pdvs.has_value());
        for (const Pdv& pdv : *pdvs) {
          ASSERT_FALSE(last);
          ASSERT_EQ(pdv.context_id, 9);
          ASSERT_TRUE(pdv.command);
          joined.append(pdv.fragment);
          last = pdv.last;
        }
        rest.remove_prefix(kPduHeaderBytes + header.length);
      }
      ASSERT_TRUE(last);
      ASSERT_EQ(joined, message);
    }
  }
}

TEST(Pdu, EveryTruncationIsAnErrorOrAShorterValueNeverACrash) {
  Random r(3);
  for (int i = 0; i < 5; ++i) {
    const Bytes rq = encode(random_rq(r));
    for (size_t n = 0; n < rq.size() - kPduHeaderBytes; ++n) {
      const Bytes cut(body(rq).substr(0, n));  // a copy, so that sanitizers see an overrun
      parse_everything(cut);
    }
    EXPECT_TRUE(parse_associate_rq(body(rq).substr(0, 67), 128).has_error());
  }
}

TEST(Pdu, RandomDamageNeverCrashes) {
  Random r(4);
  for (int i = 0; i < 3000; ++i) {
    Bytes pdu = r.below(2) > 0 ? encode(random_rq(r)) : encode(random_ac(r));
    for (uint32_t k = 1 + r.below(8); k > 0; --k) {
      pdu[kPduHeaderBytes + r.below(static_cast<uint32_t>(pdu.size() - kPduHeaderBytes))] =
          static_cast<char>(r.below(3) == 0 ? 0xFF : r.byte());
    }
    parse_everything(body(pdu));
    parse_everything(r.bytes(200));
  }
}

TEST(Pdu, D5_UnknownItemsAreIgnoredAndContextsAreBounded) {
  using namespace medarc::test;
  RawRequest request;
  request.contexts = {{1, "1.2.3", {"1.2.840.10008.1.2"}}};
  request.user_items = ul_item(0x5F, "later edition") + ul_item(0x99, "");
  request.other_items = ul_item(0x77, std::string(300, 'z'));
  const std::string pdu = associate_rq(request);
  const auto rq = parse_associate_rq(ByteView(pdu).substr(kPduHeaderBytes), 128);
  ASSERT_TRUE(rq.has_value());
  EXPECT_EQ(rq->contexts.size(), 1u);
  EXPECT_EQ(rq->user.pdu_bytes_max, 16384u);
  EXPECT_EQ(rq->user.implementation_version, "RAW_TEST");

  request.contexts.assign(3, {1, "1.2.3", {}});
  const std::string more = associate_rq(request);
  const auto refused = parse_associate_rq(ByteView(more).substr(kPduHeaderBytes), 2);
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, Code::too_large);
}

TEST(Pdu, D5_BlanksAroundAeTitlesDoNotCount) {
  EXPECT_EQ(trim_title("  MEDARC        "), "MEDARC");
  EXPECT_EQ(trim_title(ByteView("ME DARC\0\0\0\0\0\0\0\0\0", 16)), "ME DARC");
  EXPECT_EQ(trim_title("                "), "");
}

TEST(Pdu, PdvsThatLieAboutTheirLengthAreRefused) {
  using namespace medarc::test;
  EXPECT_TRUE(parse_p_data(be32(1) + "\1\2").has_error());
  EXPECT_TRUE(parse_p_data(be32(0xFFFFFFFF) + "\1\2abc").has_error());
  EXPECT_TRUE(parse_p_data(be32(5) + "\1\2ab").has_error());
  EXPECT_TRUE(parse_p_data(be32(4) + "\1\2ab").has_value());
  EXPECT_TRUE(parse_p_data(Bytes(2, '\0')).has_error());
}

}  // namespace
}  // namespace medarc::dicom::ul
