// Running digests over OpenSSL (SHA-NI where the processor has it).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace medarc::archive {

// SHA-256 (FIPS 180-4). Not thread-safe; reusable after finish().
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(ByteView bytes);
  Digest finish();  // and starts anew
  static Digest of(ByteView bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// MD5 (RFC 1321): for doors whose protocols publish it, never for addressing.
class Md5 {
 public:
  Md5();
  ~Md5();
  Md5(Md5&&) noexcept;
  Md5& operator=(Md5&&) noexcept;
  void update(ByteView bytes);
  std::string finish_hex();  // 32 lower-case digits, and starts anew

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What a protocol lets its peer choose, by the name it uses: "sha1", "sha256" or "md5". To find
// transmission errors, never for addressing. Not thread-safe.
class Checksum {
 public:
  static std::optional<Checksum> of(std::string_view algorithm);  // nullopt: not known
  Checksum(Checksum&&) noexcept;
  Checksum& operator=(Checksum&&) noexcept;
  ~Checksum();
  void update(ByteView bytes);
  Bytes finish();  // and starts anew

 private:
  struct State;
  explicit Checksum(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace medarc::archive
