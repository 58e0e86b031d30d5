// The header of a Crypt4GH file (GA4GH Crypt4GH 1.0, "Header"): packets, each sealed for one
// reader, that hold the keys of the data and what of it is to be left out.
//
//   "crypt4gh", version u32, packets u32, then each packet: length u32 (its own four bytes
//   counted), method u32 (0), writer's public key 32, nonce 12, sealed payload with its MAC
//
// All numbers are little-endian. A packet that none of our keys opens is for somebody else and is
// passed over without a word.
#pragma once

#include <optional>
#include <vector>

#include "genomics/crypt4gh_limits.h"
#include "security/primitives.h"

namespace medarc::genomics::crypt4gh {

using security::Nonce;
using security::PublicKey;
using security::Secret;

inline constexpr ByteView kMagic{"crypt4gh", 8};
inline constexpr uint32_t kVersion = 1;

// The payload of a packet that holds a data key.
Bytes data_key_payload(const Secret& key);
// One packet. `writer` may be made for this packet alone; a nonce never serves twice with the same
// writer and reader. invalid_argument: `reader` is no key anybody should use.
Result<Bytes> seal_packet(ByteView payload, const Secret& writer, const PublicKey& reader,
                          const Nonce& nonce);
Bytes make_header(const std::vector<Bytes>& packets);

struct Header {
  std::vector<Secret> data_keys;  // as they come; at least one
  // Lengths of plain bytes, in turn left out and kept; what follows an even number of them is left
  // out, what follows an odd number is kept. nullopt or empty: everything is kept.
  std::optional<std::vector<uint64_t>> edits;
};

// Reads a header as it arrives. Not thread-safe. After an error only destruction is allowed.
class HeaderReader {
 public:
  // `keys`: secret keys, each tried on each packet.
  HeaderReader(std::vector<Secret> keys, const Crypt4ghLimits& limits);

  // Takes what belongs to the header from the front of `bytes`. Errors: invalid_argument (not
  // Crypt4GH, damaged, two edit lists, or no data key among what our keys open), unsupported
  // (another version, a payload or a method for data that is not known), too_large (packets_max,
  // header_bytes_max).
  Status feed(ByteView& bytes);
  bool done() const { return done_; }
  uint64_t bytes() const { return bytes_; }     // taken so far
  Header take() { return std::move(header_); }  // once done

 private:
  Status read_start(ByteView start);
  Status read_packet(ByteView packet);
  Status read_payload(ByteView payload);
  Status finish();

  struct Own {
    Secret secret;
    PublicKey known;
  };
  std::vector<Own> keys_;
  const uint32_t packets_max_;
  const uint64_t bytes_max_;
  Bytes waiting_;    // of the part that is being read
  uint64_t wanted_;  // its size
  std::optional<uint32_t> packets_left_;
  bool length_known_ = false;
  bool done_ = false;
  uint64_t bytes_ = 0;
  Header header_;
};

}  // namespace medarc::genomics::crypt4gh
