// SHA-512 (FIPS 180-4), for doors whose protocols name content by it; never for addressing.
#pragma once

#include <memory>

#include "base/bytes.h"

namespace medarc::archive {

// Not thread-safe; reusable after finish().
class Sha512 {
 public:
  Sha512();
  ~Sha512();
  Sha512(Sha512&&) noexcept;
  Sha512& operator=(Sha512&&) noexcept;
  void update(ByteView bytes);
  Bytes finish();  // 64 bytes, and starts anew

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medarc::archive
