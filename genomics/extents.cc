#include "genomics/extents.h"

#include <algorithm>

namespace medarc::genomics {

void put_extent(Encoder& e, const Extent& x) {
  e.fixed(x.block_offset);
  e.fixed(static_cast<uint32_t>(x.tid));
  e.fixed(static_cast<uint32_t>(x.min_begin));
  e.fixed(static_cast<uint32_t>(x.max_begin));
  e.fixed(static_cast<uint32_t>(x.min_end));
  e.fixed(static_cast<uint32_t>(x.max_end));
  e.fixed(x.block_bytes_less_1);
  e.fixed(x.first_offset);
  e.fixed(x.plain_bytes);
  e.fixed(x.records);
  e.fixed(x.flags);
}

Extent get_extent(Decoder& d) {
  Extent x;
  x.block_offset = d.fixed<uint64_t>();
  x.tid = static_cast<int32_t>(d.fixed<uint32_t>());
  x.min_begin = static_cast<int32_t>(d.fixed<uint32_t>());
  x.max_begin = static_cast<int32_t>(d.fixed<uint32_t>());
  x.min_end = static_cast<int32_t>(d.fixed<uint32_t>());
  x.max_end = static_cast<int32_t>(d.fixed<uint32_t>());
  x.block_bytes_less_1 = d.fixed<uint16_t>();
  x.first_offset = d.fixed<uint16_t>();
  x.plain_bytes = d.fixed<uint32_t>();
  x.records = d.fixed<uint16_t>();
  x.flags = d.fixed<uint16_t>();
  return x;
}

Error damaged_map(const char* what) {
  return make_error(Code::corrupt, std::string("a block map is damaged: ") + what);
}

ExtentPages::ExtentPages(uint32_t extents, uint64_t begin, Read read)
    : extents_(extents), begin_(begin), read_(std::move(read)), pages_(map_pages(extents)) {}

Result<std::shared_ptr<const ExtentPages::Page>> ExtentPages::page(uint32_t number) {
  {
    const std::lock_guard lock(mutex_);
    if (pages_[number]) return pages_[number];
  }
  const uint32_t first = number * kPageExtents;
  const uint32_t count = std::min(kPageExtents, extents_ - first);
  Bytes stored(size_t{count} * kExtentBytes, '\0');
  MEDARC_TRY(read_({begin_ + number * kPageBytes, stored.size()}, stored.data()));
  auto page = std::make_shared<Page>();
  page->reserve(count);
  Decoder d(stored);
  for (uint32_t i = 0; i < count; ++i) {
    const Extent x = get_extent(d);
    const bool follows = i == 0 || x.block_offset >= page->back().block_offset;
    if (!follows || x.first_offset > x.plain_bytes)
      return damaged_map("its extents contradict each other");
    page->push_back(x);
  }
  const std::lock_guard lock(mutex_);
  if (pages_[number]) return pages_[number];
  pages_[number] = page;
  kept_.push_back(number);
  if (kept_.size() > kPagesKept) {
    pages_[kept_.front()].reset();
    kept_.pop_front();
  }
  return std::shared_ptr<const Page>(std::move(page));
}

size_t ExtentPages::memory_bytes_max() const {
  const size_t kept = std::min<size_t>(pages_.size(), kPagesKept);
  return sizeof *this + pages_.size() * sizeof pages_[0] + kept * kPageExtents * sizeof(Extent);
}

Extent Extents::operator[](uint32_t number) {
  if (failed_.has_error()) return {};
  if (!page_ || number < first_ || number - first_ >= page_->size()) {
    auto page = pages_->page(number / kPageExtents);
    if (page.has_error()) {
      failed_ = page.error();
      return {};
    }
    page_ = std::move(*page);
    first_ = number / kPageExtents * kPageExtents;
  }
  return (*page_)[number - first_];
}

Place Extents::end_of(uint32_t extent) {
  uint32_t i = extent + 1;
  while (i < size() && (*this)[i].records == 0) ++i;
  return {i, i < size() ? (*this)[i].first_offset : 0u};
}

}  // namespace medarc::genomics
