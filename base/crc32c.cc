// CRC-32C with the processor's instruction, three lanes side by side: one lane waits three cycles for
// each eight bytes.
#include <array>
#include <cstring>

#include "base/bytes.h"

namespace medarc {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;  // Castagnoli, reflected (RFC 3720, B.4)

constexpr std::array<uint32_t, 256> kByteTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t v = i;
    for (int bit = 0; bit < 8; ++bit) v = v >> 1 ^ ((v & 1) != 0 ? kPolynomial : 0);
    table[i] = v;
  }
  return table;
}();

uint32_t portable(const uint8_t* p, size_t n, uint32_t crc) {
  while (n-- > 0) crc = kByteTable[(crc ^ *p++) & 0xFF] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__)
constexpr size_t kLaneBytes = 2048;

// A CRC is linear over GF(2): what a run of zero bytes makes of it is a 32x32 matrix of bits.
using Matrix = std::array<uint32_t, 32>;
constexpr uint32_t times(const Matrix& m, uint32_t v) {
  uint32_t out = 0;
  for (size_t bit = 0; v != 0; ++bit, v >>= 1) out ^= (v & 1) != 0 ? m[bit] : 0;
  return out;
}
// The step over kLaneBytes zero bytes, a table for each byte of the CRC.
constexpr std::array<std::array<uint32_t, 256>, 4> kLaneStep = [] {
  Matrix m{};
  for (uint32_t bit = 0; bit < 32; ++bit) {
    const uint32_t v = 1u << bit;
    m[bit] = kByteTable[v & 0xFF] ^ (v >> 8);  // over one byte
  }
  for (size_t bytes = 1; bytes < kLaneBytes; bytes *= 2) {
    Matrix twice{};
    for (size_t bit = 0; bit < 32; ++bit) twice[bit] = times(m, m[bit]);
    m = twice;
  }
  std::array<std::array<uint32_t, 256>, 4> table{};
  for (uint32_t byte = 0; byte < 4; ++byte) {
    for (uint32_t i = 0; i < 256; ++i) table[byte][i] = times(m, i << (8 * byte));
  }
  return table;
}();

uint64_t over_lane(uint64_t crc) {
  return kLaneStep[0][crc & 0xFF] ^ kLaneStep[1][crc >> 8 & 0xFF] ^ kLaneStep[2][crc >> 16 & 0xFF] ^
         kLaneStep[3][crc >> 24 & 0xFF];
}

uint64_t word_at(const uint8_t* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) uint32_t hardware(const uint8_t* p, size_t n, uint32_t crc) {
  uint64_t a = crc;
  for (; n >= 3 * kLaneBytes; n -= 3 * kLaneBytes, p += 2 * kLaneBytes) {
    uint64_t b = 0, c = 0;
    for (const uint8_t* const end = p + kLaneBytes; p < end; p += 8) {
      a = __builtin_ia32_crc32di(a, word_at(p));
      b = __builtin_ia32_crc32di(b, word_at(p + kLaneBytes));
      c = __builtin_ia32_crc32di(c, word_at(p + 2 * kLaneBytes));
    }
    a = over_lane(over_lane(a) ^ b) ^ c;
  }
  for (; n >= 8; n -= 8, p += 8) a = __builtin_ia32_crc32di(a, word_at(p));
  crc = static_cast<uint32_t>(a);
  while (n-- > 0) crc = __builtin_ia32_crc32qi(crc, *p++);
  return crc;
}
#endif

}  // namespace

uint32_t crc32c(ByteView bytes, uint32_t seed) {
  const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return ~hardware(p, bytes.size(), ~seed);
#endif
  return ~portable(p, bytes.size(), ~seed);
}

}  // namespace medarc
