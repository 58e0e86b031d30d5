// A process gives up everything but computing (docs/decisions/0023-codecs-in-workers.md).
#pragma once

#include <cstdint>

#include "base/result.h"

namespace medarc::dicom::worker {

// From here on this process cannot open or name files, make sockets, processes or threads, or run
// programs; refused calls answer EPERM. It may take memory up to `memory_bytes_max` of address
// space, talk over wire::kSocket and end. There is no way back. unavailable: the kernel does not
// have it.
Status confine(uint64_t memory_bytes_max);

}  // namespace medarc::dicom::worker
