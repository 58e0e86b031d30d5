// Inflates gzip streams of any number of members (RFC 1952), piece by piece. Not thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::genomics {

class GzipStream {
 public:
  GzipStream();
  ~GzipStream();
  // Hands plain bytes to `take` in pieces of at most 256 KiB; they live until it returns. Errors:
  // invalid_argument, and those of `take`.
  Status feed(ByteView bytes, const std::function<Status(ByteView)>& take);
  bool ended() const;  // at the end of a member: the stream may end here

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medarc::genomics
