#include "dicom/dimse/identifier.h"

#include <algorithm>
#include <map>

#include "base/codec.h"
#include "dicom/element_writer.h"
#include "dicom/json_elements.h"
#include "dicom/private_tags.h"
#include "dicom/scanner.h"
#include "dicom/values.h"
#include "dicom/vr_kinds.h"

namespace medarc::dicom::dimse {
namespace {

using index::Attribute;

constexpr Tag kItem{0xFFFEE000}, kItemEnd{0xFFFEE00D}, kSequenceEnd{0xFFFEE0DD};
constexpr size_t kKeyDepthMax = 16;  // sequences around a key

class Writer {
 public:
  explicit Writer(const ElementWriter& elements) : elements_(elements) {}

  void put(const Attribute& a) {
    if (is(a.vr, "SQ")) return put_sequence(a);
    elements_.element(out_, a.tag, a.vr, elements_.value(a.vr, a.values));
  }
  Bytes take() { return std::move(out_); }

 private:
  // Items as rows hold them (DICOM JSON), however deep.
  void put_sequence(const Attribute& a) {
    struct Open {
      std::vector<std::string_view> items;
      size_t next = 0;
      std::vector<JsonElement> elements;  // of the item that is open
      size_t at = 0;
      bool in_item = false;
    };
    std::vector<Open> open;
    const auto begin = [&](Tag tag, std::string_view items) {
      elements_.head(out_, tag, {'S', 'Q'}, kUndefinedLength);
      open.push_back({json_entries(items), 0, {}, 0, false});
    };
    begin(a.tag, a.values.empty() ? std::string_view() : a.values[0]);
    while (!open.empty()) {
      Open& top = open.back();
      if (top.at < top.elements.size()) {
        const JsonElement e = top.elements[top.at++];
        if (is(e.vr, "SQ")) {
          begin(e.tag, e.values);
        } else {
          put(attribute_of(e));
        }
      } else if (top.in_item) {
        elements_.item_head(out_, kItemEnd, 0);
        top.in_item = false;
      } else if (top.next < top.items.size()) {
        elements_.item_head(out_, kItem, kUndefinedLength);
        top.elements.clear();
        top.at = 0;
        top.in_item = true;
        for_each_element(top.items[top.next++], [&](const JsonElement& e) {
          if (e.tag != kSpecificCharacterSet) top.elements.push_back(e);  // the whole has one
          return true;
        });
      } else {
        elements_.item_head(out_, kSequenceEnd, 0);
        open.pop_back();
      }
    }
  }

  const ElementWriter& elements_;
  Bytes out_;
};

const Key* find_key(const std::vector<Key>& keys, Tag tag) {
  for (const Key& key : keys) {
    if (key.tag == tag) return &key;
  }
  return nullptr;
}

// As deep as kKeyDepthMax. Creators stand beside their elements, or outside the sequence.
void name_creators(std::vector<Key>& keys, std::map<Tag, std::string> known) {
  for (const Key& key : keys) {
    if (is_private_creator(key.tag) && !key.text.empty()) known[key.tag] = key.text;
  }
  for (Key& key : keys) {
    if (is_private_creator(key.tag)) key.creator = key.text;
    const auto creator = known.find(creator_tag(key.tag));
    if (is_private_element(key.tag) && creator != known.end()) key.creator = creator->second;
    if (!key.items.empty()) name_creators(key.items, known);
  }
}

}  // namespace

const Key* Identifier::find(Tag tag) const { return find_key(keys, tag); }

std::vector<std::string> Identifier::values(Tag tag) const {
  std::vector<std::string> out;
  const Key* key = find(tag);
  if (key == nullptr) return out;
  std::string_view rest = key->text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\\'), rest.size());
    if (end > 0) out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

Result<Identifier> read_identifier(ByteView dataset, std::string_view transfer_syntax,
                                   const Limits& limits) {
  const TransferSyntax syntax = transfer_syntax_or_default(transfer_syntax);
  Scanner scanner(syntax.encoding, limits);
  MEDARC_TRY(scanner.feed(dataset));
  MEDARC_TRY(scanner.finish());
  const bool big = scanner.encoding() == Encoding::explicit_big;
  const Charset charset = charset_of(scanner);
  Identifier out;
  struct Open {
    std::vector<Key>* keys;
    Key* sequence;  // null: at the top, or below what is ignored
  };
  std::vector<Key> ignored;  // in further items, below a key that came twice, or too deep
  std::vector<Open> open{{&out.keys, nullptr}};
  const auto& elements = scanner.elements();
  for (size_t i = 0; i < elements.size(); ++i) {
    const Element& e = elements[i];
    if (e.kind == Element::Kind::item) {
      Open& top = open.back();
      if (top.sequence != nullptr && ++top.sequence->items_count > 1) top.keys = &ignored;
    }
    if (e.kind == Element::Kind::sequence_end && open.size() > 1) open.pop_back();
    if (e.kind == Element::Kind::fragments) {  // no key; its end is passed over with it
      while (i + 1 < elements.size() && elements[i].kind != Element::Kind::sequence_end) ++i;
      continue;
    }
    const bool sequence = e.kind == Element::Kind::sequence;
    const bool too_deep = sequence && open.size() > kKeyDepthMax;
    out.too_deep = out.too_deep || too_deep;
    if (!sequence && e.kind != Element::Kind::value) continue;
    if (open.back().keys == &ignored || (e.tag.value & 0xFFFF) == 0) {  // group lengths too
      if (sequence) open.push_back({&ignored, nullptr});
      continue;
    }
    Key key;
    key.tag = e.tag;
    key.vr = is(e.vr, "UN") ? vr_of(e.tag) : e.vr;
    if (is(key.vr, "UN") && is_private_element(e.tag)) key.vr = {'L', 'O'};
    key.sequence = sequence;
    if (!sequence && e.held) {
      if (auto values = values_of(key.vr, scanner.value(e), big, charset))
        key.text = joined(*values);
    }
    const bool top = open.size() == 1;
    std::vector<Key>& keys = *open.back().keys;
    if (top && key.tag == kQueryRetrieveLevel) {
      out.level = std::move(key.text);
    } else if (key.tag == kSpecificCharacterSet) {
      if (top)
        out.charset = values_of(key.vr, scanner.value(e), big, Charset()).value_or(out.charset);
    } else if (find_key(keys, key.tag) == nullptr) {
      keys.push_back(std::move(key));
      if (sequence && !too_deep) {
        open.push_back({&keys.back().items, &keys.back()});
        continue;
      }
    }
    if (sequence) open.push_back({&ignored, nullptr});
  }
  name_creators(out.keys, {});
  return out;
}

Bytes write_identifier(std::vector<Attribute> attributes,
                       const std::vector<std::string>& wanted_charset,
                       std::string_view transfer_syntax) {
  std::vector<std::string> term;
  const auto fits = [&](const Charset& charset) {
    return std::all_of(attributes.begin(), attributes.end(), [&](const Attribute& a) {
      const bool has_text =
          has_charset(a.vr) || is(a.vr, "SQ");  // items as JSON: their text, ASCII
      return !has_text || charset.encode(joined(a.values)).has_value();
    });
  };
  const Charset charset = fitting_charset(wanted_charset, fits, term);
  if (!term.empty()) attributes.push_back({kSpecificCharacterSet, {'C', 'S'}, term});
  std::sort(attributes.begin(), attributes.end(),
            [](const Attribute& a, const Attribute& b) { return a.tag < b.tag; });
  const ElementWriter elements(transfer_syntax_or_default(transfer_syntax).encoding, charset);
  Writer writer(elements);
  for (const Attribute& a : attributes) writer.put(a);
  return writer.take();
}

}  // namespace medarc::dicom::dimse
