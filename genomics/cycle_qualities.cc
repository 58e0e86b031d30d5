#include "genomics/cycle_qualities.h"

#include <fmt/format.h>

namespace medarc::genomics {

void CycleQualities::add(ByteView bytes, bool backwards, uint8_t offset) {
  constexpr uint8_t kLast = kQualities - 1;
  const auto* q = reinterpret_cast<const uint8_t*>(bytes.data());
  const size_t n = bytes.size();
  const auto column = [&](uint8_t byte) {
    const auto quality = static_cast<uint8_t>(byte - offset);
    if (quality < kLast) [[likely]]
      return quality;
    high_sum_ += quality;
    return kLast;
  };
  if (backwards) {
    table_.add(n, [&](size_t cycle) { return column(q[n - 1 - cycle]); });
  } else {
    table_.add(n, [&](size_t cycle) { return column(q[cycle]); });
  }
}

uint64_t CycleQualities::sum() const {
  uint64_t sum = high_sum_;
  for (size_t row = 0; row < rows(); ++row) {
    for (size_t quality = 0; quality + 1 < kQualities; ++quality)
      sum += quality * count(row, quality);
  }
  return sum;
}

void CycleQualities::write(std::string& json) const {
  size_t columns = 0;
  for (size_t row = 0; row < rows(); ++row) {
    for (size_t quality = columns; quality < kQualities; ++quality) {
      if (count(row, quality) > 0) columns = quality + 1;
    }
  }
  json += '[';
  for (size_t row = 0; row < rows(); ++row) {
    fmt::format_to(std::back_inserter(json), "{}[{}", row == 0 ? "" : ",",
                   size_class_begin(row) + 1);
    for (size_t quality = 0; quality < columns; ++quality) {
      fmt::format_to(std::back_inserter(json), ",{}", count(row, quality));
    }
    json += ']';
  }
  json += ']';
}

}  // namespace medarc::genomics
