// A slice as text: SAM as `samtools view -h` writes it, or JSON (record_json.h), made while it is
// read.
#pragma once

#include "genomics/record_scan.h"

namespace medarc::genomics {

enum class RecordsForm {
  sam,     // header and lines
  json,    // one array of objects
  ndjson,  // an object a line (JSON Lines)
};

// `with_header`: SAM only. Memory follows one piece of the scan. Errors while it is read: corrupt,
// and those of the store.
Result<std::unique_ptr<ByteSource>> open_slice_text(RecordScan scan, RecordsForm form,
                                                    bool with_header);

}  // namespace medarc::genomics
