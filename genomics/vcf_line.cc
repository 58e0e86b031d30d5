#include "genomics/vcf_line.h"

#include <algorithm>
#include <array>

namespace medarc::genomics {
namespace {

constexpr size_t kFixedColumns = 8;

Error bad(const char* what) { return make_error(Code::invalid_argument, what); }

std::optional<uint32_t> position_of(ByteView text) {
  if (text.empty() || text.size() > 10) return std::nullopt;
  uint64_t v = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    v = v * 10 + static_cast<uint64_t>(c - '0');
  }
  return v > INT32_MAX ? std::nullopt : std::optional(static_cast<uint32_t>(v));
}

// The number of INFO/END: its leading digits; 0 when there is none.
int64_t end_of(ByteView info) {
  for (size_t at = 0; at < info.size();) {
    const size_t next = std::min(info.find(';', at), info.size());
    ByteView entry = info.substr(at, next - at);
    if (entry.starts_with("END=")) {
      entry.remove_prefix(4);
      int64_t v = 0;
      for (const char c : entry) {
        if (c < '0' || c > '9') break;
        v = std::min<int64_t>(v * 10 + (c - '0'), INT32_MAX);
      }
      return v;
    }
    at = next + 1;
  }
  return 0;
}

RecordFacts place(const VcfColumns& c, int64_t end) {
  const int64_t pos = int64_t{c.position} - 1;
  int64_t to = pos + static_cast<int64_t>(c.ref.size());
  if (end > pos) to = end;
  RecordFacts out;
  out.begin = static_cast<int32_t>(std::max<int64_t>(pos, 0));
  out.end = static_cast<int32_t>(std::clamp<int64_t>(to, int64_t{out.begin} + 1, INT32_MAX));
  return out;
}

}  // namespace

bool is_contig_name(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<VcfColumns> split_vcf_line(ByteView line, uint32_t columns) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (columns > 0) {
    if (line.empty()) return bad("it is empty");
    const auto tabs = static_cast<uint64_t>(std::count(line.begin(), line.end(), '\t'));
    if (tabs + 1 != columns) {
      return make_error(
          Code::invalid_argument,
          "it has " + std::to_string(tabs + 1) + " columns, the header " + std::to_string(columns));
    }
    if (line.find('\0') != ByteView::npos) return bad("it holds a NUL");
  }
  std::array<ByteView, kFixedColumns> fixed;
  size_t at = 0;
  for (ByteView& one : fixed) {
    const size_t end = std::min(line.find('\t', at), line.size());
    one = line.substr(std::min(at, line.size()), end - std::min(at, end));
    at = end + 1;
  }
  VcfColumns out{fixed[0], fixed[2], fixed[3], fixed[4], fixed[5], fixed[6], fixed[7], {}, {}, 0};
  const auto position = position_of(fixed[1]);
  if (!position) return bad("its POS is no number from 0 to 2147483647");
  out.position = *position;
  if (at <= line.size()) {
    const size_t end = std::min(line.find('\t', at), line.size());
    out.format = line.substr(at, end - at);
    if (end < line.size()) out.samples = line.substr(end + 1);
  }
  if (columns == 0) return out;
  const auto blank = [](char ch) { return ch == ' '; };
  if (!is_contig_name(out.contig)) return bad("its CHROM is no name");
  if (out.ref.empty() || out.ref == "." || std::any_of(out.ref.begin(), out.ref.end(), blank)) {
    return bad("it has no REF");
  }
  if (out.alt.empty()) return bad("it has no ALT");
  return out;
}

RecordFacts place_of_vcf(const VcfColumns& c, bool info_end) {
  return place(c, info_end ? end_of(c.info) : 0);
}

VariantFacts facts_of_vcf(const VcfColumns& c, bool info_end) {
  VariantFacts out;
  const int64_t end = end_of(c.info);
  out.place = place(c, info_end ? end : 0);
  out.end_in_index = std::max(out.place.end, place(c, end).end);
  if (c.alt == ".") return out;
  for (size_t at = 0; at <= c.alt.size();) {
    const size_t next = std::min(c.alt.find(',', at), c.alt.size());
    out.types |= variant_type(c.ref, c.alt.substr(at, next - at));
    ++out.alts;
    at = next + 1;
  }
  return out;
}

}  // namespace medarc::genomics
