#include "dicom/dimse/query.h"

#include <algorithm>

namespace medarc::dicom::dimse {
namespace {

using index::Attribute;
using index::Kind;
using index::Term;
using index::TermOp;

constexpr Tag kPatientId{0x00100020}, kIssuer{0x00100021}, kStudyUid{0x0020000D},
    kSeriesUid{0x0020000E}, kSopInstanceUid{0x00080018}, kSopClassUid{0x00080016},
    kStudiesOfPatient{0x00201200}, kSyntaxes{0x00083002};

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
  return values.size() == 1 && (step.kind != Kind::patient ||
                                values[0].find_first_of("*?") == std::string::npos);
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
  if (query.kind == Kind::instance && series.size() == 1) query.series = index::SeriesUid(series[0]);
}

class Row {
 public:
  static Result<Row> of(const index::Match& match) {
    Row out;
    if (match.row.kind == Kind::patient) {
      MEDARC_ASSIGN(out.patient, index::decode_patient(match.row.value));
    } else if (match.row.kind == Kind::study) {
      MEDARC_ASSIGN(out.study, index::decode_study(match.row.value));
    } else if (match.row.kind == Kind::series) {
      MEDARC_ASSIGN(out.series, index::decode_series(match.row.value));
      out.study = match.study;
    } else {
      MEDARC_ASSIGN(out.instance, index::decode_instance(match.row.value));
      out.study = match.study;
      out.series = match.series;
    }
    return out;
  }

  // The value of a key; nullopt when this row holds none.
  std::optional<Attribute> find(Tag tag) const {
    if (instance) {
      if (tag == kSopInstanceUid) return uid(tag, instance->uid.value);
      if (tag == kSopClassUid) return uid(tag, instance->sop_class.value);
      if (tag == kSeriesUid) return uid(tag, instance->series.value);
      if (tag == kStudyUid) return uid(tag, instance->study.value);
      if (tag == kSyntaxes) return uid(tag, instance->transfer_syntax.value);
      if (const Attribute* a = instance->attributes.find(tag)) return *a;
    }
    if (series) {
      if (tag == kSeriesUid) return uid(tag, series->uid.value);
      if (tag == kStudyUid) return uid(tag, series->study.value);
      if (const Attribute* a = series->attributes.find(tag)) return *a;
    }
    if (study) {
      if (tag == kStudyUid) return uid(tag, study->uid.value);
      if (const Attribute* a = study->attributes.find(tag)) return *a;
    }
    if (patient) {
      if (const Attribute* a = patient->attributes.find(tag)) return *a;
    }
    return std::nullopt;
  }

  std::optional<index::PatientRow> patient;
  std::optional<index::StudyRow> study;
  std::optional<index::SeriesRow> series;
  std::optional<index::InstanceRow> instance;

 private:
  static Attribute uid(Tag tag, const std::string& value) {
    return {tag, {'U', 'I'}, {value}};
  }
};

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

Result<FindQuery> read_find(const Identifier& identifier, Root root, bool relational,
                            const Matching& how) {
  MEDARC_ASSIGN(const auto steps, steps_to(identifier, root));
  if (!relational) MEDARC_TRY(check_hierarchy(identifier, steps));
  FindQuery out;
  out.query.kind = steps.back().kind;
  place_below_parent(identifier, out.query);
  for (const Key& key : identifier.keys) {
    if (is_made(key.tag, out.query.kind)) continue;
    if (!reachable(matching_level(key.tag), out.query.kind)) {
      // A group of private elements begins with its creator; that names no key.
      const bool creator = (key.tag.value >> 16) % 2 == 1 && (key.tag.value & 0xFFFF) <= 0xFF;
      out.keys_unsupported = out.keys_unsupported || !creator;
      continue;
    }
    if (key.sequence || !can_match(key.vr)) {
      out.keys_unsupported = true;
      continue;
    }
    if (key.tag == kStudyUid && out.query.study) continue;
    if (key.tag == kSeriesUid && out.query.series) continue;
    if (how.fuzzy_names && is(key.vr, "PN")) {
      add_fuzzy_name(key.tag, key.text, out.query);
      continue;
    }
    auto term = matching_term(key.tag, key.vr, key.text, how);
    if (term.has_error()) return with_context(std::move(term).error(), keyword_of(key.tag));
    if (*term) out.query.all_of_any.push_back({std::move(**term)});
  }
  return out;
}

Result<std::vector<Attribute>> Answerer::attributes(const Identifier& asked, index::View& view,
                                                    const index::Match& match) const {
  MEDARC_ASSIGN(const Row row, Row::of(match));
  std::vector<Attribute> out;
  out.push_back({kQueryRetrieveLevel, {'C', 'S'}, {asked.level}});
  out.push_back({kRetrieveAeTitle, {'A', 'E'}, {aet}});                // M13
  out.push_back({kInstanceAvailability, {'C', 'S'}, {"ONLINE"}});
  const index::Identifier* who =
      row.patient ? identifier_of(*row.patient, asked) : nullptr;
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
      const std::string value =
          who == nullptr ? "" : key.tag == kPatientId ? who->id : who->issuer;
      out.push_back({key.tag, {'L', 'O'}, {}});
      if (!value.empty()) out.back().values.push_back(value);
      continue;
    }
    if (auto found = row.find(key.tag)) {
      out.push_back(std::move(*found));
    } else if (reachable(matching_level(key.tag), match.row.kind)) {
      out.push_back({key.tag, key.vr, {}});
    }
  }
  return out;
}

Result<std::vector<index::Query>> read_retrieve(const Identifier& identifier, Root root,
                                                index::View& view) {
  MEDARC_ASSIGN(const auto steps, steps_to(identifier, root));
  MEDARC_TRY(check_hierarchy(identifier, steps));
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
    if (level == Kind::series) {
      for (const std::string& series : wanted) {
        index::Query& query = instances_of(index::StudyUid(study));
        query.series = index::SeriesUid(series);
        of_patient(query);
      }
      continue;
    }
    index::Query& query = instances_of(index::StudyUid(study));
    of_patient(query);
    if (level == Kind::instance) {
      query.series = index::SeriesUid(identifier.values(kSeriesUid)[0]);
      query.all_of_any.push_back({{kSopInstanceUid, TermOp::equal, wanted}});
    }
  }
  return out;
}

}  // namespace medarc::dicom::dimse
