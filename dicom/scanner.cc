#include "dicom/scanner.h"

#include <algorithm>

namespace medarc::dicom {
namespace {

constexpr uint32_t kItem = 0xFFFEE000, kItemEnd = 0xFFFEE00D, kSequenceEnd = 0xFFFEE0DD;
constexpr uint32_t kUndefined = 0xFFFFFFFF;

// VRs whose explicit length has 32 bits after two reserved bytes (PS3.5 7.1.2).
bool has_long_length(Vr vr) {
  for (const char* name : {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}) {
    if (vr[0] == name[0] && vr[1] == name[1]) return true;
  }
  return false;
}

bool is_pixel_data(Tag tag) {
  return tag.value == 0x7FE00010 || tag.value == 0x7FE00008 || tag.value == 0x7FE00009;
}

bool letters(Vr vr) {
  return vr[0] >= 'A' && vr[0] <= 'Z' && vr[1] >= 'A' && vr[1] <= 'Z';
}

}  // namespace

uint64_t read_number(ByteView bytes, size_t size, bool big) {
  if (bytes.size() < size) return 0;
  uint64_t v = 0;
  for (size_t i = 0; i < size; ++i) {
    v = v << 8 | static_cast<uint8_t>(bytes[big ? i : size - 1 - i]);
  }
  return v;
}

Scanner::Scanner(Encoding encoding, const Limits& limits) : encoding_(encoding), limits_(limits) {
  levels_.push_back({Where::dataset, encoding == Encoding::implicit_little, kOpen});
}

template <class T>
T Scanner::number(size_t at) const {
  return static_cast<T>(read_number(ByteView(token_).substr(at), sizeof(T),
                                    encoding_ == Encoding::explicit_big));
}

Status Scanner::fail(Code code, std::string text) {
  failed_ = make_error(code, std::move(text));
  return *failed_;
}

void Scanner::warn(const char* text) {
  if (warnings_.size() < 20 && std::find(warnings_.begin(), warnings_.end(), text) == warnings_.end()) {
    warnings_.emplace_back(text);
  }
}

const Element* Scanner::find(Tag tag) const {
  for (const Element& e : elements_) {
    if (e.depth == 0 && e.tag == tag && e.kind != Element::Kind::sequence_end) return &e;
  }
  return nullptr;
}

ByteView Scanner::value(const Element& e) const {
  return e.held ? ByteView(header_).substr(e.header_at, e.length) : ByteView();
}

uint64_t Scanner::skippable() const {
  if (keeping_ || in_offsets_ || failed_) return 0;
  if (levels_.back().where == Where::fragments && pixel_ && !pixel_->fragments.empty() &&
      pixel_->fragments.back().length - passing_ < 4) {
    return 0;  // the marker at a fragment's start is wanted
  }
  return passing_;
}

void Scanner::skip(uint64_t count) {
  passing_ -= count;
  position_ += count;
}

Status Scanner::feed(ByteView in) {
  if (failed_) return *failed_;
  if (position_ + in.size() > limits_.object_bytes_max) {
    return fail(Code::too_large, "the object is over dicom.object_bytes_max");
  }
  while (!in.empty() || passing_ == 0) {
    if (passing_ > 0) {
      const auto n = static_cast<size_t>(std::min<uint64_t>(passing_, in.size()));
      if (keeping_) header_.append(in.substr(0, n));
      if (in_offsets_) pixel_->basic_offsets.append(in.substr(0, n));
      if (!keeping_ && !in_offsets_ && pixel_ && !pixel_->fragments.empty() &&
          levels_.back().where == Where::fragments) {
        Fragment& f = pixel_->fragments.back();
        for (size_t i = 0; i < n; ++i) {
          const uint64_t at = f.length - passing_ + i;
          if (at >= 4) break;
          f.first_bytes |= static_cast<uint32_t>(static_cast<uint8_t>(in[i])) << (24 - 8 * at);
        }
      }
      in.remove_prefix(n);
      passing_ -= n;
      position_ += n;
      if (passing_ > 0) return {};
      keeping_ = in_offsets_ = false;
    }
    MEDARC_TRY(close_finished());
    if (in.empty()) return {};
    const size_t n = std::min(token_wanted_ - token_.size(), in.size());
    token_.append(in.substr(0, n));
    in.remove_prefix(n);
    position_ += n;
    if (token_.size() < token_wanted_) return {};
    const Where where = levels_.back().where;
    if (where == Where::sequence || where == Where::fragments) {
      MEDARC_TRY(item_header());
    } else {
      bool wants_more = false;
      MEDARC_TRY(element_header(wants_more));
      if (wants_more) {
        token_wanted_ = 12;
        continue;
      }
    }
    token_.clear();
    token_wanted_ = 8;
  }
  return {};
}

// Ends every item and sequence whose defined length is used up.
Status Scanner::close_finished() {
  while (levels_.size() > 1 && levels_.back().end != kOpen && token_.empty()) {
    Level& level = levels_.back();
    if (position_ < level.end) return {};
    if (position_ > level.end) {
      return fail(Code::invalid_argument, "a value runs over the end of its item");
    }
    Element e;
    e.kind = level.where == Where::item ? Element::Kind::item_end : Element::Kind::sequence_end;
    if (level.where != Where::item) --depth_;
    e.depth = depth_;
    e.offset = position_;
    elements_.push_back(e);
    levels_.pop_back();
  }
  return {};
}

Status Scanner::item_header() {
  const Tag tag{static_cast<uint32_t>(number<uint16_t>(0)) << 16 | number<uint16_t>(2)};
  const uint32_t length = number<uint32_t>(4);
  Level& level = levels_.back();
  const bool fragments = level.where == Where::fragments;
  if (tag.value == kSequenceEnd && level.end == kOpen) {
    levels_.pop_back();
    --depth_;
    Element e;
    e.kind = Element::Kind::sequence_end;
    e.depth = depth_;
    e.offset = position_;
    elements_.push_back(e);
    return {};
  }
  if (tag.value != kItem) {
    return fail(Code::invalid_argument, "something else stands where an item should");
  }
  if (fragments) {
    if (length == kUndefined) return fail(Code::invalid_argument, "a fragment without a length");
    ++level.items;
    passing_ = length;
    const bool is_pixels = depth_ == 1 && pixel_ && pixel_->encapsulated;
    if (is_pixels && level.items == 1) {
      if (length > limits_.header_bytes_max) {
        return fail(Code::too_large, "the offset table is over dicom.header_bytes_max");
      }
      in_offsets_ = true;
    } else if (is_pixels) {
      pixel_->fragments.push_back({position_, length, 0});
    }
    return {};
  }
  if (++items_ > limits_.items_max && items_ * 64 > position_) {
    return fail(Code::too_large, "more items than dicom.items_max");
  }
  Element e;
  e.tag = tag;
  e.kind = Element::Kind::item;
  e.depth = depth_;
  e.offset = position_;
  e.length = length;
  const bool implicit = level.implicit;
  const uint64_t end = length == kUndefined ? kOpen : position_ + length;
  if (level.end != kOpen && end != kOpen && end > level.end) {
    return fail(Code::invalid_argument, "an item runs over the end of its sequence");
  }
  elements_.push_back(e);
  levels_.push_back({Where::item, implicit, end});
  return {};
}

Status Scanner::element_header(bool& wants_more) {
  const Tag tag{static_cast<uint32_t>(number<uint16_t>(0)) << 16 | number<uint16_t>(2)};
  Level& level = levels_.back();
  Element e;
  e.tag = tag;
  e.depth = depth_;
  uint32_t length;
  if (tag.value >> 16 == 0xFFFE) {
    length = number<uint32_t>(4);
    if (tag.value == kItemEnd && level.where == Where::item && level.end == kOpen) {
      e.kind = Element::Kind::item_end;
      e.offset = position_;
      elements_.push_back(e);
      levels_.pop_back();
      return {};
    }
    return fail(Code::invalid_argument, "an item or delimiter stands outside a sequence");
  }
  if (level.implicit) {
    e.vr = vr_of(tag);
    length = number<uint32_t>(4);
  } else {
    e.vr = {token_[4], token_[5]};
    if (!letters(e.vr)) return fail(Code::invalid_argument, "an element without a value representation");
    if (has_long_length(e.vr)) {
      if (token_.size() < 12) {
        wants_more = true;
        return {};
      }
      length = number<uint32_t>(8);
    } else {
      length = number<uint16_t>(6);
    }
  }
  if (elements_.size() >= limits_.elements_max && elements_.size() * 8 > position_) {
    return fail(Code::too_large, "more elements than dicom.elements_max");
  }
  if (level.where == Where::dataset) {
    if (tag.value <= last_tag_ && last_tag_ != 0) warn("elements out of order or twice");
    last_tag_ = tag.value;
  }
  return begin_value(e, length);
}

Status Scanner::open_sequence(Element e, uint64_t end, bool implicit) {
  if (depth_ >= limits_.nesting_depth_max) {
    return fail(Code::too_large, "sequences nested deeper than dicom.nesting_depth_max");
  }
  e.kind = Element::Kind::sequence;
  elements_.push_back(e);
  levels_.push_back({Where::sequence, implicit, end});
  ++depth_;
  return {};
}

Status Scanner::begin_value(Element e, uint32_t length) {
  Level& level = levels_.back();
  e.offset = position_;
  e.length = length;
  const bool top = level.where == Where::dataset;
  if (length != kUndefined && level.end != kOpen && position_ + length > level.end) {
    return fail(Code::invalid_argument, "a value runs over the end of its item");
  }
  const bool pixels = top && is_pixel_data(e.tag);
  if (pixels && pixel_) return fail(Code::invalid_argument, "pixel data twice");
  if (length == kUndefined) {
    if (is(e.vr, "OB") || is(e.vr, "OW") || is_pixel_data(e.tag)) {
      if (depth_ >= limits_.nesting_depth_max) {
        return fail(Code::too_large, "sequences nested deeper than dicom.nesting_depth_max");
      }
      e.kind = Element::Kind::fragments;
      e.length = 0;
      elements_.push_back(e);
      if (pixels) {
        pixel_ = PixelData{e.tag, e.vr, true, position_, 0, {}, {}};
      }
      levels_.push_back({Where::fragments, level.implicit, kOpen});
      ++depth_;
      return {};
    }
    if (is(e.vr, "SQ")) return open_sequence(e, kOpen, level.implicit);
    if (is(e.vr, "UN")) return open_sequence(e, kOpen, true);  // PS3.5 6.2.2 note 4
    return fail(Code::invalid_argument, "a value of undefined length that is no sequence");
  }
  if (is(e.vr, "SQ")) return open_sequence(e, position_ + length, level.implicit);
  if (length % 2 != 0) warn("a value of odd length");
  passing_ = length;
  if (pixels) {
    pixel_ = PixelData{e.tag, e.vr, false, position_, length, {}, {}};
  } else if (length <= limits_.element_bytes_max) {
    if (header_.size() + length > limits_.header_bytes_max) {
      return fail(Code::too_large, "the header is over dicom.header_bytes_max");
    }
    e.held = true;
    e.header_at = header_.size();
    keeping_ = length > 0;
  }
  elements_.push_back(e);
  return {};
}

Status Scanner::finish() {
  if (failed_) return *failed_;
  MEDARC_TRY(close_finished());
  const bool whole = passing_ == 0 && levels_.size() == 1;
  if (whole && token_.empty()) return {};
  if (whole && pixel_) {
    warn("bytes after the last element");
    return {};
  }
  return fail(Code::invalid_argument, "the dataset is cut short");
}

}  // namespace medarc::dicom
