#include "dicom/scanner.h"

#include <algorithm>
#include <charconv>

namespace medarc::dicom {
namespace {

constexpr uint32_t kItem = 0xFFFEE000, kItemEnd = 0xFFFEE00D, kSequenceEnd = 0xFFFEE0DD;
constexpr Tag kNumberOfFrames{0x00280008}, kPixelRepresentation{0x00280103};

// What one frame of a multi-frame object may add to the limits: a functional group with a dozen
// values (PS3.3 C.7.6.16). Only so many frames count, however many are claimed.
constexpr uint64_t kFramesCountedMax = 500'000;
constexpr uint32_t kElementsPerFrame = 24, kItemsPerFrame = 8;
constexpr uint64_t kFragmentBytesMin = 4096;

bool is_pixel_data(Tag tag) {
  return tag.value == 0x7FE00010 || tag.value == 0x7FE00008 || tag.value == 0x7FE00009;
}

bool letters(Vr vr) { return vr[0] >= 'A' && vr[0] <= 'Z' && vr[1] >= 'A' && vr[1] <= 'Z'; }

// Written by scanners that did not know: a VR with a 16-bit length.
bool placeholder(Vr vr) {
  return is(vr, "??") || is(vr, "--") || is(vr, "  ") || (vr[0] == 0 && vr[1] == 0);
}

}  // namespace

// Every VR the standard may still add has a 32-bit length (PS3.5 6.2), so those with 16 bits are
// the ones to list (table 7.1-2).
bool has_long_length(Vr vr) {
  switch (vr[0] << 8 | vr[1]) {
    case 'A' << 8 | 'E':
    case 'A' << 8 | 'S':
    case 'A' << 8 | 'T':
    case 'C' << 8 | 'S':
    case 'D' << 8 | 'A':
    case 'D' << 8 | 'S':
    case 'D' << 8 | 'T':
    case 'F' << 8 | 'L':
    case 'F' << 8 | 'D':
    case 'I' << 8 | 'S':
    case 'L' << 8 | 'O':
    case 'L' << 8 | 'T':
    case 'P' << 8 | 'N':
    case 'S' << 8 | 'H':
    case 'S' << 8 | 'L':
    case 'S' << 8 | 'S':
    case 'S' << 8 | 'T':
    case 'T' << 8 | 'M':
    case 'U' << 8 | 'I':
    case 'U' << 8 | 'L':
    case 'U' << 8 | 'S': return false;
    default: return letters(vr);
  }
}

bool is_known(Vr vr) {
  if (letters(vr) && !has_long_length(vr)) return true;
  for (const char* name :
       {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}) {
    if (vr[0] == name[0] && vr[1] == name[1]) return true;
  }
  return false;
}

uint64_t read_number(ByteView bytes, size_t size, bool big) {
  if (bytes.size() < size) return 0;
  uint64_t v = 0;
  for (size_t i = 0; i < size; ++i) {
    v = v << 8 | static_cast<uint8_t>(bytes[big ? i : size - 1 - i]);
  }
  return v;
}

Scanner::Scanner(Encoding encoding, const Limits& limits) : encoding_(encoding), limits_(limits) {
  header_.reserve(4096);
  elements_.reserve(192);
  top_.reserve(192);
  levels_.reserve(8);
  levels_.push_back({Where::dataset, encoding == Encoding::implicit_little});
}

template <class T>
T Scanner::number(size_t at) const {
  return static_cast<T>(
      read_number({token_ + at, sizeof(T)}, sizeof(T), encoding_ == Encoding::explicit_big));
}

Tag Scanner::token_tag() const {
  return Tag{static_cast<uint32_t>(number<uint16_t>(0)) << 16 | number<uint16_t>(2)};
}

// After the pixel data, what cannot be read from a backward step on was no DICOM: it is passed
// over.
Status Scanner::fail(Code code, const char* text) {
  if (code == Code::invalid_argument && suspect_) {
    pass_over_the_rest();
    return {};
  }
  failed_ = make_error(code, text);
  return *failed_;
}

void Scanner::pass_over_the_rest() {
  if (suspect_) {
    elements_.resize(*suspect_);
    while (!top_.empty() && top_.back() >= *suspect_) top_.pop_back();
  }
  levels_.resize(1);
  depth_ = 0;
  passing_ = 0;
  token_size_ = 0;
  keeping_ = in_offsets_ = false;
  over_ = true;
  warn("bytes after the last element");
}

void Scanner::warn(const char* text) {
  if (std::find(warnings_.begin(), warnings_.end(), text) == warnings_.end()) {
    warnings_.emplace_back(text);
  }
}

void Scanner::add(const Element& e) {
  if (e.depth == 0 && e.kind != Element::Kind::sequence_end) {
    top_.push_back(static_cast<uint32_t>(elements_.size()));
  }
  elements_.push_back(e);
}

const Element* Scanner::find(Tag tag) const {
  for (const uint32_t i : top_) {
    if (elements_[i].tag == tag) return &elements_[i];
  }
  return nullptr;
}

ByteView Scanner::value(const Element& e) const {
  return e.held ? ByteView(header_).substr(e.header_at, e.length) : ByteView();
}

uint64_t Scanner::skippable() const {
  if (over_) return UINT64_MAX;
  if (keeping_ || in_offsets_ || failed_ || passing_ == 0) return 0;
  if (levels_.back().pixels && pixel_->fragments.back().length - passing_ < 4) {
    return 0;  // the marker at a fragment's start is wanted
  }
  return passing_;
}

void Scanner::skip(uint64_t count) {
  if (!over_) passing_ -= count;
  position_ += count;
}

void Scanner::take_value(ByteView bytes) {
  if (keeping_) {
    header_.append(bytes);
  } else if (in_offsets_) {
    pixel_->basic_offsets.append(bytes);
  } else if (levels_.back().pixels) {
    Fragment& f = pixel_->fragments.back();
    const uint64_t at = f.length - passing_;
    for (uint64_t i = at; i < 4 && i - at < bytes.size(); ++i) {
      f.first_bytes |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i - at])) << (24 - 8 * i);
    }
  }
}

Status Scanner::feed(ByteView in) {
  if (failed_) return *failed_;
  if (position_ + in.size() > limits_.object_bytes_max) {
    return fail(Code::too_large, "the object is over dicom.object_bytes_max");
  }
  while (true) {
    if (over_) {
      position_ += in.size();
      return {};
    }
    if (passing_ > 0) {
      const auto n = static_cast<size_t>(std::min<uint64_t>(passing_, in.size()));
      take_value(in.substr(0, n));
      in.remove_prefix(n);
      passing_ -= n;
      position_ += n;
      if (passing_ > 0) return {};
    }
    keeping_ = in_offsets_ = false;
    MEDARC_TRY(close_finished());
    if (in.empty()) return {};
    const size_t n = std::min(token_wanted_ - token_size_, in.size());
    std::copy_n(in.data(), n, token_ + token_size_);
    token_size_ += n;
    in.remove_prefix(n);
    position_ += n;
    if (token_size_ < token_wanted_) return {};
    const Where where = levels_.back().where;
    bool wants_more = false;
    if (where == Where::sequence || where == Where::fragments) {
      MEDARC_TRY(item_header());
    } else {
      MEDARC_TRY(element_header(wants_more));
    }
    token_wanted_ = wants_more ? kTokenBytesMax : 8;
    if (!wants_more) token_size_ = 0;
  }
}

// Ends every item and sequence whose defined length is used up.
Status Scanner::close_finished() {
  while (levels_.size() > 1 && token_size_ == 0 && position_ >= levels_.back().end) {
    const Level& level = levels_.back();
    if (position_ > level.end) {
      return fail(Code::invalid_argument, "a value runs over the end of its item");
    }
    Element e;
    e.kind = level.where == Where::item ? Element::Kind::item_end : Element::Kind::sequence_end;
    if (level.where != Where::item) --depth_;
    e.depth = depth_;
    e.offset = position_;
    add(e);
    levels_.pop_back();
  }
  return {};
}

// How many the limits admit, the object's own size considered.
uint64_t Scanner::allowed(uint32_t base, uint32_t per_frame) {
  if (!frames_) {
    const Element* e = find(kNumberOfFrames);
    const ByteView text = e == nullptr ? ByteView() : value(*e);
    uint64_t frames = 0;
    std::from_chars(text.data(), text.data() + text.size(), frames);
    frames_ = std::min(frames, kFramesCountedMax);
  }
  return base + *frames_ * per_frame;
}

Status Scanner::fragment_header(Level& level, uint32_t length) {
  if (length == kUndefinedLength) {
    return fail(Code::invalid_argument, "a fragment without a length");
  }
  ++level.items;
  passing_ = length;
  if (!level.pixels) return {};
  if (level.items == 1) {
    if (length > limits_.header_bytes_max) {
      return fail(Code::too_large, "the offset table is over dicom.header_bytes_max");
    }
    in_offsets_ = true;
    pixel_->fragments_begin = position_ + length;
    return {};
  }
  // Fragments worth their item header may be as many as the object's bytes.
  if (++items_ > limits_.items_max && items_ * kFragmentBytesMin > position_ &&
      items_ > allowed(limits_.items_max, kItemsPerFrame)) {
    return fail(Code::too_large, "more items than dicom.items_max");
  }
  pixel_->fragments.push_back({position_, length, 0});
  return {};
}

// Old objects hold text where the dictionary now has a sequence. Without VRs this is told by what
// stands where the first item should: then the element is one value.
bool Scanner::no_items() {
  const Level level = levels_.back();
  Element& e = elements_.back();
  const bool first = e.kind == Element::Kind::sequence && e.offset + token_size_ == position_;
  if (level.where != Where::sequence || !level.implicit || level.end == kOpen || !first ||
      position_ > level.end || e.length > limits_.element_bytes_max ||
      header_.size() + e.length > limits_.header_bytes_max) {
    return false;
  }
  warn("a value where a sequence should be");
  levels_.pop_back();
  --depth_;
  e.kind = Element::Kind::value;
  e.vr = {'U', 'N'};
  e.held = true;
  e.header_at = static_cast<uint32_t>(header_.size());
  header_.append(token_, token_size_);
  passing_ = e.length - token_size_;
  keeping_ = passing_ > 0;
  return true;
}

Status Scanner::item_header() {
  const Tag tag = token_tag();
  const auto length = number<uint32_t>(4);
  Level& level = levels_.back();
  if (tag.value == kSequenceEnd) {
    if (level.end != kOpen) {
      warn("a delimiter where the length was given");
      return {};
    }
    levels_.pop_back();
    Element e;
    e.kind = Element::Kind::sequence_end;
    e.depth = --depth_;
    e.offset = position_;
    add(e);
    return {};
  }
  if (tag.value != kItem) {
    if (no_items()) return {};
    return fail(Code::invalid_argument, "something else stands where an item should");
  }
  if (level.where == Where::fragments) return fragment_header(level, length);
  if (++items_ > limits_.items_max && items_ > allowed(limits_.items_max, kItemsPerFrame)) {
    return fail(Code::too_large, "more items than dicom.items_max");
  }
  Element e;
  e.tag = tag;
  e.kind = Element::Kind::item;
  e.depth = depth_;
  e.offset = position_;
  e.length = length;
  const uint64_t end = length == kUndefinedLength ? kOpen : position_ + length;
  if (end != kOpen && end > level.end) {
    return fail(Code::invalid_argument, "an item runs over the end of its sequence");
  }
  add(e);
  levels_.push_back({Where::item, level.implicit, false, end});
  return {};
}

// An item or delimiter tag where elements are expected.
Status Scanner::delimiter(Tag tag) {
  const Level& level = levels_.back();
  if (level.where == Where::dataset && pixel_ && !suspect_) suspect_ = elements_.size();
  if (tag.value != kItemEnd || level.where != Where::item) {
    return fail(Code::invalid_argument, "an item or delimiter stands outside a sequence");
  }
  if (level.end != kOpen) {
    warn("a delimiter where the length was given");
    return {};
  }
  Element e;
  e.kind = Element::Kind::item_end;
  e.depth = depth_;
  e.offset = position_;
  add(e);
  levels_.pop_back();
  return {};
}

// "US or SS" follows Pixel Representation, which stands before everything it decides.
Vr Scanner::implicit_vr(Tag tag) const {
  const Vr vr = vr_of(tag);
  if (is(vr, "US") && may_be_signed(tag)) {
    const Element* e = find(kPixelRepresentation);
    if (e != nullptr && read_number(value(*e), 2, false) == 1) return {'S', 'S'};
  }
  return vr;
}

// At the first element. Read as a length, two letters would be over 16 KiB, which none has; read as
// a VR, a length holds no letters.
void Scanner::correct_encoding() {
  if (encoding_ == Encoding::explicit_big) return;
  const Vr vr = {token_[4], token_[5]};
  const bool implicit = encoding_ == Encoding::implicit_little;
  if (implicit ? !is_known(vr) : letters(vr) || placeholder(vr)) return;
  encoding_ = implicit ? Encoding::explicit_little : Encoding::implicit_little;
  levels_.front().implicit = !implicit;
  warn("not in the transfer syntax that is said");
}

Status Scanner::element_header(bool& wants_more) {
  const Tag tag = token_tag();
  if (elements_.empty() && token_size_ == 8) correct_encoding();
  const Level& level = levels_.back();
  const bool top = level.where == Where::dataset;
  if (top && !elements_.empty() && std::all_of(token_, token_ + 8, [](char c) { return c == 0; })) {
    pass_over_the_rest();  // padded with zeros
    return {};
  }
  if (top && tag.value <= last_tag_ && pixel_ && !suspect_) suspect_ = elements_.size();
  if (tag.value >> 16 == 0xFFFE) return delimiter(tag);
  Element e;
  e.tag = tag;
  e.depth = depth_;
  uint32_t length;
  if (level.implicit) {
    e.vr = implicit_vr(tag);
    length = number<uint32_t>(4);
  } else {
    e.vr = {token_[4], token_[5]};
    if (!letters(e.vr)) {
      if (!placeholder(e.vr)) {
        if (top && pixel_ && !suspect_) suspect_ = elements_.size();
        return fail(Code::invalid_argument, "an element without a value representation");
      }
      warn("an unknown value representation");
      e.vr = {'U', 'N'};
      length = number<uint16_t>(6);
    } else if (has_long_length(e.vr)) {
      if (!is_known(e.vr)) warn("an unknown value representation");
      if (token_size_ < kTokenBytesMax) {
        wants_more = true;
        return {};
      }
      length = number<uint32_t>(8);
    } else {
      length = number<uint16_t>(6);
    }
  }
  if (elements_.size() >= limits_.elements_max &&
      elements_.size() >= allowed(limits_.elements_max, kElementsPerFrame)) {
    return fail(Code::too_large, "more elements than dicom.elements_max");
  }
  if (top) {
    if (tag.value <= last_tag_) warn("elements out of order or twice");
    last_tag_ = tag.value;
  }
  return begin_value(e, length);
}

Status Scanner::open_sequence(Element e, uint64_t end, bool implicit) {
  if (depth_ >= limits_.nesting_depth_max) {
    return fail(Code::too_large, "sequences nested deeper than dicom.nesting_depth_max");
  }
  e.kind = Element::Kind::sequence;
  add(e);
  levels_.push_back({Where::sequence, implicit, false, end});
  ++depth_;
  return {};
}

Status Scanner::begin_undefined(Element e, bool pixels) {
  const bool implicit = levels_.back().implicit;
  if (is(e.vr, "OB") || is(e.vr, "OW") || is_pixel_data(e.tag)) {
    if (depth_ >= limits_.nesting_depth_max) {
      return fail(Code::too_large, "sequences nested deeper than dicom.nesting_depth_max");
    }
    e.kind = Element::Kind::fragments;
    e.length = 0;
    add(e);
    if (pixels) pixel_ = PixelData{e.tag, e.vr, true, position_, 0, 0, {}, {}};
    levels_.push_back({Where::fragments, implicit, pixels});
    ++depth_;
    return {};
  }
  if (is(e.vr, "SQ")) return open_sequence(e, kOpen, implicit);
  if (is(e.vr, "UN")) return open_sequence(e, kOpen, true);  // PS3.5 6.2.2 note 4
  return fail(Code::invalid_argument, "a value of undefined length that is no sequence");
}

Status Scanner::begin_value(Element e, uint32_t length) {
  const Level& level = levels_.back();
  e.offset = position_;
  e.length = length;
  const bool pixels_again = level.where == Where::dataset && is_pixel_data(e.tag) && pixel_;
  const bool pixels = level.where == Where::dataset && is_pixel_data(e.tag) && !pixel_;
  if (pixels_again) warn("pixel data twice");
  if (length == kUndefinedLength) return begin_undefined(e, pixels);
  if (level.end != kOpen && position_ + length > level.end) {
    return fail(Code::invalid_argument, "a value runs over the end of its item");
  }
  if (is(e.vr, "SQ") && level.implicit && length > 0 && length < 8) {
    warn("a value where a sequence should be");  // no item is that short
    e.vr = {'U', 'N'};
  }
  if (is(e.vr, "SQ")) return open_sequence(e, position_ + length, level.implicit);
  if (length % 2 != 0) warn("a value of odd length");
  passing_ = length;
  if (pixels) {
    pixel_ = PixelData{e.tag, e.vr, false, position_, length, 0, {}, {}};
  } else if (!pixels_again && length <= limits_.element_bytes_max) {
    if (header_.size() + length > limits_.header_bytes_max) {
      return fail(Code::too_large, "the header is over dicom.header_bytes_max");
    }
    e.held = true;
    e.header_at = static_cast<uint32_t>(header_.size());
    keeping_ = length > 0;
  }
  add(e);
  return {};
}

Status Scanner::finish() {
  if (failed_) return *failed_;
  MEDARC_TRY(close_finished());
  const bool whole = passing_ == 0 && levels_.size() == 1;
  if (over_ || (whole && token_size_ == 0)) return {};
  if (whole && pixel_) {
    warn("bytes after the last element");
    return {};
  }
  return fail(Code::invalid_argument, "the dataset is cut short");
}

}  // namespace medarc::dicom
