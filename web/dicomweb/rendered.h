// A rendition as an answer, for WADO-RS and WADO-URI.
#pragma once

#include <string>
#include <vector>

#include "dicom/imaging.h"
#include "web/dicomweb/doors.h"
#include "web/http.h"

namespace medarc::web {

// Renders `row` on this thread (a worker's) and answers it, or 304 when the client has it, or the
// problem. `type`: one of rendered_types(row).
Response rendered_answer(const DicomwebContext& context, const Request& http,
                         const dicom::InstanceRow& row, dicom::RenderRequest request,
                         const std::string& type, const std::vector<std::string>& warnings);

}  // namespace medarc::web
