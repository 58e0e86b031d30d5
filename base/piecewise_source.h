// A source that is made while it is read: text, and other sources in between.
#pragma once

#include <memory>

#include "base/io.h"

namespace medarc {

class PiecewiseSource : public ByteSource {
 public:
  // Short texts are joined as far as `capacity` goes.
  Result<size_t> read(char* out, size_t capacity) final;

 protected:
  // Appends to `text`, and may give a source to follow it, which is read to its end before the next
  // call. Answers false with the last piece.
  virtual Result<bool> next_piece(Bytes& text, std::unique_ptr<ByteSource>& follows) = 0;

 private:
  Bytes text_;
  size_t at_ = 0;
  std::unique_ptr<ByteSource> follows_;
  bool ended_ = false;
};

}  // namespace medarc
