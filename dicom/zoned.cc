#include "dicom/zoned.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>

#include "dicom/matching.h"
#include "index/normalise.h"

namespace medarc::dicom {
namespace {

using index::FieldValues;
using index::Term;
using index::TermOp;

constexpr int kMinutesOfDay = 24 * 60, kZoneMinutesMax = 14 * 60;
constexpr int kDaysWider = 2;
constexpr Vr kDa{'D', 'A'}, kTm{'T', 'M'}, kDt{'D', 'T'};

const DateAndTime* pair_of(Tag field) {
  for (const DateAndTime& pair : dates_and_times()) {
    const bool of_patient = pair.date.value >> 16 == 0x0010;  // nobody is born again by travelling
    if (!of_patient && (pair.date == field || pair.time == field)) return &pair;
  }
  return nullptr;
}

bool moves(Tag field) { return pair_of(field) != nullptr || is(vr_of(field), "DT"); }

int number(std::string_view digits) {
  int out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

// Forms of index::instant. False: there is no such day.
bool move(std::string& date, std::string& time, int minutes) {
  using namespace std::chrono;
  const year_month_day day = year{number(date.substr(0, 4))} /
                             month(static_cast<unsigned>(number(date.substr(4, 2)))) /
                             std::chrono::day(static_cast<unsigned>(number(date.substr(6, 2))));
  if (!day.ok()) return false;
  int total = number(time.substr(0, 2)) * 60 + number(time.substr(2, 2)) + minutes;
  int over = 0;
  for (; total < 0; total += kMinutesOfDay) --over;
  for (; total >= kMinutesOfDay; total -= kMinutesOfDay) ++over;
  const year_month_day there{sys_days{day} + days{over}};
  date = fmt::format("{:04}{:02}{:02}", static_cast<int>(there.year()),
                     static_cast<unsigned>(there.month()), static_cast<unsigned>(there.day()));
  time = fmt::format("{:02}{:02}", total / 60, total % 60) + time.substr(4);
  return true;
}

// One value of a date or of its time, moved; as it stands where that cannot be.
std::string moved(bool of_date, const std::string& date, const std::string& time, int minutes) {
  const std::string& own = of_date ? date : time;
  auto at = index::instant(kTm, time, false);
  if (!at || minutes == 0) return own;
  auto day = index::instant(kDa, date, false);
  if (of_date && !day) return own;
  std::string some_day = day.value_or("20000101");
  if (!move(some_day, *at, minutes)) return own;
  if (of_date) return some_day;
  return at->substr(0, 6) + "." + at->substr(6);
}

// The dates that may be meant, whatever the zones. nullopt: any.
std::optional<std::vector<Term>> widened(const std::vector<Term>& group) {
  std::vector<Term> out;
  for (const Term& term : group) {
    const DateAndTime* pair = pair_of(term.field);
    if (pair == nullptr || pair->date != term.field || term.values.empty()) return std::nullopt;
    const bool range = term.op == TermOp::range;
    if (!range && term.op != TermOp::equal) return std::nullopt;
    for (size_t i = 0; i < (range ? 1 : term.values.size()); ++i) {
      const std::string &low = term.values[i], &high = range ? term.values[1] : low;
      Term wide{term.field, TermOp::range, {"", ""}};
      for (const bool last : {false, true}) {
        const std::string& bound = last ? high : low;
        if (bound.empty() && range) continue;
        const auto day = day_beside(bound, last ? kDaysWider : -kDaysWider);
        if (!day) return std::nullopt;
        wide.values[last ? 1 : 0] = *day;
      }
      out.push_back(std::move(wide));
    }
  }
  return out;
}

void put_zone(Term& term, const std::string& zone) {
  for (std::string& value : term.values) {
    if (!value.empty()) value = with_zone(value, zone);
  }
}

void put_zone(Condition& condition, const std::string& zone) {
  if (is(condition.vr, "DT")) {
    for (auto& group : condition.all_of_any) {
      for (Term& term : group) put_zone(term, zone);
    }
  }
  for (Condition& item : condition.items) put_zone(item, zone);
}

}  // namespace

std::optional<int> zone_minutes(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  if (text.size() != 5 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  if (text.find_first_not_of("0123456789", 1) != std::string_view::npos) return std::nullopt;
  const int hours = number(text.substr(1, 2)), minutes = number(text.substr(3, 2));
  const int total = hours * 60 + minutes;
  if (minutes > 59 || total > kZoneMinutesMax) return std::nullopt;
  return text[0] == '-' ? -total : total;
}

std::string zone_text(int minutes) {
  const int all = std::abs(minutes);
  return fmt::format("{}{:02}{:02}", minutes < 0 ? '-' : '+', all / 60, all % 60);
}

std::string with_zone(std::string_view date_time, std::string_view zone) {
  while (!date_time.empty() && date_time.back() == ' ') date_time.remove_suffix(1);
  std::string out(date_time);
  if (date_time.find_first_of("+-") == std::string_view::npos) out += zone;
  return out;
}

bool compares_date_times(const Condition& condition) {
  return (is(condition.vr, "DT") && !condition.all_of_any.empty()) ||
         std::any_of(condition.items.begin(), condition.items.end(), compares_date_times);
}

void ask_in_zone(Question& question, int minutes, bool combined) {
  const std::string zone = zone_text(minutes);
  index::Query apart;
  std::vector<std::vector<Term>> left;
  for (auto& group : question.query.all_of_any) {
    if (!std::any_of(group.begin(), group.end(), [](const Term& t) { return moves(t.field); })) {
      left.push_back(std::move(group));
      continue;
    }
    if (auto wide = widened(group)) left.push_back(std::move(*wide));
    for (Term& term : group) {
      if (is(vr_of(term.field), "DT")) put_zone(term, zone);
    }
    apart.all_of_any.push_back(std::move(group));
  }
  question.query.all_of_any = std::move(left);
  if (combined) combine_dates_and_times(apart);
  for (Condition& condition : question.compared) put_zone(condition, zone);
  // Where nothing is about time, rows are not looked at for it.
  if (apart.all_of_any.empty() &&
      std::none_of(question.compared.begin(), question.compared.end(), compares_date_times)) {
    return;
  }
  question.zoned = ZonedKeys{minutes, std::move(apart.all_of_any)};
}

std::string zone_of(const index::StudyRow* study, const ZonedKeys& keys) {
  const auto own = study == nullptr ? std::optional<int>()
                                    : zone_minutes(study->attributes.first(kTimezoneOffset));
  return zone_text(own.value_or(keys.minutes));
}

ZonedComparer::ZonedComparer(const ZonedKeys& keys) : keys_(keys) {
  for (const auto& group : keys.all_of_any) {
    auto& compiled = terms_.emplace_back();
    for (const Term& term : group) compiled.emplace_back(term);
  }
}

void ZonedComparer::read(const Candidate& candidate, Tag field, FieldValues& out) const {
  out.values.clear();
  out.made.clear();
  const auto values_of = [&](Tag tag) {
    const auto found = candidate.in_rows(tag);
    return found ? found->values : std::vector<std::string>();
  };
  const index::StudyRow* study = candidate.study ? &*candidate.study : nullptr;
  const DateAndTime* pair = pair_of(field);
  if (pair == nullptr) {
    out.vr = kDt;
    for (const std::string& value : values_of(field)) {
      if (!value.empty()) out.made.push_back(with_zone(value, zone_of(study, keys_)));
    }
  } else {
    const bool of_date = field == pair->date;
    out.vr = of_date ? kDa : kTm;
    const auto dates = values_of(pair->date), times = values_of(pair->time);
    const int minutes = keys_.minutes - *zone_minutes(zone_of(study, keys_));
    const auto& own = of_date ? dates : times;
    for (size_t i = 0; i < own.size(); ++i) {
      if (own[i].empty()) continue;
      out.made.push_back(moved(of_date, i < dates.size() ? dates[i] : std::string(),
                               i < times.size() ? times[i] : std::string(), minutes));
    }
  }
  out.values.assign(out.made.begin(), out.made.end());
}

bool ZonedComparer::meets(const Candidate& candidate) {
  FieldValues found;
  return std::all_of(terms_.begin(), terms_.end(), [&](auto& group) {
    return std::any_of(group.begin(), group.end(), [&](index::CompiledTerm& term) {
      read(candidate, term.term().field, found);
      return term.matches_values(found);
    });
  });
}

}  // namespace medarc::dicom
