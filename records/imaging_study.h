// FHIR ImagingStudy from index rows (records.md section 3). Server-owned: made when asked for,
// never stored, so it cannot disagree with the images.
//
// Its id is the Study Instance UID (a UID is a valid FHIR id). Its version changes whenever the
// study does.
#pragma once

#include "index/rows.h"
#include "records/json.h"

namespace medarc::records {

struct StudyWithSeries {
  index::StudyRow study;
  std::vector<index::SeriesRow> series;
};

// `base_url`: "http://host:port" as the client sees us; DICOMweb is at base_url/dicom-web.
Json imaging_study_json(const StudyWithSeries& study, const std::string& base_url);

// DICOM DA, TM and a zone like "+0800" as FHIR dateTime; without a zone there is no time of day.
std::string date_time_of(std::string_view da, std::string_view tm, std::string_view zone);

// "Doe^Jane=…" for reading: "Jane Doe".
std::string display_name(std::string_view pn);

// The version of a resource made from rows that changed last at `t`.
inline uint64_t version_of(Timestamp t) { return t.us > 0 ? static_cast<uint64_t>(t.us) : 1; }

}  // namespace medarc::records
