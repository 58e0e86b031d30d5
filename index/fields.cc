#include "index/fields.h"

#include <algorithm>

#include "index/file_content.h"
#include "index/name_words.h"

namespace medarc::index {
namespace {

constexpr Vr kLo{'L', 'O'}, kPn{'P', 'N'}, kSh{'S', 'H'}, kDa{'D', 'A'}, kCs{'C', 'S'},
    kUi{'U', 'I'}, kDt{'D', 'T'};

constexpr HotField kPatientFields[] = {{kFieldIdentifier, kLo, true},
                                       {kPatientId, kLo, true},
                                       {kPatientName, kPn, true},
                                       {kBirthDate, kDa, true},
                                       {kFieldNameWords, kLo, true}};
constexpr HotField kStudyFields[] = {{kPatientId, kLo, true},
                                     {kPatientName, kPn, true},
                                     {kAccessionNumber, kSh, true},
                                     {kStudyDate, kDa, true},
                                     {kStudyId, kSh, true},
                                     {kReferringPhysician, kPn, true},
                                     {kModalitiesInStudy, kCs, false},
                                     {kFieldPatientKey, kLo, false},
                                     {kFieldNameWords, kLo, true}};
constexpr HotField kSeriesFields[] = {{kSeriesUid, kUi, false}, {kModality, kCs, false}};
constexpr HotField kInstanceFields[] = {{kSopInstanceUid, kUi, false}};
constexpr HotField kFileFields[] = {{kFieldPatientKey, kLo, false},
                                    {kFieldSample, kLo, true},
                                    {kFieldFormat, kCs, false},
                                    {kFieldIdentity, kLo, true}};

constexpr HotField kWorkItemFields[] = {
    {kPatientId, kLo, true},         {kPatientName, kPn, true},
    {kAccessionNumber, kSh, true},   {kWorkItemState, kCs, false},
    {kWorklistLabel, kLo, true},     {kStepLabel, kLo, true},
    {kStepStart, kDt, true},         {kFieldStationName, kLo, true},
    {kFieldStationClass, kLo, true}, {kFieldStationLocation, kLo, true},
    {kFieldWorkitemCode, kLo, true}, {kFieldHumanPerformer, kLo, true}};

Bytes row_id(const Subject& s) {
  switch (s.kind) {
    case Kind::patient: return s.patient->key.value;
    case Kind::study: return study_id(s.study->uid);
    case Kind::series: return series_id(s.series->study, s.series->uid);
    case Kind::instance: return instance_id(s.instance->study, s.instance->series, s.instance->uid);
    case Kind::file: return s.file->id.value;
    case Kind::work_item: return work_item_id(s.work_item->uid);
    case Kind::audit:
    case Kind::subscription:
    case Kind::job: break;
  }
  return {};
}

std::optional<Timestamp> received_of(const Subject& s) {
  switch (s.kind) {
    case Kind::study: return s.study->received;
    case Kind::series: return s.series->received;
    case Kind::instance: return s.instance->received;
    case Kind::file: return s.file->received;
    case Kind::work_item: return s.work_item->created;
    case Kind::patient:
    case Kind::audit:
    case Kind::subscription:
    case Kind::job: break;
  }
  return std::nullopt;
}

// A name of separators only is no name.
void add(FieldValues& out, std::string_view value) {
  if (value.empty()) return;
  if (is_vr(out.vr, "PN") && value.find_first_not_of("^= ") == std::string_view::npos) return;
  out.values.push_back(value);
}

void add_made(FieldValues& out) {
  for (const std::string& value : out.made) add(out, value);
}

bool from_attributes(const AttributeSet& attributes, Tag tag, FieldValues& out) {
  const Attribute* a = attributes.find(tag);
  if (a == nullptr) return false;
  out.vr = a->vr;
  for (const std::string& value : a->values) add(out, value);
  return true;
}

bool from_name(const AttributeSet& attributes, FieldValues& out) {
  out.vr = kLo;
  const Attribute* name = attributes.find(kPatientName);
  if (name == nullptr) return true;
  for (const std::string& pn : name->values) {
    for (std::string& word : name_words(pn)) out.made.push_back(std::move(word));
  }
  add_made(out);
  return true;
}

// Fields that are members of the row, not attributes. True when `tag` is one for this subject.
bool from_members(const Subject& s, Tag tag, FieldValues& out) {
  auto one = [&](std::string_view vr, std::string_view value) {
    out.vr = to_vr(vr);
    add(out, value);
    return true;
  };
  if (s.patient != nullptr) {
    if (tag == kFieldPatientKey) return one("LO", s.patient->key.value);
    if (tag == kFieldNameWords && s.patient->attributes.find(tag) == nullptr) {
      return from_name(s.patient->attributes, out);
    }
    if (tag == kFieldIdentifier || tag == kPatientId) {
      out.vr = kLo;
      for (const Identifier& i : s.patient->identifiers) {
        out.made.push_back(tag == kPatientId ? i.id : i.joined());
      }
      add_made(out);
      return true;
    }
  }
  if (s.file != nullptr) {
    if (tag == kFieldPatientKey) return one("LO", s.file->patient.value);
    if (tag == kFieldFormat) return one("CS", s.file->format);
    if (tag == kFieldFileName) return one("LO", s.file->name);
    if (tag == kFieldContent) {
      out.vr = kLo;
      out.made.push_back(s.file->blob.hex());
      add_made(out);
      return true;
    }
    if (tag == kFieldIdentity) {
      out.vr = kLo;
      for (const std::string& identity : s.file->identities) add(out, identity);
      return true;
    }
    if (tag == kFieldSample) {
      out.vr = kLo;
      for (const std::string& sample : s.file->samples) add(out, sample);
      return true;
    }
  }
  if (s.work_item != nullptr) {
    if (tag == kSopInstanceUid) return one("UI", s.work_item->uid.value);
    if (tag == kFieldNameWords) return from_name(s.work_item->attributes, out);
  }
  if (s.study != nullptr) {
    if (tag == kStudyUid) return one("UI", s.study->uid.value);
    if (tag == kFieldPatientKey) return one("LO", s.study->patient.value);
    if (tag == kFieldNameWords) return from_name(s.study->attributes, out);
  }
  if (s.series != nullptr && tag == kSeriesUid) return one("UI", s.series->uid.value);
  if (s.instance != nullptr) {
    if (tag == kSopInstanceUid) return one("UI", s.instance->uid.value);
    if (tag == kSopClassUid) return one("UI", s.instance->sop_class.value);
    if (tag == kTransferSyntaxes) return one("UI", s.instance->transfer_syntax.value);
  }
  if (tag == kFieldReceived) {
    if (auto received = received_of(s)) {
      out.made.push_back(received_text(*received));
      add_made(out);
      return true;
    }
  }
  return false;
}

}  // namespace

std::span<const HotField> hot_fields(Kind kind) {
  switch (kind) {
    case Kind::patient: return kPatientFields;
    case Kind::study: return kStudyFields;
    case Kind::series: return kSeriesFields;
    case Kind::instance: return kInstanceFields;
    case Kind::file: return kFileFields;
    case Kind::work_item: return kWorkItemFields;
    case Kind::audit:
    case Kind::subscription:
    case Kind::job: break;
  }
  return {};
}

const HotField* find_hot(Kind kind, Tag tag) {
  for (const HotField& field : hot_fields(kind)) {
    if (field.tag == tag) return &field;
  }
  return nullptr;
}

std::string received_text(Timestamp received) {
  std::string digits = std::to_string(std::max<int64_t>(0, received.us));
  return std::string(20 - digits.size(), '0') + digits;
}

void read_field(const Subject& s, Tag tag, FieldValues& out) {
  out.values.clear();
  out.made.clear();
  out.vr = {'U', 'N'};
  if (from_members(s, tag, out)) return;
  if (s.work_item != nullptr) {
    from_attributes(s.work_item->attributes, tag, out);
    if (const HotField* hot = find_hot(Kind::work_item, tag)) out.vr = hot->vr;
    return;
  }
  // A field with keys lives at its own level, whatever lower levels carry; others at the lowest.
  if (s.study != nullptr && find_hot(Kind::study, tag) != nullptr) {
    from_attributes(s.study->attributes, tag, out);
    out.vr = find_hot(Kind::study, tag)->vr;
    return;
  }
  if (s.series != nullptr && find_hot(Kind::series, tag) != nullptr) {
    from_attributes(s.series->attributes, tag, out);
    out.vr = find_hot(Kind::series, tag)->vr;
    return;
  }
  if (s.patient != nullptr) {
    from_attributes(s.patient->attributes, tag, out);
    if (const HotField* hot = find_hot(Kind::patient, tag)) out.vr = hot->vr;
    return;
  }
  if (s.instance != nullptr && from_attributes(s.instance->attributes, tag, out)) return;
  if (s.series != nullptr && from_attributes(s.series->attributes, tag, out)) return;
  if (s.study != nullptr) from_attributes(s.study->attributes, tag, out);
}

std::vector<Bytes> field_keys(const Subject& s) {
  std::vector<Bytes> keys;
  if (s.kind == Kind::patient && s.patient->removed) return keys;
  const Bytes id = row_id(s);
  FieldValues found;
  for (const HotField& field : hot_fields(s.kind)) {
    read_field(s, field.tag, found);
    for (std::string_view value : found.values) {
      for (const std::string& form : forms(field.vr, value)) {
        keys.push_back(key::field_value(s.kind, field.tag, form) + id);
      }
    }
  }
  if (s.kind == Kind::study) {
    const auto date = forms(kDa, s.study->attributes.first(kStudyDate));
    read_field(s, kModalitiesInStudy, found);
    for (std::string_view modality : found.values) {
      if (date.empty()) break;
      Bytes k = key::field_value(Kind::study, kFieldModalityAndDate, plain_form(kCs, modality));
      key::append_text(k, ByteView(date.front()).substr(0, kFieldValueBytesMax));
      keys.push_back(k + id);
    }
  }
  if (auto received = received_of(s)) keys.push_back(key::received(s.kind, *received) + id);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace medarc::index
