#include "dicom/worklist/keys.h"

#include <algorithm>

#include "dicom/values.h"
#include "dicom/worklist/rules.h"
#include "index/match.h"

namespace medarc::dicom::worklist {
namespace {

using index::Term;
using index::TermOp;

constexpr Tag kCodeValue{0x00080100}, kCodingScheme{0x00080102}, kHumanPerformerCode{0x00404009},
    kRequests{0x0040A370}, kStudyUid{0x0020000D};
constexpr Tag kFieldRequestStudy{0xFFFE0015};
constexpr char kBetween = '\x1E';
constexpr size_t kValueBytesMax = 1024;  // longer values are not searched

struct Coded {
  Tag sequence, field;
};
constexpr Coded kCodes[] = {{Tag{0x00404018}, index::kFieldWorkitemCode},
                            {kStationNames, index::kFieldStationName},
                            {Tag{0x00404026}, index::kFieldStationClass},
                            {Tag{0x00404027}, index::kFieldStationLocation}};

// Accession Number, Requested Procedure ID, its Description, Placer and Filler Order Number,
// Requesting Service; Study Instance UID has a field of its own, the item may have another.
constexpr uint32_t kRequestKeys[] = {0x00080050, 0x0020000D, 0x00321033, 0x00321060,
                                     0x00401001, 0x00402016, 0x00402017};

Tag request_field(Tag tag) { return tag == kStudyUid ? kFieldRequestStudy : tag; }

bool is_request_key(Tag tag) {
  return std::find(std::begin(kRequestKeys), std::end(kRequestKeys), tag.value) !=
         std::end(kRequestKeys);
}

void add_values(index::AttributeSet& out, Tag field, std::string_view vr,
                const std::vector<std::string>& values) {
  const index::Attribute* there = out.find(field);
  std::vector<std::string> all = there != nullptr ? there->values : std::vector<std::string>();
  for (const std::string& value : values) {
    if (value.size() <= kValueBytesMax) all.push_back(value);
  }
  out.set(field, vr, std::move(all));
}

void add_codes(index::AttributeSet& out, Tag field, const DataElement& sequence) {
  for (const DataSet& item : sequence.items) {
    const std::string value(item.first(kCodeValue)), scheme(item.first(kCodingScheme));
    if (!value.empty()) add_values(out, field, "LO", {value, value + kBetween + scheme});
  }
}

class Reader {
 public:
  explicit Reader(const Matching& how) : how_(how) { keys_.query.kind = index::Kind::work_item; }

  Result<Keys> read(const DataSet& identifier) {
    for (const DataElement& e : identifier.all()) {
      if (is(e.vr, "SQ")) {
        MEDARC_TRY(sequence(e));
      } else if (e.tag == kTransaction || !can_match(e.vr)) {
        keys_.unsupported.push_back(e.tag);
      } else {
        MEDARC_TRY(add(e.tag, e.tag, e));
      }
    }
    return std::move(keys_);
  }

 private:
  Status add(Tag named, Tag field, const DataElement& e) {
    const std::string text = joined(e.values);
    if (how_.fuzzy_names && is(e.vr, "PN")) {
      for (auto& group : fuzzy_name_terms(field, text)) {
        keys_.query.all_of_any.push_back(std::move(group));
      }
      return {};
    }
    auto term = matching_term(field, e.vr, text, how_);
    if (term.has_error()) return with_context(std::move(term).error(), keyword_of(named));
    if (*term) keys_.query.all_of_any.push_back({std::move(**term)});
    return {};
  }

  // No item, or an empty one, asks for the sequence and matches everything.
  Status sequence(const DataElement& e) {
    if (e.items.empty()) return {};
    const DataSet& item = e.items.front();
    for (const Coded& coded : kCodes) {
      if (coded.sequence == e.tag) return code(e.tag, coded.field, item);
    }
    if (e.tag == kHumanPerformers) {
      const DataElement* codes = item.find(kHumanPerformerCode);
      const bool more = item.all().size() > (codes != nullptr ? 1u : 0u);
      if (more) unsupported(e.tag, item, {kHumanPerformerCode});
      if (codes == nullptr || codes->items.empty()) return {};
      return code(e.tag, index::kFieldHumanPerformer, codes->items.front());
    }
    for (const DataElement& key : item.all()) {
      if (e.tag == kRequests && is_request_key(key.tag)) {
        MEDARC_TRY(add(key.tag, request_field(key.tag), key));
      } else if (key.has_value()) {
        keys_.unsupported.push_back(e.tag);
        break;
      }
    }
    return {};
  }

  void unsupported(Tag sequence, const DataSet& item, std::initializer_list<Tag> supported) {
    for (const DataElement& key : item.all()) {
      if (key.has_value() &&
          std::find(supported.begin(), supported.end(), key.tag) == supported.end()) {
        keys_.unsupported.push_back(sequence);
        return;
      }
    }
  }

  // A code by its value, its scheme, or both of the same item.
  Status code(Tag sequence, Tag field, const DataSet& item) {
    unsupported(sequence, item, {kCodeValue, kCodingScheme});
    DataElement wanted;
    wanted.tag = field;
    wanted.vr = {'L', 'O'};
    const DataElement* value = item.find(kCodeValue);
    const std::string scheme(item.first(kCodingScheme));
    std::string_view values;
    if (value != nullptr && !value->values.empty()) values = value->values[0];
    if (values.empty() && scheme.empty()) return {};
    while (true) {  // as sent: several are joined by backslashes
      const size_t end = std::min(values.find('\\'), values.size());
      std::string one(values.substr(0, end));
      if (!scheme.empty()) one = (one.empty() ? "*" : one) + kBetween + scheme;
      wanted.values.push_back(std::move(one));
      if (end == values.size()) break;
      values.remove_prefix(end + 1);
    }
    return add(sequence, field, wanted);
  }

  const Matching& how_;
  Keys keys_;
};

}  // namespace

index::AttributeSet searchable(const DataSet& item) {
  index::AttributeSet out;
  for (const DataElement& e : item.all()) {
    if (is(e.vr, "SQ")) {
      for (const Coded& coded : kCodes) {
        if (coded.sequence == e.tag) add_codes(out, coded.field, e);
      }
      for (const DataSet& inside : e.items) {
        const DataElement* performer = inside.find(kHumanPerformerCode);
        if (e.tag == kHumanPerformers && performer != nullptr) {
          add_codes(out, index::kFieldHumanPerformer, *performer);
        }
        for (const DataElement& key : inside.all()) {
          if (e.tag == kRequests && is_request_key(key.tag)) {
            add_values(out, request_field(key.tag), text_of(key.vr), key.values);
          }
        }
      }
    } else if (e.binary.empty()) {
      add_values(out, e.tag, text_of(e.vr), e.values);
    }
  }
  return out;
}

Result<Keys> read_keys(const DataSet& identifier, const Matching& how) {
  return Reader(how).read(identifier);
}

bool matches(const index::WorkItemRow& item, const index::Query& query) {
  index::Subject subject{index::Kind::work_item};
  subject.work_item = &item;
  return index::Predicate(query).matches(subject);
}

DataSet project(const DataSet& item, const DataSet& identifier) {
  DataSet out;
  for (const DataElement& key : identifier.all()) {
    const DataElement* there = key.tag == kTransaction ? nullptr : item.find(key.tag);
    if (there == nullptr) {
      DataElement empty;
      empty.tag = key.tag;
      empty.vr = key.vr;
      if (key.tag != kTransaction) out.set(std::move(empty));
      continue;
    }
    const bool some = is(key.vr, "SQ") && !key.items.empty() && !key.items.front().empty();
    if (!some) {
      out.set(*there);
      continue;
    }
    DataElement part = *there;
    for (DataSet& inside : part.items) inside = project(inside, key.items.front());
    out.set(std::move(part));
  }
  return out;
}

}  // namespace medarc::dicom::worklist
