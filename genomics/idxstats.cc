#include "genomics/idxstats.h"

#include <fmt/format.h>

#include "records/json.h"

namespace medarc::genomics {

void Idxstats::add(const RecordFacts& r) {
  if (r.tid < 0) {
    ++unplaced_.unmapped;
    return;
  }
  Counts& c = counts_[static_cast<size_t>(r.tid)];
  ++((r.flag & kUnmapped) != 0 ? c.unmapped : c.mapped);
}

size_t Idxstats::write(const std::vector<Reference>& references, size_t references_max,
                       std::string& json) const {
  const bool all = references.size() <= references_max;
  size_t written = 0, left_out = 0;
  const auto put = [&](std::string_view name, uint32_t bases, const Counts& c) {
    json += R"({"name":)";
    records::append_quoted(json, name);
    fmt::format_to(std::back_inserter(json), R"(,"length":{},"mapped":{},"unmapped":{}}})", bases,
                   c.mapped, c.unmapped);
  };
  json += '[';
  for (size_t tid = 0; tid < references.size(); ++tid) {
    const Counts& c = counts_[tid];
    if (!all && c.mapped + c.unmapped == 0) continue;
    if (written == references_max) {
      ++left_out;
      continue;
    }
    put(references[tid].name, references[tid].bases, c);
    json += ',';
    ++written;
  }
  put("*", 0, unplaced_);
  json += ']';
  return left_out;
}

}  // namespace medarc::genomics
