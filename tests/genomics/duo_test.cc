// Terms of the Data Use Ontology, and whether a purpose fits.
#include "genomics/duo.h"

#include <gtest/gtest.h>

#include <set>

namespace medarc::genomics {
namespace {

std::vector<DuoTerm> terms(std::string_view text) {
  auto out = parse_duo_terms(text, 64);
  EXPECT_TRUE(out.has_value()) << text << ": " << out.error().text;
  return out.has_value() ? *out : std::vector<DuoTerm>();
}

// Why `purpose` does not fit data of `data`; "" when it does.
std::string why(std::string_view data, std::string_view purpose, std::string principal = "token:a",
                Timestamp time = {1'790'000'000'000'000}) {  // 2026-09-21
  return duo_refusal(terms(data), {terms(purpose), std::move(principal), time}).value_or("");
}

TEST(Duo, TermsHaveIdsAbbreviationsAndQualifiers) {
  EXPECT_EQ(terms("HMB")[0], (DuoTerm{"DUO:0000006", ""}));
  EXPECT_EQ(terms(" DUO:0000042 , HMB,,GRU"), terms("GRU,HMB"));
  EXPECT_EQ(terms("DS=MONDO:0005015")[0], (DuoTerm{"DUO:0000007", "MONDO:0005015"}));
  EXPECT_EQ(to_string(terms("DS=MONDO:0005015")[0]), "DUO:0000007=MONDO:0005015");
  EXPECT_EQ(described(terms("DS=MONDO:0005015")[0]),
            "DS (disease specific research) of MONDO:0005015");
  for (const char* wrong :
       {"", "XYZ", "DUO:0000099", "DS", "DS=diabetes", "DS=MONDO:5015", "HMB=x", "TS=2026", "TS",
        "TS=2026-13-01", "GS", "GS=a b", "DUO:0000001", "GRU-CC", "DUO:0000005", "hmb"}) {
    EXPECT_EQ(parse_duo_term(wrong).error().code, Code::invalid_argument) << wrong;
  }
  EXPECT_EQ(parse_duo_terms("GRU,HMB", 1).error().code, Code::too_large);
  const std::string longest = "GS=" + std::string(kDuoQualifierBytesMax, 'x');
  EXPECT_TRUE(parse_duo_term(longest).has_value());
  EXPECT_EQ(parse_duo_term(longest + "x").error().code, Code::invalid_argument);
  std::set<std::string_view> ids, short_names;
  for (const DuoCode& code : duo_codes()) {
    EXPECT_TRUE(ids.insert(code.id).second);
    EXPECT_TRUE(code.abbreviation.empty() || short_names.insert(code.abbreviation).second);
  }
}

TEST(Duo, APurposeFitsWhatIsPermitted) {
  struct Case {
    const char* data;
    const char* purpose;
    bool fits;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"", "", true},
           {"NRES", "", true},
           {"NRES", "CC", true},
           {"GRU", "", false},
           {"GRU", "IRB", false},  // a promise is no use
           {"GRU", "HMB", true},
           {"GRU", "POA", true},
           {"GRU", "CC", false},
           {"GRU,CC", "CC", true},
           {"HMB", "HMB", true},
           {"HMB", "DS=MONDO:0005015", true},
           {"HMB", "GRU", false},
           {"HMB", "POA", false},
           {"HMB", "HMB,POA", false},  // each use counts
           {"DS=MONDO:0005015", "DS=MONDO:0005015", true},
           {"DS=MONDO:0005015", "DS=MONDO:0004992", false},
           {"DS=MONDO:0005015,DS=MONDO:0004992", "DS=MONDO:0004992", true},
           {"DS=MONDO:0005015", "HMB", false},
           {"POA", "POA", true},
           {"POA", "HMB", false},
           {"CC", "CC", true},
           {"CC", "HMB", false},
       }) {
    EXPECT_EQ(why(c.data, c.purpose).empty(), c.fits)
        << c.data << " for " << c.purpose << ": " << why(c.data, c.purpose);
  }
  EXPECT_NE(why("DS=MONDO:0005015", "HMB").find("MONDO:0005015"), std::string::npos);
}

TEST(Duo, EachConditionHasToBeKept) {
  EXPECT_NE(why("HMB,IRB", "HMB").find("IRB (ethics approval required)"), std::string::npos);
  EXPECT_EQ(why("HMB,IRB", "HMB,IRB"), "");
  EXPECT_EQ(why("HMB,NPUNCU", "HMB,NPU,NCU"), "");
  EXPECT_NE(why("HMB,NPUNCU", "HMB,NPU"), "");
  EXPECT_EQ(why("HMB,NPU,NCU", "HMB,NPUNCU"), "");
  EXPECT_NE(why("HMB,GS=NO", "HMB,GS=SE"), "");
  EXPECT_EQ(why("HMB,GS=NO,GS=SE", "HMB,GS=SE"), "");  // one of them is enough
  EXPECT_EQ(why("HMB,TS=2026-09-21", "HMB"), "");      // the clock's, to the end of the day
  EXPECT_NE(why("HMB,TS=2026-09-20", "HMB"), "");
  EXPECT_EQ(why("HMB,US=token:a,US=token:b", "HMB"), "");  // who asks is known
  EXPECT_NE(why("HMB,US=token:b", "HMB,US=token:b"), "");  // and cannot be said
  EXPECT_NE(why("GRU,NPOA", "GRU"), "");
  EXPECT_EQ(why("GRU,NPOA", "GRU,NPOA"), "");
  EXPECT_EQ(why("GRU,NPOA", "HMB"), "");
  EXPECT_NE(why("GRU,NPOA", "POA,NPOA"), "");
  EXPECT_NE(duo_refusal({{"DUO:0000099", ""}}, {terms("GRU"), "a", {}}), std::nullopt);
}

}  // namespace
}  // namespace medarc::genomics
