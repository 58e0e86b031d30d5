#include "genomics/index_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "genomics/cram_reads.h"
#include "genomics/region_index.h"

namespace medarc::genomics {
namespace {

using Chunks = std::vector<RegionIndex::Chunk>;
using Is = IndexVerdict::Is;

// In order, and joined as readers join them: what meets in one block is read in one go.
void join(Chunks& chunks) {
  std::sort(chunks.begin(), chunks.end(),
            [](const auto& a, const auto& b) { return a.begin < b.begin; });
  size_t kept = 0;
  for (const auto& c : chunks) {
    if (kept > 0 && chunks[kept - 1].end >> 16 >= c.begin >> 16) {
      chunks[kept - 1].end = std::max(chunks[kept - 1].end, c.end);
    } else {
      chunks[kept++] = c;
    }
  }
  chunks.resize(kept);
}

bool covered(const RegionIndex::Chunk& wanted, const Chunks& joined) {
  auto after = std::upper_bound(joined.begin(), joined.end(), wanted.begin,
                                [](VirtualOffset v, const auto& c) { return v < c.begin; });
  return after != joined.begin() && (after - 1)->end >= wanted.end;
}

// What a reader finds who asks `index` for [begin, end) of a sequence.
Chunks found(const RegionIndex& index, const RegionIndex::Reference& reference, uint64_t begin,
             uint64_t end) {
  Chunks out;
  for (int level = 0; level <= index.depth; ++level) {
    const auto ids = index.bins_of(level, begin, end);
    auto bin = std::lower_bound(reference.bins.begin(), reference.bins.end(), ids.first,
                                [](const auto& b, uint32_t id) { return b.id < id; });
    for (; bin != reference.bins.end() && bin->id <= ids.last; ++bin) {
      out.insert(out.end(), bin->chunks.begin(), bin->chunks.end());
    }
  }
  join(out);
  return out;
}

bool same_entries(const RegionIndex::Reference& a, const RegionIndex::Reference& b) {
  const auto same_chunk = [](const auto& x, const auto& y) {
    return x.begin == y.begin && x.end == y.end;
  };
  return a.counts == b.counts && a.windows == b.windows && a.name == b.name &&
         std::equal(a.bins.begin(), a.bins.end(), b.bins.begin(), b.bins.end(),
                    [&](const auto& x, const auto& y) {
                      return x.id == y.id &&
                             std::equal(x.chunks.begin(), x.chunks.end(), y.chunks.begin(),
                                        y.chunks.end(), same_chunk);
                    });
}

// What `theirs` misses of one sequence; "": nothing.
std::string missed(const RegionIndex& own, const RegionIndex::Reference& a,
                   const RegionIndex& theirs, const RegionIndex::Reference& b) {
  if (a.counts && b.counts && a.counts != b.counts) {
    return fmt::format("it counts {} mapped and {} unmapped records where the file has {} and {}",
                       b.counts->mapped, b.counts->unmapped, a.counts->mapped, a.counts->unmapped);
  }
  for (const RegionIndex::Bin& bin : a.bins) {
    const auto [begin, end] = own.interval(bin.id);
    const Chunks there = found(theirs, b, begin, end);
    const auto lost = std::find_if(bin.chunks.begin(), bin.chunks.end(),
                                   [&](const auto& c) { return !covered(c, there); });
    if (lost != bin.chunks.end()) {
      return fmt::format("records between bases {} and {} would not be found", begin + 1, end);
    }
  }
  // Readers skip what lies before the offset of their window.
  for (size_t w = 0; w < std::min(a.windows.size(), b.windows.size()); ++w) {
    if (b.windows[w] > a.windows[w]) {
      return fmt::format("records from base {} on would be passed over", (w << own.min_shift) + 1);
    }
  }
  return {};
}

const RegionIndex::Reference* counterpart(const RegionIndex& theirs, bool by_name, size_t number,
                                          const std::string& name) {
  if (!by_name) return number < theirs.references.size() ? &theirs.references[number] : nullptr;
  const auto found = std::find_if(theirs.references.begin(), theirs.references.end(),
                                  [&](const auto& r) { return r.name == name; });
  return found == theirs.references.end() ? nullptr : &*found;
}

VirtualOffset last_of(const RegionIndex& index) {
  VirtualOffset last = 0;
  for (const auto& reference : index.references) {
    for (const auto& bin : reference.bins) {
      for (const auto& chunk : bin.chunks) last = std::max(last, chunk.end);
    }
  }
  return last;
}

IndexVerdict compare(const RegionIndex& own, const RegionIndex& theirs, uint64_t file_bytes) {
  IndexVerdict out{Is::same, theirs.kind, {}};
  const auto stale = [&](std::string reason) {
    return IndexVerdict{Is::stale, theirs.kind, std::move(reason)};
  };
  if (last_of(theirs) >> 16 > file_bytes) return stale("it points behind the end of the file");
  const auto named = [](const RegionIndex& i) {
    return !i.references.empty() && !i.references.front().name.empty();
  };
  const bool by_name = named(own) && named(theirs);
  if (!by_name && theirs.references.size() != own.references.size()) {
    return stale(fmt::format("it is of a file with {} reference sequences, this one has {}",
                             theirs.references.size(), own.references.size()));
  }
  if (own.kind != theirs.kind || own.min_shift != theirs.min_shift || own.depth != theirs.depth ||
      own.references.size() != theirs.references.size()) {
    out.is = Is::usable;
  }
  for (size_t i = 0; i < own.references.size(); ++i) {
    const auto& reference = own.references[i];
    const auto* other = counterpart(theirs, by_name, i, reference.name);
    if (other == nullptr) {
      if (reference.bins.empty()) continue;
      return stale(fmt::format("it does not have reference sequence number {}", i + 1));
    }
    if (out.is == Is::same && same_entries(reference, *other)) continue;
    out.is = Is::usable;
    if (auto what = missed(own, reference, theirs, *other); !what.empty()) {
      return stale(fmt::format("on reference sequence number {}: {}", i + 1, what));
    }
  }
  return out;
}

Result<IndexVerdict> compare_crai(ByteView own, ByteView theirs, const Limits& limits) {
  MEDARC_ASSIGN(const auto ours, parse_crai(own, limits));
  auto parsed = parse_crai(theirs, limits);
  if (parsed.has_error()) {
    Error error = std::move(parsed).error();
    if (error.code == Code::corrupt) error.code = Code::invalid_argument;
    return error;
  }
  const auto key = [](const CraiEntry& e) {
    return std::tuple(e.container_offset, e.tid, e.start, e.span);
  };
  // Every slice of ours must be found for each of its bases; a wider entry does no harm.
  std::vector<CraiEntry> sorted = *parsed;
  std::sort(sorted.begin(), sorted.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  IndexVerdict out{sorted.size() == ours.size() ? Is::same : Is::usable, "crai", {}};
  for (const CraiEntry& e : ours) {
    const auto same = std::lower_bound(sorted.begin(), sorted.end(), key(e),
                                       [&](const auto& a, const auto& k) { return key(a) < k; });
    if (same != sorted.end() && key(*same) == key(e)) continue;
    const auto wider = std::any_of(sorted.begin(), sorted.end(), [&](const CraiEntry& o) {
      return o.container_offset == e.container_offset && o.tid == e.tid && o.start <= e.start &&
             o.start + o.span >= e.start + e.span;
    });
    out.is = Is::usable;
    if (!wider) {
      return IndexVerdict{Is::stale, "crai",
                          fmt::format("the slice in the container at byte {} would not be found",
                                      e.container_offset)};
    }
  }
  return out;
}

}  // namespace

std::string_view to_string(Is is) {
  switch (is) {
    case Is::same: return "same";
    case Is::usable: return "usable";
    case Is::stale: return "stale";
  }
  return "";
}

Result<IndexVerdict> check_index(const FileRow& file, ByteView own, ByteView theirs,
                                 const Limits& limits) {
  if (file.format == "cram") return compare_crai(own, theirs, limits);
  MEDARC_ASSIGN(const RegionIndex b, read_region_index(theirs, limits.index_bytes_max));
  auto a = read_region_index(own, UINT64_MAX);
  if (a.has_error()) {
    return make_error(Code::corrupt, "our own index cannot be read: " + a.error().text);
  }
  return compare(*a, b, file.bytes);
}

}  // namespace medarc::genomics
