#include "genomics/fastq_modules.h"

#include <array>

namespace medarc::genomics {
namespace {

constexpr std::array<uint8_t, 256> make_columns() {
  std::array<uint8_t, 256> t{};
  t.fill(5);
  const std::string_view letters = "ACGTN";
  for (uint8_t i = 0; i < letters.size(); ++i) {
    t[static_cast<uint8_t>(letters[i])] = i;
    t[static_cast<uint8_t>(letters[i] | 0x20)] = i;
  }
  return t;
}
constexpr std::array<uint8_t, 256> kColumnOf = make_columns();

}  // namespace

FastqModules::FastqModules() : lengths_(kSizeClasses) {}

ByteView FastqModules::in_capitals(ByteView sequence) {
  uint8_t any = 0;
  for (const char c : sequence) any |= static_cast<uint8_t>(c);
  if ((any & 0x20) == 0) return sequence;
  capitals_.assign(sequence);
  for (char& c : capitals_) c = c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
  return capitals_;
}

void FastqModules::add(ByteView sequence, ByteView qualities) {
  ++reads_;
  const uint64_t n = sequence.size();
  shortest_ = std::min(shortest_, n);
  longest_ = std::max(longest_, n);
  ++lengths_[size_class(n)];
  sequence = in_capitals(sequence);
  letters_.add(n, [&](size_t cycle) { return kColumnOf[static_cast<uint8_t>(sequence[cycle])]; });
  qualities_.add(qualities, false, 33);
  if (n > 0) {
    uint64_t sum = 0;
    for (const char c : qualities) {
      sum += static_cast<uint8_t>(c);
      lowest_ = std::min(lowest_, static_cast<uint8_t>(c));
    }
    ++read_qualities_[sum / n];
  }
  gc_.add(sequence);
  repeats_.add(sequence);
  adapters_.add(sequence);
}

}  // namespace medarc::genomics
