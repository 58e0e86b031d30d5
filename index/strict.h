// Reading our own encodings strictly: whatever encode() could not have written is refused, so that
// a row has one form only and comparing bytes is comparing rows.
#pragma once

#include "base/codec.h"

namespace medarc::index {

class StrictDecoder {
 public:
  explicit StrictDecoder(Decoder& in) : in_(in) {}

  void fail() { in_.raw(UINT64_MAX); }
  uint64_t varint() {
    const size_t before = in_.rest().size();
    const uint64_t v = in_.varint();
    if (in_.ok() && before - in_.rest().size() != length(v)) fail();
    return in_.ok() ? v : 0;
  }
  int64_t zigzag() {
    const uint64_t v = varint();
    return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
  }
  ByteView bytes() { return in_.raw(varint()); }
  std::string text() { return std::string(bytes()); }
  bool flag() {
    const uint8_t v = in_.fixed<uint8_t>();
    if (v > 1) fail();
    return v == 1;
  }
  // One of two values of an enumeration.
  template <class E>
  E either(E one, E other) {
    const auto v = static_cast<E>(in_.fixed<uint8_t>());
    if (v != one && v != other) fail();
    return v == other ? other : one;
  }
  // Any value from `first` to `last`.
  template <class E>
  E among(E first, E last) {
    const auto v = in_.fixed<uint8_t>();
    if (v < static_cast<uint8_t>(first) || v > static_cast<uint8_t>(last)) fail();
    return in_.ok() ? static_cast<E>(v) : first;
  }
  Digest digest() {
    Digest out;
    const ByteView v = in_.raw(out.value.size());
    if (v.size() == out.value.size()) std::memcpy(out.value.data(), v.data(), v.size());
    return out;
  }
  // How many items of at least `item_bytes_min` bytes follow; a count that cannot be there fails.
  uint64_t count(uint64_t item_bytes_min = 1) {
    const uint64_t n = varint();
    if (n > in_.rest().size() / item_bytes_min) fail();
    return in_.ok() ? n : 0;
  }
  uint32_t u32() {
    const uint64_t v = varint();
    if (v > UINT32_MAX) fail();
    return static_cast<uint32_t>(v);
  }
  bool ok() const { return in_.ok(); }

 private:
  static size_t length(uint64_t v) {
    size_t n = 1;
    while (v >= 0x80) {
      v >>= 7;
      ++n;
    }
    return n;
  }
  Decoder& in_;
};

}  // namespace medarc::index
