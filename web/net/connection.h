// A peer's byte stream that never blocks: what cannot be done at once says so, and the session
// waits for it on an io thread. Type-erased, so that plain TCP and TLS share every line above it.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"

namespace medarc::web {

enum class IoState {
  ok,       // `bytes` were moved, perhaps fewer than asked
  blocked,  // nothing can move now
  closed,   // the peer is gone, or the connection has failed
};

struct IoResult {
  IoState state = IoState::ok;
  size_t bytes = 0;
};

// Used by one thread at a time.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual IoResult try_read(char* out, size_t capacity) = 0;
  // The two views one after the other, in one packet where they fit.
  virtual IoResult try_write(ByteView first, ByteView second) = 0;
};

}  // namespace medarc::web
