// The data of a Crypt4GH file (GA4GH Crypt4GH 1.0, "Encrypted Data"): segments of 65,536 plain
// bytes, the last one shorter, each with a nonce before and a MAC behind it, so that any plain
// range is found by counting.
//
// The format does not say where it ends, nor in which order segments belong: whoever reads it
// verifies a digest of the plain bytes too.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "archive/blob_store.h"
#include "base/io.h"
#include "genomics/crypt4gh_header.h"

namespace medarc::genomics::crypt4gh {

inline constexpr uint64_t kSegmentPlainBytes = 65'536;
inline constexpr uint64_t kSegmentOverheadBytes = security::kNonceBytes + security::kTagBytes;
inline constexpr uint64_t kSegmentBytes = kSegmentPlainBytes + kSegmentOverheadBytes;

// Of all segments together, without the header.
uint64_t sealed_bytes_of(uint64_t plain_bytes);
std::optional<uint64_t> plain_bytes_of(uint64_t sealed_bytes);  // nullopt: cut off inside a segment

// What the segments of one plain text are sealed with. The nonce of a segment is a pseudo-random
// function of its number, so the same text sealed again is the same bytes. Never for another text.
struct SealingKeys {
  Secret data_key, nonce_secret;
  static SealingKeys fresh() { return {Secret::random(), Secret::random()}; }
};

// Not thread-safe.
class SegmentSealer {
 public:
  explicit SegmentSealer(const SealingKeys& keys);
  // Writes plain.size() + kSegmentOverheadBytes at `out`; plain: at most kSegmentPlainBytes.
  void seal(uint64_t number, ByteView plain, char* out);

 private:
  const Secret nonce_secret_;
  security::BoxCipher cipher_;
};

// Not thread-safe.
class SegmentOpener {
 public:
  explicit SegmentOpener(const std::vector<Secret>& data_keys);
  // Writes sealed.size() - kSegmentOverheadBytes at `out`. Each key is tried, the one that opened
  // the segment before first. invalid_argument: none opens it.
  Status open(uint64_t number, ByteView sealed, char* out);

 private:
  std::vector<security::BoxCipher> ciphers_;
  size_t last_ = 0;
};

// A Crypt4GH file of `plain`, made where it is read: any range, in constant memory.
class SealedReader final : public archive::BlobReader {
 public:
  SealedReader(Bytes header, const SealingKeys& keys, std::unique_ptr<archive::BlobReader> plain);
  uint64_t size() const override;
  Status read(ByteRange range, char* out) override;

 private:
  Status seal(uint64_t number, char* out);

  const Bytes header_;
  const std::unique_ptr<archive::BlobReader> plain_;
  SegmentSealer sealer_;
  Bytes text_;
  Bytes kept_;  // the last segment of which only a part was asked for
  std::optional<uint64_t> kept_number_;
};

// The same of a stream.
class SealedSource final : public ByteSource {
 public:
  SealedSource(Bytes header, const SealingKeys& keys, std::unique_ptr<ByteSource> plain);
  Result<size_t> read(char* out, size_t capacity) override;

 private:
  Status fill();

  const std::unique_ptr<ByteSource> plain_;
  SegmentSealer sealer_;
  uint64_t number_ = 0;
  bool ended_ = false;
  Bytes text_, ready_;  // ready_: sealed, and read up to at_
  size_t at_ = 0;
};

}  // namespace medarc::genomics::crypt4gh
