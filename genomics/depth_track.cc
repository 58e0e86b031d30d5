#include "genomics/depth_track.h"

#include <algorithm>

#include "genomics/depth_code.h"

namespace medarc::genomics {
namespace {

constexpr size_t kHeadBytes = 16, kEntryBytes = 24;
constexpr uint32_t kShiftMin = 7, kShiftMax = 31;

Error corrupt(const char* what) {
  return make_error(Code::corrupt, std::string("depth track: ") + what);
}

uint64_t load(const char* p, size_t bytes) {
  uint64_t v = 0;
  for (size_t i = 0; i < bytes; ++i) v |= uint64_t{static_cast<uint8_t>(p[i])} << 8 * i;
  return v;
}

uint64_t bins_of(uint64_t bases, uint32_t shift) { return (bases + (1ull << shift) - 1) >> shift; }

}  // namespace

Result<DepthTrack> DepthTrack::open(std::unique_ptr<archive::BlobReader> reader) {
  DepthTrack track;
  if (reader->size() < kHeadBytes) return corrupt("it is shorter than its head");
  char head[kHeadBytes];
  MEDARC_TRY(reader->read({0, kHeadBytes}, head));
  if (ByteView(head, 8) != "MEDDEPT1") return corrupt("it does not begin as one");
  track.shift_ = static_cast<uint32_t>(load(head + 8, 4));
  track.references_count_ = static_cast<uint32_t>(load(head + 12, 4));
  if (track.shift_ < kShiftMin || track.shift_ > kShiftMax) return corrupt("its bins cannot be");
  if (kHeadBytes + kEntryBytes * uint64_t{track.references_count_} > reader->size()) {
    return corrupt("it is shorter than its entries");
  }
  track.reader_ = std::move(reader);
  return track;
}

Result<DepthTrack::Entry> DepthTrack::entry_of(int32_t tid) const {
  if (tid < 0 || static_cast<uint32_t>(tid) >= references_count_) {
    return make_error(Code::invalid_argument, "there is no such reference sequence");
  }
  char bytes[kEntryBytes];
  MEDARC_TRY(
      reader_->read({kHeadBytes + kEntryBytes * static_cast<uint64_t>(tid), kEntryBytes}, bytes));
  return Entry{load(bytes, 8), load(bytes + 8, 8), static_cast<uint32_t>(load(bytes + 16, 4))};
}

Result<std::vector<uint16_t>> DepthTrack::codes(uint64_t at, uint64_t count) const {
  if (at > reader_->size() || count > (reader_->size() - at) / 2)
    return corrupt("codes lie beyond its end");
  Bytes bytes(2 * count, '\0');
  MEDARC_TRY(reader_->read({at, bytes.size()}, bytes.data()));
  std::vector<uint16_t> out(count);
  for (size_t i = 0; i < count; ++i) {
    out[i] = static_cast<uint16_t>(load(bytes.data() + 2 * i, 2));
    if (out[i] > kDepthCodeMax) return corrupt("a code cannot be");
  }
  return out;
}

Result<DepthBins> DepthTrack::bins(const Region& region, uint32_t bins_max) const {
  MEDARC_ASSIGN(const Entry entry, entry_of(region.tid));
  const uint64_t begin = region.begin, end = std::min(region.end, entry.bases);
  DepthBins out;
  out.bin_bases = bin_bases_min();
  if (begin >= end) {
    out.begin = begin & ~(out.bin_bases - 1);
    return out;
  }
  uint32_t shift = shift_;
  while (shift < 32 && bins_of(end, shift) - (begin >> shift) > bins_max) ++shift;
  const uint64_t first = begin >> shift, last = bins_of(end, shift);
  out.bin_bases = 1ull << shift;
  out.begin = first << shift;
  out.means.assign(last - first, 0);
  if (entry.codes_at == 0) return out;
  // The stored level at or below, and where it stands; above the last one there is a single bin.
  uint64_t at = entry.codes_at;
  uint32_t level = shift_;
  while (level + 2 <= shift && bins_of(entry.bases, level) > 1) {
    at += 2 * bins_of(entry.bases, level);
    level += 2;
  }
  const uint64_t stored = bins_of(entry.bases, level);
  const uint32_t apart = shift - level;
  const uint64_t from = first << apart, to = std::min(stored, last << apart);
  MEDARC_ASSIGN(const auto read, codes(at + 2 * from, to - from));
  for (uint64_t i = from; i < to; ++i) {
    // Weighted by bases: the last bin of a sequence is shorter.
    const uint64_t bases = std::min<uint64_t>(1ull << level, entry.bases - (i << level));
    const uint64_t whole_begin = (i >> apart) << shift;
    const uint64_t whole = std::min<uint64_t>(out.bin_bases, entry.bases - whole_begin);
    out.means[(i >> apart) - first] +=
        depth_of(read[i - from]) * static_cast<double>(bases) / static_cast<double>(whole);
  }
  return out;
}

}  // namespace medarc::genomics
