// The extents of a block map, read page by page when they are asked for, so that what a region
// costs does not grow with its file. Format: BLOCK_MAP.md.
//
// An extent is the run of records of one reference that start in one block; a block where two
// references meet has two extents, a block in which no record starts has one with no records.
// Records belong to the block they start in and may end in a later one.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "base/codec.h"
#include "base/result.h"
#include "genomics/region.h"

namespace medarc::genomics {

struct Extent {
  uint64_t block_offset = 0;  // compressed, in the file
  int32_t tid = kUnplaced;
  int32_t min_begin = 0, max_begin = 0, min_end = 0, max_end = 0;
  uint16_t block_bytes_less_1 = 0;
  uint16_t first_offset = 0;  // plain, in the block, of the extent's first record
  uint32_t plain_bytes = 0;   // of the block
  uint16_t records = 0;
  uint16_t flags = 0;  // kHasUnmapped
  uint32_t block_bytes() const { return block_bytes_less_1 + 1u; }
};
static_assert(sizeof(Extent) == 40);
inline constexpr uint16_t kHasUnmapped = 1;

inline constexpr ByteView kMapMagic = "MEDBMAP2";
inline constexpr uint32_t kMapSorted = 1;  // a flag
inline constexpr uint64_t kMapFootBytes = 24;
inline constexpr uint32_t kExtentBytes = 40;  // stored
inline constexpr uint32_t kPageExtents = 512;
inline constexpr uint64_t kPageBytes = uint64_t{kPageExtents} * kExtentBytes;
constexpr uint32_t map_pages(uint32_t extents) {
  return extents / kPageExtents + (extents % kPageExtents != 0);
}
void put_extent(Encoder& e, const Extent& x);
Extent get_extent(Decoder& d);

// corrupt: "a block map is damaged: " and what of it.
Error damaged_map(const char* what);

// A place in the plain stream: extent (by number) and byte inside its block.
struct Place {
  uint32_t extent = 0;
  uint32_t offset = 0;
  bool operator==(const Place&) const = default;
};

// The pages of one map: those read last stay in memory. Thread-safe.
class ExtentPages {
 public:
  using Page = std::vector<Extent>;
  // Fills exactly `range` of the stored map at `out`. Called on any thread, on several at once.
  using Read = std::function<Status(ByteRange range, char* out)>;
  static constexpr uint32_t kPagesKept = 512;  // 10 MiB

  // `begin`: where the first page lies in the stored map.
  ExtentPages(uint32_t extents, uint64_t begin, Read read);
  uint32_t extents() const { return extents_; }
  // Errors: corrupt, and those of `read`.
  Result<std::shared_ptr<const Page>> page(uint32_t number);
  size_t memory_bytes_max() const;

 private:
  const uint32_t extents_;
  const uint64_t begin_;
  const Read read_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const Page>> pages_;  // by number; null: not in memory
  std::deque<uint32_t> kept_;                       // oldest first
};

// Extents by number, for one reader. Whoever has read what he needs asks failed() before he uses
// it: after a page could not be read every extent is an empty one. Not thread-safe.
class Extents {
 public:
  explicit Extents(std::shared_ptr<ExtentPages> pages) : pages_(std::move(pages)) {}
  uint32_t size() const { return pages_ ? pages_->extents() : 0; }
  Extent operator[](uint32_t number);  // below size()
  const Status& failed() const { return failed_; }

  // Where an extent's records begin, and where those of the next one do (the end of the file's data
  // after the last).
  Place begin_of(uint32_t extent) { return {extent, (*this)[extent].first_offset}; }
  Place end_of(uint32_t extent);

 private:
  std::shared_ptr<ExtentPages> pages_;
  std::shared_ptr<const ExtentPages::Page> page_;  // read last
  uint32_t first_ = 0;                             // number of its first extent
  Status failed_;
};

}  // namespace medarc::genomics
