// Stored block maps, of both formats. Whatever the bytes are, a map is refused or answers: extents
// in order and within their number, the same a second time, or an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "genomics/block_map.h"
#include "genomics/slice_plan.h"

using namespace medarc;
using namespace medarc::genomics;

namespace {

void check(const Result<std::vector<Touched>>& touched, const BlockMap& map) {
  if (touched.has_error()) {
    if (touched.error().code != Code::corrupt) std::abort();
    return;
  }
  const uint32_t extents = map.extents().size();
  for (size_t i = 0; i < touched->size(); ++i) {
    if ((*touched)[i].extent >= extents) std::abort();
    if (i > 0 && (*touched)[i].extent <= (*touched)[i - 1].extent) std::abort();
  }
  for (const bool recode_all : {false, true}) {
    const auto plan = plan_slice(map, *touched, {.recode_all = recode_all});
    if (plan.has_error() && plan.error().code != Code::corrupt) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto map = BlockMap::in_memory(Bytes(reinterpret_cast<const char*>(data), size));
  if (map.has_error()) {
    if (map.error().code != Code::corrupt) std::abort();
    return 0;
  }
  check(map->everything(), *map);
  if (!map->sorted()) return 0;
  for (const Region& r : {Region{0, 0, 1'000}, Region{1, 5'000, 5'001}, Region{2, 0, kToTheEnd},
                          Region{kUnplaced, 0, 0}}) {
    check(map->query({r}), *map);
  }
  return 0;
}
