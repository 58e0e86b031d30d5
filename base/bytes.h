// Bytes, and places in them. Bytes travel as std::string and std::string_view (as in LevelDB): any
// octets, never assumed to be text unless a name says so.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace medarc {

using Bytes = std::string;
using ByteView = std::string_view;

// A value of `T` that cannot be mistaken for another: `Strong<std::string, struct StudyUidTag>`.
template <class T, class Tag>
struct Strong {
  T value{};
  Strong() = default;
  explicit Strong(T v) : value(std::move(v)) {}
  auto operator<=>(const Strong&) const = default;
};

// Half-open byte range [begin, begin + length). The only range type for bytes in Medarc.
struct ByteRange {
  uint64_t begin = 0;
  uint64_t length = 0;
  uint64_t end() const { return begin + length; }
  bool operator==(const ByteRange&) const = default;
};

// SHA-256 of plain bytes: the name of a blob. Written `sha256-<64 hex>` at our own doors.
struct Digest {
  std::array<uint8_t, 32> value{};
  auto operator<=>(const Digest&) const = default;
  ByteView view() const { return {reinterpret_cast<const char*>(value.data()), value.size()}; }
  std::string hex() const;                                  // 64 lower-case digits
  static std::optional<Digest> from_hex(std::string_view);  // exactly 64 digits, any case
  static std::optional<Digest> from_view(ByteView);         // exactly 32 bytes
};

std::string to_hex(ByteView bytes);
std::optional<Bytes> from_hex(std::string_view text);  // even count of digits, any case

std::string to_base64(ByteView bytes);                    // RFC 4648 section 4, padded
std::optional<Bytes> from_base64(std::string_view text);  // strict: padded, no blanks

// CRC-32C (Castagnoli) of `bytes`, continuing from `seed`; hardware where there is any.
uint32_t crc32c(ByteView bytes, uint32_t seed = 0);

}  // namespace medarc

template <>
struct std::hash<medarc::Digest> {
  size_t operator()(const medarc::Digest& d) const noexcept {
    size_t h;
    std::memcpy(&h, d.value.data(), sizeof h);
    return h;
  }
};
