// A process gives up everything but computing (docs/decisions/0023-codecs-in-workers.md). Linked
// into worker programs only.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "sandbox/process.h"

namespace medarc::sandbox {

// From here on this process cannot open or name files, make sockets, processes or threads, or run
// programs; refused calls answer EPERM. It may take memory up to `memory_bytes_max` of address
// space, talk over kSocket and end. There is no way back. unavailable: the kernel does not
// have it.
Status confine(uint64_t memory_bytes_max);

}  // namespace medarc::sandbox
