#include "dicom/recompress/rules.h"

#include <algorithm>
#include <charconv>

#include "archive/hash.h"
#include "dicom/levels.h"
#include "dicom/rule_text.h"
#include "index/provenance.h"

namespace medarc::dicom {
namespace {

constexpr std::string_view kAePrefix = "ae:";
constexpr int64_t kHourUs = 3'600'000'000;

Error wrong(std::string text) {
  return make_error(Code::invalid_argument, "dicom.recompress: " + std::move(text));
}

Status read_number(std::string_view name, std::string_view text, uint64_t max, uint64_t& out) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size() || out > max) {
    return wrong(std::string(name) + " is a whole number, at most " + std::to_string(max));
  }
  return {};
}

const index::Attribute* find(const RuledInstance& what, index::Tag tag) {
  for (const index::AttributeSet* set :
       {&what.study.attributes, &what.series.attributes, &what.instance.attributes}) {
    if (const index::Attribute* found = set->find(tag)) return found;
  }
  return nullptr;
}

}  // namespace

Result<RecompressRule> RecompressRules::read(const Config::Table& table) {
  RecompressRule rule;
  Bytes text;
  for (const auto& [name, value] : table) {
    text += name + '\n' + value + '\n';
    if (name == "calling") {
      rule.calling_ = comma_list(value);
    } else if (name == "bytes_min") {
      MEDARC_TRY(read_number(name, value, UINT64_MAX, rule.bytes_min_));
    } else if (name == "age_h") {
      MEDARC_TRY(read_number(name, value, kAgeHoursMax, rule.age_h_));
    } else {
      const auto tag = attribute_named(name);
      if (!tag) return wrong("unknown attribute " + name);
      if (level_of(*tag) == Level::none) return wrong(name + " is not among the attributes kept");
      rule.conditions_.push_back({*tag, comma_list(value)});
    }
  }
  rule.id_ = archive::Sha256::of(text).hex().substr(0, 16);
  return rule;
}

Result<RecompressRules> RecompressRules::from(Config& config) {
  RecompressRules out;
  const auto tables = config.tables(
      "dicom.recompress",
      "What is kept with recompressed pixels: calling, bytes_min, age_h, attributes.");
  if (tables.size() > kRulesMax) return wrong("more than 64 rules");
  for (const Config::Table& table : tables) {
    MEDARC_ASSIGN(RecompressRule rule, read(table));
    out.rules_.push_back(std::move(rule));
  }
  return out;
}

bool RecompressRule::holds(const RuledInstance& what) const {
  if (what.instance.dataset_bytes < bytes_min_) return false;
  if (!calling_.empty()) {
    const std::string_view by = what.instance.attributes.first(index::kFieldStoredBy);
    if (!by.starts_with(kAePrefix) || !any_matches(by.substr(kAePrefix.size()), calling_)) {
      return false;
    }
  }
  return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& c) {
    const index::Attribute* found = find(what, c.tag);
    return found != nullptr &&
           std::any_of(found->values.begin(), found->values.end(),
                       [&](const std::string& value) { return any_matches(value, c.patterns); });
  });
}

Timestamp RecompressRule::due(const index::InstanceRow& row) const {
  return {row.received.us + static_cast<int64_t>(age_h_) * kHourUs};
}

}  // namespace medarc::dicom
