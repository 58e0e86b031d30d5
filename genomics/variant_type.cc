#include "genomics/variant_type.h"

namespace medarc::genomics {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

bool is_breakend(char c) { return c == '[' || c == ']'; }

}  // namespace

uint8_t variant_type(std::string_view ref, std::string_view alt) {
  if (alt.empty()) return kReferenceOnly;
  if (alt == "*") return kMissing;
  if (ref.size() == 1 && alt.size() == 1) {
    return alt == "." || alt == "X" || alt == ref ? kReferenceOnly : kSnv;
  }
  if (alt[0] == '<') {
    // "Any other allele", as callers write it, is no variant.
    if (alt == "<X>" || alt == "<*>" || alt == "<NON_REF>") return kReferenceOnly;
    return kOther | kSymbolic;
  }
  if (is_breakend(alt[0])) return kBreakend;
  size_t same = 0;
  while (same < ref.size() && same < alt.size() && upper(ref[same]) == upper(alt[same])) ++same;
  ref.remove_prefix(same);
  alt.remove_prefix(same);
  if (ref.empty() && alt.empty()) return kReferenceOnly;
  if (ref.empty()) return is_breakend(alt[0]) ? kBreakend : kIndel;
  if (alt.empty()) return kIndel;
  while (ref.size() > 1 && alt.size() > 1 && upper(ref.back()) == upper(alt.back())) {
    ref.remove_suffix(1);
    alt.remove_suffix(1);
  }
  const bool last_same = upper(ref.back()) == upper(alt.back());
  if (alt.size() == 1 && ref.size() == 1) return kSnv;
  if (alt.size() == 1 || ref.size() == 1) return last_same ? kIndel : kOther;
  return ref.size() == alt.size() ? kMnv : kOther;
}

}  // namespace medarc::genomics
