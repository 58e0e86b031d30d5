#include "genomics/cram_plan.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "genomics/gzip_stream.h"
#include "genomics/overlap.h"

namespace medarc::genomics {
namespace {

template <class T>
bool take_number(std::string_view& line, T& out) {
  const auto [end, wrong] = std::from_chars(line.data(), line.data() + line.size(), out);
  if (wrong != std::errc()) return false;
  line.remove_prefix(static_cast<size_t>(end - line.data()));
  if (line.starts_with('\t')) line.remove_prefix(1);
  return true;
}

class Planner {
 public:
  Planner(const CramSet& set, const std::optional<std::vector<Region>>& regions,
          const std::vector<Region>& withheld, const CramPlanOptions& options)
      : set_(set), regions_(regions), withheld_(withheld), options_(options) {}

  std::vector<CramPiece> run() {
    const auto& entries = set_.entries;
    if (!regions_ && (entries.empty() || (!options_.code_all && withheld_.empty()))) {
      Container all{set_.body, options_.code_all || !withheld_.empty(), {}, {}, containers()};
      for (size_t i = 0; i < withheld_.size(); ++i) all.withheld.insert(i);
      add(all);
      return finish();
    }
    for (size_t i = 0; i < entries.size();) {
      size_t next = i;
      while (next < entries.size() &&
             entries[next].container_offset == entries[i].container_offset) {
        ++next;
      }
      const uint64_t begin = entries[i].container_offset;
      const uint64_t end = next < entries.size() ? entries[next].container_offset : set_.body.end();
      look({begin, end - begin}, i, next);
      i = next;
    }
    return finish();
  }

 private:
  struct Container {
    ByteRange range;
    bool coded = false;
    std::set<size_t> regions, withheld;  // by their numbers
    uint64_t count = 1;
  };

  uint64_t containers() const {
    std::set<uint64_t> offsets;
    for (const CraiEntry& e : set_.entries) offsets.insert(e.container_offset);
    return offsets.size();
  }

  void look(ByteRange range, size_t first, size_t last) {
    Container c{range, options_.code_all, {}, {}, 1};
    bool inside = true;
    for (size_t i = first; i < last; ++i) {
      if (regions_) inside = meets(set_.entries[i], *regions_, c.regions) && inside;
      meets(set_.entries[i], withheld_, c.withheld);
    }
    if (regions_ && c.regions.empty()) return;
    c.coded = options_.code_all || (options_.exact && !inside) || !c.withheld.empty();
    add(c);
  }

  // Adds the numbers of those regions that the entry's reads may overlap. True: every one of its
  // reads lies in the first of them.
  static bool meets(const CraiEntry& e, const std::vector<Region>& regions,
                    std::set<size_t>& numbers) {
    const int64_t begin = e.start - 1, end = begin + std::max<int64_t>(e.span, 1);
    const auto first = first_behind(regions, e.tid, begin);
    for (auto r = first; r != regions.end() && r->tid == e.tid; ++r) {
      if (e.tid != kUnplaced && int64_t{r->begin} >= end) break;
      numbers.insert(static_cast<size_t>(r - regions.begin()));
    }
    if (first == regions.end() || first->tid != e.tid) return false;
    return e.tid == kUnplaced || (first->begin <= begin && end <= first->end);
  }

  void add(const Container& c) {
    const uint64_t max =
        c.coded ? options_.piece_coded_bytes_max : options_.piece_verbatim_bytes_max;
    // Stored bytes may be cut anywhere; what is coded is cut between containers.
    ByteRange rest = c.range;
    while (!c.coded && rest.length > max) {
      extend(c, {rest.begin, max}, true);
      out_.back().containers -= c.count;  // counted where it ends
      rest = {rest.begin + max, rest.length - max};
    }
    const bool fits = !out_.empty() && out_.back().coded == c.coded &&
                      out_.back().bytes() + rest.length <= max &&
                      out_.back().ranges.size() < options_.piece_ranges_max &&
                      numbers_.size() + c.regions.size() <= options_.piece_regions_max &&
                      left_out_.size() + c.withheld.size() <= options_.piece_regions_max;
    extend(c, rest, !fits);
  }

  void extend(const Container& c, ByteRange range, bool anew) {
    const bool joins =
        !anew && !out_.back().ranges.empty() && out_.back().ranges.back().end() == range.begin;
    if (anew || (!c.coded && !joins)) {
      if (!out_.empty()) take_regions();
      out_.push_back({c.coded, {}, {}, {}, 0});
    }
    CramPiece& piece = out_.back();
    if (!piece.ranges.empty() && piece.ranges.back().end() == range.begin) {
      piece.ranges.back().length += range.length;
    } else {
      piece.ranges.push_back(range);
    }
    piece.containers += c.count;
    numbers_.insert(c.regions.begin(), c.regions.end());
    left_out_.insert(c.withheld.begin(), c.withheld.end());
  }

  void take_regions() {
    if (out_.back().coded && regions_) {
      for (const size_t n : numbers_) out_.back().regions.push_back((*regions_)[n]);
    }
    for (const size_t n : left_out_) out_.back().withheld.push_back(withheld_[n]);
    numbers_.clear();
    left_out_.clear();
  }

  std::vector<CramPiece> finish() {
    if (!out_.empty()) take_regions();
    return std::move(out_);
  }

  const CramSet& set_;
  const std::optional<std::vector<Region>>& regions_;
  const std::vector<Region>& withheld_;
  const CramPlanOptions& options_;
  std::vector<CramPiece> out_;
  std::set<size_t> numbers_, left_out_;  // regions of out_.back()
};

}  // namespace

Result<std::vector<CraiEntry>> parse_crai(ByteView stored, const Limits& limits) {
  Bytes text;
  if (stored.starts_with("\x1f\x8b")) {
    GzipStream gzip;
    MEDARC_TRY(gzip.feed(stored, [&](ByteView plain) -> Status {
      if (text.size() + plain.size() > limits.header_bytes_max) {
        return make_error(Code::too_large, "a CRAM index is over genomics.header_bytes_max");
      }
      text.append(plain);
      return {};
    }));
  } else {
    text = stored;
  }
  std::vector<CraiEntry> out;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    CraiEntry e;
    uint64_t slice_offset = 0, slice_bytes = 0;
    if (!take_number(line, e.tid) || !take_number(line, e.start) || !take_number(line, e.span) ||
        !take_number(line, e.container_offset) || !take_number(line, slice_offset) ||
        !take_number(line, slice_bytes) || !line.empty() || e.tid < -1 || e.start < 0 ||
        e.span < 0 || e.start > INT32_MAX || e.span > INT32_MAX) {
      return make_error(Code::corrupt, "a line of a CRAM index cannot be read");
    }
    out.push_back(e);
  }
  return out;
}

uint64_t CramPiece::bytes() const {
  uint64_t out = 0;
  for (const ByteRange& r : ranges) out += r.length;
  return out;
}

std::vector<CramPiece> plan_cram(const CramSet& set,
                                 const std::optional<std::vector<Region>>& regions,
                                 const std::vector<Region>& withheld,
                                 const CramPlanOptions& options) {
  return Planner(set, regions, withheld, options).run();
}

}  // namespace medarc::genomics
