// Instances as one ZIP archive (PS3.18 8.7.3, application/zip): Part 10 files under names that
// PS3.10 8.5 allows, and a DICOMDIR at the root, so that the archive is a DICOM file-set.
#pragma once

#include "web/dicomweb/doors.h"
#include "web/dicomweb/retrieve.h"

namespace medarc::web {

// `next`: the instances, those of a series one behind the other. Each is given as `wanted` says;
// what cannot be is left out. The first is opened before it answers. `name`: of the archive, for
// browsers. `status`: 200 or 206. The problem instead, when none can be given.
Response zip_answer(const ContextPtr& context, const Request& request,
                    std::shared_ptr<index::View> view,
                    std::function<Result<std::optional<dicom::InstanceRow>>()> next,
                    const Wanted& wanted, const std::string& name, int status);

}  // namespace medarc::web
