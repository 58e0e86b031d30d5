// SHA-256 of a stream and of each of its pieces in one pass. The two digests run side by side
// through the processor's SHA instructions, whose latency one digest alone cannot fill: about a
// sixth less time than one after the other (docs/decisions/0003). Without those instructions
// OpenSSL does it twice.
#pragma once

#include <array>
#include <cstdint>

#include "archive/hash.h"

namespace medarc::archive {

// Not thread-safe; reusable after finish().
class TwinSha256 {
 public:
  // The digest of `bytes` alone; they also continue the stream.
  Digest piece(ByteView bytes);
  // Of everything since the start, which begins anew.
  Digest finish();

  // Whether the processor has SHA-NI.
  static bool accelerated();

 private:
  using Words = std::array<uint32_t, 8>;
  static constexpr Words kStart = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  Digest piece_accelerated(ByteView bytes);
  Digest finish_accelerated();

  Words words_ = kStart;
  uint64_t bytes_ = 0;              // of the stream so far
  std::array<char, 64> pending_{};  // its last bytes % 64
  std::optional<Sha256> plain_;     // without SHA-NI
};

}  // namespace medarc::archive
