#include "genomics/withheld.h"

#include <algorithm>

#include "genomics/overlap.h"

namespace medarc::genomics {
namespace {

enum class Meeting { none, some, every };

// What the records of an extent have to do with withheld regions.
Meeting meeting_of(const Extent& x, const std::vector<Region>& withheld) {
  // Records of several sequences in no order: the map does not say where.
  if (x.tid < kUnplaced) return Meeting::some;
  if (x.tid == kUnplaced) return Meeting::none;
  for (auto r = first_behind(withheld, x.tid, x.min_begin);
       r != withheld.end() && r->tid == x.tid && int64_t{r->begin} < int64_t{x.max_end}; ++r) {
    const bool every =
        int64_t{x.max_begin} < int64_t{r->end} && int64_t{x.min_end} > int64_t{r->begin};
    return every ? Meeting::every : Meeting::some;
  }
  return Meeting::none;
}

}  // namespace

Status leave_out(const std::vector<Region>& withheld, const BlockMap& map,
                 std::vector<Touched>& touched) {
  if (withheld.empty()) return {};
  Extents x = map.extents();
  std::erase_if(touched, [&](Touched& t) {
    const Meeting meeting = meeting_of(x[t.extent], withheld);
    if (meeting == Meeting::some) t.whole = false;
    return meeting == Meeting::every;
  });
  return x.failed();
}

std::string to_samtools_region(const Region& region, const FileHeader& header) {
  const std::string& name = header.references[static_cast<size_t>(region.tid)].name;
  const bool braces = name.find(':') != std::string::npos;
  std::string out = braces ? "{" + name + "}" : name;
  out += ":" + std::to_string(region.begin + 1) + "-";
  if (region.end < kToTheEnd) out += std::to_string(region.end);
  return out;
}

std::vector<Region> withheld_in(const std::vector<Region>& withheld,
                                const std::optional<std::vector<Region>>& asked) {
  if (!asked) return withheld;
  std::vector<Region> out;
  for (const Region& w : withheld) {
    const bool met = std::any_of(asked->begin(), asked->end(), [&](const Region& r) {
      return r.tid == w.tid && r.begin < w.end && w.begin < r.end;
    });
    if (met) out.push_back(w);
  }
  return out;
}

Result<std::vector<Region>> withheld_reach(const ReadSet& set) {
  std::vector<Region> out;
  Extents extents = set.map.extents();
  for (const Region& w : set.withheld) {
    if (!set.map.sorted()) {
      out.push_back({w.tid, 0, kToTheEnd});
      continue;
    }
    Region reach = w;
    MEDARC_ASSIGN(const auto touched, set.map.query({w}));
    for (const Touched& t : touched) {
      const Extent x = extents[t.extent];
      reach.begin = std::min(reach.begin, static_cast<uint32_t>(std::max(x.min_begin, 0)));
      reach.end = std::max(reach.end, static_cast<uint32_t>(std::max(x.max_end, 0)));
    }
    out.push_back(reach);
  }
  MEDARC_TRY(extents.failed());
  return merge_regions(std::move(out));
}

}  // namespace medarc::genomics
