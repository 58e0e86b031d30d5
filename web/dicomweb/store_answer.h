// The answer to a STOW request (PS3.18 10.5.3, dicom.md S1-S3, S9): its status and its dataset, in
// DICOM JSON or the native XML of PS3.19.
#pragma once

#include <string>
#include <vector>

#include "dicom/imaging.h"
#include "web/dicomweb/model_forms.h"
#include "web/http.h"

namespace medarc::web {

struct StoreFailure {
  uint16_t reason = 0;           // (0008,1197)
  dicom::SopClassUid sop_class;  // both empty: an Other Failure (0008,119A)
  dicom::SopInstanceUid instance;
};

struct StoreReport {
  std::vector<dicom::StoreResult> stored;
  std::vector<StoreFailure> failures;
  uint64_t failures_count = 0;          // with those not kept in `failures`
  std::optional<Error> body_error;      // the multipart body itself was broken
  std::optional<Error> metadata_error;  // a part with metadata could not be read
  bool out_of_resources = false;
};

// 200, 202, 400, 409, 413 or 503 by S1.
int store_status(const StoreReport& report);
Response store_answer(const StoreReport& report, const std::string& base_url, ModelForm form);

}  // namespace medarc::web
