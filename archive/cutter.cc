#include "archive/cutter.h"

#include <algorithm>
#include <array>

namespace medarc::archive {
namespace {

// Fixed for ever: other numbers would cut stored content elsewhere and lose its duplicates.
constexpr std::array<uint64_t, 256> gear_table() {
  std::array<uint64_t, 256> table{};
  uint64_t x = 0x9E3779B97F4A7C15ull;
  for (auto& entry : table) {  // splitmix64
    x += 0x9E3779B97F4A7C15ull;
    uint64_t z = x;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    entry = z ^ z >> 31;
  }
  return table;
}
constexpr auto kGear = gear_table();

}  // namespace

size_t GearCutter::feed(ByteView bytes) {
  size_t i = 0;
  if (length_ + 64 < kMin) {  // only the last 64 bytes before the minimum matter
    i = std::min(bytes.size(), kMin - 64 - length_);
    length_ += i;
  }
  constexpr uint64_t mask = ((uint64_t{1} << kMaskBits) - 1) << (64 - kMaskBits);
  for (; i < bytes.size(); ++i) {
    hash_ = (hash_ << 1) + kGear[static_cast<uint8_t>(bytes[i])];
    ++length_;
    if ((length_ >= kMin && (hash_ & mask) == 0) || length_ >= kMax) {
      restart();
      return i + 1;
    }
  }
  return ByteView::npos;
}

}  // namespace medarc::archive
