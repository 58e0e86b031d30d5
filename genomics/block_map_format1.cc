#include "genomics/block_map_format1.h"

#include "genomics/block_map_builder.h"

namespace medarc::genomics {
namespace {

constexpr uint32_t kFlagSorted = 1, kFlagMoreContigs = 2;

}  // namespace

Result<Bytes> map_of_format1(ByteView stored) {
  Decoder d(stored);
  if (d.raw(kMapMagic1.size()) != kMapMagic1) return damaged_map("it does not start as one");
  const uint32_t flags = d.fixed<uint32_t>();
  const uint32_t header_bytes = d.fixed<uint32_t>();
  const uint64_t count = d.fixed<uint64_t>();
  const ByteView header = d.raw(header_bytes);
  std::vector<std::string> more_contigs;
  if ((flags & kFlagMoreContigs) != 0) {
    for (uint32_t n = d.fixed<uint32_t>(); n > 0 && d.ok(); --n)
      more_contigs.emplace_back(d.bytes());
  }
  if (!d.ok() || count > UINT32_MAX || d.rest().size() != count * kExtentBytes)
    return damaged_map("its length is wrong");
  BlockMapBuilder builder;
  for (uint64_t i = 0; i < count; ++i) builder.add_extent(get_extent(d));
  return builder.finish((flags & kFlagSorted) != 0, header, more_contigs);
}

}  // namespace medarc::genomics
