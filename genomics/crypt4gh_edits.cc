#include "genomics/crypt4gh_edits.h"

#include <algorithm>

namespace medarc::genomics::crypt4gh {
namespace {

uint64_t sum(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

}  // namespace

std::vector<ByteRange> kept_ranges(const std::optional<std::vector<uint64_t>>& edits) {
  if (!edits || edits->empty()) return {{0, UINT64_MAX}};
  std::vector<ByteRange> out;
  uint64_t at = 0;
  for (size_t i = 0; i < edits->size() && at < UINT64_MAX; i += 2) {
    at = sum(at, (*edits)[i]);
    const bool last = i + 1 == edits->size();
    const uint64_t end = last ? UINT64_MAX : sum(at, (*edits)[i + 1]);
    if (end == at) continue;
    if (!out.empty() && out.back().end() == at) {
      out.back().length = end - out.back().begin;
    } else {
      out.push_back({at, end - at});
    }
    at = end;
  }
  return out;
}

}  // namespace medarc::genomics::crypt4gh
