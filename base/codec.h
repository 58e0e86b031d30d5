// The one binary encoding for what Medarc itself writes: little-endian fixed integers, LEB128
// varints, and length-prefixed bytes. Fields follow each other in a documented order; a record
// starts with its format version. Readers check every length against what is there.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc {

class Encoder {
 public:
  template <class T>
    requires std::is_unsigned_v<T>
  void fixed(T v) {
    for (size_t i = 0; i < sizeof(T); ++i) out_ += static_cast<char>(v >> (8 * i));
  }
  void varint(uint64_t v) {
    while (v >= 0x80) {
      out_ += static_cast<char>(v | 0x80);
      v >>= 7;
    }
    out_ += static_cast<char>(v);
  }
  void zigzag(int64_t v) { varint(static_cast<uint64_t>(v) << 1 ^ static_cast<uint64_t>(v >> 63)); }
  void bytes(ByteView v) {
    varint(v.size());
    out_.append(v);
  }
  void raw(ByteView v) { out_.append(v); }
  const Bytes& view() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

// Reads what Encoder wrote. The first failed read makes `ok()` false for good; later reads answer
// zeros and empty views, so a decoder reads straight through and checks once at its end.
class Decoder {
 public:
  explicit Decoder(ByteView in) : in_(in) {}
  template <class T>
    requires std::is_unsigned_v<T>
  T fixed() {
    ByteView v = raw(sizeof(T));
    T out = 0;
    for (size_t i = 0; i < v.size(); ++i) out |= static_cast<T>(static_cast<uint8_t>(v[i])) << (8 * i);
    return out;
  }
  uint64_t varint() {
    uint64_t out = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      ByteView one = raw(1);
      if (one.empty()) return 0;
      const auto byte = static_cast<uint8_t>(one[0]);
      if (shift == 63 && byte > 1) break;
      out |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return out;
    }
    ok_ = false;
    return 0;
  }
  int64_t zigzag() {
    uint64_t v = varint();
    return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
  }
  ByteView bytes() {
    uint64_t n = varint();
    return raw(n);
  }
  ByteView raw(uint64_t n) {
    if (!ok_ || n > in_.size()) {
      ok_ = false;
      return {};
    }
    ByteView out = in_.substr(0, n);
    in_.remove_prefix(n);
    return out;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && in_.empty(); }
  ByteView rest() const { return in_; }

 private:
  ByteView in_;
  bool ok_ = true;
};

}  // namespace medarc
