// The Range header of something whose length the first two octets give, and the other small header
// grammars: Accept, media types, tag lists, moments. A part must lie inside and hold at least a
// byte.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dicom/instant.h"
#include "web/accept.h"
#include "web/conditional.h"

using namespace medarc;
using namespace medarc::web;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const uint64_t total = static_cast<uint64_t>(data[0]) << 8 | data[1];
  const std::string text(reinterpret_cast<const char*>(data + 2), size - 2);
  const RangeAnswer answer = parse_range(text, total);
  if (answer.kind == RangeKind::part &&
      (answer.range.length == 0 || answer.range.begin >= total || answer.range.end() > total)) {
    std::abort();
  }
  (void)etag_listed(text, "tag", total % 2 == 0);
  const int q = coding_quality(text, "gzip");
  if (q < 0 || q > 1000) std::abort();
  Request request;
  request.headers.add("Accept", text);
  request.query.emplace_back("accept", text);
  const auto ranges = accepted_types(request);
  if (ranges.size() > kMediaRangesMax) std::abort();
  for (const MediaRange& range : ranges) {
    if (range.q <= 0 || range.q > 1000 || range.media.type.empty()) std::abort();
  }
  const auto at = dicom::parse_instant(text);
  constexpr int64_t kYears = 10'001ll * 366 * 86'400 * 1'000'000;
  if (at && (at->us < -kYears || at->us > kYears)) std::abort();
  return 0;
}
