#include "dicom/render/lut.h"

#include <algorithm>

namespace medarc::dicom {
namespace {

constexpr size_t kEntriesMax = 65536;

Error refused(const char* text) { return make_error(Code::not_acceptable, text); }

struct Descriptor {
  size_t count = 0;
  int32_t first = 0;
  uint16_t bits = 0;
};

Result<Descriptor> read_descriptor(const ItemView& item, Tag tag, bool is_signed) {
  const Element* e = item.find(tag);
  const Bytes words = item.words(tag);
  if (e == nullptr || words.size() < 6) return refused("a look-up table has no descriptor");
  Descriptor d;
  const auto count = static_cast<uint16_t>(read_number(words, 2, false));
  const auto first = static_cast<uint16_t>(read_number(ByteView(words).substr(2), 2, false));
  d.count = count == 0 ? kEntriesMax : count;  // 65536 does not fit
  d.first = is_signed || is(e->vr, "SS") ? static_cast<int16_t>(first) : first;
  d.bits = static_cast<uint16_t>(read_number(ByteView(words).substr(4), 2, false));
  if (d.bits < 1 || d.bits > 16) return refused("a look-up table has entries of impossible size");
  return d;
}

// Cells of one or two octets, low octet first.
std::vector<uint16_t> read_cells(const ItemView& item, Tag tag, size_t cell_bytes) {
  const Bytes bytes = item.words(tag);
  std::vector<uint16_t> out;
  out.reserve(bytes.size() / cell_bytes);
  for (size_t i = 0; i + cell_bytes <= bytes.size(); i += cell_bytes) {
    out.push_back(static_cast<uint16_t>(read_number(ByteView(bytes).substr(i), cell_bytes, false)));
  }
  return out;
}

Result<std::vector<uint16_t>> read_entries(const ItemView& item, Tag tag, const Descriptor& d) {
  const size_t bytes = item.bytes(tag).size();
  // Entries of 8 bits may be packed two in a word.
  const size_t cell_bytes = d.bits <= 8 && bytes < d.count * 2 ? 1 : 2;
  if (bytes < d.count * cell_bytes) {
    return refused("a look-up table is shorter than its descriptor says");
  }
  auto out = read_cells(item, tag, cell_bytes);
  out.resize(d.count);
  return out;
}

// 16-bit colours as 8-bit ones. Some writers put 8-bit colours into tables of 16 bits, others put
// them into the upper octet of what they call 8 bits.
std::vector<uint8_t> to_octets(const std::vector<uint16_t>& entries, unsigned shift) {
  std::vector<uint8_t> out(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) out[i] = static_cast<uint8_t>(entries[i] >> shift);
  return out;
}

}  // namespace

Result<Lut> read_lut(const ItemView& item, Tag descriptor, Tag data, bool is_signed) {
  MEDARC_ASSIGN(const Descriptor d, read_descriptor(item, descriptor, is_signed));
  Lut out;
  out.first = d.first;
  out.bits = d.bits;
  MEDARC_ASSIGN(out.entries, read_entries(item, data, d));
  const auto top = static_cast<uint16_t>((1u << d.bits) - 1);
  for (uint16_t& v : out.entries) v = std::min(v, top);
  return out;
}

Result<std::vector<uint16_t>> expand_segments(const std::vector<uint16_t>& words, size_t word_bytes,
                                              size_t count) {
  std::vector<uint16_t> out;
  out.reserve(count);
  std::vector<size_t> begins;  // of the segments so far, in words
  const auto too_short = [] { return refused("a segmented palette ends inside a segment"); };
  // One discrete or linear segment at `at`; answers where the next one begins.
  const auto expand = [&](size_t at) -> Result<size_t> {
    if (words.size() - at < 2) return too_short();
    const size_t n = words[at + 1];
    if (n == 0) return refused("a segmented palette has an empty segment");
    if (n > count - out.size()) {
      return refused("a segmented palette has more entries than its descriptor says");
    }
    if (words[at] == 0) {
      if (words.size() - at - 2 < n) return too_short();
      for (size_t i = 0; i < n; ++i) out.push_back(words[at + 2 + i]);
      return at + 2 + n;
    }
    if (words[at] != 1) return refused("a segmented palette has a segment of unknown type");
    if (words.size() - at < 3) return too_short();
    if (out.empty()) return refused("a segmented palette begins with a line from nowhere");
    const int64_t from = out.back(), way = words[at + 2] - from, steps = static_cast<int64_t>(n);
    for (int64_t i = 1; i <= steps; ++i) {
      const int64_t twice = 2 * way * i;  // rounded to the nearest
      out.push_back(
          static_cast<uint16_t>(from + (twice + (way < 0 ? -steps : steps)) / (2 * steps)));
    }
    return at + 3;
  };
  for (size_t at = 0; at < words.size() && out.size() < count;) {
    if (words[at] != 2) {
      begins.push_back(at);
      MEDARC_ASSIGN(at, expand(at));
      continue;
    }
    // Repeats segments from an offset in bytes on, which may not be indirect themselves.
    const size_t offset_words = 4 / word_bytes;
    if (words.size() - at < 2 + offset_words) return too_short();
    uint64_t offset = 0;
    for (size_t i = 0; i < offset_words; ++i) {
      offset |= uint64_t{words[at + 2 + i]} << (8 * word_bytes * i);
    }
    const auto first = std::lower_bound(begins.begin(), begins.end(), offset / word_bytes);
    const auto from = static_cast<size_t>(first - begins.begin());
    const size_t segments = words[at + 1];
    if (segments == 0 || begins.size() - from < segments || *first * word_bytes != offset) {
      return refused("a segmented palette points to no segment");
    }
    for (size_t i = 0; i < segments; ++i) MEDARC_TRY(expand(begins[from + i]));
    at += 2 + offset_words;
  }
  if (out.size() != count)
    return refused("a segmented palette is shorter than its descriptor says");
  return out;
}

Result<Palette> read_palette(const ItemView& dataset, bool is_signed) {
  Palette out;
  std::vector<uint16_t> tables[3];
  uint16_t bits = 0, highest = 0;
  for (uint32_t colour = 0; colour < 3; ++colour) {
    const Tag descriptor{0x00281101 + colour}, data{0x00281201 + colour};
    const Tag segmented{0x00281221 + colour};
    MEDARC_ASSIGN(const Descriptor d, read_descriptor(dataset, descriptor, is_signed));
    if (dataset.has(data) || !dataset.has(segmented)) {
      MEDARC_ASSIGN(tables[colour], read_entries(dataset, data, d));
    } else {
      const size_t cell_bytes = d.bits <= 8 ? 1 : 2;
      const auto cells = read_cells(dataset, segmented, cell_bytes);
      MEDARC_ASSIGN(tables[colour], expand_segments(cells, cell_bytes, d.count));
    }
    if (colour > 0 && (tables[colour].size() != tables[0].size() || d.first != out.first)) {
      return refused("the three tables of the palette do not fit each other");
    }
    out.first = d.first;
    bits = std::max(bits, d.bits);
    for (const uint16_t v : tables[colour]) highest = std::max(highest, v);
  }
  const unsigned shift = highest > 0xFF ? (bits > 8 ? bits - 8u : 8u) : 0;
  out.red = to_octets(tables[0], shift);
  out.green = to_octets(tables[1], shift);
  out.blue = to_octets(tables[2], shift);
  return out;
}

}  // namespace medarc::dicom
