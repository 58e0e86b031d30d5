// Simple case folding after Unicode CaseFolding.txt, statuses C and S, for the scripts of names
// that have case: Basic Latin, Latin-1, Latin Extended-A and B (regular pairs), Latin Extended
// Additional, Greek and Cyrillic. Everything else has no case or is left as it is.
#include "index/normalise.h"

namespace medarc::index {
namespace {

// Upper and lower case stand side by side: the even one is upper case.
bool even_pairs(uint32_t c) {
  return (c >= 0x0100 && c <= 0x012F) || (c >= 0x0132 && c <= 0x0137) ||
         (c >= 0x014A && c <= 0x0177) || (c >= 0x01DE && c <= 0x01EF) ||
         (c >= 0x01F8 && c <= 0x021F) || (c >= 0x0222 && c <= 0x0233) ||
         (c >= 0x03D8 && c <= 0x03EF) || (c >= 0x0460 && c <= 0x0481) ||
         (c >= 0x048A && c <= 0x04BF) || (c >= 0x04D0 && c <= 0x052F) ||
         (c >= 0x1E00 && c <= 0x1E95) || (c >= 0x1EA0 && c <= 0x1EFF);
}

// The same, the odd one is upper case.
bool odd_pairs(uint32_t c) {
  return (c >= 0x0139 && c <= 0x0148) || (c >= 0x0179 && c <= 0x017E) ||
         (c >= 0x01CD && c <= 0x01DC) || (c >= 0x04C1 && c <= 0x04CE);
}

uint32_t fold(uint32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
  if (c == 0xB5) return 0x3BC;                                  // micro sign is mu
  if (c >= 0xC0 && c <= 0xDE) return c == 0xD7 ? c : c + 0x20;  // not the multiplication sign
  if (c == 0x130) return c;                                     // dotted I: full folding only
  if (c == 0x178) return 0xFF;
  if (c == 0x17F) return 's';
  if (even_pairs(c)) return c | 1;
  if (odd_pairs(c)) return (c & 1) != 0 ? c + 1 : c;
  if (c == 0x386) return 0x3AC;
  if (c >= 0x388 && c <= 0x38A) return c + 37;
  if (c == 0x38C) return 0x3CC;
  if (c == 0x38E || c == 0x38F) return c + 63;
  if (c >= 0x391 && c <= 0x3AB && c != 0x3A2) return c + 32;
  if (c == 0x3C2) return 0x3C3;  // final sigma
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  if (c == 0x4C0) return 0x4CF;
  if (c == 0x1E9E) return 0xDF;  // capital sharp s
  return c;
}

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// The character of two or three bytes at `at`, or 0 when there is none.
uint32_t decode(std::string_view text, size_t at, size_t& length) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  auto follows = [&](size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const uint8_t lead = byte(at);
  if (lead >= 0xC2 && lead < 0xE0 && follows(at + 1)) {
    length = 2;
    return static_cast<uint32_t>(lead & 0x1F) << 6 | (byte(at + 1) & 0x3F);
  }
  if (lead >= 0xE0 && lead < 0xF0 && follows(at + 1) && follows(at + 2)) {
    length = 3;
    const uint32_t c = static_cast<uint32_t>(lead & 0x0F) << 12 |
                       static_cast<uint32_t>(byte(at + 1) & 0x3F) << 6 | (byte(at + 2) & 0x3F);
    return c >= 0x800 ? c : 0;
  }
  return 0;
}

}  // namespace

std::string fold_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<uint8_t>(text[i]);
    size_t length = 1;
    const uint32_t c = byte < 0x80 ? byte : decode(text, i, length);
    if (c == 0 || (byte >= 0x80 && length == 1)) {
      out += text[i++];
      continue;
    }
    append_utf8(out, fold(c));
    i += length;
  }
  return out;
}

}  // namespace medarc::index
