#include "dicom/frame_table.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/codec.h"
#include "dicom/values.h"

namespace medarc::dicom {
namespace {

constexpr uint64_t kVersion = 1;
constexpr Tag kNumberOfFrames{0x00280008}, kExtendedOffsets{0x7FE00001};

// Does a fragment begin with a codestream of its own? JPEG family SOI, JPEG 2000 SOC + SIZ, JPEG
// XL.
bool starts_codestream(uint32_t first_bytes) {
  return first_bytes >> 8 == 0xFFD8FF || first_bytes == 0xFF4FFF51 || first_bytes >> 16 == 0xFF0A;
}

// Frame starts from a table of offsets, each counted from the first fragment's item header. Empty
// when it does not point at fragments in rising order.
std::vector<uint32_t> from_offsets(ByteView table, size_t width, bool big, uint64_t frames,
                                   const std::vector<Fragment>& fragments) {
  if (table.size() != frames * width || fragments.empty()) return {};
  std::unordered_map<uint64_t, uint32_t> at;
  const uint64_t origin = fragments.front().offset - 8;
  for (uint32_t i = 0; i < fragments.size(); ++i) at[fragments[i].offset - 8 - origin] = i;
  std::vector<uint32_t> out;
  for (uint64_t f = 0; f < frames; ++f) {
    auto found = at.find(read_number(table.substr(f * width), width, big));
    if (found == at.end() || (f == 0 ? found->second != 0 : found->second <= out.back())) return {};
    out.push_back(found->second);
  }
  return out;
}

}  // namespace

uint8_t pixel_word_bytes(const Scanner& scanner) {
  const Vr vr = scanner.pixel_data()->vr;
  const int64_t allocated = number_value(scanner, Tag{0x00280100}).value_or(0);
  if (is(vr, "OW") && (allocated == 32 || allocated == 64)) {
    return static_cast<uint8_t>(allocated / 8);
  }
  return word_bytes(vr);
}

FrameTable FrameTable::make(const Scanner& scanner, std::string* warning) {
  const auto& pixels = scanner.pixel_data();
  if (!pixels) return {};
  const int64_t declared = number_value(scanner, kNumberOfFrames).value_or(1);
  const uint64_t frames = declared < 1 ? 1 : static_cast<uint64_t>(declared);
  std::string unused;
  std::string& complaint = warning == nullptr ? unused : *warning;
  if (declared < 1) complaint = "Number of Frames is not above zero";
  return pixels->encapsulated ? make_encapsulated(scanner, frames, complaint)
                              : make_native(scanner, frames, complaint);
}

FrameTable FrameTable::make_native(const Scanner& scanner, uint64_t frames, std::string& warning) {
  const PixelData& pixels = *scanner.pixel_data();
  const uint64_t bits = pixels.length * 8;
  auto factor = [&](uint32_t tag, int64_t otherwise) {
    return static_cast<uint64_t>(number_value(scanner, Tag{tag}).value_or(otherwise));
  };
  const uint64_t rows = factor(0x00280010, 0), columns = factor(0x00280011, 0);
  const uint64_t samples = factor(0x00280002, 1);
  uint64_t allocated = factor(0x00280100, 0);
  if (pixels.tag.value == 0x7FE00008) allocated = 32;
  if (pixels.tag.value == 0x7FE00009) allocated = 64;
  // Each factor is below 2^17 once checked, so the product cannot wrap.
  const bool sane = rows < (1u << 17) && columns < (1u << 17) && samples < 256 && allocated <= 64;
  uint64_t one = sane ? rows * columns * samples * allocated : 0;
  // 4:2:2 subsampled pixels take two samples each (PS3.3 C.7.6.3.1.2).
  if (sane && samples == 3 && plain_value(scanner, Tag{0x00280004}) == "YBR_FULL_422") {
    one = rows * columns * 2 * allocated;
  }
  FrameTable table;
  table.begin_bits_ = pixels.offset * 8;
  const uint64_t whole = one == 0 ? 0 : bits / one;
  if (whole < frames) warning = "the pixel data is shorter than its attributes say";
  if (whole == 0) {  // what there is, is one frame
    table.frames_count_ = bits == 0 ? 0 : 1;
    table.frame_bits_ = bits;
  } else {
    table.frames_count_ = static_cast<uint32_t>(std::min({frames, whole, uint64_t{UINT32_MAX}}));
    table.frame_bits_ = one;
  }
  if (scanner.encoding() == Encoding::explicit_big) table.swap_bytes_ = pixel_word_bytes(scanner);
  return table;
}

FrameTable FrameTable::make_encapsulated(const Scanner& scanner, uint64_t frames,
                                         std::string& warning) {
  const PixelData& pixels = *scanner.pixel_data();
  const auto& fragments = pixels.fragments;
  const bool big = scanner.encoding() == Encoding::explicit_big;
  FrameTable table;
  table.encapsulated_ = true;
  table.fragments_.reserve(fragments.size());
  for (const Fragment& f : fragments) table.fragments_.push_back({f.offset, f.length});
  if (fragments.empty()) return table;
  std::vector<uint32_t> starts;
  if (const Element* e = scanner.find(kExtendedOffsets); e != nullptr && e->held) {
    starts = from_offsets(scanner.value(*e), 8, big, frames, fragments);
    if (starts.empty()) warning = "the extended offset table does not fit the fragments";
  }
  if (starts.empty() && !pixels.basic_offsets.empty()) {
    starts = from_offsets(pixels.basic_offsets, 4, big, frames, fragments);
    if (starts.empty()) warning = "the basic offset table does not fit the fragments";
  }
  if (starts.empty() && frames == 1) starts = {0};
  if (starts.empty() && frames == fragments.size()) {
    starts.resize(fragments.size());
    std::iota(starts.begin(), starts.end(), 0u);
  }
  if (starts.empty()) {
    for (uint32_t i = 0; i < fragments.size(); ++i) {
      if (i == 0 || starts_codestream(fragments[i].first_bytes)) starts.push_back(i);
    }
    if (starts.size() != frames) warning = "the number of frames does not fit the fragments";
    if (starts.size() > frames) starts.resize(frames);
  }
  table.first_fragment_ = std::move(starts);
  table.frames_count_ = static_cast<uint32_t>(table.first_fragment_.size());
  return table;
}

FrameTable::BitRange FrameTable::native_bits(uint32_t index) const {
  return {begin_bits_ + index * frame_bits_, frame_bits_};
}

std::vector<ByteRange> FrameTable::fragments(uint32_t index) const {
  const size_t from = first_fragment_[index];
  const size_t to = index + 1 < frames_count_ ? first_fragment_[index + 1] : fragments_.size();
  return {fragments_.begin() + static_cast<ptrdiff_t>(from),
          fragments_.begin() + static_cast<ptrdiff_t>(to)};
}

Bytes FrameTable::encode() const {
  if (frames_count_ == 0) return {};
  Encoder out;
  out.varint(kVersion);
  out.varint(encapsulated_ ? 1 : 0);
  out.varint(frames_count_);
  if (!encapsulated_) {
    out.varint(begin_bits_);
    out.varint(frame_bits_);
    out.varint(swap_bytes_);
    return out.take();
  }
  out.varint(fragments_.size());
  uint64_t last = 0;
  for (const ByteRange& f : fragments_) {  // gaps are 8 bytes as a rule
    out.varint(f.begin - last);
    out.varint(f.length);
    last = f.end();
  }
  uint32_t before = 0;
  for (const uint32_t f : first_fragment_) {
    out.varint(f - before);
    before = f;
  }
  return out.take();
}

Result<FrameTable> FrameTable::decode(ByteView bytes) {
  FrameTable table;
  if (bytes.empty()) return table;
  Decoder in(bytes);
  if (in.varint() != kVersion) return make_error(Code::corrupt, "a frame table of another version");
  table.encapsulated_ = in.varint() == 1;
  table.frames_count_ = static_cast<uint32_t>(in.varint());
  if (!table.encapsulated_) {
    table.begin_bits_ = in.varint();
    table.frame_bits_ = in.varint();
    table.swap_bytes_ = static_cast<uint8_t>(in.varint());
  } else {
    const uint64_t fragments = in.varint();
    if (fragments > bytes.size() || table.frames_count_ > bytes.size()) {
      return make_error(Code::corrupt, "a frame table that cannot be read");
    }
    uint64_t last = 0;
    for (uint64_t i = 0; i < fragments && in.ok(); ++i) {
      ByteRange f;
      f.begin = last + in.varint();
      f.length = in.varint();
      last = f.end();
      table.fragments_.push_back(f);
    }
    uint64_t before = 0;
    for (uint32_t i = 0; i < table.frames_count_ && in.ok(); ++i) {
      before += in.varint();
      if (before >= fragments)
        return make_error(Code::corrupt, "a frame table that cannot be read");
      table.first_fragment_.push_back(static_cast<uint32_t>(before));
    }
  }
  if (!in.at_end()) return make_error(Code::corrupt, "a frame table that cannot be read");
  return table;
}

}  // namespace medarc::dicom
