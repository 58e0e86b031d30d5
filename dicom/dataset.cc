#include "dicom/dataset.h"

#include <algorithm>

#include "dicom/element_writer.h"
#include "dicom/json.h"
#include "dicom/scanner.h"
#include "dicom/values.h"
#include "dicom/vr_kinds.h"

namespace medarc::dicom {
namespace {

constexpr Tag kSpecificCharacterSet{0x00080005}, kItem{0xFFFEE000};

auto place_of(auto& elements, Tag tag) {
  return std::lower_bound(elements.begin(), elements.end(), tag,
                          [](const DataElement& e, Tag t) { return e.tag < t; });
}

bool is_group_length(Tag tag) { return (tag.value & 0xFFFF) == 0; }

Bytes little_endian(ByteView bytes, Vr vr, bool big) {
  Bytes out(bytes);
  const size_t width = big ? word_bytes(vr) : 1;
  for (size_t at = 0; width > 1 && at + width <= out.size(); at += width) {
    std::reverse(out.begin() + static_cast<int64_t>(at),
                 out.begin() + static_cast<int64_t>(at + width));
  }
  return out;
}

// Elements of a scanned data set, put together without recursion.
class Builder {
 public:
  explicit Builder(const Scanner& scanner) : scanner_(scanner) {
    sets_.emplace_back();
    charsets_.emplace_back();
  }

  Result<DataSet> build() {
    const auto& all = scanner_.elements();
    for (size_t i = 0; i < all.size(); ++i) {
      const Element& e = all[i];
      switch (e.kind) {
        case Element::Kind::sequence:
          sequences_.emplace_back();
          sequences_.back().tag = e.tag;
          sequences_.back().vr = {'S', 'Q'};
          break;
        case Element::Kind::sequence_end:
          if (sequences_.empty()) break;
          sets_.back().set(std::move(sequences_.back()));
          sequences_.pop_back();
          break;
        case Element::Kind::item:
          sets_.emplace_back();
          charsets_.push_back(charsets_.back());
          break;
        case Element::Kind::item_end:
          if (sequences_.empty() || sets_.size() < 2) break;
          sequences_.back().items.push_back(std::move(sets_.back()));
          sets_.pop_back();
          charsets_.pop_back();
          break;
        case Element::Kind::fragments:
          return make_error(Code::unsupported, "compressed pixel data has no place here");
        case Element::Kind::value: MEDARC_TRY(value(e)); break;
      }
    }
    return std::move(sets_.front());
  }

 private:
  Status value(const Element& e) {
    if (is_group_length(e.tag)) return {};
    if (!e.held) return make_error(Code::too_large, "a value is too long for this data set");
    const ByteView bytes = scanner_.value(e);
    if (e.tag == kSpecificCharacterSet) {
      charsets_.back() = Charset(
          values_of({'C', 'S'}, bytes, false, Charset()).value_or(std::vector<std::string>()));
      return {};
    }
    const bool big = scanner_.encoding() == Encoding::explicit_big;
    DataElement out;
    out.tag = e.tag;
    out.vr = is(e.vr, "UN") && !is(vr_of(e.tag), "SQ") ? vr_of(e.tag) : e.vr;
    if (auto values = values_of(out.vr, bytes, big, charsets_.back())) {
      while (!values->empty() && values->back().empty()) values->pop_back();
      out.values = std::move(*values);
    } else {
      out.binary = little_endian(bytes, out.vr, big);
    }
    sets_.back().set(std::move(out));
    return {};
  }

  const Scanner& scanner_;
  std::vector<DataSet> sets_;  // open ones, outermost first
  std::vector<DataElement> sequences_;
  std::vector<Charset> charsets_;
};

void append_json(std::string& out, const DataSet& dataset);

void append_json(std::string& out, const DataElement& e) {
  const bool inline_binary = !e.binary.empty();
  if (e.items.empty() && !inline_binary) {
    return dicom::append_json(out, index::Attribute{e.tag, e.vr, e.values});
  }
  out += '"' + tag_hex(e.tag) + "\":{\"vr\":\"";
  out += text_of(e.vr);
  if (inline_binary) {
    out += "\",\"InlineBinary\":\"" + to_base64(e.binary) + "\"}";
    return;
  }
  out += "\",\"Value\":[";
  for (size_t i = 0; i < e.items.size(); ++i) {
    if (i > 0) out += ',';
    append_json(out, e.items[i]);
  }
  out += "]}";
}

void append_json(std::string& out, const DataSet& dataset) {
  out += '{';
  bool first = true;
  for (const DataElement& e : dataset.all()) {
    if (!first) out += ',';
    first = false;
    append_json(out, e);
  }
  out += '}';
}

bool fits(const DataSet& dataset, const Charset& charset) {
  return std::all_of(dataset.all().begin(), dataset.all().end(), [&](const DataElement& e) {
    if (has_charset(e.vr) && !charset.encode(joined(e.values))) return false;
    return std::all_of(e.items.begin(), e.items.end(),
                       [&](const DataSet& item) { return fits(item, charset); });
  });
}

void put(const ElementWriter& writer, const DataSet& dataset, Bytes& out) {
  for (const DataElement& e : dataset.all()) {
    Bytes value;
    if (is(e.vr, "SQ")) {
      for (const DataSet& item : e.items) {
        Bytes inside;
        put(writer, item, inside);
        writer.item_head(value, kItem, static_cast<uint32_t>(inside.size()));
        value += inside;
      }
    } else if (!e.binary.empty()) {
      value = writer.words(e.vr, e.binary);
    } else {
      value = writer.value(e.vr, e.values);
    }
    writer.element(out, e.tag, e.vr, value);
  }
}

}  // namespace

bool operator==(const DataElement& a, const DataElement& b) {
  return a.tag == b.tag && a.vr == b.vr && a.values == b.values && a.binary == b.binary &&
         a.items == b.items;
}

bool operator==(const DataSet& a, const DataSet& b) { return a.all() == b.all(); }

const DataElement* DataSet::find(Tag tag) const {
  const auto at = place_of(elements_, tag);
  return at != elements_.end() && at->tag == tag ? &*at : nullptr;
}

std::string_view DataSet::first(Tag tag) const {
  const DataElement* e = find(tag);
  return e == nullptr || e->values.empty() ? std::string_view{} : e->values.front();
}

bool DataSet::has_value(Tag tag) const {
  const DataElement* e = find(tag);
  return e != nullptr && e->has_value();
}

void DataSet::set(DataElement element) {
  const auto at = place_of(elements_, element.tag);
  if (at != elements_.end() && at->tag == element.tag) {
    *at = std::move(element);
  } else {
    elements_.insert(at, std::move(element));
  }
}

void DataSet::set(Tag tag, std::string_view vr, std::vector<std::string> values) {
  DataElement e;
  e.tag = tag;
  e.vr = {vr[0], vr[1]};
  e.values = std::move(values);
  set(std::move(e));
}

bool DataSet::erase(Tag tag) {
  const auto at = place_of(elements_, tag);
  if (at == elements_.end() || at->tag != tag) return false;
  elements_.erase(at);
  return true;
}

Result<DataSet> read_dataset(ByteView bytes, std::string_view transfer_syntax,
                             const Limits& scanned, const DataSetLimits& limits) {
  if (bytes.size() > limits.bytes_max) {
    return make_error(Code::too_large, "the data set is over its limit");
  }
  Limits within = scanned;
  within.nesting_depth_max = std::min(within.nesting_depth_max, limits.depth_max);
  within.elements_max = std::min(within.elements_max, limits.elements_max);
  Scanner scanner(transfer_syntax_or_default(transfer_syntax).encoding, within);
  MEDARC_TRY(scanner.feed(bytes));
  MEDARC_TRY(scanner.finish());
  if (scanner.elements().size() > limits.elements_max) {
    return make_error(Code::too_large, "the data set has too many elements");
  }
  return Builder(scanner).build();
}

std::string to_json(const DataSet& dataset) {
  std::string out;
  append_json(out, dataset);
  return out;
}

Bytes write_dataset(const DataSet& dataset, const std::vector<std::string>& wanted_charset,
                    std::string_view transfer_syntax) {
  std::vector<std::string> term;
  const Charset charset = fitting_charset(
      wanted_charset, [&](const Charset& c) { return fits(dataset, c); }, term);
  DataSet said = dataset;
  if (!term.empty()) said.set(kSpecificCharacterSet, "CS", term);
  Bytes out;
  put(ElementWriter(transfer_syntax_or_default(transfer_syntax).encoding, charset), said, out);
  return out;
}

}  // namespace medarc::dicom
