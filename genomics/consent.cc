#include "genomics/consent.h"

#include <algorithm>

#include "security/guard.h"
#include "security/policy.h"

namespace medarc::genomics {
namespace {

constexpr const char* kConsentMeaning =
    "What for somebody reads genomes whose consent is on record: role or principal, purpose (data "
    "use terms between commas), exempt = true (consent is not asked).";

std::string text_of(const Config::Table& table, const char* key) {
  const auto found = table.find(key);
  return found == table.end() ? std::string() : found->second;
}

Error wrong(std::string text) {
  return make_error(Code::invalid_argument, "[[genomics.consent]]: " + std::move(text));
}

Result<ConsentRules::Asker> asker_of(const Config::Table& table, uint32_t terms_max) {
  for (const auto& [key, value] : table) {
    if (key != "role" && key != "principal" && key != "purpose" && key != "exempt") {
      return wrong("there is no setting " + key);
    }
  }
  ConsentRules::Asker out;
  const std::string role = text_of(table, "role"), exempt = text_of(table, "exempt");
  out.principal = text_of(table, "principal");
  if (role.empty() == out.principal.empty()) return wrong("it names a role or a principal");
  if (!role.empty()) {
    out.role = security::role_of(role);
    if (!out.role) return wrong("there is no role " + role);
  }
  if (!exempt.empty() && exempt != "true" && exempt != "false") {
    return wrong("exempt is true or false");
  }
  out.exempt = exempt == "true";
  MEDARC_ASSIGN(out.purposes, parse_duo_terms(text_of(table, "purpose"), terms_max));
  if (!out.exempt && out.purposes.empty()) return wrong("it has a purpose, or exempt = true");
  return out;
}

bool is_of(const ConsentRules::Asker& asker, const Asker& who) {
  return asker.role ? who.roles.contains(*asker.role) : asker.principal == who.id;
}

void add(std::vector<DuoTerm>& terms, const std::vector<DuoTerm>& more) {
  for (const DuoTerm& term : more) {
    if (std::find(terms.begin(), terms.end(), term) == terms.end()) terms.push_back(term);
  }
}

Error refused(std::string text) {
  return make_error(Code::permission_denied,
                    "consent: " + std::move(text) +
                        "; a request says what for with purpose=TERMS or Medarc-Purpose");
}

// What for `who` asks: what the request says, else what is configured.
Result<std::vector<DuoTerm>> purpose_of(const ConsentRules& rules, const Asker& who) {
  std::vector<DuoTerm> said, configured;
  for (const std::string& text : who.purposes) {
    MEDARC_ASSIGN(const auto terms, parse_duo_terms(text, rules.terms_max));
    add(said, terms);
    if (said.size() > rules.terms_max) {
      return make_error(Code::too_large, "more data use terms than genomics.consent_terms_max");
    }
  }
  for (const ConsentRules::Asker& asker : rules.askers) {
    if (is_of(asker, who)) add(configured, asker.purposes);
  }
  if (said.empty()) return configured;
  if (rules.purposes_from_requests) return said;
  for (const DuoTerm& term : said) {
    if (std::find(configured.begin(), configured.end(), term) == configured.end()) {
      return refused(to_string(term) + " is no purpose of this principal");
    }
  }
  return said;
}

Status check_terms(const std::vector<DuoTerm>& terms, const ConsentRules& rules) {
  if (terms.size() > rules.terms_max) {
    return make_error(Code::too_large, "more data use terms than genomics.consent_terms_max");
  }
  bool permits = terms.empty();
  for (const DuoTerm& term : terms) {
    MEDARC_ASSIGN(const DuoTerm read, parse_duo_term(to_string(term)));
    if (read != term)
      return make_error(Code::invalid_argument, "a data use term is given by its id");
    permits = permits || find_duo(term.id)->kind == DuoCode::Kind::permission ||
              find_duo(term.id)->abbreviation == "CC";
  }
  if (permits) return {};
  return make_error(
      Code::invalid_argument,
      "consent: conditions need a permission beside them: NRES, GRU, HMB, DS, POA, CC");
}

}  // namespace

Result<ConsentRules> ConsentRules::from(Config& config) {
  ConsentRules out;
  out.terms_max = static_cast<uint32_t>(
      config.size("genomics.consent_terms_max", out.terms_max,
                  "Data use terms of a file, of a region of it, or of a purpose.", 1, 1000));
  out.regions_max = static_cast<uint32_t>(config.size(
      "genomics.consent_regions_max", out.regions_max,
      "Regions of one file that have terms of their own, or are withheld from all.", 1, 5000));
  out.purposes_from_requests =
      config.flag("genomics.consent_purposes_from_requests", out.purposes_from_requests,
                  "Believe a request that says what for it reads; if not, it may only say what "
                  "[[genomics.consent]] has for who asks.");
  out.name_regions =
      config.flag("genomics.consent_names_regions", out.name_regions,
                  "Answers say which regions consent withholds; if not, only how many.");
  for (const Config::Table& table : config.tables("genomics.consent", kConsentMeaning)) {
    MEDARC_ASSIGN(out.askers.emplace_back(), asker_of(table, out.terms_max));
  }
  return out;
}

Result<Permit> permit_of(const ConsentRules& rules, const Asker& who, const Consent& consent,
                         Timestamp at) {
  Permit out;
  if (consent.terms.empty() && consent.regions.empty()) return out;
  for (const ConsentRules::Asker& asker : rules.askers) {
    if (!asker.exempt || !is_of(asker, who)) continue;
    out.purpose = "exempt from consent";
    return out;
  }
  DuoPurpose purpose{{}, who.id, at};
  MEDARC_ASSIGN(purpose.terms, purpose_of(rules, who));
  if (auto why = duo_refusal(consent.terms, purpose)) return refused(std::move(*why));
  for (const ConsentRegion& region : consent.regions) {
    // A region without terms is given to nobody.
    if (region.terms.empty() || duo_refusal(region.terms, purpose)) out.withheld.push_back(region);
  }
  for (const DuoTerm& term : purpose.terms) {
    out.purpose += (out.purpose.empty() ? "for " : ",") + to_string(term);
  }
  if (out.purpose.empty()) out.purpose = "for no purpose";
  return out;
}

Result<Permit> permit_audited(security::Guard& guard, const ConsentRules& rules, const Asker& who,
                              const index::FileRow& row) {
  auto out = permit_of(rules, who, row.consent, now());
  if (out.has_error() && out.error().code == Code::permission_denied) {
    guard.refused(who, {security::Domain::genomes, "file/" + row.id.value, out.error().text});
  }
  return out;
}

Status check_consent(const Consent& consent, const FileHeader* header, const ConsentRules& rules) {
  MEDARC_TRY(check_terms(consent.terms, rules));
  if (consent.regions.empty()) return {};
  if (consent.regions.size() > rules.regions_max) {
    return make_error(Code::too_large, "more regions than genomics.consent_regions_max");
  }
  if (header == nullptr) {
    return make_error(Code::invalid_argument,
                      "consent: records of this file have no places that could be withheld; terms "
                      "of the whole file can be given");
  }
  for (const ConsentRegion& region : consent.regions) {
    MEDARC_TRY(check_terms(region.terms, rules));
    if (!header->find(region.reference)) {
      return make_error(Code::invalid_argument, "consent: the file has no such sequence");
    }
    if (region.begin >= region.end || region.end > kToTheEnd) {
      return make_error(Code::invalid_argument, "consent: a region ends before it begins");
    }
  }
  return {};
}

Result<std::vector<Region>> places_of(const std::vector<ConsentRegion>& regions,
                                      const FileHeader& header) {
  std::vector<Region> out;
  for (const ConsentRegion& region : regions) {
    const auto tid = header.find(region.reference);
    if (!tid) {
      return make_error(Code::permission_denied,
                        "consent: a withheld region is of a sequence that the file does not have");
    }
    out.push_back({*tid, region.begin, region.end});
  }
  return merge_regions(std::move(out));
}

}  // namespace medarc::genomics
