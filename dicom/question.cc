#include "dicom/question.h"

#include <algorithm>

#include "dicom/completeness/state_elements.h"
#include "dicom/json_elements.h"
#include "dicom/metadata_source.h"

namespace medarc::dicom {
namespace {

using index::Attribute;
using index::Kind;

constexpr Tag kStudyUid{0x0020000D}, kSeriesUid{0x0020000E}, kSopInstanceUid{0x00080018},
    kSopClassUid{0x00080016}, kSyntaxes{0x00083002};

Attribute uid(Tag tag, const std::string& value) { return {tag, {'U', 'I'}, {value}}; }

std::optional<Attribute> copy_of(const index::AttributeSet& set, Tag tag) {
  const Attribute* found = set.find(tag);
  return found == nullptr ? std::nullopt : std::optional<Attribute>(*found);
}

bool has_value(const std::optional<Attribute>& a) {
  return a && !a->values.empty() && a->values[0] != "[]";
}

// A sequence that was too long for its row.
bool left_out(const std::optional<Attribute>& a) {
  return a && is(a->vr, "SQ") && a->values.empty();
}

}  // namespace

Result<Candidate> Candidate::of(index::View& view, const index::Match& match,
                                const ExtraAttributes* extras) {
  Candidate out(view, extras);
  switch (match.row.kind) {
    case Kind::patient: {
      MEDARC_ASSIGN(out.patient, index::decode_patient(match.row.value));
      break;
    }
    case Kind::study: {
      MEDARC_ASSIGN(out.study, index::decode_study(match.row.value));
      break;
    }
    case Kind::series: {
      MEDARC_ASSIGN(out.series, index::decode_series(match.row.value));
      out.study = match.study;
      break;
    }
    default: {
      MEDARC_ASSIGN(out.instance, index::decode_instance(match.row.value));
      out.study = match.study;
      out.series = match.series;
    }
  }
  return out;
}

std::optional<Attribute> Candidate::in_rows(Tag tag) const {
  std::optional<Attribute> out;
  if (tag.value >> 16 == 0xFFFE) return out;  // fields of our own are no attributes
  if (instance) {
    if (tag == kSopInstanceUid) return uid(tag, instance->uid.value);
    if (tag == kSopClassUid) return uid(tag, instance->sop_class.value);
    if (tag == kSeriesUid) return uid(tag, instance->series.value);
    if (tag == kStudyUid) return uid(tag, instance->study.value);
    if (tag == kSyntaxes) return uid(tag, instance->transfer_syntax.value);
    if ((out = copy_of(instance->attributes, tag))) return out;
  }
  if (series) {
    if (tag == kSeriesUid) return uid(tag, series->uid.value);
    if (tag == kStudyUid) return uid(tag, series->study.value);
    if ((out = copy_of(series->attributes, tag))) return out;
  }
  if (study) {
    if (tag == kStudyUid) return uid(tag, study->uid.value);
    if ((out = copy_of(study->attributes, tag))) return out;
  }
  return patient ? copy_of(patient->attributes, tag) : std::nullopt;
}

Result<std::string_view> Candidate::metadata() {
  if (!metadata_) {
    metadata_ = Bytes();
    if (!instance) return std::string_view();
    Bytes packed;
    MEDARC_TRY(view_->metadata(instance->study, instance->series, instance->uid,
                               [&](const index::SopInstanceUid&, ByteView zstd) {
                                 packed = zstd;
                                 return true;
                               }));
    if (!packed.empty()) {
      MEDARC_ASSIGN(metadata_, unpack_metadata(packed));
    }
  }
  return std::string_view(*metadata_);
}

// The first instance of the series or of the study, by their UIDs, that has a value.
Result<std::optional<Attribute>> Candidate::in_instances(Tag tag, std::string_view creator,
                                                         Level level) {
  std::optional<Attribute> out;
  Status failed;
  const auto look = [&](const index::SopInstanceUid&, ByteView zstd) {
    const auto json = unpack_metadata(zstd);
    if (json.has_error()) {
      failed = json.error();
      return false;
    }
    out = element_of(*json, tag, creator);
    return !has_value(out);
  };
  if (level == Level::series && series) {
    MEDARC_TRY(view_->metadata(series->study, series->uid, std::nullopt, look));
  } else if (study) {
    index::Query below;
    below.kind = Kind::series;
    below.study = study->uid;
    below.order = index::Order::by_id;
    do {
      MEDARC_ASSIGN(index::Page page, view_->query(below));
      for (const index::Match& match : page.matches) {
        MEDARC_ASSIGN(const index::SeriesRow row, index::decode_series(match.row.value));
        MEDARC_TRY(view_->metadata(row.study, row.uid, std::nullopt, look));
        if (failed.has_error() || has_value(out)) break;
      }
      below.after = std::move(page.next);
    } while (!below.after.empty() && !has_value(out) && !failed.has_error());
  }
  MEDARC_TRY(failed);
  if (has_value(out)) drop_bulk_uris(out->values[0]);
  return out;
}

Result<std::optional<Attribute>> Candidate::element(Tag tag, std::string_view creator,
                                                    Level level) {
  if (const StudyStateElement* state = study_state_element(tag, creator)) {
    if (!study) return std::optional<Attribute>();
    uint64_t instances_read = 0;
    const CompletenessOptions options =
        extras_ == nullptr ? CompletenessOptions() : extras_->state_options();
    MEDARC_ASSIGN(Attribute made,
                  study_state(*view_, *study, tag, *state, options, now(), instances_read));
    return std::optional<Attribute>(std::move(made));
  }
  std::optional<Attribute> out = in_rows(tag);
  if (left_out(out)) return in_instances(tag, {}, level_of(tag));
  if (out || level_of(tag) != Level::none) return out;
  if (level != Level::instance) return in_instances(tag, creator, level);
  MEDARC_ASSIGN(const std::string_view json, metadata());
  return element_of(json, tag, creator);
}

}  // namespace medarc::dicom
