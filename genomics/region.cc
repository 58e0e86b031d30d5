#include "genomics/region.h"

#include <algorithm>
#include <optional>

namespace medarc::genomics {
namespace {

Error bad(const char* what) { return make_error(Code::invalid_argument, std::string("region: ") + what); }
Error unknown() { return make_error(Code::not_found, "region: the file has no such reference sequence"); }

// Digits with commas between them, at most INT32_MAX.
std::optional<uint32_t> number(std::string_view text) {
  uint64_t v = 0;
  bool any = false;
  for (const char c : text) {
    if (c == ',' && any) continue;
    if (c < '0' || c > '9') return std::nullopt;
    v = v * 10 + static_cast<uint64_t>(c - '0');
    if (v > INT32_MAX) v = INT32_MAX;
    any = true;
  }
  return any ? std::optional(static_cast<uint32_t>(v)) : std::nullopt;
}

// "101-200", "101", "101-", "-200" into begin and end.
bool parse_span(std::string_view text, Region& out) {
  const size_t dash = text.find('-');
  const std::string_view first = text.substr(0, dash);
  if (dash == std::string_view::npos) {
    const auto from = number(first);
    if (!from || *from == 0) return false;
    out.begin = *from - 1;
    return true;
  }
  const std::string_view last = text.substr(dash + 1);
  if (first.empty() && last.empty()) return false;
  if (!first.empty()) {
    const auto from = number(first);
    if (!from || *from == 0) return false;
    out.begin = *from - 1;
  }
  if (!last.empty()) {
    const auto to = number(last);
    if (!to) return false;
    out.end = *to;
  }
  return true;
}

Result<Region> spanned(int32_t tid, std::string_view span) {
  Region out;
  out.tid = tid;
  if (!parse_span(span, out)) return bad("positions are 1-based numbers, as in chr1:101-200");
  if (out.begin >= out.end) return bad("it ends before it begins");
  return out;
}

}  // namespace

Result<Region> parse_samtools_region(std::string_view text, const BamHeader& header) {
  if (text == "*") return Region{};
  if (text == ".") return bad("leave it out to get the whole file");
  if (text.starts_with('{')) {
    const size_t close = text.find('}');
    if (close == std::string_view::npos) return bad("the brace is not closed");
    const auto tid = header.find(text.substr(1, close - 1));
    if (!tid) return unknown();
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) return Region{*tid};
    if (rest[0] != ':') return bad("a colon follows the brace");
    return spanned(*tid, rest.substr(1));
  }
  const auto whole = header.find(text);
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return whole ? Result<Region>(Region{*whole}) : unknown();
  const auto part = header.find(text.substr(0, colon));
  Region probe;
  if (whole && part && parse_span(text.substr(colon + 1), probe)) {
    return bad("it can be read in two ways; put braces around the name, as in {name}:101-200");
  }
  if (whole) return Region{*whole};
  if (!part) return unknown();
  return spanned(*part, text.substr(colon + 1));
}

Result<Region> htsget_region(std::string_view name, uint32_t begin, uint32_t end,
                             const BamHeader& header) {
  if (name == "*") return Region{};
  const auto tid = header.find(name);
  if (!tid) return unknown();
  return Region{*tid, begin, std::min(end, kToTheEnd)};
}

std::vector<Region> merge_regions(std::vector<Region> regions) {
  // Unplaced reads come last in a file.
  const auto place = [](const Region& r) { return static_cast<uint32_t>(r.tid); };
  std::sort(regions.begin(), regions.end(), [&](const Region& a, const Region& b) {
    return place(a) != place(b) ? place(a) < place(b) : a.begin < b.begin;
  });
  std::vector<Region> out;
  for (Region& r : regions) {
    if (r.tid == kUnplaced) {
      r = Region{};
    } else if (r.begin >= r.end) {
      continue;
    }
    if (!out.empty() && out.back().tid == r.tid && r.begin <= out.back().end) {
      out.back().end = std::max(out.back().end, r.end);
    } else {
      out.push_back(r);
    }
  }
  return out;
}

}  // namespace medarc::genomics
