#include "genomics/region_index.h"

#include <algorithm>

#include "base/codec.h"
#include "genomics/gzip_stream.h"

namespace medarc::genomics {
namespace {

using namespace std::string_view_literals;

constexpr int kDepthMax = 9;  // as far as bin numbers of 32 bits go
constexpr uint32_t kTabixColumnsBytes = 6 * 4;

Error damaged(const char* what) {
  return make_error(Code::invalid_argument, std::string("the index is damaged: ") + what);
}

uint32_t first_of_level(int level) { return ((1u << 3 * level) - 1) / 7; }

Result<Bytes> inflated(ByteView stored, uint64_t plain_bytes_max) {
  Bytes plain;
  GzipStream gzip;
  MEDARC_TRY(gzip.feed(stored, [&](ByteView piece) -> Status {
    if (plain.size() + piece.size() > plain_bytes_max) {
      return make_error(Code::too_large, "the index is over genomics.index_bytes_max");
    }
    plain.append(piece);
    return {};
  }));
  if (!gzip.ended()) return damaged("it is truncated");
  return plain;
}

// The columns of a tabix file and the names behind them.
Result<std::vector<std::string>> read_names(Decoder& in) {
  in.raw(kTabixColumnsBytes);
  ByteView names = in.raw(in.fixed<uint32_t>());
  std::vector<std::string> out;
  while (!names.empty()) {
    const size_t end = names.find('\0');
    if (end == ByteView::npos) return damaged("a name does not end");
    out.emplace_back(names.substr(0, end));
    names.remove_prefix(end + 1);
  }
  std::vector<std::string> sorted = out;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    return damaged("a name stands twice");
  }
  return out;
}

Result<RegionIndex::Reference> read_reference(Decoder& in, const RegionIndex& index) {
  RegionIndex::Reference out;
  const bool csi = index.kind == "csi";
  const uint32_t pseudo = first_of_level(index.depth + 1) + 1;
  const auto bins = in.fixed<uint32_t>();
  for (uint32_t i = 0; i < bins && in.ok(); ++i) {
    RegionIndex::Bin bin{in.fixed<uint32_t>(), {}};
    if (csi) in.fixed<uint64_t>();  // loffset: what it hides is only what lies before the chunks
    const auto chunks = in.fixed<uint32_t>();
    if (bin.id > pseudo) return damaged("a bin has a number that cannot be");
    for (uint32_t k = 0; k < chunks && in.ok(); ++k) {
      const auto begin = in.fixed<uint64_t>();
      bin.chunks.push_back({begin, in.fixed<uint64_t>()});
    }
    if (bin.id == pseudo) {
      if (bin.chunks.size() == 2) out.counts = {bin.chunks[1].begin, bin.chunks[1].end};
      continue;
    }
    for (const auto& c : bin.chunks) {
      if (c.begin > c.end) return damaged("a chunk ends before it begins");
    }
    out.bins.push_back(std::move(bin));
  }
  std::sort(out.bins.begin(), out.bins.end(), [](auto& a, auto& b) { return a.id < b.id; });
  const auto twice = std::adjacent_find(out.bins.begin(), out.bins.end(),
                                        [](auto& a, auto& b) { return a.id == b.id; });
  if (twice != out.bins.end()) return damaged("a bin is there twice");
  if (csi) return out;
  const auto windows = in.fixed<uint32_t>();
  for (uint32_t i = 0; i < windows && in.ok(); ++i) out.windows.push_back(in.fixed<uint64_t>());
  return out;
}

}  // namespace

RegionIndex::Ids RegionIndex::bins_of(int level, uint64_t begin, uint64_t end) const {
  const int shift = min_shift + 3 * (depth - level);
  const uint32_t first = first_of_level(level);
  const uint64_t last = (1ull << 3 * level) - 1;
  return {first + static_cast<uint32_t>(std::min(begin >> shift, last)),
          first + static_cast<uint32_t>(std::min((end - 1) >> shift, last))};
}

std::pair<uint64_t, uint64_t> RegionIndex::interval(uint32_t bin) const {
  int level = 0;
  while (level < depth && bin >= first_of_level(level + 1)) ++level;
  const int shift = min_shift + 3 * (depth - level);
  const uint64_t begin = static_cast<uint64_t>(bin - first_of_level(level)) << shift;
  return {begin, begin + (1ull << shift)};
}

Result<RegionIndex> read_region_index(ByteView stored, uint64_t plain_bytes_max) {
  RegionIndex out;
  Bytes plain;
  ByteView bytes = stored;
  if (bytes.starts_with("\x1f\x8b"sv)) {
    MEDARC_ASSIGN(plain, inflated(bytes, plain_bytes_max));
    bytes = plain;
  }
  Decoder in(bytes);
  const ByteView magic = in.raw(4);
  uint32_t count = 0;
  std::vector<std::string> names;
  if (magic == "BAI\1"sv) {
    out.kind = "bai";
    count = in.fixed<uint32_t>();
  } else if (magic == "TBI\1"sv) {
    out.kind = "tbi";
    count = in.fixed<uint32_t>();
    MEDARC_ASSIGN(names, read_names(in));
  } else if (magic == "CSI\1"sv) {
    out.kind = "csi";
    const auto min_shift = in.fixed<uint32_t>(), depth = in.fixed<uint32_t>();
    if (min_shift > 30 || depth > kDepthMax) return damaged("its levels cannot be");
    out.min_shift = static_cast<int>(min_shift);
    out.depth = static_cast<int>(depth);
    if (Decoder auxiliary(in.raw(in.fixed<uint32_t>())); !auxiliary.at_end()) {
      MEDARC_ASSIGN(names, read_names(auxiliary));
      if (!auxiliary.ok()) return damaged("its names end early");
    }
    count = in.fixed<uint32_t>();
  } else {
    return make_error(Code::invalid_argument, "this is no BAI, TBI or CSI index");
  }
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    MEDARC_ASSIGN(auto reference, read_reference(in, out));
    if (!names.empty() || out.kind == "tbi") {
      if (i >= names.size()) return damaged("a reference has no name");
      reference.name = std::move(names[i]);
    }
    out.references.push_back(std::move(reference));
  }
  if (!in.ok()) return damaged("it is truncated");
  return out;
}

}  // namespace medarc::genomics
