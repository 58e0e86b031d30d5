// Rules for senders: which are refused when they are read, and whose objects they are for.
#include "dicom/senders/quirks.h"

#include <gtest/gtest.h>

#include "dicom/dictionary.h"

namespace medarc::dicom::senders {
namespace {

Result<Quirks> read(const std::string& toml) {
  EXPECT_TRUE(load_dictionary().has_value());
  auto config = Config::parse(toml);
  EXPECT_TRUE(config.has_value()) << (config.has_error() ? config.error().text : "");
  return Quirks::from(*config, "MEDARC");
}

std::string rule(const std::string& lines) { return "[[dicom.quirk]]\naet = \"CT1\"\n" + lines; }

security::Principal who(const std::string& id) {
  security::Principal out;
  out.id = id;
  return out;
}

TEST(Quirks, WrongRulesAreRefusedWithTheReason) {
  const std::pair<const char*, const char*> wrong[] = {
      {"charset = \"LATIN9\"\n", "unknown charset LATIN9"},
      {"charset = \"GBK\"\ncharset_confidence = 90\n", "charset_confidence goes with"},
      {"charset = \"detect\"\ncharset_confidence = 101\n", "from 50 to 100"},
      {"charset = \"detect\"\ncharset_confidence = \"9x\"\n", "from 50 to 100"},
      {"uid_repair = \"zeros\"\n", "not zeros"},
      {"accept = \"anything\"\n", "not anything"},
      {"accept = \"malformed_uid\"\nModality = \"CT\"\n", "without conditions"},
      {"set = \"InstitutionName\"\n", "set is written"},
      {"set = \"NoSuchThing=1\"\n", "unknown attribute NoSuchThing"},
      {"set = \"SOPInstanceUID=1.2\"\n", "SOPInstanceUID cannot be set"},
      {"set = \"PixelData=1\"\n", "PixelData cannot be set"},
      {"set = \"00091001=1\"\n", "00091001 cannot be set"},
      {"set = \"SpecificCharacterSet=GBK\"\n", "cannot be set"},
      {"copy = \"PatientID=Rows\"\n", "Rows cannot be copied"},
      {"copy = \"PatientID=Nothing\"\n", "unknown attribute Nothing"},
      {"remove = \"OtherPatientIDsSequence\"\n", "cannot be set, copied or removed"},
      {"charset = \"GBK\"\nNoSuchKey = \"1\"\n", "no setting or attribute NoSuchKey"},
      {"charset = \"GBK\"\nProcedureCodeSequence = \"1\"\n", "cannot be compared"},
      {"", "what it does"},
      {"Modality = \"CT\"\n", "what it does"}};
  for (const auto& [lines, reason] : wrong) {
    const auto quirks = read(rule(lines));
    ASSERT_TRUE(quirks.has_error()) << lines;
    EXPECT_EQ(quirks.error().code, Code::invalid_argument);
    EXPECT_NE(quirks.error().text.find(reason), std::string::npos) << quirks.error().text;
  }
  const auto nobody = read("[[dicom.quirk]]\ncharset = \"GBK\"\n");
  ASSERT_TRUE(nobody.has_error());
  EXPECT_NE(nobody.error().text.find("whose objects"), std::string::npos);
  const auto long_value = read(rule("set = \"InstitutionName=" + std::string(1025, 'x') + "\"\n"));
  ASSERT_TRUE(long_value.has_error());
  EXPECT_NE(long_value.error().text.find("1024 bytes"), std::string::npos);
}

TEST(Quirks, ThereIsALimitOfRules) {
  std::string all;
  for (size_t i = 0; i < Quirks::kRulesMax; ++i) all += rule("charset = \"GBK\"\n");
  EXPECT_TRUE(read(all).has_value());
  EXPECT_TRUE(read(all + rule("charset = \"GBK\"\n")).has_error());
}

TEST(Quirks, RulesAreForWhomTheyName) {
  const auto quirks = read(
      "[[dicom.quirk]]\naet = \"OLDCT*, MR7\"\ncharset = \"GB18030\"\n"
      "[[dicom.quirk]]\nprincipal = \"token:gateway\"\nuid_repair = \"padding\"\n"
      "[[dicom.quirk]]\naet = \"MR7\"\nprincipal = \"local\"\nset = \"InstitutionName=St. "
      "Example\"\n");
  ASSERT_TRUE(quirks.has_value()) << quirks.error().text;
  EXPECT_EQ(quirks->rules_of(who("ae:OLDCT3")).size(), 1u);
  EXPECT_EQ(quirks->rules_of(who("ae:MR7")).size(), 2u);
  EXPECT_EQ(quirks->rules_of(who("ae:MR8")).size(), 0u);
  EXPECT_EQ(quirks->rules_of(who("token:gateway")).size(), 1u);
  EXPECT_EQ(quirks->rules_of(who("local")).size(), 1u);
  // An AE title is no principal of another door.
  EXPECT_EQ(quirks->rules_of(who("OLDCT3")).size(), 0u);
  EXPECT_EQ(sender_name(who("ae:MR7")), "MR7");
  EXPECT_EQ(sender_name(who("token:gateway")), "token:gateway");
}

TEST(Quirks, D4_AUidIsFoundAgainAsItWasFiled) {
  const auto quirks = read(
      "[[dicom.quirk]]\naet = \"CT1\"\nuid_repair = \"leading_zeros\"\n"
      "[[dicom.quirk]]\naet = \"CT1\"\nuid_repair = \"derive\"\nModality = \"MR\"\n");
  ASSERT_TRUE(quirks.has_value()) << quirks.error().text;
  EXPECT_EQ(quirks->filed_uid("ae:CT1", "1.02.3"), "1.2.3");
  EXPECT_EQ(quirks->filed_uid("ae:CT1", "1.x"), "1.x");  // whether it is MR is not known here
  EXPECT_EQ(quirks->filed_uid("ae:CT2", "1.02.3"), "1.02.3");
}

}  // namespace
}  // namespace medarc::dicom::senders
