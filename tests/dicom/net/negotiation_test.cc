// What an association request is answered, without a socket.
#include <gtest/gtest.h>

#include "dicom/implementation.h"
#include "dicom/ul/negotiation.h"

namespace medarc::dicom::ul {
namespace {

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
constexpr const char* kMr = "1.2.840.10008.5.1.4.1.1.4";
constexpr const char* kWorklist = "1.2.840.10008.5.1.4.31";
constexpr const char* kImplicit = "1.2.840.10008.1.2";
constexpr const char* kHtj2k = "1.2.840.10008.1.2.4.201";

AssociateRq request() {
  AssociateRq out;
  out.fixed.called = "MEDARC          ";
  out.fixed.calling = "CT1             ";
  out.fixed.reserved = Bytes(32, 'r');
  out.contexts = {{1, kCt, {kHtj2k, kImplicit}},
                  {3, kWorklist, {kImplicit}},
                  {5, kMr, {}},
                  {7, kMr, {"", "a b", kImplicit}}};
  return out;
}

Policy policy() {
  Policy out;
  out.aet = "MEDARC";
  return out;
}

TEST(Negotiation, EachContextIsAnsweredInOrderWithTheFirstUsableSyntax) {
  const auto agreement = agree(request(), policy());
  ASSERT_TRUE(agreement.has_value());
  const auto& answered = agreement->answer.contexts;
  ASSERT_EQ(answered.size(), 4u);
  EXPECT_EQ(answered[0].result, ContextResult::accepted);
  EXPECT_EQ(answered[0].transfer_syntax, kHtj2k);
  EXPECT_EQ(answered[1].result, ContextResult::abstract_syntax_unsupported);
  EXPECT_EQ(answered[2].result, ContextResult::transfer_syntaxes_unsupported);
  EXPECT_EQ(answered[3].transfer_syntax, kImplicit);
  EXPECT_EQ(agreement->contexts.size(), 2u);
  EXPECT_EQ(agreement->contexts.at(7).abstract_syntax, kMr);
}

TEST(Negotiation, TheAnswerRepeatsWhatItMustAndNamesUs) {
  const AssociateRq rq = request();
  const auto agreement = agree(rq, policy());
  ASSERT_TRUE(agreement.has_value());
  EXPECT_EQ(agreement->answer.fixed, rq.fixed);
  EXPECT_EQ(agreement->answer.application_context, kApplicationContext);
  EXPECT_EQ(agreement->answer.user.implementation_class, kImplementationClassUid);
  EXPECT_LE(agreement->answer.user.implementation_version.size(), 16u);
  EXPECT_EQ(agreement->answer.user.pdu_bytes_max, policy().pdu_bytes_max);
  // What was not asked is not answered.
  EXPECT_FALSE(agreement->answer.user.window);
  EXPECT_FALSE(agreement->answer.user.identity_response);
  EXPECT_TRUE(agreement->answer.user.roles.empty());
  EXPECT_EQ(agreement->operations_max, 1);
  EXPECT_EQ(agreement->peer_pdu_bytes_max, 0u);
}

TEST(Negotiation, AsynchronousOperationsUpToOurLimit) {
  AssociateRq rq = request();
  for (const auto& [asked, given] : {std::pair{0, 16}, {1, 1}, {8, 8}, {16, 16}, {900, 16}}) {
    rq.user.window = AsyncWindow{static_cast<uint16_t>(asked), 5};
    const auto agreement = agree(rq, policy());
    ASSERT_TRUE(agreement.has_value());
    EXPECT_EQ(agreement->answer.user.window->invoked, given);
    EXPECT_EQ(agreement->answer.user.window->performed, 1);
    EXPECT_EQ(agreement->operations_max, given);
  }
}

TEST(Negotiation, D3_APeerMayProvideStorageButNothingElse) {
  AssociateRq rq = request();
  constexpr const char* kVerify = "1.2.840.10008.1.1";
  rq.contexts.push_back({9, kVerify, {kImplicit}});
  rq.user.roles = {{kCt, 1, 1}, {"1.2.3.not.proposed", 1, 1}, {kMr, 0, 1}, {kVerify, 1, 1}};
  const auto agreement = agree(rq, policy());
  ASSERT_TRUE(agreement.has_value());
  const std::vector<RoleSelection> wanted = {{kCt, 1, 1}, {kMr, 0, 1}, {kVerify, 1, 0}};
  EXPECT_EQ(agreement->answer.user.roles, wanted);
}

TEST(Negotiation, QueriesAreInEncodingsThatWeWriteAndSayWhatTheyCanDo) {
  constexpr const char* kFind = "1.2.840.10008.5.1.4.1.2.1.1";
  constexpr const char* kMove = "1.2.840.10008.5.1.4.1.2.1.2";
  AssociateRq rq = request();
  rq.contexts = {{1, kFind, {kHtj2k, kImplicit, "1.2.840.10008.1.2.1"}},
                 {3, kMove, {kImplicit}},
                 {5, kFind, {kHtj2k}}};
  rq.user.extended = {
      {kFind, Bytes(7, '\1')}, {kMove, std::string("\1\1", 2)}, {"1.2.3.not.proposed", "\1"}};
  const auto agreement = agree(rq, policy());
  ASSERT_TRUE(agreement.has_value());
  EXPECT_EQ(agreement->contexts.at(1).transfer_syntax, "1.2.840.10008.1.2.1");
  EXPECT_EQ(agreement->contexts.at(3).transfer_syntax, kImplicit);
  EXPECT_EQ(agreement->answer.contexts[2].result, ContextResult::transfer_syntaxes_unsupported);
  const std::vector<ExtendedNegotiation> wanted = {{kFind, std::string("\1\1\1\1\0\1\1", 7)},
                                                   {kMove, std::string("\1\0", 2)}};
  EXPECT_EQ(agreement->answer.user.extended, wanted);
  EXPECT_TRUE(agreed(*agreement, kFind, 0));
  EXPECT_TRUE(agreed(*agreement, kFind, 1));
  EXPECT_TRUE(agreed(*agreement, kFind, 3));
  EXPECT_FALSE(agreed(*agreement, kFind, 4));  // nothing is converted to multi-frame images
  EXPECT_FALSE(agreed(*agreement, kFind, 7));
}

TEST(Negotiation, AUserIdentityIsNotConfirmedUnverified) {
  AssociateRq rq = request();
  rq.user.identity = UserIdentity{2, true, "name", "secret"};
  EXPECT_FALSE(agree(rq, policy())->answer.user.identity_response);
}

TEST(Negotiation, D4_WhoBringsAReportMayBeTheProvider) {
  const std::string commitment = "1.2.840.10008.1.20.1";
  AssociateRq rq = request();
  rq.contexts.push_back({9, commitment, {kImplicit}});
  rq.user.roles = {{commitment, 0, 1}};
  Policy p = policy();
  p.commitment = true;
  EXPECT_EQ(agree(rq, p)->answer.user.roles, (std::vector<RoleSelection>{{commitment, 0, 1}}));
  p.commitment = false;
  EXPECT_EQ(agree(rq, p)->answer.user.roles, (std::vector<RoleSelection>{{commitment, 0, 0}}));
}

TEST(Negotiation, ADoorForReportsAcceptsNothingElse) {
  AssociateRq rq = request();
  rq.contexts.push_back({9, "1.2.840.10008.1.20.1", {kImplicit}});
  rq.contexts.push_back({11, "1.2.840.10008.1.1", {kImplicit}});
  Policy p = policy();
  p.commitment = p.reports_only = true;
  const auto agreement = agree(rq, p);
  ASSERT_TRUE(agreement.has_value());
  EXPECT_EQ(agreement->contexts.size(), 2u);
  EXPECT_TRUE(agreement->contexts.contains(9) && agreement->contexts.contains(11));
}

TEST(Negotiation, AContextIdUsedTwiceCannotBeAnswered) {
  AssociateRq rq = request();
  rq.contexts[1].id = 1;
  ASSERT_TRUE(agree(rq, policy()).has_error());
}

TEST(Negotiation, RefusalsThatLieInTheRequest) {
  EXPECT_FALSE(refusal(request(), policy()));
  AssociateRq rq = request();
  rq.fixed.called = "medarc          ";  // case counts
  EXPECT_EQ(refusal(rq, policy()), (AssociateRj{1, 1, 7}));
  rq = request();
  rq.fixed.protocol_version = 0;
  EXPECT_EQ(refusal(rq, policy()), (AssociateRj{1, 2, 2}));
  rq = request();
  rq.application_context = "";
  EXPECT_EQ(refusal(rq, policy()), (AssociateRj{1, 1, 2}));
  rq = request();
  rq.user.pdu_bytes_max = 6;
  EXPECT_TRUE(refusal(rq, policy()));
  rq.user.pdu_bytes_max = 7;
  EXPECT_FALSE(refusal(rq, policy()));
}

}  // namespace
}  // namespace medarc::dicom::ul
