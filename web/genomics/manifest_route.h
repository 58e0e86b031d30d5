// {id}/manifest below /genomics/files.
#pragma once

#include "web/genomics/doors.h"

namespace medarc::web {

Answer manifest_answer(const GenomicsContext& context, const Request& request,
                       const genomics::FileId& id);

}  // namespace medarc::web
