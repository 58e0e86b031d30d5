// Matching after PS3.4 C.2.2.2; the ids are those of the conformance list.
#include "index/match.h"

#include <gtest/gtest.h>

namespace medarc::index::test {
namespace {

constexpr Tag kText{0x00081030};

bool matches(std::string_view vr, const std::vector<std::string>& stored, Term term) {
  StudyRow row;
  row.uid.value = "1.2";
  if (!stored.empty()) row.attributes.set(term.field, vr, stored);
  Subject s{Kind::study};
  s.study = &row;
  FieldValues scratch;
  return CompiledTerm(std::move(term)).matches(s, scratch);
}
bool equal(std::string_view vr, const std::string& stored, const std::string& want) {
  return matches(vr, {stored}, {kText, TermOp::equal, {want}});
}
bool wildcard(std::string_view vr, const std::string& stored, const std::string& want) {
  return matches(vr, {stored}, {kText, TermOp::wildcard, {want}});
}
bool range(std::string_view vr, const std::string& stored, const std::string& low,
           const std::string& high) {
  return matches(vr, {stored}, {kText, TermOp::range, {low, high}});
}

TEST(Match, M1_SingleValueIsCaseSensitiveExceptNames) {
  EXPECT_TRUE(equal("LO", "Head", "Head"));
  EXPECT_FALSE(equal("LO", "Head", "HEAD"));
  EXPECT_TRUE(equal("LO", "Head", "Head "));
  EXPECT_TRUE(equal("PN", "Doe^Jane", "DOE^JANE"));
  EXPECT_FALSE(equal("PN", "Müller^Jane", "Muller^Jane"));
  EXPECT_TRUE(equal("PN", "MÜLLER^Jane", "müller^jane"));
  EXPECT_TRUE(equal("IS", "007", "7"));
  EXPECT_TRUE(equal("DS", "1.50", "+1.5"));
  EXPECT_FALSE(equal("IS", "7", "8"));
}

TEST(Match, M1_CaseFoldingOfScriptsWithCase) {
  const std::pair<const char*, const char*> pairs[] = {
      {"ÀÉÎÕÜÝÞ", "àéîõüýþ"}, {"ĀĐŁŃŒŠŽŸ", "āđłńœšžÿ"}, {"ΆΈΉΊΌΎΏΑΩΫ", "άέήίόύώαωϋ"},
      {"ЀЏАЯЁҐӀ", "ѐџаяёґӏ"}, {"ẞẠỸ", "ßạỹ"},           {"Σίσυφος", "ΣΊΣΥΦΟΣ"}};
  for (const auto& [upper, lower] : pairs) EXPECT_EQ(fold_case(upper), fold_case(lower)) << upper;
  EXPECT_EQ(fold_case("×÷ 李 ひ"), "×÷ 李 ひ");
  EXPECT_EQ(fold_case("\xFF\xC3"), "\xFF\xC3");  // no UTF-8: as it is
  EXPECT_NE(fold_case("ı"), fold_case("I"));
}

TEST(Match, M2_WildcardsOnlyWhereTheVrAllows) {
  for (const char* vr : {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"}) {
    EXPECT_TRUE(wildcard(vr, "abc", "a*")) << vr;
    EXPECT_TRUE(wildcard(vr, "abc", "abc*")) << vr;  // nothing counts
    EXPECT_TRUE(wildcard(vr, "abc", "a?c")) << vr;
    EXPECT_FALSE(wildcard(vr, "abc", "abc?")) << vr;  // exactly one
    EXPECT_FALSE(wildcard(vr, "abc", "b*")) << vr;
    EXPECT_TRUE(wildcard(vr, "abc", "*b*")) << vr;
  }
  EXPECT_TRUE(wildcard("LO", "山田", "?田"));  // a character, not a byte
  EXPECT_TRUE(wildcard("LO", "aab", "*ab"));
  EXPECT_FALSE(wildcard("LO", "Head", "he*"));
  EXPECT_TRUE(wildcard("PN", "Doe^Jane", "DOE*"));
}

TEST(Match, M3_WildcardCharactersAreLiteralElsewhere) {
  for (const char* vr : {"DA", "TM", "DT", "IS", "DS", "UI"}) {
    EXPECT_FALSE(wildcard(vr, "1.2", "1*")) << vr;
    EXPECT_FALSE(wildcard(vr, "1", "?")) << vr;
  }
  EXPECT_TRUE(wildcard("UI", "1*", "1*"));
}

TEST(Match, M4_RangesOfDatesTimesAndBoth) {
  EXPECT_TRUE(range("DA", "20250115", "20250101", "20250131"));
  EXPECT_TRUE(range("DA", "20250101", "20250101", ""));
  EXPECT_TRUE(range("DA", "20250131", "", "20250131"));
  EXPECT_FALSE(range("DA", "20250201", "", "20250131"));
  EXPECT_TRUE(range("DA", "2025.01.15", "20250115", "20250115"));  // the old form
  EXPECT_FALSE(range("DA", "20250115", "2025", ""));               // no date: matches nothing
  EXPECT_TRUE(range("TM", "101559.999", "10", "1015"));
  EXPECT_FALSE(range("TM", "1016", "10", "1015"));
  EXPECT_TRUE(range("TM", "10", "0959", "1000"));
  EXPECT_TRUE(range("TM", "10:15:30", "1015", "1015"));
  EXPECT_TRUE(range("DT", "20250115103000", "20250115", "20250115"));
  EXPECT_TRUE(range("DT", "202501", "2025", "2025"));
  EXPECT_TRUE(range("DT", "20250101003000+0100", "20241231233000+0000", "20241231233000+0000"));
  EXPECT_TRUE(range("DT", "20241231233000-0030", "20250101000000+0000", "20250101000000"));
  EXPECT_TRUE(range("DT", "20240229233000-0100", "20240301003000+0000", "20240301003000+0000"));
}

TEST(Match, M4_EqualTimesInOtherFormsAreEqual) {
  EXPECT_TRUE(equal("TM", "101500", "1015"));
  EXPECT_TRUE(equal("TM", "101500.000000", "101500"));
  EXPECT_FALSE(equal("TM", "101530", "1015"));
}

TEST(Match, M5_ListsOfUids) {
  EXPECT_TRUE(matches("UI", {"1.2.3"}, {kText, TermOp::equal, {"1.2", "1.2.3"}}));
  EXPECT_FALSE(matches("UI", {"1.2.30"}, {kText, TermOp::equal, {"1.2", "1.2.3"}}));
  EXPECT_TRUE(
      matches("UI", {"1.2.3"},
              {kText, TermOp::equal, {"1", "2", "3", "4", "5", "6", "7", "8", "9", "1.2.3"}}));
}

TEST(Match, M7_UniversalMatchesWhatIsAbsentToo) {
  EXPECT_TRUE(matches("LO", {}, {kText, TermOp::wildcard, {"*"}}));
  EXPECT_TRUE(matches("LO", {""}, {kText, TermOp::wildcard, {"*"}}));
  EXPECT_FALSE(matches("LO", {}, {kText, TermOp::wildcard, {"*a"}}));
  EXPECT_FALSE(matches("LO", {}, {kText, TermOp::wildcard, {"?"}}));
}

TEST(Match, M8_EmptyAndMultipleValues) {
  EXPECT_TRUE(matches("LO", {}, {kText, TermOp::empty, {}}));
  EXPECT_TRUE(matches("LO", {""}, {kText, TermOp::empty, {}}));
  EXPECT_FALSE(matches("LO", {"a"}, {kText, TermOp::empty, {}}));
  EXPECT_TRUE(matches("LO", {"a"}, {kText, TermOp::present, {}}));
  EXPECT_FALSE(matches("LO", {""}, {kText, TermOp::present, {}}));
  EXPECT_TRUE(matches("PN", {"^^"}, {kText, TermOp::empty, {}}));
  EXPECT_TRUE(matches("CS", {"A", "B", "C"}, {kText, TermOp::all_of, {"C", "A"}}));
  EXPECT_FALSE(matches("CS", {"A", "B"}, {kText, TermOp::all_of, {"C", "A"}}));
  EXPECT_FALSE(matches("CS", {"A", "B"}, {kText, TermOp::all_of, {"A*"}}));
}

TEST(Match, Q8_AnyOfSeveralValuesMatches) {
  EXPECT_TRUE(matches("CS", {"CT", "PT"}, {kText, TermOp::equal, {"PT"}}));
  EXPECT_TRUE(matches("CS", {"CT", "PT"}, {kText, TermOp::wildcard, {"P?"}}));
}

TEST(Match, M10_NamesAcrossGroupsAndPadding) {
  const std::string name = "Yamada^Tarou=山田^太郎=やまだ^たろう";
  EXPECT_TRUE(equal("PN", name, "yamada^tarou"));
  EXPECT_TRUE(equal("PN", name, "山田^太郎"));
  EXPECT_TRUE(equal("PN", name, "やまだ^たろう"));
  EXPECT_TRUE(wildcard("PN", name, "山田*"));
  EXPECT_TRUE(equal("PN", name, name));
  EXPECT_TRUE(equal("PN", name, "=山田^太郎"));
  EXPECT_FALSE(equal("PN", name, "山田^太郎=Yamada^Tarou"));  // each group in its place
  EXPECT_FALSE(equal("PN", name, "Yamada^Tarou=別人"));
  EXPECT_TRUE(equal("PN", "Doe^Jane^^^", "Doe^Jane"));
  EXPECT_TRUE(equal("PN", "Doe^Jane", "Doe^Jane^^ "));
  EXPECT_TRUE(equal("PN", "Doe ^ Jane ", "Doe^Jane"));
  EXPECT_FALSE(equal("PN", "Doe^Jane", "Doe"));
}

TEST(Match, WildcardsTakeLinearTimeOnHostilePatterns) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "a*";
  EXPECT_FALSE(wildcard_match(pattern + "b", std::string(2000, 'a')));
  EXPECT_TRUE(wildcard_match(pattern, std::string(2000, 'a')));
}

TEST(Match, ReceivedTimeIsAField) {
  StudyRow row;
  row.received = {1'700'000'000'000'000};
  Subject s{Kind::study};
  s.study = &row;
  FieldValues scratch;
  auto in = [&](const std::string& low, const std::string& high) {
    return CompiledTerm({kFieldReceived, TermOp::range, {low, high}}).matches(s, scratch);
  };
  EXPECT_TRUE(in(received_text({1'700'000'000'000'000}), ""));
  EXPECT_FALSE(in(received_text({1'700'000'000'000'001}), ""));
  EXPECT_TRUE(in("", received_text({1'700'000'000'000'000})));
}

}  // namespace
}  // namespace medarc::index::test
