// Streams of bytes inside the process: a source is pulled, a sink is pushed.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc {

// Not thread-safe; one reader. After an error only destruction is allowed.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills up to `capacity` bytes at `out` and answers how many; 0 means the end.
  virtual Result<size_t> read(char* out, size_t capacity) = 0;
};

// Not thread-safe; one writer. After an error only destruction is allowed.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Status write(ByteView bytes) = 0;
};

class StringSink : public ByteSink {
 public:
  Status write(ByteView bytes) override {
    text.append(bytes);
    return {};
  }
  Bytes text;
};

class StringSource : public ByteSource {
 public:
  explicit StringSource(Bytes text) : text_(std::move(text)) {}
  Result<size_t> read(char* out, size_t capacity) override {
    size_t n = text_.copy(out, capacity, at_);
    at_ += n;
    return n;
  }

 private:
  Bytes text_;
  size_t at_ = 0;
};

}  // namespace medarc
