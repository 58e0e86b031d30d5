#include "dicom/dimse/query.h"

#include <algorithm>

#include "dicom/completeness/state_elements.h"
#include "dicom/json.h"
#include "dicom/json_elements.h"
#include "dicom/zoned.h"

namespace medarc::dicom::dimse {
namespace {

using index::Attribute;
using index::Kind;
using index::Term;
using index::TermOp;

constexpr Tag kPatientId{0x00100020}, kIssuer{0x00100021}, kStudyUid{0x0020000D},
    kSeriesUid{0x0020000E}, kSopInstanceUid{0x00080018}, kStudiesOfPatient{0x00201200};

// A level of the model, top down, with its unique key.
struct Step {
  std::string_view name;
  Tag unique;
  Kind kind;
};
constexpr Step kSteps[] = {{"PATIENT", kPatientId, Kind::patient},
                           {"STUDY", kStudyUid, Kind::study},
                           {"SERIES", kSeriesUid, Kind::series},
                           {"IMAGE", kSopInstanceUid, Kind::instance}};

Error mismatch(std::string text) { return make_error(Code::conflict, std::move(text)); }

// The steps from the model's top to the identifier's level.
Result<std::vector<Step>> steps_to(const Identifier& identifier, Root root) {
  std::vector<Step> out;
  const size_t first = root == Root::study ? 1 : 0;
  const size_t end = root == Root::patient_study_only ? 2 : std::size(kSteps);
  for (size_t i = first; i < end; ++i) {
    out.push_back(kSteps[i]);
    if (kSteps[i].name == identifier.level) return out;
  }
  if (identifier.level.empty()) return mismatch("Query/Retrieve Level (0008,0052) is missing");
  return mismatch("this model has no such Query/Retrieve Level (0008,0052)");
}

bool single_value(const Identifier& identifier, const Step& step) {
  const auto values = identifier.values(step.unique);
  return values.size() == 1 &&
         (step.kind != Kind::patient || values[0].find_first_of("*?") == std::string::npos);
}

// M11.
Status check_hierarchy(const Identifier& identifier, const std::vector<Step>& steps) {
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    if (single_value(identifier, steps[i])) continue;
    return mismatch(keyword_of(steps[i].unique) + " must be one value at level " +
                    std::string(steps.back().name) + "; or negotiate relational queries");
  }
  return {};
}

// The identifier with the UIDs that its own are filed under beside them.
Identifier with_filed(Identifier identifier, const FiledUid& filed) {
  if (!filed) return identifier;
  for (Key& key : identifier.keys) {
    if (key.tag != kStudyUid && key.tag != kSeriesUid && key.tag != kSopInstanceUid) continue;
    auto values = identifier.values(key.tag);
    for (size_t i = 0, written = values.size(); i < written; ++i) {
      std::string as = filed(values[i]);
      if (std::find(values.begin(), values.end(), as) != values.end()) continue;
      key.text += "\\" + as;
      values.push_back(std::move(as));
    }
  }
  return identifier;
}

// Known without being an attribute of a row.
bool is_made(Tag tag, Kind kind) {
  if (tag == kRetrieveAeTitle || tag == kInstanceAvailability) return true;
  return tag == kStudiesOfPatient && kind == Kind::patient;
}

// One study, or one series in it, is a place in the index and no condition.
void place_below_parent(const Identifier& identifier, index::Query& query) {
  const auto studies = identifier.values(kStudyUid), series = identifier.values(kSeriesUid);
  const bool below = query.kind == Kind::series || query.kind == Kind::instance;
  if (!below || studies.size() != 1) return;
  query.study = index::StudyUid(studies[0]);
  if (query.kind == Kind::instance && series.size() == 1)
    query.series = index::SeriesUid(series[0]);
}

// Keys inside sequences, and others that rows do not hold. `unsupported`: some cannot be matched.
Result<Condition> condition_of(const Key& key, const Matching& how, std::vector<ExtraStep> path,
                               bool& unsupported) {
  Condition out{key.tag, vr_of(key.tag), key.creator, {}, {}, Level::instance};
  path.push_back(step_of(key.tag, key.creator));
  Vr vr = key.vr;
  if (is_private_element(key.tag)) {
    // As the operator says, or as each object says.
    const ExtraAttribute* extra = how.extras == nullptr ? nullptr : how.extras->find(path);
    out.vr = extra == nullptr ? Vr{} : extra->vr;
    vr = extra == nullptr ? Vr{'L', 'O'} : extra->vr;
  }
  if (is_private_creator(key.tag)) return out;
  if (is_private_element(key.tag) && key.creator.empty()) {
    unsupported = true;
    return out;
  }
  if (key.sequence) {
    if (key.items_count > 1) {
      return make_error(Code::invalid_argument,
                        "a sequence of keys has one item (PS3.4 C.2.2.2.6)");
    }
    for (const Key& below : key.items) {
      MEDARC_ASSIGN(Condition item, condition_of(below, how, path, unsupported));
      if (!item.universal()) out.items.push_back(std::move(item));
    }
    return out;
  }
  if (!can_match(vr)) {
    unsupported = unsupported || !is(vr, "SQ");  // one of no length asks for its items
    return out;
  }
  if (how.fuzzy_names && is(vr, "PN")) {
    out.all_of_any = fuzzy_name_terms(key.tag, key.text);
    return out;
  }
  auto term = matching_term(key.tag, vr, key.text, how);
  if (term.has_error()) return with_context(std::move(term).error(), keyword_of(key.tag));
  if (*term) out.all_of_any.push_back({std::move(**term)});
  return out;
}

Level level_of_key(const Key& key, const ExtraAttributes* extras) {
  return extras == nullptr ? matching_level(key.tag)
                           : matching_level(key.tag, key.creator, *extras);
}

// Whether a key of this level stands in the creator's block.
bool names_key(const Identifier& asked, Tag creator, const ExtraAttributes* extras, Kind kind) {
  return std::any_of(asked.keys.begin(), asked.keys.end(), [&](const Key& key) {
    return is_private_element(key.tag) && creator_tag(key.tag) == creator &&
           reachable(level_of_key(key, extras), kind);
  });
}

// The items with what was asked of them alone, which is there even when it is empty (M6).
Attribute pruned(const Attribute& sequence, const std::vector<Key>& wanted) {
  Attribute out{sequence.tag, sequence.vr, {}};
  if (sequence.values.empty()) return out;
  std::string json = "[";
  for (const std::string_view item : json_entries(sequence.values[0])) {
    index::AttributeSet kept;
    for (const Key& key : wanted) {
      Attribute one =
          element_of(item, key.tag, key.creator).value_or(Attribute{key.tag, key.vr, {}});
      kept.set(is(one.vr, "SQ") && !key.items.empty() ? pruned(one, key.items) : std::move(one));
    }
    if (json.size() > 1) json += ',';
    json += '{';
    append_json(json, kept);
    json += '}';
  }
  out.values.push_back(json + "]");
  return out;
}

// A person may have several identifiers: the one that was asked for, else the first.
const index::Identifier* identifier_of(const index::PatientRow& row, const Identifier& asked) {
  const auto ids = asked.values(kPatientId), issuers = asked.values(kIssuer);
  for (const index::Identifier& one : row.identifiers) {
    const bool id = ids.empty() || std::find(ids.begin(), ids.end(), one.id) != ids.end();
    const bool issuer = issuers.empty() || issuers[0] == one.issuer;
    if (id && issuer) return &one;
  }
  return row.identifiers.empty() ? nullptr : &row.identifiers.front();
}

}  // namespace

Result<FindQuery> read_find(const Identifier& written, Root root, bool relational,
                            const Matching& how, const FiledUid& filed) {
  MEDARC_ASSIGN(const auto steps, steps_to(written, root));
  if (written.too_deep) return make_error(Code::invalid_argument, "keys are nested too deep");
  if (!relational) MEDARC_TRY(check_hierarchy(written, steps));
  const Identifier identifier = with_filed(written, filed);
  FindQuery out;
  index::Query& query = out.question.query;
  query.kind = steps.back().kind;
  place_below_parent(identifier, query);
  std::optional<int> zone;
  for (const Key& key : identifier.keys) {
    if (is_made(key.tag, query.kind) || is_study_state_creator(key.tag, key.creator)) continue;
    if (how.zones && key.tag == kTimezoneOffset) {
      zone = zone_minutes(key.text);
      if (!zone && !key.text.empty()) {
        return make_error(Code::invalid_argument, "TimezoneOffsetFromUTC is no offset");
      }
      continue;
    }
    const Level level = level_of_key(key, how.extras);
    if (!reachable(level, query.kind)) {
      // A group of private elements begins with its creator; that names no key.
      out.keys_unsupported = out.keys_unsupported || !is_private_creator(key.tag);
      continue;
    }
    if (key.tag == kStudyUid && query.study) continue;
    if (key.tag == kSeriesUid && query.series) continue;
    MEDARC_ASSIGN(Condition condition, condition_of(key, how, {}, out.keys_unsupported));
    if (condition.universal()) continue;
    condition.level = level;
    if (rows_hold(key.tag) && condition.items.empty()) {
      for (auto& group : condition.all_of_any) query.all_of_any.push_back(std::move(group));
    } else {
      out.question.compared.push_back(std::move(condition));
    }
  }
  if (zone) {
    ask_in_zone(out.question, *zone, how.date_times);
  } else if (how.date_times) {
    combine_dates_and_times(query);
  }
  return out;
}

Result<std::vector<Attribute>> Answerer::attributes(const Identifier& asked, index::View& view,
                                                    const index::Match& match) const {
  MEDARC_ASSIGN(Candidate row, Candidate::of(view, match, extras));
  std::vector<Attribute> out;
  out.push_back({kQueryRetrieveLevel, {'C', 'S'}, {asked.level}});
  out.push_back({kRetrieveAeTitle, {'A', 'E'}, {aet}});  // M13
  out.push_back({kInstanceAvailability, {'C', 'S'}, {"ONLINE"}});
  const index::Identifier* who = row.patient ? identifier_of(*row.patient, asked) : nullptr;
  for (const Key& key : asked.keys) {
    if (key.tag == kRetrieveAeTitle || key.tag == kInstanceAvailability) continue;
    if (row.patient && key.tag == kStudiesOfPatient) {
      index::Query studies;
      studies.all_of_any.push_back(
          {{index::kFieldPatientKey, TermOp::equal, {row.patient->key.value}}});
      MEDARC_ASSIGN(const index::Count count, view.count(studies, 0));
      out.push_back({key.tag, {'I', 'S'}, {std::to_string(count.rows)}});
      continue;
    }
    if (row.patient && (key.tag == kPatientId || key.tag == kIssuer)) {
      const std::string value = who == nullptr ? "" : key.tag == kPatientId ? who->id : who->issuer;
      out.push_back({key.tag, {'L', 'O'}, {}});
      if (!value.empty()) out.back().values.push_back(value);
      continue;
    }
    if (is_private_creator(key.tag) &&
        (match.row.kind != Kind::instance || is_study_state_creator(key.tag, key.creator))) {
      if (names_key(asked, key.tag, extras, match.row.kind)) {
        out.push_back({key.tag, {'L', 'O'}, {key.creator}});
      }
      continue;
    }
    const Level level = level_of_key(key, extras);
    MEDARC_ASSIGN(auto found, row.element(key.tag, key.creator, level));
    if (found) {
      const bool parts = is(found->vr, "SQ") && !key.items.empty();
      out.push_back(parts ? pruned(*found, key.items) : std::move(*found));
    } else if (reachable(level, match.row.kind) && key.tag != kTimezoneOffset) {
      out.push_back({key.tag, key.vr, {}});  // an offset is never empty (C.4.1.1.3.2)
    }
  }
  if (zones && asked.find(kTimezoneOffset) == nullptr) {
    if (auto offset = row.in_rows(kTimezoneOffset)) out.push_back(std::move(*offset));
  }
  return out;
}

Result<std::vector<index::Query>> read_retrieve(const Identifier& written, Root root,
                                                index::View& view, const FiledUid& filed) {
  MEDARC_ASSIGN(const auto steps, steps_to(written, root));
  MEDARC_TRY(check_hierarchy(written, steps));
  const Identifier identifier = with_filed(written, filed);
  const auto wanted = identifier.values(steps.back().unique);
  if (wanted.empty()) {
    return mismatch(keyword_of(steps.back().unique) + " is missing");
  }
  std::vector<index::Query> out;
  const auto instances_of = [&](const index::StudyUid& study) -> index::Query& {
    index::Query& query = out.emplace_back();
    query.kind = Kind::instance;
    query.order = index::Order::by_id;
    query.study = study;
    return query;
  };
  // Whatever stands above Study Instance UID is a condition on the patient.
  const auto of_patient = [&](index::Query& query) {
    const auto ids = identifier.values(kPatientId);
    if (root != Root::study && !ids.empty()) {
      query.all_of_any.push_back({{kPatientId, TermOp::equal, ids}});
    }
  };
  const Kind level = steps.back().kind;
  if (level == Kind::patient) {
    index::Query studies;
    studies.kind = Kind::study;
    studies.order = index::Order::by_id;
    of_patient(studies);
    do {
      MEDARC_ASSIGN(index::Page page, view.query(studies));
      for (const index::Match& match : page.matches) {
        MEDARC_ASSIGN(const index::StudyRow study, index::decode_study(match.row.value));
        instances_of(study.uid);
      }
      studies.after = std::move(page.next);
    } while (!studies.after.empty());
    return out;
  }
  for (const std::string& study : level == Kind::study ? wanted : identifier.values(kStudyUid)) {
    if (level == Kind::study) {
      of_patient(instances_of(index::StudyUid(study)));
      continue;
    }
    for (const std::string& series :
         level == Kind::series ? wanted : identifier.values(kSeriesUid)) {
      index::Query& query = instances_of(index::StudyUid(study));
      query.series = index::SeriesUid(series);
      of_patient(query);
      if (level == Kind::instance) {
        query.all_of_any.push_back({{kSopInstanceUid, TermOp::equal, wanted}});
      }
    }
  }
  return out;
}

}  // namespace medarc::dicom::dimse
