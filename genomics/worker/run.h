// One job of a genome worker, done with HTSlib.
#pragma once

#include "genomics/worker/wire.h"

namespace medarc::genomics::worker {

// Done, or why not. The server answers what it needs meanwhile (job_files.h).
wire::Message run(const wire::Job& job);

}  // namespace medarc::genomics::worker
