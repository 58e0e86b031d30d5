#include "dicom/model/pixel_parts.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "dicom/model/codestream.h"
#include "dicom/transfer_syntax.h"

namespace medarc::dicom {
namespace {

constexpr uint16_t kTransferSyntaxUnknown = 0xC122;
constexpr uint64_t kStartBytes = 64u << 10;     // of a codestream that is looked at
constexpr uint64_t kLongStartBytes = 4u << 20;  // when profiles and previews come first
constexpr Tag kSamples{0x00280002}, kPhotometric{0x00280004}, kPlanar{0x00280006},
    kFrames{0x00280008}, kRows{0x00280010}, kColumns{0x00280011}, kAllocated{0x00280100},
    kStored{0x00280101}, kHighBit{0x00280102}, kRepresentation{0x00280103};

// Of one part whose type has no codestream that we read: what it is when nobody says.
constexpr std::pair<std::string_view, std::string_view> kPlainDefaults[] = {
    {"image/dicom-rle", "1.2.840.10008.1.2.5"},
    {"image/jxl", "1.2.840.10008.1.2.4.112"},
    {"video/mpeg2", "1.2.840.10008.1.2.4.100"},
    {"video/mp4", "1.2.840.10008.1.2.4.102"},
};

bool is_octets(std::string_view media_type) {
  return media_type.empty() || media_type == "application/octet-stream";
}

std::optional<uint64_t> number(const ModelInstance& instance, Tag tag) {
  const std::string text = instance.first_value(tag);
  uint64_t v = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

// What the sender calls it: the part itself, or else the metadata where that fits.
std::string_view declared_syntax(const ModelInstance& instance, const BulkPart& part) {
  if (!part.transfer_syntax.empty()) return part.transfer_syntax;
  const TransferSyntax* named = find_transfer_syntax(instance.transfer_syntax);
  if (named == nullptr) return {};
  const bool fits =
      is_octets(part.media_type) ? named->encapsulated : named->media_type == part.media_type;
  return fits ? named->uid : std::string_view();
}

Result<Codestream> look_at(std::string_view media_type, ByteRange place, BulkSpool& spool) {
  for (const uint64_t most : {kStartBytes, kLongStartBytes}) {
    Bytes start(std::min(most, place.length), '\0');
    size_t have = 0;
    while (have < start.size()) {
      MEDARC_ASSIGN(const size_t n,
                    spool.read(place.begin + have, start.data() + have, start.size() - have));
      have += n;
    }
    auto found = read_codestream(media_type, start);
    if (found.has_value() || most == kLongStartBytes || start.size() == place.length) return found;
  }
  return make_error(Code::internal, "unreachable");
}

class Reader {
 public:
  Reader(const ModelInstance& instance, const std::vector<BulkPart>& parts, BulkSpool& spool)
      : instance_(instance), parts_(parts), spool_(spool) {}

  Result<PixelParts> read() {
    const BulkPart& first = parts_.front();
    for (const BulkPart& p : parts_) {
      if (p.media_type != first.media_type || p.transfer_syntax != first.transfer_syntax) {
        return refused(kBulkDataMismatch);
      }
    }
    const std::string_view declared = declared_syntax(instance_, first);
    const TransferSyntax* named = find_transfer_syntax(declared);
    if (!declared.empty() && named == nullptr) return refused(kTransferSyntaxUnknown);
    if (is_octets(first.media_type) && (named == nullptr || !named->encapsulated)) {
      if (named != nullptr && named->uid != kExplicitLittle) return refused(kTransferSyntaxUnknown);
      if (parts_.size() > 1) return refused(kBulkDataMismatch);
      out_.transfer_syntax = kExplicitLittle;
      out_.frames = {first.place};
      return std::move(out_);
    }
    const std::string_view type =
        is_octets(first.media_type) ? named->media_type : first.media_type;
    if (named != nullptr && (named->media_type != type || !named->encapsulated)) {
      return refused(kTransferSyntaxUnknown);
    }
    out_.encapsulated = true;
    if (parts_.size() != pixel_parts_wanted(instance_, first)) {
      return refused(parts_.size() < pixel_parts_wanted(instance_, first) ? kBulkDataMissing
                                                                          : kBulkDataMismatch);
    }
    return tells_image(type) ? codestreams(type, declared) : others(type, declared);
  }

 private:
  PixelParts refused(uint16_t reason) {
    PixelParts out;
    out.reason = reason;
    return out;
  }

  // What says nothing of its image must be described.
  Result<PixelParts> others(std::string_view type, std::string_view declared) {
    for (const auto& [media_type, syntax] : kPlainDefaults) {
      if (declared.empty() && media_type == type) declared = syntax;
    }
    if (declared.empty()) return refused(kTransferSyntaxUnknown);
    for (const Tag tag : {kSamples, kPhotometric, kRows, kColumns, kAllocated}) {
      if (!instance_.has(tag)) return refused(kBulkDataMismatch);
    }
    out_.transfer_syntax = declared;
    for (const BulkPart& p : parts_) out_.frames.push_back(p.place);
    return std::move(out_);
  }

  Result<PixelParts> codestreams(std::string_view type, std::string_view declared) {
    std::optional<Codestream> first;
    for (const BulkPart& p : parts_) {
      auto found = look_at(type, p.place, spool_);
      if (found.has_error()) {
        if (found.error().code == Code::invalid_argument) return refused(kBulkDataMismatch);
        if (found.error().code == Code::unsupported) return refused(kTransferSyntaxUnknown);
        return found.error();
      }
      if (!first) first = *found;
      const bool same = found->rows == first->rows && found->columns == first->columns &&
                        found->samples_per_pixel == first->samples_per_pixel &&
                        found->precision == first->precision &&
                        found->is_signed == first->is_signed;
      if (!same || found->begin >= p.place.length) return refused(kBulkDataMismatch);
      const uint64_t length = std::min(found->length, p.place.length - found->begin);
      out_.frames.push_back({p.place.begin + found->begin, length});
      // One frame that is lossy makes the whole lossy.
      if (found->transfer_syntax != first->transfer_syntax &&
          may_be_called(first->transfer_syntax, found->transfer_syntax)) {
        first->transfer_syntax = found->transfer_syntax;
      }
      if (!may_be_called(found->transfer_syntax, first->transfer_syntax)) {
        return refused(kBulkDataMismatch);
      }
    }
    if (!declared.empty() && !may_be_called(first->transfer_syntax, declared)) {
      return refused(kBulkDataMismatch);
    }
    out_.transfer_syntax = declared.empty() ? first->transfer_syntax : declared;
    return fits(*first) ? Result<PixelParts>(std::move(out_)) : refused(kBulkDataMismatch);
  }

  // Compares what is there with the codestream and derives what is not.
  bool fits(const Codestream& c) {
    const auto allocated = number(instance_, kAllocated).value_or(c.precision > 8 ? 16 : 8);
    const auto stored = number(instance_, kStored).value_or(c.precision);
    if (c.precision > allocated || stored > allocated || stored == 0) return false;
    if (!is_or_add(kSamples, c.samples_per_pixel)) return false;
    if (!instance_.has(kPhotometric)) {
      Bytes text(c.photometric);
      if (text.size() % 2 != 0) text += ' ';
      out_.derived.push_back({kPhotometric, {'C', 'S'}, std::move(text)});
    }
    if (c.samples_per_pixel > 1 && !instance_.has(kPlanar)) add(kPlanar, 0);
    if (!is_or_add(kRows, c.rows) || !is_or_add(kColumns, c.columns)) return false;
    if (!instance_.has(kAllocated)) add(kAllocated, allocated);
    if (!instance_.has(kStored)) add(kStored, stored);
    if (!instance_.has(kHighBit)) add(kHighBit, stored - 1);
    if (!instance_.has(kRepresentation)) add(kRepresentation, c.is_signed ? 1 : 0);
    return true;
  }

  bool is_or_add(Tag tag, uint64_t value) {
    if (instance_.has(tag)) return number(instance_, tag) == value;
    add(tag, value);
    return true;
  }

  void add(Tag tag, uint64_t value) {
    Bytes bytes{static_cast<char>(value), static_cast<char>(value >> 8)};
    out_.derived.push_back({tag, {'U', 'S'}, std::move(bytes)});
  }

  const ModelInstance& instance_;
  const std::vector<BulkPart>& parts_;
  BulkSpool& spool_;
  PixelParts out_;
};

}  // namespace

uint64_t pixel_parts_wanted(const ModelInstance& instance, const BulkPart& first) {
  const TransferSyntax* named = find_transfer_syntax(declared_syntax(instance, first));
  const bool native = is_octets(first.media_type) && (named == nullptr || !named->encapsulated);
  const bool video = first.media_type.starts_with("video/") ||
                     (named != nullptr && named->media_type.starts_with("video/"));
  if (native || video) return 1;
  return std::max<uint64_t>(1, number(instance, kFrames).value_or(1));
}

Result<PixelParts> read_pixel_parts(const ModelInstance& instance,
                                    const std::vector<BulkPart>& parts, BulkSpool& spool) {
  return Reader(instance, parts, spool).read();
}

}  // namespace medarc::dicom
