#include "archive/twin_hash.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace medarc::archive {

#if defined(__x86_64__)
namespace {

#define MEDARC_SHA __attribute__((target("sha,sse4.1,ssse3")))
#define MEDARC_SHA_INLINE __attribute__((target("sha,sse4.1,ssse3"), always_inline)) inline

// FIPS 180-4, 4.2.2.
alignas(16) constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// One digest on its way: the state in the order the instructions want (ABEF, CDGH), and the last
// sixteen words of the message schedule.
struct Lane {
  __m128i abef, cdgh, w[4];
};

MEDARC_SHA_INLINE Lane load(const uint32_t* words) {
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words + 4));
  const __m128i cdab = _mm_shuffle_epi32(low, 0xB1), hgfe = _mm_shuffle_epi32(high, 0x1B);
  return {_mm_alignr_epi8(cdab, hgfe, 8), _mm_blend_epi16(hgfe, cdab, 0xF0), {}};
}

MEDARC_SHA_INLINE void store(const Lane& lane, uint32_t* words) {
  const __m128i feba = _mm_shuffle_epi32(lane.abef, 0x1B),
                dchg = _mm_shuffle_epi32(lane.cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// Four rounds: the next four words of the schedule, then the state.
MEDARC_SHA_INLINE void four_rounds(Lane& lane, int group, const char* block) {
  __m128i& w = lane.w[group % 4];
  if (group < 4) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    w = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + group);
    w = _mm_shuffle_epi8(w, big_endian);
  } else {
    const __m128i last = lane.w[(group + 3) % 4];
    const __m128i seven = _mm_alignr_epi8(last, lane.w[(group + 2) % 4], 4);
    w = _mm_sha256msg1_epu32(w, lane.w[(group + 1) % 4]);
    w = _mm_sha256msg2_epu32(_mm_add_epi32(w, seven), last);
  }
  const __m128i k = _mm_load_si128(reinterpret_cast<const __m128i*>(kRound) + group);
  const __m128i wk = _mm_add_epi32(w, k);
  lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, wk);
  lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, _mm_shuffle_epi32(wk, 0x0E));
}

MEDARC_SHA void compress(uint32_t* words, const char* data, size_t blocks) {
  Lane lane = load(words);
  for (; blocks > 0; --blocks, data += 64) {
    const __m128i abef = lane.abef, cdgh = lane.cdgh;
#pragma GCC unroll 16
    for (int group = 0; group < 16; ++group) four_rounds(lane, group, data);
    lane.abef = _mm_add_epi32(lane.abef, abef);
    lane.cdgh = _mm_add_epi32(lane.cdgh, cdgh);
  }
  store(lane, words);
}

// The same for two independent digests.
MEDARC_SHA void compress_two(uint32_t* one, const char* one_data, uint32_t* two,
                             const char* two_data, size_t blocks) {
  Lane a = load(one), b = load(two);
  for (; blocks > 0; --blocks, one_data += 64, two_data += 64) {
    const __m128i a0 = a.abef, a1 = a.cdgh, b0 = b.abef, b1 = b.cdgh;
#pragma GCC unroll 16
    for (int group = 0; group < 16; ++group) {
      four_rounds(a, group, one_data);
      four_rounds(b, group, two_data);
    }
    a.abef = _mm_add_epi32(a.abef, a0);
    a.cdgh = _mm_add_epi32(a.cdgh, a1);
    b.abef = _mm_add_epi32(b.abef, b0);
    b.cdgh = _mm_add_epi32(b.cdgh, b1);
  }
  store(a, one);
  store(b, two);
}

void append_be(char* out, uint64_t value, int octets) {
  for (int i = 0; i < octets; ++i) out[i] = static_cast<char>(value >> 8 * (octets - 1 - i));
}

// The last, partial block with its padding (FIPS 180-4, 5.1.1).
Digest finished(uint32_t* words, ByteView rest, uint64_t bytes) {
  char last[128] = {};
  std::copy(rest.begin(), rest.end(), last);
  last[rest.size()] = static_cast<char>(0x80);
  const size_t blocks = rest.size() < 56 ? 1 : 2;
  append_be(last + 64 * blocks - 8, bytes * 8, 8);
  compress(words, last, blocks);
  Digest out;
  for (size_t i = 0; i < 8; ++i) {
    append_be(reinterpret_cast<char*>(out.value.data()) + 4 * i, words[i], 4);
  }
  return out;
}

}  // namespace

bool TwinSha256::accelerated() {
  static const bool has = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b >> 29 & 1) != 0;
  }();
  return has;
}

Digest TwinSha256::piece_accelerated(ByteView bytes) {
  ByteView stream = bytes;
  const size_t held = bytes_ % 64;
  bytes_ += bytes.size();
  if (held > 0) {
    const size_t n = std::min(64 - held, stream.size());
    std::copy_n(stream.begin(), n, pending_.begin() + static_cast<long>(held));
    stream.remove_prefix(n);
    if (held + n == 64) compress(words_.data(), pending_.data(), 1);
  }
  Words words = kStart;
  ByteView piece = bytes;
  const size_t together = stream.size() / 64;  // the piece has at least as many blocks
  compress_two(words_.data(), stream.data(), words.data(), piece.data(), together);
  stream.remove_prefix(together * 64);
  piece.remove_prefix(together * 64);
  compress(words.data(), piece.data(), piece.size() / 64);
  piece.remove_prefix(piece.size() / 64 * 64);
  std::copy(stream.begin(), stream.end(), pending_.begin());
  return finished(words.data(), piece, bytes.size());
}

Digest TwinSha256::finish_accelerated() {
  const Digest out = finished(words_.data(), ByteView(pending_.data(), bytes_ % 64), bytes_);
  words_ = kStart;
  bytes_ = 0;
  return out;
}

#else
bool TwinSha256::accelerated() { return false; }
Digest TwinSha256::piece_accelerated(ByteView) { return {}; }
Digest TwinSha256::finish_accelerated() { return {}; }
#endif

Digest TwinSha256::piece(ByteView bytes) {
  if (accelerated()) return piece_accelerated(bytes);
  if (!plain_) plain_.emplace();
  plain_->update(bytes);
  return Sha256::of(bytes);
}

Digest TwinSha256::finish() {
  if (accelerated()) return finish_accelerated();
  if (!plain_) plain_.emplace();
  return plain_->finish();
}

}  // namespace medarc::archive
