#include "dicom/worklist/rules.h"

#include <algorithm>
#include <iterator>

namespace medarc::dicom::worklist {
namespace {

// N-CREATE: type 1, type 2, or created empty. N-SET: anything, not to be emptied, or not at all.
enum class Create : uint8_t { optional, value, there, empty };
enum class Set : uint8_t { any, value, never };
struct Rule {
  uint32_t tag;
  Create create;
  Set set;
};

constexpr Rule kRules[] = {
    {0x00080016, Create::optional, Set::never},  // SOP Class UID
    {0x00080018, Create::optional, Set::never},  // SOP Instance UID
    {0x00081080, Create::there, Set::never},     // Admitting Diagnoses Description
    {0x00081084, Create::there, Set::never},     // Admitting Diagnoses Code Sequence
    {0x00100010, Create::there, Set::never},     // Patient's Name
    {0x00100020, Create::there, Set::never},     // Patient ID
    {0x00100030, Create::there, Set::never},     // Patient's Birth Date
    {0x00100040, Create::there, Set::never},     // Patient's Sex
    {0x00101002, Create::there, Set::any},       // Other Patient IDs Sequence
    {0x00380010, Create::there, Set::never},     // Admission ID
    {0x00380014, Create::there, Set::never},     // Issuer of Admission ID Sequence
    {0x00400400, Create::there, Set::any},       // Comments on the Scheduled Procedure Step
    {0x00404005, Create::value, Set::value},     // Scheduled Procedure Step Start DateTime
    {0x00404018, Create::there, Set::any},       // Scheduled Workitem Code Sequence
    {0x00404021, Create::there, Set::any},       // Input Information Sequence
    {0x00404025, Create::there, Set::any},       // Scheduled Station Name Code Sequence
    {0x00404026, Create::there, Set::any},       // Scheduled Station Class Code Sequence
    {0x00404027, Create::there, Set::any},       // Scheduled Station Geographic Location …
    {0x00404041, Create::value, Set::value},     // Input Readiness State
    {0x0040A370, Create::there, Set::never},     // Referenced Request Sequence
    {0x00741000, Create::value, Set::never},     // Procedure Step State
    {0x00741002, Create::empty, Set::any},       // Progress Information Sequence
    {0x00741200, Create::value, Set::value},     // Scheduled Procedure Step Priority
    {0x00741202, Create::optional, Set::value},  // Worklist Label
    {0x00741204, Create::value, Set::value},     // Procedure Step Label
    {0x00741210, Create::there, Set::any},       // Scheduled Processing Parameters Sequence
    {0x00741216, Create::empty, Set::any},       // UPS Performed Procedure Sequence
    {0x00741224, Create::optional, Set::never},  // Replaced Procedure Step Sequence
};
constexpr Tag kLabel{0x00741202}, kPriority{0x00741200};

const Rule* rule_of(Tag tag) {
  const auto* at = std::lower_bound(std::begin(kRules), std::end(kRules), tag.value,
                                    [](const Rule& r, uint32_t t) { return r.tag < t; });
  return at != std::end(kRules) && at->tag == tag.value ? at : nullptr;
}

std::string named(Tag tag) {
  const std::string keyword = keyword_of(tag);
  return keyword.empty() ? tag_hex(tag) : keyword;
}

Reply wrong(uint16_t status, Tag tag, std::string_view what) {
  return reply(status, named(tag) + std::string(what));
}

bool one_of(std::string_view value, std::initializer_list<std::string_view> terms) {
  return std::find(terms.begin(), terms.end(), value) != terms.end();
}

// Enumerated values (PS3.3 C.30.2, C.30.1).
Reply check_values(const DataSet& item) {
  if (item.has_value(kPriority) && !one_of(item.first(kPriority), {"HIGH", "MEDIUM", "LOW"})) {
    return wrong(kInvalidAttribute, kPriority, " must be HIGH, MEDIUM or LOW");
  }
  if (item.has_value(kReadiness) &&
      !one_of(item.first(kReadiness), {"INCOMPLETE", "UNAVAILABLE", "READY"})) {
    return wrong(kInvalidAttribute, kReadiness, " must be INCOMPLETE, UNAVAILABLE or READY");
  }
  return {};
}

// What a performed procedure must tell before COMPLETED (final state code P). Output may be told to
// be none.
constexpr uint32_t kPerformedValues[] = {0x00404028, 0x00404050, 0x00404019, 0x00404051};
constexpr Tag kOutput{0x00404033};

DataElement empty_element(Tag tag) {
  DataElement out;
  out.tag = tag;
  out.vr = vr_of(tag);
  return out;
}

}  // namespace

std::string to_dt(Timestamp time) {
  std::string out;
  for (const char c : to_rfc3339(time)) {
    if (c != '-' && c != ':' && c != 'T' && c != 'Z') out += c;
  }
  return out + "+0000";
}

DataSet& progress_of(DataSet& item, DataElement& sequence) {
  const DataElement* there = item.find(kProgress);
  sequence = there != nullptr ? *there : empty_element(kProgress);
  if (sequence.items.empty()) sequence.items.emplace_back();
  return sequence.items.front();
}

Reply complete_new_item(DataSet& item, const std::string& uid, const std::string& label,
                        Timestamp now) {
  if (item.has_value(kTransaction)) {
    return wrong(kInvalidAttribute, kTransaction, " must be empty when an item is created");
  }
  item.erase(kTransaction);
  for (const Rule& rule : kRules) {
    const Tag tag{rule.tag};
    if (rule.create == Create::value && item.find(tag) == nullptr) {
      return wrong(kMissingAttribute, tag, " is missing");
    }
    if (rule.create == Create::value && !item.has_value(tag)) {
      return wrong(kMissingValue, tag, " has no value");
    }
    if (rule.create == Create::empty && item.has_value(tag)) {
      return wrong(kInvalidAttribute, tag, " must be empty when an item is created");
    }
  }
  if (item.first(kStepState) != to_string(State::scheduled)) return reply(kNotScheduled);
  if (Reply values = check_values(item); values.failed()) return values;
  bool changed = false;
  for (const Rule& rule : kRules) {
    const bool lacks = (rule.create == Create::there || rule.create == Create::empty) &&
                       item.find(Tag{rule.tag}) == nullptr;
    if (!lacks) continue;
    item.set(empty_element(Tag{rule.tag}));
    changed = true;
  }
  if (!item.has_value(kLabel)) item.set(kLabel, "LO", {label});
  item.set(kSopClass, "UI", {std::string(kPushSopClass)});
  item.set(kSopInstance, "UI", {uid});
  item.set(kModified, "DT", {to_dt(now)});
  return changed ? reply(kCreatedWithChanges) : Reply();
}

Reply apply_changes(DataSet& item, const DataSet& changes, Timestamp now) {
  if (Reply values = check_values(changes); values.failed()) return values;
  for (const DataElement& e : changes.all()) {
    if (e.tag == kTransaction || e.tag == kModified) continue;
    const Rule* rule = rule_of(e.tag);
    const Set allowed = rule == nullptr ? Set::any : rule->set;
    const DataElement* there = item.find(e.tag);
    if (allowed == Set::never) {
      const bool same = there != nullptr ? *there == e : !e.has_value();
      if (!same) return wrong(kInvalidAttribute, e.tag, " may not be set");
      continue;
    }
    if (allowed == Set::value && !e.has_value()) {
      return wrong(kMissingValue, e.tag, " may not be emptied");
    }
    item.set(e);
  }
  item.set(kModified, "DT", {to_dt(now)});
  return {};
}

Reply complete_final_item(DataSet& item, State wanted, Timestamp now) {
  const auto lacks = [](Tag tag) {
    return reply(kFinalRequirements,
                 reply(kFinalRequirements).text + " " + named(tag) + " has no value.");
  };
  for (const Tag tag :
       {kPriority, kModified, Tag{0x00404005}, kReadiness, kSopClass, kSopInstance, kStepState}) {
    if (!item.has_value(tag)) return lacks(tag);
  }
  if (wanted == State::canceled) {
    DataElement progress;
    DataSet& first = progress_of(item, progress);
    const bool told = std::any_of(progress.items.begin(), progress.items.end(),
                                  [](auto& i) { return i.has_value(kDiscontinuation); });
    if (!told) return lacks(kDiscontinuation);
    if (!first.has_value(kCancelledAt)) first.set(kCancelledAt, "DT", {to_dt(now)});
    item.set(std::move(progress));
    return {};
  }
  const DataElement* performed = item.find(kPerformed);
  if (performed == nullptr || performed->items.empty()) return lacks(kPerformed);
  for (const DataSet& step : performed->items) {
    for (const uint32_t tag : kPerformedValues) {
      if (!step.has_value(Tag{tag})) return lacks(Tag{tag});
    }
    if (step.find(kOutput) == nullptr) return lacks(kOutput);
  }
  return {};
}

}  // namespace medarc::dicom::worklist
