// HTSlib over the archive: reads a blob through HTSlib's own file layer, without a file and without a
// name. HTSlib opens some 40 URL schemes by name, so no name from outside ever reaches hts_open.
#pragma once

#include <memory>

#include "archive/blob_store.h"

struct hFILE;

namespace medarc::genomics {

// Points HTSlib's look-ups of references and files (REF_PATH, REF_CACHE, HTS_PATH) to nowhere: unset,
// they fall back to a public URL and follow URLs in @SQ lines. Call once, before any thread starts.
void hts_seal();

// Owned by the caller until given to hts_hopen(), which closes it with the htsFile. Null when there is
// no memory. Seekable, read-only.
hFILE* hts_open_blob(std::unique_ptr<archive::BlobReader> reader);

}  // namespace medarc::genomics
