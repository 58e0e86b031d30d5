#include "records/patient_search.h"

#include <algorithm>

#include "index/name_words.h"
#include "records/identity.h"
#include "records/names.h"

namespace medarc::records {
namespace {

constexpr index::Tag kPatientId{0x00100020}, kBirthDate{0x00100030};
constexpr uint32_t kScanPage = 1000;

// Terms that every match fulfils. Values are compared again on the row, so that these may let too
// much through, never too little.
index::Query narrowed(const PatientQuery& query, const Issuers& issuers) {
  index::Query out;
  out.kind = index::Kind::patient;
  out.order = index::Order::by_id;
  out.limit = kScanPage;
  using index::TermOp;
  for (const auto& any : query.identifiers) {
    std::vector<index::Term> group;
    for (const TokenTerm& token : any) {
      const std::string issuer = token.system ? issuers.issuer_of(*token.system) : std::string();
      if (!token.code.empty() && !token.system) {
        group.push_back({kPatientId, TermOp::equal, {token.code}});
      } else if (!token.code.empty()) {
        group.push_back({index::kFieldIdentifier, TermOp::equal, {issuer + "|" + token.code}});
      } else {
        group.push_back({index::kFieldIdentifier, TermOp::wildcard, {issuer + "|*"}});
      }
    }
    out.all_of_any.push_back(std::move(group));
  }
  for (const PatientQuery::NameTerm& term : query.names) {
    // What is within a word has no key.
    if (term.values.size() != 1 || term.match == PatientQuery::Match::contains) continue;
    std::vector<std::string> words = index::split_name(term.values[0]);
    if (words.empty()) continue;
    out.all_of_any.push_back({{index::kFieldNameWords, TermOp::begins, {std::move(words[0])}}});
  }
  for (const auto& any : query.birth_dates) {
    if (any.size() != 1) continue;
    // Whole years: a birth date may be no more than a year, and sorts before its first day.
    const DateTerm& t = any[0];
    const int year = std::stoi(t.first.substr(0, 4));
    const std::string low = std::to_string(10000 + year - 1).substr(1) + "9999";
    const std::string high = t.last.substr(0, 4) + "9999";
    switch (t.prefix) {
      case DatePrefix::eq:
        out.all_of_any.push_back({{kBirthDate, TermOp::range, {low, high}}});
        break;
      case DatePrefix::gt:
      case DatePrefix::ge:
      case DatePrefix::sa:
        out.all_of_any.push_back({{kBirthDate, TermOp::range, {low, ""}}});
        break;
      case DatePrefix::lt:
      case DatePrefix::le:
      case DatePrefix::eb:
        out.all_of_any.push_back({{kBirthDate, TermOp::range, {"", high}}});
        break;
      case DatePrefix::ne: break;
    }
  }
  return out;
}

bool has_identifier(const std::vector<TokenTerm>& any, const index::PatientRow& row,
                    const Issuers& issuers) {
  return std::any_of(any.begin(), any.end(), [&](const TokenTerm& token) {
    return std::any_of(row.identifiers.begin(), row.identifiers.end(), [&](const auto& i) {
      return (token.code.empty() || token.code == i.id) &&
             (!token.system || issuers.issuer_of(*token.system) == i.issuer);
    });
  });
}

bool has_birth_date(const std::vector<DateTerm>& any, const std::optional<Days>& born) {
  if (!born) return false;
  return std::any_of(any.begin(), any.end(), [&](const DateTerm& t) {
    const bool within = t.first <= born->first && born->last <= t.last;
    switch (t.prefix) {
      case DatePrefix::eq: return within;
      case DatePrefix::ne: return !within;
      case DatePrefix::gt: return born->last > t.last;
      case DatePrefix::lt: return born->first < t.first;
      case DatePrefix::ge: return within || born->last > t.last;
      case DatePrefix::le: return within || born->first < t.first;
      case DatePrefix::sa: return born->first > t.last;
      case DatePrefix::eb: return born->last < t.first;
    }
    return false;
  });
}

bool text_matches(PatientQuery::Match match, const std::string& want, const std::string& have) {
  switch (match) {
    case PatientQuery::Match::exact: return have == want;
    case PatientQuery::Match::starts: return have.starts_with(want);
    case PatientQuery::Match::contains: return have.find(want) != std::string::npos;
  }
  return false;
}

// Every text of the names as written, for :exact.
NameParts written_parts(const Json* names) {
  NameParts out;
  if (names == nullptr) return out;
  for (const Json& name : names->items()) {
    auto put = [&](std::vector<std::string>& list, std::string_view key) {
      const Json* value = name.find(key);
      if (value == nullptr) return;
      if (value->is(Json::Type::string)) list.push_back(value->text());
      for (const Json& item : value->items()) {
        if (item.is(Json::Type::string)) list.push_back(item.text());
      }
    };
    put(out.family, "family");
    put(out.given, "given");
    for (std::string_view key : {"text", "prefix", "suffix"}) put(out.other, key);
  }
  return out;
}

bool has_name(const PatientQuery::NameTerm& term, const NameParts& folded,
              const NameParts& written) {
  using Name = PatientQuery::Name;
  const NameParts& parts = term.match == PatientQuery::Match::exact ? written : folded;
  auto in = [&](const std::vector<std::string>& list, const std::string& want) {
    return std::any_of(list.begin(), list.end(), [&](const std::string& have) {
      return text_matches(term.match, want, have);
    });
  };
  return std::any_of(term.values.begin(), term.values.end(), [&](const std::string& want) {
    if (term.name != Name::given && in(parts.family, want)) return true;
    if (term.name != Name::family && in(parts.given, want)) return true;
    if (term.name != Name::any) return false;
    if (in(parts.other, want)) return true;
    std::string joined = want;
    std::erase(joined, ' ');
    return in(parts.joined, joined);
  });
}

Result<PatientPage> unrestricted(index::View& view, const PatientQuery& query,
                                 const RecordsOptions& options) {
  PatientPage out;
  index::Query all;
  all.kind = index::Kind::patient;
  all.order = index::Order::by_id;
  all.rows_examined_max = options.rows_examined_max;
  MEDARC_ASSIGN(const index::Count count, view.count(all, UINT64_MAX));
  out.total = count.rows;
  if (query.count == 0) return out;
  all.limit = query.count;
  all.after = query.after;
  MEDARC_ASSIGN(index::Page page, view.query(all));
  for (const index::Match& match : page.matches) {
    MEDARC_ASSIGN(index::PatientRow row, index::decode_patient(match.row.value));
    out.rows.push_back(std::move(row));
  }
  out.next = std::move(page.next);
  return out;
}

// Takes candidates in the order of their ids; keeps one page of those that match and counts all.
class Collector {
 public:
  Collector(const PatientQuery& query, const Issuers& issuers) : query_(query), issuers_(issuers) {}

  Status take(index::PatientRow row) {
    if (row.removed) return {};
    MEDARC_ASSIGN(const Json content, patient_content(row, issuers_));
    if (!matches(query_, row, content, issuers_)) return {};
    ++page_.total;
    if (row.key.value <= query_.after && !query_.after.empty()) return {};
    if (page_.rows.size() < query_.count) {
      page_.rows.push_back(std::move(row));
    } else if (query_.count > 0) {
      page_.next = page_.rows.back().key.value;
    }
    return {};
  }
  PatientPage finish() { return std::move(page_); }

 private:
  const PatientQuery& query_;
  const Issuers& issuers_;
  PatientPage page_;
};

}  // namespace

bool matches(const PatientQuery& query, const index::PatientRow& row, const Json& content,
             const Issuers& issuers) {
  auto among = [](const std::vector<std::string>& any, std::string_view have) {
    return std::find(any.begin(), any.end(), have) != any.end();
  };
  for (const auto& any : query.ids) {
    if (!among(any, row.key.value)) return false;
  }
  for (const auto& any : query.identifiers) {
    if (!has_identifier(any, row, issuers)) return false;
  }
  for (const auto& any : query.genders) {
    if (!among(any, content.text_at("gender"))) return false;
  }
  if (!query.birth_dates.empty()) {
    const auto born = days_of(content.text_at("birthDate"));
    for (const auto& any : query.birth_dates) {
      if (!has_birth_date(any, born)) return false;
    }
  }
  if (query.names.empty()) return true;
  const NameParts folded = parts_of(content.find("name"));
  const NameParts written = written_parts(content.find("name"));
  return std::all_of(query.names.begin(), query.names.end(),
                     [&](const auto& term) { return has_name(term, folded, written); });
}

Result<PatientPage> search_patients(index::View& view, const PatientQuery& query,
                                    const Issuers& issuers, const RecordsOptions& options) {
  if (query.unrestricted()) return unrestricted(view, query, options);
  Collector collector(query, issuers);
  if (!query.ids.empty()) {
    std::vector<std::string> ids = query.ids.front();
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (const std::string& id : ids) {
      MEDARC_ASSIGN(std::optional<index::PatientRow> row, view.patient(index::PatientKey(id)));
      if (row) MEDARC_TRY(collector.take(std::move(*row)));
    }
    return collector.finish();
  }
  index::Query candidates = narrowed(query, issuers);
  candidates.rows_examined_max = options.rows_examined_max;
  uint64_t examined = 0;
  do {
    MEDARC_ASSIGN(index::Page page, view.query(candidates));
    examined += page.matches.size();
    if (examined > options.rows_examined_max) {
      return make_error(Code::too_large, "the search is too costly: add a narrower parameter");
    }
    for (const index::Match& match : page.matches) {
      MEDARC_ASSIGN(index::PatientRow row, index::decode_patient(match.row.value));
      MEDARC_TRY(collector.take(std::move(row)));
    }
    candidates.after = std::move(page.next);
  } while (!candidates.after.empty());
  return collector.finish();
}

}  // namespace medarc::records
