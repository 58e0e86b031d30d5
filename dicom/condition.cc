#include "dicom/condition.h"

#include <algorithm>

#include "dicom/json_elements.h"

namespace medarc::dicom {
namespace {

using index::Attribute;

std::optional<JsonElement> json_of(std::string_view dataset, Tag tag, std::string_view creator) {
  if (!is_private_element(tag)) return find_element(dataset, tag);
  const auto block = private_block(dataset, tag.value >> 16, creator);
  if (!block) return std::nullopt;
  return find_element(dataset, {(tag.value & 0xFFFF00FF) | *block << 8});
}

bool says_nothing(const Vr& vr, std::string_view value) {
  return value.empty() ||
         (is(vr, "PN") && value.find_first_not_of("^= ") == std::string_view::npos);
}

}  // namespace

bool Condition::universal() const {
  if (is_private_creator(tag)) return creator.empty();
  return all_of_any.empty() &&
         std::all_of(items.begin(), items.end(), [](const Condition& c) { return c.universal(); });
}

Comparer::Comparer(const Condition& condition) : condition_(condition) {
  for (const auto& group : condition.all_of_any) {
    auto& compiled = terms_.emplace_back();
    for (const index::Term& term : group) compiled.emplace_back(term);
  }
  for (const Condition& item : condition.items) {
    if (!item.universal()) items_.emplace_back(item);
  }
}

void Comparer::in_zone(const std::string& zone) {
  zone_ = zone;
  for (Comparer& item : items_) item.in_zone(zone);
}

Result<bool> Comparer::meets(std::string_view dataset) {
  if (condition_.universal()) return true;
  if (is_private_creator(condition_.tag)) {
    return private_block(dataset, condition_.tag.value >> 16, condition_.creator).has_value();
  }
  const auto element = json_of(dataset, condition_.tag, condition_.creator);
  if (!element) return meets(nullptr);
  if (element->elsewhere) {
    return make_error(Code::too_large, "a value of the key is too long to be compared");
  }
  const Attribute attribute = attribute_of(*element);
  return meets(&attribute);
}

Result<bool> Comparer::meets(const Attribute* attribute) {
  if (condition_.universal()) return true;
  static const Attribute kAbsent;
  if (items_.empty()) return meets_values(attribute == nullptr ? kAbsent : *attribute);
  if (attribute == nullptr || attribute->values.empty()) return false;
  for (const std::string_view item : json_entries(attribute->values[0])) {
    bool all = true;
    for (size_t i = 0; i < items_.size() && all; ++i) {
      MEDARC_ASSIGN(all, items_[i].meets(item));
    }
    if (all) return true;
  }
  return false;
}

Result<bool> Comparer::meets_values(const Attribute& attribute) {
  index::FieldValues found;
  const bool unknown = is(attribute.vr, "UN") || attribute.vr == Vr{};
  found.vr = condition_.vr != Vr{} ? condition_.vr : unknown ? Vr{'L', 'O'} : attribute.vr;
  const bool moves = is(found.vr, "DT") && !zone_.empty();
  for (const std::string& value : attribute.values) {
    if (says_nothing(found.vr, value)) continue;
    if (moves) {
      found.made.push_back(value.find_first_of("+-") == std::string::npos ? value + zone_ : value);
    } else {
      found.values.push_back(value);
    }
  }
  if (moves) found.values.assign(found.made.begin(), found.made.end());
  return std::all_of(terms_.begin(), terms_.end(), [&](auto& group) {
    return std::any_of(group.begin(), group.end(),
                       [&](index::CompiledTerm& term) { return term.matches_values(found); });
  });
}

std::optional<Attribute> element_of(std::string_view dataset, Tag tag, std::string_view creator) {
  if (is_private_creator(tag)) {
    if (!private_block(dataset, tag.value >> 16, creator)) return std::nullopt;
    return Attribute{tag, {'L', 'O'}, {std::string(creator)}};
  }
  const auto element = json_of(dataset, tag, creator);
  if (!element) return std::nullopt;
  Attribute out = attribute_of(*element);
  out.tag = tag;
  return out;
}

}  // namespace medarc::dicom
