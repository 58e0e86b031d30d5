#include "dicom/model/dataset_builder.h"

#include <algorithm>

#include "dicom/private_tags.h"
#include "dicom/scanner.h"
#include "dicom/values.h"
#include "dicom/vr_kinds.h"

namespace medarc::dicom {
namespace {

constexpr size_t kUriBytesMax = 8192;
constexpr uint32_t kItem = 0xFFFEE000, kItemEnd = 0xFFFEE00D, kSequenceEnd = 0xFFFEE0DD;
constexpr uint32_t kUndefined = 0xFFFFFFFF;
constexpr Tag kCharset{0x00080005}, kSopClass{0x00080016}, kSopInstance{0x00080018},
    kTransferSyntax{0x00020010}, kAvailableSyntax{0x00083002};

// What answers and files carry and datasets do not.
bool left_out(Tag tag, bool top_level) {
  const uint32_t group = tag.value >> 16;
  return (tag.value & 0xFFFF) == 0 || group == 0 || group == 2 ||
         (top_level && tag == kAvailableSyntax);
}

Bytes without_blanks(std::string_view text) {
  Bytes out;
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') out += c;
  }
  return out;
}

bool ascii(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return (c & 0x80) == 0; });
}

}  // namespace

bool ModelInstance::has(Tag tag) const {
  const auto at = std::lower_bound(elements.begin(), elements.end(), tag,
                                   [](const Place& p, Tag wanted) { return p.tag < wanted; });
  return at != elements.end() && at->tag == tag;
}

std::string ModelInstance::first_value(Tag tag) const {
  const auto place = std::lower_bound(elements.begin(), elements.end(), tag,
                                      [](const Place& p, Tag wanted) { return p.tag < wanted; });
  if (place == elements.end() || place->tag != tag) return {};
  const ByteView at = ByteView(dataset).substr(place->at);
  // A value that comes by itself has left no trace here.
  if (at.size() < 8 || read_number(at, 2, false) != tag.value >> 16 ||
      read_number(at.substr(2), 2, false) != (tag.value & 0xFFFF)) {
    return {};
  }
  const Vr vr{at[4], at[5]};
  const bool long_form = has_long_length(vr);
  const uint64_t length =
      long_form ? read_number(at.substr(8), 4, false) : read_number(at.substr(6), 2, false);
  auto values = values_of(vr, at.substr(long_form ? 12 : 8, length), false, Charset());
  return values && !values->empty() ? values->front() : std::string();
}

DatasetBuilder::DatasetBuilder(const Limits& limits, std::function<Status(ModelInstance)> done)
    : limits_(limits), done_(std::move(done)) {}

Status DatasetBuilder::fail(Code code, std::string_view what) {
  if (instance_.problem) return {};
  instance_.problem = make_error(code, std::string(what));
  instance_.dataset.clear();
  levels_.clear();
  open_.clear();
  return {};
}

void DatasetBuilder::problem(std::string_view what) { (void)fail(Code::invalid_argument, what); }

bool DatasetBuilder::grown_too_far(uint64_t bytes) {
  bytes_ += bytes;
  if (bytes_ <= limits_.header_bytes_max) return false;
  (void)fail(Code::too_large, "the metadata of an instance is over dicom.header_bytes_max");
  return true;
}

Status DatasetBuilder::begin_instance() {
  instance_ = {};
  levels_.clear();
  open_.clear();
  levels_.emplace_back();
  bytes_ = 0;
  utf8_ = false;
  return {};
}

Status DatasetBuilder::end_instance() {
  if (!instance_.problem) {
    if (utf8_) MEDARC_TRY(add(kCharset, {'C', 'S'}, "ISO_IR 192"));
    if (!instance_.problem) MEDARC_TRY(close(levels_.front()));
  }
  if (!instance_.problem) {
    Level& level = levels_.front();
    instance_.dataset = std::move(level.data);
    instance_.elements = std::move(level.places);
    instance_.bulk = std::move(level.bulk);
  }
  levels_.clear();
  return done_(std::move(instance_));
}

// The block of a creator is where the document says, else the first that is free.
Tag DatasetBuilder::placed(Tag tag, std::string_view creator) {
  if (creator.empty() || !is_private(tag)) return tag;
  if (!ascii(creator)) utf8_ = true;
  auto& creators = levels_.back().creators;
  const uint32_t group = tag.value & 0xFFFF0000;
  if ((tag.value & 0xFFFF) >= 0x1000) {
    const auto known = std::any_of(creators.begin(), creators.end(),
                                   [&](const Creator& c) { return c.tag == creator_tag(tag); });
    if (!known) creators.push_back({creator_tag(tag), std::string(creator)});
    return tag;
  }
  uint32_t block = 0x10;
  for (const Creator& c : creators) {
    if ((c.tag.value & 0xFFFF0000) != group) continue;
    if (c.text == creator) return Tag{group | (c.tag.value & 0xFF) << 8 | (tag.value & 0xFF)};
    block = std::max(block, (c.tag.value & 0xFF) + 1);
  }
  if (block > 0xFF) {
    problem("more private creators than a group has blocks");
    return tag;
  }
  creators.push_back({Tag{group | block}, std::string(creator)});
  return Tag{group | block << 8 | (tag.value & 0xFF)};
}

Status DatasetBuilder::begin_element(Tag tag, std::string_view creator) {
  if (instance_.problem) return {};
  if (tag.value >> 16 == 0xFFFE) return fail(Code::invalid_argument, "a delimiter as an element");
  if (levels_.back().places.size() >= limits_.elements_max) {
    return fail(Code::too_large, "more elements than dicom.elements_max");
  }
  tag = placed(tag, creator);
  if (!instance_.problem) open_.push_back({}), open_.back().tag = tag;
  return {};
}

Status DatasetBuilder::vr(std::string_view vr) {
  if (!instance_.problem) open_.back().vr = vr.substr(0, 3);
  return {};
}

Status DatasetBuilder::value(Kind kind, std::string_view text) {
  if (instance_.problem) return {};
  Open& e = open_.back();
  const uint64_t before = e.values.memory_bytes();
  e.values.add(kind, text);
  const uint64_t after = e.values.memory_bytes();
  if (after > limits_.element_bytes_max) {
    return fail(Code::too_large, "an element is over dicom.element_bytes_max");
  }
  e.held_bytes += after - before;
  if (grown_too_far(after - before)) return {};
  if (kind == Kind::object || (kind == Kind::null && e.vr == "SQ")) {
    append_item(e, {});
  } else if (kind == Kind::null) {
    e.has_null = true;
  }
  return {};
}

Status DatasetBuilder::inline_binary(std::string_view base64) {
  if (instance_.problem) return {};
  auto bytes = from_base64(without_blanks(base64));
  if (!bytes) return fail(Code::invalid_argument, "inline binary that is not base64");
  if (bytes->size() > limits_.element_bytes_max) {
    return fail(Code::too_large, "an element is over dicom.element_bytes_max");
  }
  Open& e = open_.back();
  e.held_bytes += bytes->size();
  const uint64_t more = bytes->size();
  e.binary = std::move(*bytes);
  (void)grown_too_far(more);
  return {};
}

Status DatasetBuilder::bulk_data(std::string_view uri) {
  if (instance_.problem) return {};
  if (uri.empty() || uri.size() > kUriBytesMax) {
    return fail(Code::invalid_argument, "a bulk data URI that is empty or too long");
  }
  open_.back().uri = std::string(uri);
  return {};
}

Status DatasetBuilder::begin_item() {
  if (instance_.problem) return {};
  if (levels_.size() > limits_.nesting_depth_max) {
    return fail(Code::too_large, "sequences nested deeper than dicom.nesting_depth_max");
  }
  open_.back().has_items = true;
  levels_.emplace_back();
  return {};
}

Status DatasetBuilder::end_item() {
  if (instance_.problem) return {};
  MEDARC_TRY(close(levels_.back()));
  if (instance_.problem) return {};
  Level item = std::move(levels_.back());
  levels_.pop_back();
  append_item(open_.back(), std::move(item));
  return {};
}

void DatasetBuilder::append_item(Open& sequence, Level item) {
  append_item_head(sequence.items, kItem, kUndefined);
  const uint64_t base = sequence.items.size();
  for (BulkReference& b : item.bulk) {
    b.at += base;
    sequence.bulk.push_back(std::move(b));
  }
  sequence.items += item.data;
  append_item_head(sequence.items, kItemEnd, 0);
  (void)grown_too_far(16);
}

Status DatasetBuilder::end_element() {
  if (instance_.problem) return {};
  Open element = std::move(open_.back());
  open_.pop_back();
  return write(element);
}

Status DatasetBuilder::write(Open& e) {
  bytes_ -= e.held_bytes;  // its bytes are counted as they are written
  const Vr known = vr_of(e.tag);
  if (e.vr.empty()) e.vr = text_of(known);
  const Vr vr = e.vr.size() == 2 ? Vr{e.vr[0], e.vr[1]} : Vr{};
  if (e.vr.size() != 2 || !is_known(vr)) return fail(Code::invalid_argument, "an unknown VR");
  const bool top_level = levels_.size() == 1;
  const bool sequence = is(vr, "SQ");
  const int forms = (e.values.count() > 0 && !sequence) + e.binary.has_value() + e.uri.has_value();
  if (forms > 1 || (sequence && forms > 0) || (!sequence && e.has_items) ||
      (sequence && e.has_null)) {
    return fail(Code::invalid_argument, "an element with values of two forms");
  }
  if (left_out(e.tag, top_level)) {
    if (top_level && e.tag == kTransferSyntax && e.values.count() > 0) {
      instance_.transfer_syntax = e.values.text(0);
    }
    return {};
  }
  if (e.tag == kCharset) {
    utf8_ = true;
    return {};
  }
  Level& level = levels_.back();
  if (sequence) {
    if (levels_.size() > limits_.nesting_depth_max) {
      return fail(Code::too_large, "sequences nested deeper than dicom.nesting_depth_max");
    }
    for (size_t i = 0; i < e.values.count(); ++i) {
      if (e.values.kind(i) != Kind::object && e.values.kind(i) != Kind::null) {
        return fail(Code::invalid_argument, "an item that is no object");
      }
    }
    level.places.push_back({e.tag, level.data.size()});
    append_head(level.data, e.tag, vr, kUndefined);
    const uint64_t base = level.data.size();
    for (BulkReference& b : e.bulk) {
      b.at += base;
      level.bulk.push_back(std::move(b));
    }
    level.data += e.items;
    append_item_head(level.data, kSequenceEnd, 0);
    (void)grown_too_far(20);
    return {};
  }
  if (e.uri) {
    if (grown_too_far(e.uri->size() + sizeof(BulkReference))) return {};
    level.places.push_back({e.tag, level.data.size()});
    level.bulk.push_back({level.data.size(), e.tag, vr, top_level, std::move(*e.uri)});
    return {};
  }
  Bytes value;
  if (e.binary) {
    value = std::move(*e.binary);
    if (value.size() % 2 != 0) value += padding_of(vr);
  } else {
    auto encoded = encode_values(vr, e.values);
    if (!encoded) return fail(Code::invalid_argument, "a value that its VR cannot have");
    value = std::move(*encoded);
  }
  if (has_charset(vr) && !utf8_ && !ascii(value)) utf8_ = true;
  if (is_private_creator(e.tag) && e.values.count() > 0) {
    level.creators.push_back({e.tag, std::string(e.values.text(0)), true});
  }
  if (top_level) remember(e.tag, vr, e.values);
  return add(e.tag, vr, value);
}

void DatasetBuilder::remember(Tag tag, Vr vr, const ModelValues& values) {
  if (!is(vr, "UI") || values.count() == 0) return;
  if (tag == kSopClass) instance_.sop_class.value = values.text(0);
  if (tag == kSopInstance) instance_.uid.value = values.text(0);
}

Status DatasetBuilder::add(Tag tag, Vr vr, ByteView value) {
  if (grown_too_far(value.size() + 12)) return {};
  Level& level = levels_.back();
  level.places.push_back({tag, level.data.size()});
  append_head(level.data, tag, vr, static_cast<uint32_t>(value.size()));
  level.data += value;
  return {};
}

// Rising tags, each once.
Status DatasetBuilder::close(Level& level) {
  for (const Creator& c : level.creators) {
    const bool given = std::any_of(level.creators.begin(), level.creators.end(),
                                   [&](const Creator& o) { return o.written && o.tag == c.tag; });
    if (given || c.written) continue;
    const Bytes text = c.text + (c.text.size() % 2 != 0 ? " " : "");
    level.places.push_back({c.tag, level.data.size()});
    append_head(level.data, c.tag, {'L', 'O'}, static_cast<uint32_t>(text.size()));
    level.data += text;
    if (grown_too_far(text.size() + 12)) return {};
  }
  const auto order = [](const auto& a, const auto& b) { return a.tag < b.tag; };
  if (!std::is_sorted(level.places.begin(), level.places.end(), order)) {
    struct Range {
      Tag tag;
      uint64_t begin, end;
    };
    std::vector<Range> ranges;
    for (size_t i = 0; i < level.places.size(); ++i) {
      const uint64_t end = i + 1 < level.places.size() ? level.places[i + 1].at : level.data.size();
      ranges.push_back({level.places[i].tag, level.places[i].at, end});
    }
    std::stable_sort(ranges.begin(), ranges.end(), order);
    Level sorted;
    for (const Range& r : ranges) {
      const uint64_t at = sorted.data.size();
      sorted.places.push_back({r.tag, at});
      auto b = std::lower_bound(level.bulk.begin(), level.bulk.end(), r.begin,
                                [](const BulkReference& x, uint64_t from) { return x.at < from; });
      // An element that comes by itself is of no length: its tag tells it from what follows.
      for (; b != level.bulk.end() && (b->at < r.end || (r.begin == r.end && b->at == r.begin));
           ++b) {
        const bool own = r.begin == r.end;
        if (own ? b->tag != r.tag : b->at == r.begin) continue;
        BulkReference moved = *b;
        moved.at = moved.at - r.begin + at;
        sorted.bulk.push_back(std::move(moved));
      }
      sorted.data.append(level.data, r.begin, r.end - r.begin);
    }
    level.data = std::move(sorted.data);
    level.places = std::move(sorted.places);
    level.bulk = std::move(sorted.bulk);
  }
  const auto twice =
      std::adjacent_find(level.places.begin(), level.places.end(),
                         [](const auto& a, const auto& b) { return a.tag == b.tag; });
  if (twice != level.places.end()) return fail(Code::invalid_argument, "an element twice");
  return {};
}

}  // namespace medarc::dicom
