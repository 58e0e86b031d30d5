#include "dicom/senders/editor.h"

#include <algorithm>

#include "dicom/charset.h"
#include "dicom/condition.h"
#include "dicom/senders/readings.h"
#include "dicom/senders/text_elements.h"
#include "dicom/values.h"

namespace medarc::dicom::senders {
namespace {

constexpr Tag kOriginalAttributes{0x04000561}, kModified{0x04000550}, kNonconforming{0x04000551},
    kItem{0xFFFEE000};
constexpr std::string_view kUtf8 = "ISO_IR 192";

using Kind = Element::Kind;

Element mark(Tag tag, Kind kind, uint8_t depth) {
  Element e;
  e.tag = tag;
  e.kind = kind;
  e.depth = depth;
  e.length = kUndefinedLength;
  if (kind == Kind::sequence) e.vr = {'S', 'Q'};
  return e;
}

ByteView trimmed(ByteView value) {
  while (!value.empty() && (value.back() == ' ' || value.back() == '\0')) value.remove_suffix(1);
  return value;
}

std::vector<std::string> terms_of(const Scanner& scanner) {
  const Element* e = scanner.find(kSpecificCharacterSet);
  if (e == nullptr) return {};
  return values_of({'C', 'S'}, scanner.value(*e), false, Charset())
      .value_or(std::vector<std::string>());
}

}  // namespace

std::vector<Correction> Editor::run() {
  before_ = scanner_.elements();
  read_texts_and_uids();
  coerce();
  if (changed_.empty() && added_.empty() && removed_.empty()) return {};
  std::vector<Correction> out = told();
  rebuild();
  return out;
}

void Editor::read_texts_and_uids() {
  const TextEncoding* encoding =
      corrections_.text_encoding.empty() ? nullptr : find_encoding(corrections_.text_encoding);
  if (encoding == nullptr && corrections_.uids.none()) return;
  const Charset declared(terms_of(scanner_));
  bool names_set = false, in_record = false;
  for (size_t i = 0; i < before_.size(); ++i) {
    const Element& e = before_[i];
    if (e.depth == 0 && e.kind != Kind::sequence_end) in_record = e.tag == kOriginalAttributes;
    if (e.kind != Kind::value || !e.held) continue;
    const ByteView value = scanner_.value(e);
    const Vr vr = known_vr(e);
    if (encoding != nullptr && e.tag == kSpecificCharacterSet) {
      names_set = names_set || e.depth == 0;
      if (trimmed(value) != kUtf8) changed_[i] = {Bytes(kUtf8), false};
    } else if (encoding != nullptr && has_charset(vr)) {
      const bool escapes = value.find('\x1B') != ByteView::npos;
      if (!escapes && !beyond_ascii(value)) continue;
      auto utf8 = escapes ? std::nullopt : read_strictly(*encoding, value);
      changed_[i] = {utf8 ? std::move(*utf8) : declared.decode(value, is(vr, "PN")), true};
    } else if (!corrections_.uids.none() && !in_record && is(vr, "UI")) {
      Bytes repaired = repaired_uids(value, corrections_.uids);
      ByteView plain = value;
      if (!plain.empty() && plain.back() == '\0') plain.remove_suffix(1);
      if (repaired != plain) changed_[i] = {std::move(repaired), true};
    }
  }
  if (encoding != nullptr && !names_set) added_[kSpecificCharacterSet] = kUtf8;
}

std::optional<size_t> Editor::place_of(Tag tag) const {
  for (size_t i = 0; i < before_.size(); ++i) {
    if (before_[i].depth == 0 && before_[i].tag == tag && before_[i].kind != Kind::sequence_end) {
      return i;
    }
  }
  return std::nullopt;
}

std::optional<Bytes> Editor::value_now(Tag tag) const {
  if (const auto added = added_.find(tag); added != added_.end()) return added->second;
  const auto at = place_of(tag);
  if (!at || removed_.contains(*at)) return std::nullopt;
  if (const auto changed = changed_.find(*at); changed != changed_.end()) {
    return changed->second.value;
  }
  if (before_[*at].kind != Kind::value || !before_[*at].held) return std::nullopt;
  return Bytes(scanner_.value(before_[*at]));
}

// nullopt: the dataset's character set has no bytes for it.
std::optional<Bytes> Editor::encoded(const std::string& utf8) const {
  if (!corrections_.text_encoding.empty()) return utf8;
  return Charset(terms_of(scanner_)).encode(utf8);
}

void Editor::coerce() {
  for (const Coercion& one : corrections_.coercions) coerce(one);
}

void Editor::coerce(const Coercion& one) {
  const auto at = place_of(one.tag);
  if (at && before_[*at].kind != Kind::value) return;
  if (one.kind == Coercion::Kind::remove) {
    added_.erase(one.tag);
    if (at) removed_.insert(*at);
    return;
  }
  const auto value = one.kind == Coercion::Kind::set ? encoded(one.value) : value_now(one.from);
  if (!value || (one.kind == Coercion::Kind::copy && trimmed(*value).empty())) return;
  const auto now = value_now(one.tag);
  if (now && trimmed(*now) == trimmed(*value)) return;
  if (!at) {
    added_[one.tag] = Bytes(trimmed(*value));
    return;
  }
  removed_.erase(*at);
  Change& change = changed_[*at];  // keeps whether it was conforming
  change.value = Bytes(trimmed(*value));
}

std::vector<Correction> Editor::told() const {
  std::vector<Correction> out;
  const auto tell = [&](Tag tag, Correction::Kind kind) {
    const bool there = std::any_of(out.begin(), out.end(), [&](const Correction& c) {
      return c.attribute == tag && c.kind == kind;
    });
    if (!there) out.push_back({kind, tag});
  };
  Tag top;
  for (size_t i = 0; i < before_.size(); ++i) {
    const Element& e = before_[i];
    if (e.depth == 0 && e.kind != Kind::sequence_end) top = e.tag;
    if (removed_.contains(i)) tell(top, Correction::Kind::coerced);
    const auto changed = changed_.find(i);
    if (changed == changed_.end() || removed_.contains(i)) continue;
    tell(top, e.tag == kSpecificCharacterSet   ? Correction::Kind::character_set
              : !changed->second.nonconforming ? Correction::Kind::coerced
              : has_charset(known_vr(e))       ? Correction::Kind::character_set
                                               : Correction::Kind::uid);
  }
  for (const auto& [tag, value] : added_) {
    tell(tag, tag == kSpecificCharacterSet ? Correction::Kind::character_set
                                           : Correction::Kind::coerced);
  }
  return out;
}

// The value of one AT: two words.
Bytes Editor::tag_value(Tag tag) const {
  const bool big = scanner_.encoding() == Encoding::explicit_big;
  Bytes out;
  for (const uint32_t word : {tag.value >> 16, tag.value & 0xFFFF}) {
    out += static_cast<char>(big ? word >> 8 : word);
    out += static_cast<char>(big ? word : word >> 8);
  }
  return out;
}

size_t Editor::end_of(size_t index) const {
  if (before_[index].kind == Kind::value) return index + 1;
  while (++index < before_.size()) {
    if (before_[index].kind == Kind::sequence_end && before_[index].depth == 0) return index + 1;
  }
  return index;
}

bool Editor::is_changed(size_t begin, size_t end) const {
  const auto changed = changed_.lower_bound(begin);
  return removed_.contains(begin) || (changed != changed_.end() && changed->first < end);
}

std::optional<size_t> Editor::creator_of(size_t index) const {
  const Element& of = before_[index];
  if (!is_private_element(of.tag)) return std::nullopt;
  for (size_t k = index; k-- > 0;) {
    const Element& e = before_[k];
    if (e.kind == Kind::item && e.depth == of.depth) break;  // its own
    if (e.depth == of.depth && e.tag == creator_tag(of.tag) && e.kind == Kind::value) return k;
  }
  return std::nullopt;
}

Bytes Editor::creator_name(size_t index) const {
  const auto at = creator_of(index);
  return at ? Bytes(trimmed(scanner_.value(before_[*at]))) : Bytes();
}

std::set<size_t> Editor::creators_of_changed() const {
  std::set<size_t> out;
  for (size_t i = 0; i < before_.size();) {
    const size_t end = end_of(i);
    if (const auto at = creator_of(i); at && is_changed(i, end)) out.insert(*at);
    i = end;
  }
  return out;
}

void Editor::rebuild() {
  std::vector<Element> out;
  out.reserve(before_.size() + 64);
  auto added = added_.begin();
  bool recorded = false;
  const auto before = [&](Tag tag) {  // what is new and stands before `tag`
    while (added != added_.end() && added->first < tag) {
      out.push_back(scanner_.made(added->first, vr_of(added->first), 0, added->second));
      ++added;
    }
    if (!recorded && kOriginalAttributes < tag) {
      write_record(out);
      recorded = true;
    }
  };
  for (size_t i = 0; i < before_.size();) {
    before(before_[i].tag);
    const size_t end = end_of(i);
    const bool record = before_[i].tag == kOriginalAttributes && before_[i].kind == Kind::sequence;
    for (size_t k = i; k < end; ++k) {
      if (removed_.contains(k)) continue;
      Element e = before_[k];
      if (const auto changed = changed_.find(k); changed != changed_.end()) {
        e = scanner_.made(e.tag, e.vr, e.depth, changed->second.value);
      }
      if (record && k + 1 == end && !recorded) {
        write_record_item(out);
        recorded = true;
      }
      out.push_back(e);
    }
    i = end;
  }
  before(Tag{0xFFFFFFFF});
  scanner_.replace(std::move(out));
}

void Editor::write_record(std::vector<Element>& out) {
  out.push_back(mark(kOriginalAttributes, Kind::sequence, 0));
  write_record_item(out);
  out.push_back(mark({}, Kind::sequence_end, 0));
}

void Editor::text(std::vector<Element>& out, uint32_t tag, const char (&vr)[3], ByteView value) {
  out.push_back(scanner_.made(Tag{tag}, {vr[0], vr[1]}, 1, value));
}

// In the order of PS3.5 7.1: groups 0400,055x before the rest.
void Editor::write_record_item(std::vector<Element>& out) {
  out.push_back(mark(kItem, Kind::item, 1));
  write_former_values(out);
  write_nonconforming(out);
  text(out, 0x04000562, "DT", utc_date_time(corrections_.time));
  text(out, 0x04000563, "LO", corrections_.system);
  text(out, 0x04000564, "LO", corrections_.source);
  text(out, 0x04000565, "CS", nonconforming_.empty() ? "COERCE" : "CORRECT");
  out.push_back(mark({}, Kind::item_end, 1));
}

void Editor::write_former_values(std::vector<Element>& out) {
  out.push_back(mark(kModified, Kind::sequence, 1));
  out.push_back(mark(kItem, Kind::item, 2));
  const std::set<size_t> creators = creators_of_changed();
  auto added = added_.begin();
  const auto absent_before = [&](Tag tag) {
    for (; added != added_.end() && added->first < tag; ++added) {
      // An empty character set would speak for the rest of the item.
      if (added->first == kSpecificCharacterSet) continue;
      out.push_back(scanner_.made(added->first, vr_of(added->first), 2, {}));
    }
  };
  for (size_t i = 0; i < before_.size();) {
    absent_before(before_[i].tag);
    const size_t end = end_of(i);
    const bool changed = before_[i].tag != kOriginalAttributes && is_changed(i, end);
    if (changed || creators.contains(i)) write_former(out, i, end);
    i = end;
  }
  absent_before(Tag{0xFFFFFFFF});
  out.push_back(mark({}, Kind::item_end, 2));
  out.push_back(mark({}, Kind::sequence_end, 1));
}

// A former value, two levels down; a sequence whole, what did not conform in it empty.
void Editor::write_former(std::vector<Element>& out, size_t begin, size_t end) {
  std::vector<Step> path;
  for (size_t k = begin; k < end; ++k) {
    Element e = before_[k];
    if (e.kind == Kind::sequence || e.kind == Kind::fragments) path.push_back({k, 0});
    if (e.kind == Kind::item && !path.empty()) ++path.back().item;
    if (e.kind == Kind::sequence_end && !path.empty()) path.pop_back();
    e.depth = static_cast<uint8_t>(e.depth + 2);
    const auto changed = changed_.find(k);
    if (changed != changed_.end() && changed->second.nonconforming) {
      nonconforming_.push_back({k, path});
      e = scanner_.made(e.tag, e.vr, e.depth, {});
    }
    out.push_back(e);
  }
}

void Editor::write_nonconforming(std::vector<Element>& out) {
  if (nonconforming_.empty()) return;
  out.push_back(mark(kNonconforming, Kind::sequence, 1));
  for (const Nonconforming& one : nonconforming_) {
    const Element& was = before_[one.index];
    out.push_back(mark(kItem, Kind::item, 2));
    out.push_back(scanner_.made(Tag{0x00720026}, {'A', 'T'}, 2, tag_value(was.tag)));
    Bytes items;
    if (!one.path.empty()) {  // PS3.3 table 10-20: where it stands
      Bytes sequences, names;
      for (const Step& step : one.path) {
        sequences += tag_value(before_[step.sequence].tag);
        names += (&step == &one.path.front() ? "" : "\\") + creator_name(step.sequence);
        items += (items.empty() ? "" : "\\") + std::to_string(step.item);
      }
      out.push_back(scanner_.made(Tag{0x00720052}, {'A', 'T'}, 2, sequences));
      if (names.find_first_not_of('\\') != Bytes::npos) {
        out.push_back(scanner_.made(Tag{0x00720054}, {'L', 'O'}, 2, names));
      }
    }
    if (const Bytes name = creator_name(one.index); !name.empty()) {
      out.push_back(scanner_.made(Tag{0x00720056}, {'L', 'O'}, 2, name));
    }
    if (!items.empty()) out.push_back(scanner_.made(Tag{0x00741057}, {'I', 'S'}, 2, items));
    Element bytes = was;
    bytes.tag = Tag{0x04000552};
    bytes.vr = {'O', 'B'};
    bytes.depth = 2;
    out.push_back(bytes);
    out.push_back(mark({}, Kind::item_end, 2));
  }
  out.push_back(mark({}, Kind::sequence_end, 1));
}

}  // namespace medarc::dicom::senders
