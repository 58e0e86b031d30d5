#include "genomics/duo.h"

#include <algorithm>

namespace medarc::genomics {
namespace {

using Kind = DuoCode::Kind;
using Qualifier = DuoCode::Qualifier;

constexpr DuoCode kCodes[] = {
    {"DUO:0000001", "", "data use permission", Kind::group},
    {"DUO:0000004", "NRES", "no restriction", Kind::permission},
    {"DUO:0000005", "GRU-CC", "general research use and clinical care (withdrawn: GRU and CC)",
     Kind::group},
    {"DUO:0000006", "HMB", "health or medical or biomedical research", Kind::permission},
    {"DUO:0000007", "DS", "disease specific research", Kind::permission, Qualifier::disease},
    {"DUO:0000011", "POA", "population origins or ancestry research only", Kind::permission},
    {"DUO:0000012", "RS", "research specific restrictions", Kind::modifier, Qualifier::text},
    {"DUO:0000014", "RU", "research use only (withdrawn: leave out CC)", Kind::group},
    {"DUO:0000015", "NMDS", "no general methods research"},
    {"DUO:0000016", "GSO", "genetic studies only"},
    {"DUO:0000017", "", "data use modifier", Kind::group},
    {"DUO:0000018", "NPUNCU", "not for profit, non commercial use only"},
    {"DUO:0000019", "PUB", "publication required"},
    {"DUO:0000020", "COL", "collaboration required"},
    {"DUO:0000021", "IRB", "ethics approval required"},
    {"DUO:0000022", "GS", "geographical restriction", Kind::modifier, Qualifier::text},
    {"DUO:0000024", "MOR", "publication moratorium", Kind::modifier, Qualifier::day},
    {"DUO:0000025", "TS", "time limit on use", Kind::modifier, Qualifier::day},
    {"DUO:0000026", "US", "user specific restriction", Kind::modifier, Qualifier::text},
    {"DUO:0000027", "PS", "project specific restriction", Kind::modifier, Qualifier::text},
    {"DUO:0000028", "IS", "institution specific restriction", Kind::modifier, Qualifier::text},
    {"DUO:0000029", "RTN", "return to database or resource"},
    {"DUO:0000042", "GRU", "general research use", Kind::permission},
    {"DUO:0000043", "CC", "clinical care use"},
    {"DUO:0000044", "NPOA", "population origins or ancestry research prohibited"},
    {"DUO:0000045", "NPU", "not for profit organisation use only"},
    {"DUO:0000046", "NCU", "non-commercial use only"},
};

constexpr std::string_view kNres = "DUO:0000004", kHmb = "DUO:0000006", kDs = "DUO:0000007",
                           kPoa = "DUO:0000011", kNpuncu = "DUO:0000018", kTs = "DUO:0000025",
                           kUs = "DUO:0000026", kGru = "DUO:0000042", kCc = "DUO:0000043",
                           kNpoa = "DUO:0000044", kNpu = "DUO:0000045", kNcu = "DUO:0000046";

Error wrong(std::string text) {
  return make_error(Code::invalid_argument, "data use term: " + std::move(text));
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_day(std::string_view t) {
  if (t.size() != 10 || t[4] != '-' || t[7] != '-') return false;
  if (!all_digits(t.substr(0, 4)) || !all_digits(t.substr(5, 2)) || !all_digits(t.substr(8))) {
    return false;
  }
  const auto month = t.substr(5, 2), day = t.substr(8);
  return month >= "01" && month <= "12" && day >= "01" && day <= "31";
}

Status check_qualifier(const DuoCode& code, std::string_view q) {
  const std::string name(code.abbreviation);
  switch (code.qualifier) {
    case Qualifier::none:
      if (q.empty()) return {};
      return wrong(name + " is not limited to anything");
    case Qualifier::disease:
      if (q.size() == 13 && q.starts_with("MONDO:") && all_digits(q.substr(6))) return {};
      return wrong(name + " needs a disease, as in " + name + "=MONDO:0005015");
    case Qualifier::day:
      if (is_day(q)) return {};
      return wrong(name + " needs a day, as in " + name + "=2027-12-31");
    case Qualifier::text: break;
  }
  const bool plain = std::all_of(q.begin(), q.end(), [](unsigned char c) {
    return c > 0x20 && c != 0x7F && c != ',' && c != '"' && c != '\\';
  });
  if (!q.empty() && q.size() <= kDuoQualifierBytesMax && plain) return {};
  return wrong(name + " needs what it is limited to, as in " + name +
               "=TEXT: 1 to 128 bytes without blanks, commas and quotes");
}

std::string_view trimmed(std::string_view t) {
  while (!t.empty() && (t.front() == ' ' || t.front() == '\t')) t.remove_prefix(1);
  while (!t.empty() && (t.back() == ' ' || t.back() == '\t')) t.remove_suffix(1);
  return t;
}

bool holds(const std::vector<DuoTerm>& terms, std::string_view id) {
  return std::any_of(terms.begin(), terms.end(), [&](const DuoTerm& t) { return t.id == id; });
}

bool is_use(const DuoTerm& term) {
  return term.id == kGru || term.id == kHmb || term.id == kDs || term.id == kPoa || term.id == kCc;
}

// Whether data of this term may be used so.
bool allows(const DuoTerm& data, const DuoTerm& use) {
  if (data.id == kNres) return true;
  if (data.id == kCc) return use.id == kCc;
  if (use.id == kCc) return false;
  if (data.id == kGru) return true;
  if (data.id == kHmb) return use.id == kHmb || use.id == kDs;
  if (data.id == kDs) return use == data;
  if (data.id == kPoa) return use.id == kPoa;
  return false;
}

// Whether one modifier of the data is kept to.
bool keeps(const DuoTerm& modifier, const DuoPurpose& purpose) {
  const std::vector<DuoTerm>& said = purpose.terms;
  if (modifier.id == kCc) return true;  // allows more, demands nothing
  if (modifier.id == kTs) return to_rfc3339(purpose.time).substr(0, 10) <= modifier.qualifier;
  if (modifier.id == kUs) return purpose.principal == modifier.qualifier;
  if (modifier.id == kNpoa) {
    return !holds(said, kPoa) && (!holds(said, kGru) || holds(said, kNpoa));
  }
  if (std::find(said.begin(), said.end(), modifier) != said.end()) return true;
  if (modifier.id == kNpu || modifier.id == kNcu) return holds(said, kNpuncu);
  if (modifier.id == kNpuncu) return holds(said, kNpu) && holds(said, kNcu);
  return false;
}

std::string joined(const std::vector<const DuoTerm*>& terms) {
  std::string out;
  for (const DuoTerm* term : terms) out += (out.empty() ? "" : ", ") + described(*term);
  return out;
}

}  // namespace

std::span<const DuoCode> duo_codes() { return kCodes; }

const DuoCode* find_duo(std::string_view name) {
  const auto found = std::find_if(std::begin(kCodes), std::end(kCodes), [&](const DuoCode& c) {
    return c.id == name || (!name.empty() && c.abbreviation == name);
  });
  return found == std::end(kCodes) ? nullptr : &*found;
}

Result<DuoTerm> parse_duo_term(std::string_view text) {
  text = trimmed(text);
  const size_t equals = text.find('=');
  const DuoCode* code = find_duo(text.substr(0, equals));
  if (code == nullptr) {
    return wrong("there is no such one; as in HMB, DUO:0000006 or DS=MONDO:0005015");
  }
  if (code->kind == Kind::group) return wrong(std::string(code->id) + " describes no data");
  const std::string_view qualifier =
      equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
  MEDARC_TRY(check_qualifier(*code, qualifier));
  return DuoTerm{std::string(code->id), std::string(qualifier)};
}

Result<std::vector<DuoTerm>> parse_duo_terms(std::string_view text, size_t terms_max) {
  std::vector<DuoTerm> out;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view one = trimmed(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (one.empty()) continue;
    if (out.size() == terms_max) {
      return make_error(Code::too_large, "more data use terms than genomics.consent_terms_max");
    }
    MEDARC_ASSIGN(DuoTerm term, parse_duo_term(one));
    if (std::find(out.begin(), out.end(), term) == out.end()) out.push_back(std::move(term));
  }
  return out;
}

std::string to_string(const DuoTerm& term) {
  return term.qualifier.empty() ? term.id : term.id + "=" + term.qualifier;
}

std::string described(const DuoTerm& term) {
  const DuoCode* code = find_duo(term.id);
  std::string out = code == nullptr
                        ? term.id
                        : std::string(code->abbreviation) + " (" + std::string(code->label) + ")";
  if (!term.qualifier.empty()) out += " of " + term.qualifier;
  return out;
}

std::optional<std::string> duo_refusal(const std::vector<DuoTerm>& data,
                                       const DuoPurpose& purpose) {
  if (data.empty()) return std::nullopt;
  std::vector<const DuoTerm*> permissions;
  bool unrestricted = false;
  for (const DuoTerm& term : data) {
    const DuoCode* code = find_duo(term.id);
    // A term that a later Medarc wrote: nothing is known to keep to it.
    if (code == nullptr) return "the term " + term.id + " is not known here";
    unrestricted = unrestricted || term.id == kNres;
    if (code->kind == Kind::permission || term.id == kCc) permissions.push_back(&term);
  }
  bool any_use = false;
  for (const DuoTerm& use : purpose.terms) {
    if (!is_use(use)) continue;
    any_use = true;
    const bool allowed = std::any_of(permissions.begin(), permissions.end(),
                                     [&](const DuoTerm* one) { return allows(*one, use); });
    if (!allowed) {
      return "for " + described(use) + " it is not given, but for " + joined(permissions);
    }
  }
  if (!any_use && !unrestricted) {
    return "it is given for " + joined(permissions) +
           " only, and the request does not say what for";
  }
  for (const DuoTerm& term : data) {
    if (find_duo(term.id)->kind != Kind::modifier) continue;
    // Of several terms of one kind (countries, users) one is enough.
    const bool kept = std::any_of(data.begin(), data.end(), [&](const DuoTerm& one) {
      return one.id == term.id && keeps(one, purpose);
    });
    if (!kept) return "the condition " + described(term) + " is not kept";
  }
  return std::nullopt;
}

}  // namespace medarc::genomics
