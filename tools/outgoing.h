// What the server does of its own accord: durable jobs, storage commitment reports, deliveries,
// events of the worklist, announcements of stable studies, recompression, the cold form of
// genome files, sorted derivatives of BAM files.
#pragma once

#include "tools/opened.h"

namespace medarc::tools {

// Makes opened.outgoing, and opened.imaging anew where rules forward: before anything refers to it.
// Jobs run from Jobs::start() on.
Status open_outgoing(Opened& opened);

}  // namespace medarc::tools
