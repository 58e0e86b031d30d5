// A range of dates and a range of times as one range of moments. The first and the last day are
// bounded by the times, days between them are not; so it stays a conjunction of alternatives:
//   date in [D1, D2]  and  (date > D1 or time >= T1)  and  (date < D2 or time <= T2)
#include <charconv>
#include <chrono>
#include <cstdio>

#include "dicom/matching.h"
#include "index/normalise.h"

namespace medarc::dicom {
namespace {

using index::Term;
using index::TermOp;

constexpr DateAndTime kPairs[] = {
    {Tag{0x00080020}, Tag{0x00080030}}, {Tag{0x00080021}, Tag{0x00080031}},
    {Tag{0x00080022}, Tag{0x00080032}}, {Tag{0x00080023}, Tag{0x00080033}},
    {Tag{0x00100030}, Tag{0x00100032}}, {Tag{0x00400244}, Tag{0x00400245}}};

}  // namespace

std::span<const DateAndTime> dates_and_times() { return kPairs; }

std::optional<std::string> day_beside(const std::string& date, int days) {
  const auto form = index::instant({'D', 'A'}, date, false);
  if (!form) return std::nullopt;
  const auto number = [&](size_t at, size_t n) {
    int v = 0;
    std::from_chars(form->data() + at, form->data() + at + n, v);
    return v;
  };
  using namespace std::chrono;
  const year_month_day day = year{number(0, 4)} / month(static_cast<unsigned>(number(4, 2))) /
                             std::chrono::day(static_cast<unsigned>(number(6, 2)));
  if (!day.ok()) return std::nullopt;
  const year_month_day moved{sys_days{day} + std::chrono::days{days}};
  char out[16];
  std::snprintf(out, sizeof out, "%04d%02u%02u", static_cast<int>(moved.year()),
                static_cast<unsigned>(moved.month()), static_cast<unsigned>(moved.day()));
  return std::string(out, 8);
}

namespace {

// The only range asked of the attribute, in a group of its own.
std::vector<Term>* range_of(index::Query& query, Tag tag) {
  std::vector<Term>* out = nullptr;
  for (auto& group : query.all_of_any) {
    if (group.size() != 1 || group[0].field != tag) continue;
    if (out != nullptr || group[0].op != TermOp::range) return nullptr;
    out = &group;
  }
  return out;
}

}  // namespace

void combine_dates_and_times(index::Query& query) {
  for (const DateAndTime& pair : kPairs) {
    const std::vector<Term>* dates = range_of(query, pair.date);
    std::vector<Term>* times = range_of(query, pair.time);
    if (dates == nullptr || times == nullptr) continue;
    const std::string first = (*dates)[0].values[0], last = (*dates)[0].values[1];
    const std::string from = (*times)[0].values[0], to = (*times)[0].values[1];
    if (first.empty() != from.empty() || last.empty() != to.empty()) continue;
    const Tag date = pair.date, time = pair.time;
    std::vector<std::vector<Term>> moments;
    if (!first.empty()) {
      const auto after = day_beside(first, 1);
      if (!after) continue;
      moments.push_back({{date, TermOp::range, {*after, ""}}, {time, TermOp::range, {from, ""}}});
    }
    if (!last.empty()) {
      const auto before = day_beside(last, -1);
      if (!before) continue;
      moments.push_back({{date, TermOp::range, {"", *before}}, {time, TermOp::range, {"", to}}});
    }
    *times = std::move(moments.front());
    if (moments.size() == 2) query.all_of_any.push_back(std::move(moments.back()));
  }
}

}  // namespace medarc::dicom
