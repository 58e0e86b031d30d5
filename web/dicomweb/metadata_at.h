// Metadata of versions other than the latest ones: `asOf`, `version`.
#pragma once

#include "web/dicomweb/doors.h"
#include "web/dicomweb/model_forms.h"

namespace medarc::web {

// Metadata of what the path names, as the query says it was. One instance is in memory at a time;
// BulkDataURIs name the version they belong to.
Answer metadata_at(const ContextPtr& context, const Request& request, ModelForm form);

}  // namespace medarc::web
