// The DICOM header scanner. The first octet chooses the encoding and which limits are small, the
// second seeds the splitting, the rest is the dataset. However it is split, or skipped where it may
// be skipped, the result is the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dicom/frame_table.h"
#include "dicom/scanner.h"

using namespace medarc;
using namespace medarc::dicom;

namespace {

std::string described(const Scanner& s, const Status& status) {
  std::string out = status.has_error() ? status.error().text : "ok";
  const auto number = [&out](uint64_t v) { out.append(reinterpret_cast<const char*>(&v), 8); };
  number(static_cast<uint64_t>(s.encoding()));
  for (const Element& e : s.elements()) {
    number(e.tag.value);
    number(e.offset);
    number(uint64_t{e.length} << 16 | uint64_t{e.depth} << 8 | static_cast<uint64_t>(e.kind));
    out += text_of(e.vr);
    out += s.value(e);
  }
  if (s.pixel_data()) {
    const PixelData& p = *s.pixel_data();
    number(p.offset);
    number(p.length);
    number(p.fragments_begin);
    out += p.basic_offsets;
    for (const Fragment& f : p.fragments) {
      number(f.offset);
      number(uint64_t{f.length} << 32 | f.first_bytes);
    }
  }
  for (const std::string& w : s.warnings()) out += w;
  return out;
}

// Pieces of 1 to 16 octets, or of up to 1000, as `seed` goes on.
std::string in_pieces(ByteView dataset, Encoding encoding, const Limits& limits, uint32_t seed,
                      bool skip) {
  Scanner scanner(encoding, limits);
  Status status;
  while (!dataset.empty() && status.has_value()) {
    seed = seed * 1664525 + 1013904223;
    if (skip) {
      const uint64_t n = std::min<uint64_t>(scanner.skippable(), dataset.size());
      if (n > 0) {
        scanner.skip(n);
        dataset.remove_prefix(n);
        continue;
      }
    }
    const size_t wanted = 1 + (seed >> 16) % ((seed & 0x8000) != 0 ? 1000 : 16);
    const size_t n = std::min(wanted, dataset.size());
    status = scanner.feed(dataset.substr(0, n));
    dataset.remove_prefix(n);
  }
  if (status.has_value()) status = scanner.finish();
  return described(scanner, status);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool loaded = load_dictionary().has_value();
  if (!loaded) std::abort();
  if (size < 2) return 0;
  constexpr Encoding kEncodings[] = {Encoding::explicit_little, Encoding::implicit_little,
                                     Encoding::explicit_big};
  const Encoding encoding = kEncodings[data[0] % 3];
  Limits limits;
  limits.header_bytes_max = 1u << 20;
  if ((data[0] & 0x10) != 0) limits.nesting_depth_max = 3;
  if ((data[0] & 0x20) != 0) limits.elements_max = 20;
  if ((data[0] & 0x40) != 0) limits.items_max = 5;
  if ((data[0] & 0x80) != 0) limits.element_bytes_max = 16;
  const ByteView dataset(reinterpret_cast<const char*>(data) + 2, size - 2);

  Scanner whole(encoding, limits);
  Status status = whole.feed(dataset);
  if (status.has_value()) status = whole.finish();
  const std::string wanted = described(whole, status);
  if (in_pieces(dataset, encoding, limits, data[1], false) != wanted) std::abort();
  if (in_pieces(dataset, encoding, limits, data[1] + 256u, true) != wanted) std::abort();
  for (const Element& e : whole.elements()) {
    if (whole.value(e).size() > dataset.size() || e.offset > dataset.size()) std::abort();
  }
  if (status.has_error()) return 0;

  std::string warning;
  const FrameTable table = FrameTable::make(whole, &warning);
  const auto back = FrameTable::decode(table.encode());
  if (back.has_error() || back->frames_count() != table.frames_count()) std::abort();
  for (uint32_t i = 0; i < std::min(table.frames_count(), 8u); ++i) {
    if (!table.encapsulated()) {
      const auto bits = table.native_bits(i);
      if ((bits.begin + bits.length + 7) / 8 > dataset.size()) std::abort();
      continue;
    }
    for (const ByteRange& f : table.fragments(i)) {
      if (f.end() > dataset.size()) std::abort();
    }
  }
  return 0;
}
