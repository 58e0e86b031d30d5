// Chunks in another form: the steps behind Recoding (recoding.h).
//
// Order, so that a crash between any two steps loses nothing: the new record is appended (its
// segment is of a format that says so); it is read back, undone and compared; a commit of its own
// gives the chunk its new place; collection finds the old record dead, as it does any other.
#pragma once

#include <functional>

#include "archive/decoded_chunks.h"
#include "archive/pins.h"
#include "archive/segment_log.h"

namespace medarc::archive {

struct RecodeTools {
  SegmentLog& log;
  Catalog& catalog;
  Pins& pins;
  DecodedChunks& decoded;
};

// `visit` answers false to stop.
Status for_each_stored(RecodeTools tools, const Digest& blob,
                       const std::function<bool(const StoredChunk&)>& visit);
Result<Recoded> recode_chunks(RecodeTools tools, std::vector<CodedChunk> chunks);
Result<Recoded> expand_chunks(RecodeTools tools, const std::vector<Digest>& chunks);

}  // namespace medarc::archive
