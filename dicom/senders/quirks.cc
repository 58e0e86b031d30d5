#include "dicom/senders/quirks.h"

#include <algorithm>
#include <charconv>

#include "dicom/rule_text.h"
#include "dicom/senders/readings.h"

namespace medarc::dicom::senders {
namespace {

constexpr std::string_view kAePrefix = "ae:", kDetect = "detect";
constexpr int kConfidenceMin = 50, kConfidenceMax = 100;

Error wrong(std::string text) {
  return make_error(Code::invalid_argument, "dicom.quirk: " + std::move(text));
}

Result<Tag> coerced(const std::string& name) {
  const auto tag = attribute_named(name);
  if (!tag) return wrong("unknown attribute " + name);
  if (!can_coerce(*tag)) return wrong(name + " cannot be set, copied or removed");
  return *tag;
}

// "Keyword=rest".
Result<std::pair<Tag, std::string>> assignment(const std::string& name, const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return wrong(name + " is written \"Attribute=...\"");
  std::string keyword = text.substr(0, equals);
  while (!keyword.empty() && keyword.back() == ' ') keyword.pop_back();
  std::string rest = text.substr(equals + 1);
  rest.erase(0, std::min(rest.find_first_not_of(' '), rest.size()));
  MEDARC_ASSIGN(const Tag tag, coerced(keyword));
  return std::pair(tag, std::move(rest));
}

Status read_coercion(const std::string& name, const std::string& value, QuirkRule& rule) {
  if (name == "remove") {
    for (const std::string& one : comma_list(value)) {
      MEDARC_ASSIGN(const Tag tag, coerced(one));
      rule.coercions.push_back({Coercion::Kind::remove, tag, {}, {}});
    }
    return {};
  }
  MEDARC_ASSIGN(auto parts, assignment(name, value));
  if (name == "set") {
    if (parts.second.size() > Quirks::kValueBytesMax) {
      return wrong("a value has at most " + std::to_string(Quirks::kValueBytesMax) + " bytes");
    }
    rule.coercions.push_back({Coercion::Kind::set, parts.first, {}, std::move(parts.second)});
    return {};
  }
  const auto from = attribute_named(parts.second);
  if (!from) return wrong("unknown attribute " + parts.second);
  if (!can_coerce(*from)) return wrong(parts.second + " cannot be copied");
  rule.coercions.push_back({Coercion::Kind::copy, parts.first, *from, {}});
  return {};
}

Status read_charset(const std::string& value, QuirkRule& rule) {
  if (value == kDetect) {
    rule.detect = true;
    return {};
  }
  if (find_encoding(value) == nullptr) return wrong("unknown charset " + value);
  rule.charset = value;
  return {};
}

Status read_confidence(const std::string& value, QuirkRule& rule) {
  const char* end = value.data() + value.size();
  const auto [stop, failed] = std::from_chars(value.data(), end, rule.confidence_min);
  if (failed != std::errc() || stop != end || rule.confidence_min < kConfidenceMin ||
      rule.confidence_min > kConfidenceMax) {
    return wrong("charset_confidence is a number from 50 to 100");
  }
  return {};
}

Status read_names(const std::string& name, const std::string& value, QuirkRule& rule) {
  for (const std::string& one : comma_list(value)) {
    if (name == "uid_repair") {
      const auto step = uid_step(one);
      if (!step) return wrong("uid_repair is padding, leading_zeros and derive, not " + one);
      rule.uids.steps |= *step;
    } else if (one == "malformed_uid") {
      rule.accepted.malformed_uid = true;
    } else if (one == "missing_instance_uid") {
      rule.accepted.missing_instance_uid = true;
    } else if (one == "other_study") {
      rule.accepted.other_study = true;
    } else {
      return wrong("accept is malformed_uid, missing_instance_uid and other_study, not " + one);
    }
  }
  return {};
}

Status read_condition(const std::string& name, const std::string& value, QuirkRule& rule) {
  const auto tag = attribute_named(name);
  if (!tag) return wrong("there is no setting or attribute " + name);
  const Vr vr = vr_of(*tag);
  if (is(vr, "SQ") || is(vr, "UN") || is(vr, "OB") || is(vr, "OW")) {
    return wrong(name + " cannot be compared");
  }
  rule.conditions.push_back({*tag, comma_list(value)});
  return {};
}

Result<QuirkRule> read(const Config::Table& table) {
  QuirkRule rule;
  bool confidence = false;
  for (const auto& [name, value] : table) {
    if (name == "aet") {
      rule.aets = comma_list(value);
    } else if (name == "principal") {
      rule.principals = comma_list(value);
    } else if (name == "charset") {
      MEDARC_TRY(read_charset(value, rule));
    } else if (name == "charset_confidence") {
      MEDARC_TRY(read_confidence(value, rule));
      confidence = true;
    } else if (name == "uid_repair" || name == "accept") {
      MEDARC_TRY(read_names(name, value, rule));
    } else if (name == "set" || name == "copy" || name == "remove") {
      MEDARC_TRY(read_coercion(name, value, rule));
    } else {
      MEDARC_TRY(read_condition(name, value, rule));
    }
  }
  if (rule.aets.empty() && rule.principals.empty()) {
    return wrong("a rule needs aet or principal: whose objects it is for");
  }
  const Accepted& a = rule.accepted;
  const bool accepts = a.malformed_uid || a.missing_instance_uid || a.other_study;
  if (rule.charset.empty() && !rule.detect && rule.uids.none() && !accepts &&
      rule.coercions.empty()) {
    return wrong("a rule needs charset, uid_repair, accept, set, copy or remove: what it does");
  }
  if (accepts && !rule.conditions.empty()) {
    return wrong("accept goes without conditions: it is asked before they can be");
  }
  if (confidence && !rule.detect) {
    return wrong("charset_confidence goes with charset = \"detect\"");
  }
  return rule;
}

}  // namespace

Result<Quirks> Quirks::from(Config& config, std::string system) {
  Quirks out;
  out.system_ = std::move(system);
  for (const Config::Table& table : config.tables(
           "dicom.quirk",
           "What senders get wrong and is put right: aet, principal, charset, charset_confidence, "
           "uid_repair, accept, set, copy, remove, attributes.")) {
    MEDARC_ASSIGN(QuirkRule rule, read(table));
    out.rules_.push_back(std::move(rule));
    if (out.rules_.size() > kRulesMax) {
      return wrong("more than " + std::to_string(kRulesMax) + " rules");
    }
  }
  return out;
}

std::string sender_name(const security::Principal& who) {
  return who.id.starts_with(kAePrefix) ? who.id.substr(kAePrefix.size()) : who.id;
}

std::vector<const QuirkRule*> Quirks::rules_of(const security::Principal& who) const {
  std::vector<const QuirkRule*> out;
  const bool aet = who.id.starts_with(kAePrefix);
  for (const QuirkRule& rule : rules_) {
    if ((aet && any_matches(sender_name(who), rule.aets)) || any_matches(who.id, rule.principals)) {
      out.push_back(&rule);
    }
  }
  return out;
}

std::string Quirks::filed_uid(const std::string& principal_id, const std::string& uid) const {
  security::Principal who;
  who.id = principal_id;
  UidRepair repair;
  for (const QuirkRule* rule : rules_of(who)) {
    if (!rule->conditions.empty()) continue;
    repair.steps |= rule->uids.steps;
    if (rule->accepted.malformed_uid) repair.steps |= UidRepair::kDeriveUnstorable;
  }
  return repaired_uid(uid, repair);
}

}  // namespace medarc::dicom::senders
