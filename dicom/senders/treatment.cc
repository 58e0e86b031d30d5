// From the rules of a sender to what is done with one of its objects.
#include <algorithm>

#include "dicom/rule_text.h"
#include "dicom/senders/quirks.h"
#include "dicom/senders/text_elements.h"
#include "dicom/values.h"

namespace medarc::dicom::senders {
namespace {

bool holds(const QuirkRule::Condition& condition, const Scanner& scanner) {
  std::vector<std::string> values;
  if (const Element* e = scanner.find(condition.tag); e != nullptr && e->held) {
    values = values_of(known_vr(*e), scanner.value(*e),
                       scanner.encoding() == Encoding::explicit_big, charset_of(scanner))
                 .value_or(std::vector<std::string>());
  }
  std::erase(values, std::string());
  if (condition.patterns.empty()) return values.empty();
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    return any_matches(value, condition.patterns);
  });
}

// The encoding of this rule for this object, or "".
std::string encoding_by(const QuirkRule& rule, const Scanner& scanner, const Diagnosis& diagnosis,
                        std::vector<Finding>& findings) {
  // UTF-8 that is said to be UTF-8 and reads as such is right: by chance nothing else is.
  if (diagnosis.declared == "ISO_IR 192" && diagnosis.fits) return {};
  if (rule.detect) {
    const bool sure = diagnosis.doubted && diagnosis.confidence >= rule.confidence_min;
    return sure && all_text_reads(scanner, diagnosis.encoding) ? diagnosis.encoding : "";
  }
  if (rule.charset.empty() || rule.charset == diagnosis.declared) return {};
  if (all_text_reads(scanner, rule.charset)) return rule.charset;
  findings.push_back({std::string(kFoundUncorrected),
                      kSpecificCharacterSet,
                      "the text is not in " + rule.charset + ", as a rule says",
                      {}});
  return {};
}

bool has_wide_text(const Scanner& scanner) {
  return std::any_of(scanner.elements().begin(), scanner.elements().end(), [&](const Element& e) {
    return e.kind == Element::Kind::value && e.held && has_charset(known_vr(e)) &&
           beyond_ascii(scanner.value(e));
  });
}

}  // namespace

Treatment treatment(const std::vector<const QuirkRule*>& rules, const Scanner& scanner,
                    const Diagnosis& diagnosis, std::vector<Finding>& findings) {
  Treatment out;
  if (rules.empty()) return out;
  const bool wide = has_wide_text(scanner);
  for (const QuirkRule* rule : rules) {
    if (!std::all_of(rule->conditions.begin(), rule->conditions.end(),
                     [&](const auto& condition) { return holds(condition, scanner); })) {
      continue;
    }
    Corrections& c = out.corrections;
    if (wide && c.text_encoding.empty()) {
      c.text_encoding = encoding_by(*rule, scanner, diagnosis, findings);
    }
    out.uids.steps |= rule->uids.steps;
    const Accepted& accepted = rule->accepted;
    out.accepted.malformed_uid |= accepted.malformed_uid;
    out.accepted.missing_instance_uid |= accepted.missing_instance_uid;
    out.accepted.other_study |= accepted.other_study;
    c.coercions.insert(c.coercions.end(), rule->coercions.begin(), rule->coercions.end());
  }
  if (out.accepted.malformed_uid) out.uids.steps |= UidRepair::kDeriveUnstorable;
  out.corrections.uids = out.uids;
  return out;
}

}  // namespace medarc::dicom::senders
