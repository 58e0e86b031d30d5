// A byte buffer that is filled at its end and emptied at its front, without touching bytes nobody
// wrote (std::string would clear them first: a tenth of the cost of streaming).
#pragma once

#include <cstring>
#include <memory>

#include "base/bytes.h"

namespace medarc::web {

class Piece {
 public:
  Piece() = default;
  explicit Piece(ByteView bytes) { append(bytes); }

  ByteView view() const { return {data_.get() + begin_, end_ - begin_}; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  // Room for `n` bytes after the end; call added() with how many were written.
  char* room(size_t n) {
    if (capacity_ - end_ < n) grow(n);
    return data_.get() + end_;
  }
  void added(size_t n) { end_ += n; }
  void append(ByteView bytes) {
    if (bytes.empty()) return;
    std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
    added(bytes.size());
  }
  void drop_front(size_t n) {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() { begin_ = end_ = 0; }
  // Gives back memory that holds nothing.
  void shrink() {
    if (!empty()) return;
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  void grow(size_t n) {
    const size_t held = size();
    if (held + n <= capacity_ && held <= begin_) {
      std::memcpy(data_.get(), data_.get() + begin_, held);
    } else {
      std::unique_ptr<char[]> larger(new char[held + n]);
      if (held > 0) std::memcpy(larger.get(), data_.get() + begin_, held);
      data_ = std::move(larger);
      capacity_ = held + n;
    }
    begin_ = 0;
    end_ = held;
  }

  std::unique_ptr<char[]> data_;
  size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

}  // namespace medarc::web
