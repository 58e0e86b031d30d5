// Chunks in another form: the steps behind Recoding (recoding.h).
//
// Order, so that a crash between any two steps loses nothing: the new record is appended (its
// segment is of a format that says so); it is read back, undone and compared; a commit of its own
// gives the chunk its new place; collection finds the old record dead, as it does any other.
#pragma once

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

Result<std::vector<StoredChunk>> stored_chunks(RecodeTools tools, const Digest& blob);
Result<Recoded> recode_chunks(RecodeTools tools, std::vector<CodedChunk> chunks);
Result<Recoded> expand_chunks(RecodeTools tools, const std::vector<Digest>& chunks);

}  // namespace medarc::archive
