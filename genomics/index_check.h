// The index that somebody made of a file, held against our own: whether a reader who goes by it
// finds every record. Ours is always the one that is used.
#pragma once

#include <string>

#include "base/result.h"
#include "genomics/genome_store.h"

namespace medarc::genomics {

struct IndexVerdict {
  enum class Is : uint8_t {
    same,    // the same entries, however packed
    usable,  // made otherwise (another tool, another kind), but nothing is missed
    stale,   // of another file or another version of this one: records would be missed
  } is = Is::same;
  std::string kind;    // "bai", "tbi", "csi", "crai"
  std::string reason;  // what is wrong first; "" unless stale
};
std::string_view to_string(IndexVerdict::Is is);

// `theirs` against `own`, the index of `file` as it is stored. Errors: invalid_argument (`theirs`
// is no index, or damaged); too_large (inflated over index_bytes_max); corrupt (ours).
Result<IndexVerdict> check_index(const FileRow& file, ByteView own, ByteView theirs,
                                 const Limits& limits);

}  // namespace medarc::genomics
