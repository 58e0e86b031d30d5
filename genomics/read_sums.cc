#include "genomics/read_sums.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <boost/json.hpp>

namespace medarc::genomics {
namespace {

constexpr std::array<const char*, 3> kNames = {"unpaired", "first", "last"};

// Letters as BAM packs them (SAM 4.2.3); what is none of them is N.
constexpr std::array<uint8_t, 256> make_codes() {
  std::array<uint8_t, 256> t{};
  t.fill(15);
  const std::string_view letters = "=ACMGRSVTWYHKDBN";
  for (uint8_t i = 0; i < letters.size(); ++i) {
    t[static_cast<uint8_t>(letters[i])] = i;
    if (i > 0) t[static_cast<uint8_t>(letters[i] | 0x20)] = i;
  }
  t['U'] = t['u'] = 8;
  return t;
}
constexpr std::array<uint8_t, 256> kCodes = make_codes();

// The complement of a packed letter is its four bits in reverse, so that eight bits in reverse are
// two letters complemented and exchanged.
constexpr std::array<uint8_t, 256> make_complements() {
  std::array<uint8_t, 256> t{};
  for (unsigned v = 0; v < 256; ++v) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      if ((v >> bit & 1) != 0) t[v] = static_cast<uint8_t>(t[v] | 0x80 >> bit);
    }
  }
  return t;
}
constexpr std::array<uint8_t, 256> kComplements = make_complements();

// Eight bytes at a time: reversed, and their bits too.
uint64_t reversed_bits(uint64_t v) {
  v = (v >> 1 & 0x5555555555555555) | (v & 0x5555555555555555) << 1;
  v = (v >> 2 & 0x3333333333333333) | (v & 0x3333333333333333) << 2;
  v = (v >> 4 & 0x0F0F0F0F0F0F0F0F) | (v & 0x0F0F0F0F0F0F0F0F) << 4;
  return __builtin_bswap64(v);
}

void append_complement(ByteView packed, uint32_t bases, Bytes& out) {
  const size_t n = packed.size(), at = out.size();
  out.resize(at + n);
  auto* to = reinterpret_cast<uint8_t*>(out.data() + at);
  const auto* from = reinterpret_cast<const uint8_t*>(packed.data());
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t v;
    std::memcpy(&v, from + n - 8 - i, 8);
    v = reversed_bits(v);
    std::memcpy(to + i, &v, 8);
  }
  for (; i < n; ++i) to[i] = kComplements[from[n - 1 - i]];
  if (bases % 2 == 0) return;
  // What stands for the empty half byte now comes first: half a byte to the left.
  for (i = 0; i + 1 < n; ++i) to[i] = static_cast<uint8_t>(to[i] << 4 | to[i + 1] >> 4);
  to[n - 1] = static_cast<uint8_t>(to[n - 1] << 4);
}

void append_reversed(ByteView bytes, Bytes& out) {
  const size_t n = bytes.size(), at = out.size();
  out.resize(at + n);
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t v;
    std::memcpy(&v, bytes.data() + n - 8 - i, 8);
    v = __builtin_bswap64(v);
    std::memcpy(out.data() + at + i, &v, 8);
  }
  for (; i < n; ++i) out[at + i] = bytes[n - 1 - i];
}

std::string hashed(std::string_view kind, const void* bytes, size_t size) {
  const XXH128_hash_t h = XXH3_128bits(bytes, size);
  return fmt::format("{}{:016x}{:016x}", kind, h.high64, h.low64);
}

std::optional<uint64_t> from_hex16(std::string_view text) {
  uint64_t v = 0;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    v = v << 4 | static_cast<uint64_t>(digit);
  }
  return v;
}

std::optional<boost::json::value> member_of(ByteView object, std::string_view key) {
  boost::system::error_code failed;
  auto parsed = boost::json::parse({object.data(), object.size()}, failed);
  if (failed || !parsed.is_object()) return std::nullopt;
  auto* found = parsed.as_object().if_contains({key.data(), key.size()});
  if (found == nullptr) return std::nullopt;
  return std::move(*found);
}

std::string words_of(const ReadSum& sum) {
  std::string out;
  for (const uint64_t v : {sum.reads, sum.low, sum.high}) {
    for (int i = 0; i < 8; ++i) out += static_cast<char>(v >> 8 * i);
  }
  return out;
}

}  // namespace

void ReadSum::add(uint64_t hash_low, uint64_t hash_high) { *this += {1, hash_low, hash_high}; }

ReadSum& ReadSum::operator+=(const ReadSum& other) {
  reads += other.reads;
  low += other.low;
  high += other.high + (low < other.low ? 1 : 0);
  return *this;
}

std::string read_set_identity(const ReadSums& sums) {
  const std::string words = words_of(sums[0]) + words_of(sums[1]) + words_of(sums[2]);
  return hashed("readset:", words.data(), words.size());
}

std::string mates_identity(const ReadSum& sum) {
  const std::string words = words_of(sum);
  return hashed("mates:", words.data(), words.size());
}

std::string json_of(const ReadSums& sums) {
  std::string out = "{";
  for (size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].reads == 0) continue;
    fmt::format_to(std::back_inserter(out), R"({}"{}":{{"reads":{},"sum":"{:016x}{:016x}"}})",
                   out.size() > 1 ? "," : "", kNames[i], sums[i].reads, sums[i].high, sums[i].low);
  }
  return out + "}";
}

std::optional<ReadSums> read_sums_of(ByteView statistics_json) {
  const auto held = member_of(statistics_json, "readSums");
  if (!held || !held->is_object()) return std::nullopt;
  ReadSums out;
  for (size_t i = 0; i < out.size(); ++i) {
    const auto* one = held->as_object().if_contains(kNames[i]);
    if (one == nullptr || !one->is_object()) continue;
    const auto* reads = one->as_object().if_contains("reads");
    const auto* sum = one->as_object().if_contains("sum");
    if (reads == nullptr || !reads->is_int64() || sum == nullptr || !sum->is_string())
      return std::nullopt;
    const std::string_view hex(sum->as_string().data(), sum->as_string().size());
    if (hex.size() != 32) return std::nullopt;
    const auto high = from_hex16(hex.substr(0, 16)), low = from_hex16(hex.substr(16));
    if (!high || !low) return std::nullopt;
    out[i] = {static_cast<uint64_t>(reads->as_int64()), *low, *high};
  }
  return out;
}

int read_number_of(ByteView statistics_json) {
  const auto held = member_of(statistics_json, "readNumber");
  return held && held->is_int64() ? static_cast<int>(held->as_int64()) : 0;
}

void ReadHasher::take(int number, ByteView name, ByteView packed_and_qualities) {
  const uint64_t seed = XXH3_64bits(name.data(), name.size());
  const XXH128_hash_t h =
      XXH3_128bits_withSeed(packed_and_qualities.data(), packed_and_qualities.size(), seed);
  sums_[static_cast<size_t>(number)].add(h.low64, h.high64);
}

void ReadHasher::add(const RecordFacts& record, const RecordParts& parts) {
  if ((record.flag & (kSecondary | kSupplementary)) != 0) return;
  const bool first = (record.flag & kRead1) != 0, last = (record.flag & kRead2) != 0;
  const int number = first == last ? 0 : first ? 1 : 2;
  const bool odd = parts.bases % 2 != 0;
  if ((record.flag & kReverse) == 0 && !(odd && (parts.sequence.back() & 0x0F) != 0)) {
    // Bases and qualities stand next to each other.
    take(number, parts.name,
         {parts.sequence.data(), parts.sequence.size() + parts.qualities.size()});
    return;
  }
  buffer_.clear();
  if ((record.flag & kReverse) != 0) {
    append_complement(parts.sequence, parts.bases, buffer_);
    append_reversed(parts.qualities, buffer_);
  } else {
    buffer_.append(parts.sequence);
    buffer_.back() = static_cast<char>(buffer_.back() & 0xF0);
    buffer_.append(parts.qualities);
  }
  take(number, parts.name, buffer_);
}

void ReadHasher::add(ByteView name, int number, ByteView letters, ByteView characters) {
  const size_t whole = letters.size() / 2, packed = (letters.size() + 1) / 2;
  buffer_.resize(packed + characters.size());
  const auto code = [&](size_t i) { return kCodes[static_cast<uint8_t>(letters[i])]; };
  char* to = buffer_.data();
  for (size_t i = 0; i < whole; ++i) {
    to[i] = static_cast<char>(code(2 * i) << 4 | code(2 * i + 1));
  }
  if (packed > whole) to[whole] = static_cast<char>(code(2 * whole) << 4);
  to += packed;
  for (size_t i = 0; i < characters.size(); ++i) to[i] = static_cast<char>(characters[i] - 33);
  take(number, name, buffer_);
}

}  // namespace medarc::genomics
