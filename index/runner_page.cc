// Pages and counts over what Runner::run yields.
#include <algorithm>

#include "index/apply.h"
#include "index/runner.h"

namespace medarc::index {
namespace {

constexpr uint64_t kSortedRowsMax = 20'000;
constexpr const char* kNotSearched = "audit entries, jobs and subscriptions are read in order";

bool searched(Kind kind) {
  return kind != Kind::audit && kind != Kind::job && kind != Kind::subscription;
}

Result<uint64_t> rows_of(Reader& reader, Kind kind) {
  MEDARC_ASSIGN(auto value, reader.get(Table::meta, key::kCounts));
  Counts counts;
  if (value) {
    MEDARC_ASSIGN(counts, decode_counts(*value));
  }
  switch (kind) {
    case Kind::patient: return counts.patients;
    case Kind::study: return counts.studies;
    case Kind::series: return counts.series;
    case Kind::instance: return counts.instances;
    case Kind::file: return counts.files;
    case Kind::work_item: {  // not counted; roughly is enough to choose a plan
      const Bytes low = key::row(kind, "");
      return reader.keys_estimate(Table::rows, low, key::after_prefix(low));
    }
    case Kind::subscription:
    case Kind::audit:
    case Kind::job: break;
  }
  return counts.audit_entries;
}

}  // namespace

// A driver that does not yield the order asked costs all its rows a page; rows in the order asked
// cost as many as lie between matches, for each row of the page.
Result<bool> Runner::worth_sorting(uint64_t driven_rows) {
  if (driven_rows > kSortedRowsMax) return false;
  MEDARC_ASSIGN(const uint64_t all, rows_of(reader_, query_.kind));
  return driven_rows * driven_rows <= all * (query_.limit + query_.offset + 1);
}

Result<Match> Runner::match_of(ByteView id, ByteView value) {
  MEDARC_TRY(load_parents(id));
  Match m{Row{query_.kind, Bytes(id), Bytes(value)}, {}, {}};
  if (query_.kind == Kind::series || query_.kind == Kind::instance) m.study = study_;
  if (query_.kind == Kind::instance) m.series = series_;
  return m;
}

Result<Page> Runner::page() {
  Page page;
  if (!searched(query_.kind)) {
    return make_error(Code::unsupported, kNotSearched);
  }
  size_t candidate = 0;
  bool sorted = false;
  std::optional<Position> after;
  if (!original_.after.empty()) {
    MEDARC_ASSIGN(Cursor cursor, decode_cursor(original_, original_.after));
    if (cursor.candidate >= drivers_.size() ||
        (!cursor.sorted && !ordered(drivers_[cursor.candidate]))) {
      return make_error(Code::invalid_argument, "the cursor names no plan of this query");
    }
    candidate = cursor.candidate;
    sorted = cursor.sorted;
    after = std::move(cursor.position);
  } else {
    const Choice choice = choose(drivers_, query_, reader_);
    candidate = choice.candidate;
    if (!ordered(drivers_[candidate])) {
      MEDARC_ASSIGN(sorted, worth_sorting(choice.rows_estimate));
      sorted |= !ordered(drivers_[0]);
      if (!sorted) candidate = 0;
    }
  }
  if (query_.limit == 0) return page;
  if (sorted) return sorted_page(candidate, after);

  uint64_t skip = query_.offset;
  Position last;
  bool more = false;
  MEDARC_TRY(run(drivers_[candidate], after, [&](Found& found) -> Result<bool> {
    MEDARC_ASSIGN(bool matches, row_matches(found.id, found.value));
    if (!matches) return true;
    if (skip > 0) {
      --skip;
      return true;
    }
    if (page.matches.size() == query_.limit) {
      more = true;
      return false;
    }
    MEDARC_ASSIGN(Match match, match_of(found.id, found.value));
    page.matches.push_back(std::move(match));
    last = std::move(found.position);
    return true;
  }));
  if (more) page.next = encode_cursor(original_, {candidate, false, std::move(last)});
  return page;
}

Result<Page> Runner::sorted_page(size_t candidate, const std::optional<Position>& after) {
  std::vector<Bytes> keys;
  MEDARC_TRY(run(drivers_[candidate], std::nullopt, [&](Found& found) -> Result<bool> {
    MEDARC_ASSIGN(bool matches, row_matches(found.id, found.value));
    if (matches) {
      Bytes k = order_key(found.id);
      if (!after || k > after->suffix) keys.push_back(std::move(k));
    }
    return true;
  }));
  Page page;
  const uint64_t begin = std::min<uint64_t>(query_.offset, keys.size());
  const uint64_t end = std::min<uint64_t>(begin + query_.limit, keys.size());
  std::partial_sort(keys.begin(), keys.begin() + static_cast<int64_t>(end), keys.end());
  for (uint64_t i = begin; i < end; ++i) {
    const ByteView id = ByteView(keys[i]).substr(order_prefix_bytes());
    MEDARC_ASSIGN(auto value, reader_.get(Table::rows, key::row(query_.kind, id)));
    if (!value) return make_error(Code::internal, "a row left its own snapshot");
    MEDARC_ASSIGN(Match match, match_of(id, *value));
    page.matches.push_back(std::move(match));
  }
  if (end > begin && end < keys.size()) {
    page.next = encode_cursor(original_, {candidate, true, {keys[end - 1], {}}});
  }
  return page;
}

Result<Count> Runner::count(uint64_t stop_after) {
  if (!searched(query_.kind)) {
    return make_error(Code::unsupported, kNotSearched);
  }
  const bool restricted =
      query_.study || query_.among || !query_.all_of_any.empty() || query_.kind == Kind::work_item;
  if (!restricted) {
    MEDARC_ASSIGN(const uint64_t all, rows_of(reader_, query_.kind));
    return Count{all, true};  // known, so `stop_after` saves nothing
  }
  query_.order = Order::any;
  const Driver& d = drivers_[choose(drivers_, query_, reader_).candidate];
  std::vector<size_t> covered = d.covered;
  std::sort(covered.begin(), covered.end());
  const bool keys_only = d.exact && d.level == query_.kind && !query_.study &&
                         d.type == Driver::Type::keys && covered.size() == query_.all_of_any.size();
  Count count;
  if (keys_only) {
    MEDARC_ASSIGN(auto source, open_source(d, reader_, {}, examined_, query_.rows_examined_max));
    for (;;) {
      MEDARC_ASSIGN(std::optional<ByteView> suffix, source->next());
      if (!suffix) return count;
      if (stop_after != 0 && count.rows == stop_after) break;
      ++count.rows;
    }
    count.exact = false;
    return count;
  }
  MEDARC_TRY(run(d, std::nullopt, [&](Found& found) -> Result<bool> {
    const bool all = query_.all_of_any.empty() && query_.kind != Kind::study && !query_.among;
    if (!all) {
      MEDARC_ASSIGN(bool matches, row_matches(found.id, found.value));
      if (!matches) return true;
    }
    if (stop_after != 0 && count.rows == stop_after) {
      count.exact = false;
      return false;
    }
    ++count.rows;
    return true;
  }));
  return count;
}

}  // namespace medarc::index
