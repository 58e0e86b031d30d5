#include "genomics/bcf_values.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <string>

namespace medarc::genomics {
namespace {

constexpr int32_t kIntegerMin = -2147483640;  // below are missing, the end and what is reserved
constexpr int32_t kAlleleMax = (1 << 29) - 2;

Error no_number() { return make_error(Code::invalid_argument, "a value is no number"); }

// Calls `take` with each piece between commas; an empty text is one empty piece.
template <class Take>
Status each_piece(ByteView text, Take take) {
  for (size_t at = 0;;) {
    const size_t next = std::min(text.find(',', at), text.size());
    MEDARC_TRY(take(text.substr(at, next - at)));
    if (next == text.size()) return {};
    at = next + 1;
  }
}

template <class T>
void put_as(const std::vector<int32_t>& values, int32_t missing, int32_t end, Bytes& out) {
  for (const int32_t v : values) {
    const auto n = static_cast<uint32_t>(v == kBcfMissing ? missing : v == kBcfEnd ? end : v);
    for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(n >> (8 * i));
  }
}

}  // namespace

void put_le32(uint32_t value, Bytes& out) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i));
}

void put_bcf_head(BcfValue::Type type, size_t count, Bytes& out) {
  const auto code = static_cast<uint8_t>(type);
  out += static_cast<char>(std::min<size_t>(count, 15) << 4 | code);
  if (count >= 15) put_bcf_integers({static_cast<int32_t>(count)}, 1, out);
}

void put_bcf_text(ByteView text, Bytes& out) {
  put_bcf_head(BcfValue::Type::text, text.size(), out);
  out += text;
}

void put_bcf_integers(const std::vector<int32_t>& values, size_t each, Bytes& out) {
  int32_t low = 0, high = 0;
  for (const int32_t v : values) {
    if (v == kBcfMissing || v == kBcfEnd) continue;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  if (low >= -120 && high <= INT8_MAX) {
    put_bcf_head(BcfValue::Type::int8, each, out);
    put_as<int8_t>(values, INT8_MIN, INT8_MIN + 1, out);
  } else if (low >= -32760 && high <= INT16_MAX) {
    put_bcf_head(BcfValue::Type::int16, each, out);
    put_as<int16_t>(values, INT16_MIN, INT16_MIN + 1, out);
  } else {
    put_bcf_head(BcfValue::Type::int32, each, out);
    put_as<int32_t>(values, INT32_MIN, INT32_MIN + 1, out);
  }
}

void put_bcf_reals(const std::vector<uint32_t>& bits, size_t each, Bytes& out) {
  put_bcf_head(BcfValue::Type::real, each, out);
  for (const uint32_t one : bits) put_le32(one, out);
}

Status read_integers(ByteView text, std::vector<int32_t>& out) {
  return each_piece(text, [&](ByteView piece) -> Status {
    if (piece == "." || piece.empty()) {
      out.push_back(kBcfMissing);
      return {};
    }
    if (piece[0] == '+') piece.remove_prefix(1);
    int64_t n = 0;
    const auto [end, wrong] = std::from_chars(piece.data(), piece.data() + piece.size(), n);
    if (end != piece.data() + piece.size()) return no_number();
    const bool held = wrong == std::errc() && n >= kIntegerMin && n <= INT32_MAX;
    out.push_back(held ? static_cast<int32_t>(n) : kBcfMissing);
    return {};
  });
}

Status read_reals(ByteView text, std::vector<uint32_t>& out) {
  return each_piece(text, [&](ByteView piece) -> Status {
    if (piece == "." || piece.empty()) {
      out.push_back(kBcfRealMissing);
      return {};
    }
    // strtod and not from_chars: "1e-400" is 0, and "nan" and "inf" are numbers. The locale is "C".
    const std::string one(piece);
    char* end = nullptr;
    const auto value = static_cast<float>(std::strtod(one.c_str(), &end));
    if (end != one.c_str() + one.size()) return no_number();
    out.push_back(std::bit_cast<uint32_t>(value));
    return {};
  });
}

Status read_genotype(ByteView text, std::vector<int32_t>& out) {
  int32_t phased = 0;
  for (size_t at = 0;;) {
    const size_t next = std::min(text.find_first_of("/|", at), text.size());
    const ByteView allele = text.substr(at, next - at);
    int32_t n = -1;
    if (allele != "." && !allele.empty()) {
      const auto [end, wrong] = std::from_chars(allele.data(), allele.data() + allele.size(), n);
      if (wrong != std::errc() || end != allele.data() + allele.size() || n < 0 || n > kAlleleMax) {
        return make_error(Code::invalid_argument, "a genotype cannot be read");
      }
    }
    out.push_back((n + 1) << 1 | phased);
    if (next == text.size()) return {};
    phased = text[next] == '|' ? 1 : 0;
    at = next + 1;
  }
}

}  // namespace medarc::genomics
