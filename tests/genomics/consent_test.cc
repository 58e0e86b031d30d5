// What consent lets a principal read, and what of a file it withholds.
#include "genomics/consent.h"

#include "genomics/withheld.h"
#include "tests/genomics/store_fixture.h"

namespace medarc::genomics {
namespace {

using security::Role;

ConsentRules rules_of(const std::string& toml) {
  Config config = must(Config::parse(toml));
  ConsentRules out = must(ConsentRules::from(config));
  must(config.check());
  return out;
}

Asker asking(std::vector<std::string> purposes, Role role = Role::bioinformatician,
             std::string id = "token:a") {
  return {{std::move(id), {role}, "genomics", ""}, std::move(purposes)};
}

Consent consent_of(std::string_view terms, std::vector<ConsentRegion> regions = {}) {
  Consent out;
  out.terms = must(parse_duo_terms(terms, 64));
  out.regions = std::move(regions);
  out.version = 1;
  return out;
}

TEST(ConsentRulesTest, PurposesAreSaidOrConfigured) {
  const ConsentRules rules = rules_of(R"(
[[genomics.consent]]
role = "bioinformatician"
purpose = "HMB"
[[genomics.consent]]
principal = "token:ward"
exempt = true
)");
  const Consent hmb = consent_of("HMB"), gru = consent_of("GRU");
  EXPECT_TRUE(permit_of(rules, asking({}), hmb, {}).has_value());
  EXPECT_EQ(permit_of(rules, asking({}, Role::clinician), hmb, {}).error().code,
            Code::permission_denied);
  EXPECT_TRUE(permit_of(rules, asking({"HMB"}, Role::clinician), hmb, {}).has_value());
  EXPECT_EQ(permit_of(rules, asking({"POA"}), hmb, {}).error().code, Code::permission_denied);
  EXPECT_EQ(permit_of(rules, asking({"nonsense"}), hmb, {}).error().code, Code::invalid_argument);
  const Permit exempt = must(permit_of(rules, asking({}, Role::clinician, "token:ward"),
                                       consent_of("POA", {{"chr1", 1, 2, {}}}), {}));
  EXPECT_TRUE(exempt.whole());
  EXPECT_EQ(must(permit_of(rules, asking({"HMB,IRB"}), gru, {})).purpose,
            "for DUO:0000006,DUO:0000021");
  EXPECT_TRUE(permit_of(rules, asking({"nonsense"}), Consent(), {}).has_value());
}

TEST(ConsentRulesTest, WhatIsSaidMayBeHeldToWhatIsConfigured) {
  const ConsentRules rules = rules_of(R"(
[genomics]
consent_purposes_from_requests = false
[[genomics.consent]]
role = "bioinformatician"
purpose = "HMB, IRB"
)");
  const Consent gru = consent_of("GRU");
  EXPECT_TRUE(permit_of(rules, asking({"HMB"}), gru, {}).has_value());
  EXPECT_EQ(permit_of(rules, asking({"POA"}), gru, {}).error().code, Code::permission_denied);
}

TEST(ConsentRulesTest, WrongSettingsAreRefused) {
  for (const char* wrong :
       {"role = \"bioinformatician\"", "purpose = \"HMB\"", "role = \"king\"\npurpose = \"HMB\"",
        "role = \"clinician\"\nexempt = \"so\"",
        "role = \"clinician\"\npurpose = \"HMB\"\nfor = 1"}) {
    Config config = must(Config::parse(std::string("[[genomics.consent]]\n") + wrong));
    EXPECT_EQ(ConsentRules::from(config).error().code, Code::invalid_argument) << wrong;
  }
}

TEST(ConsentRulesTest, RegionsHaveTermsOfTheirOwn) {
  const Consent consent =
      consent_of("GRU", {{"chr1", 10, 20, {}}, {"chr2", 5, 9, must(parse_duo_terms("HMB", 9))}});
  const auto withheld = [&](std::vector<std::string> purposes) {
    return must(permit_of({}, asking(std::move(purposes)), consent, {})).withheld.size();
  };
  EXPECT_EQ(withheld({"HMB"}), 1u);
  EXPECT_EQ(withheld({"GRU"}), 2u);
}

TEST(ConsentRulesTest, WhatCanBeSet) {
  FileHeader header;
  header.ids["chr1"] = 0;
  header.references.push_back({"chr1", 1000});
  const auto check = [&](const Consent& consent, const FileHeader* of) {
    ConsentRules rules;
    rules.terms_max = 3;
    rules.regions_max = 2;
    const Status status = check_consent(consent, of, rules);
    return status.has_error() ? status.error().code : Code::internal;
  };
  const ConsentRegion good{"chr1", 0, 9, {}};
  EXPECT_EQ(check(consent_of("HMB,IRB", {good}), &header), Code::internal);
  EXPECT_EQ(check(consent_of(""), nullptr), Code::internal);
  EXPECT_EQ(check(consent_of("IRB"), &header), Code::invalid_argument);  // no permission
  EXPECT_EQ(check(consent_of("HMB", {good}), nullptr), Code::invalid_argument);
  EXPECT_EQ(check(consent_of("HMB", {{"chr9", 0, 9, {}}}), &header), Code::invalid_argument);
  EXPECT_EQ(check(consent_of("HMB", {{"chr1", 9, 9, {}}}), &header), Code::invalid_argument);
  EXPECT_EQ(check(consent_of("HMB,IRB,PUB,COL"), &header), Code::too_large);
  EXPECT_EQ(check(consent_of("HMB", {good, good, good}), &header), Code::too_large);
  Consent unknown;
  unknown.terms = {{"DUO:0000099", ""}};
  EXPECT_EQ(check(unknown, &header), Code::invalid_argument);
  // A sequence that the file does not have withholds nothing that is known: nothing is given.
  EXPECT_EQ(places_of({{"chr9", 0, 9, {}}}, header).error().code, Code::permission_denied);
  EXPECT_EQ(must(places_of({good, {"chr1", 5, 20, {}}}, header)),
            (std::vector<Region>{{0, 0, 20}}));
}

using ConsentStoreTest = StoreTest;

TEST_F(ConsentStoreTest, ASetIsLoadedForEachMaskAndStaysItsOwn) {
  const auto made = test::make_bam({.records = 500, .straddle = true});
  UploadStart start;
  start.id = "f";
  must(upload(made.bytes, start));
  const Consent consent = consent_of("", {{"chr1", 50'000, 60'000, {}}});
  EXPECT_EQ(store_->set_consent(asking({}), FileId("f"), consent, 0).error().code,
            Code::permission_denied);  // administrators only
  EXPECT_EQ(store_->set_consent(someone(), FileId("g"), consent, 0).error().code, Code::not_found);
  const FileRow row = must(store_->set_consent(someone(), FileId("f"), consent, 0));
  EXPECT_EQ(store_->set_consent(someone(), FileId("f"), {}, 0).error().code,
            Code::precondition_failed);
  const auto masked = must(store_->read_set(someone(), row));
  EXPECT_EQ(masked->withheld, (std::vector<Region>{{0, 50'000, 60'000}}));
  const FileRow planned = must(store_->planned_file(FileId("f"), row.consent.version));
  EXPECT_TRUE(must(store_->planned_set(planned))->withheld.empty());
  EXPECT_EQ(store_->planned_file(FileId("f"), row.consent.version + 1).error().code, Code::gone);
  // What the map knows of the reach of withheld reads covers each of them.
  const auto reach = must(withheld_reach(*masked));
  for (const auto& r : made.records) {
    if (r.tid != 0 || r.begin >= 60'000 || r.end <= 50'000) continue;
    const bool inside = std::any_of(reach.begin(), reach.end(), [&](const Region& one) {
      return one.tid == 0 && static_cast<int32_t>(one.begin) <= r.begin &&
             r.end <= static_cast<int32_t>(one.end);
    });
    EXPECT_TRUE(inside) << r.begin;
  }
  EXPECT_EQ(store_->content(someone(), row).error().code, Code::permission_denied);
}

TEST_F(ConsentStoreTest, AReferenceWithConsentIsFoundByWhoMayReadIt) {
  UploadStart start;
  start.id = "fasta";
  must(upload(">one\nACGT\n", start));
  must(store_->set_consent(someone(), FileId("fasta"), consent_of("HMB"), 0));
  const std::string id = "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2";
  EXPECT_EQ(store_->references().find(asking({}), id).error().code, Code::permission_denied);
  EXPECT_TRUE(store_->references().find(asking({"HMB"}), id).has_value());
}

}  // namespace
}  // namespace medarc::genomics
