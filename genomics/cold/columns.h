// Plain genome bytes as columns: what is alike lies together, so that a general compressor finds
// it. Records of BAM go apart into their fields, names, CIGARs, bases, qualities and tags; lines of
// FASTQ into what repeats every fourth line. The bytes may begin and end anywhere in a record.
//
// Nothing here has to be right for the bytes to come back: what is guessed of them (where the first
// record begins) only decides how well they lie together. Pure, thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::genomics {

// Stored in coded chunks: values keep their meaning for good.
enum class ColumnLayout : uint8_t {
  one = 0,      // the bytes as they are, in one column
  records = 1,  // BAM
  fourths = 2,  // line i, with its line end, in column i % 4
};

// The layout that suits a format (index::FileRow::format).
ColumnLayout layout_for(std::string_view format);

struct Columns {
  ColumnLayout layout = ColumnLayout::one;
  std::vector<Bytes> parts;
};

inline constexpr size_t kTagKindsMax = 256;  // of the records in one piece; more: laid out as one

// In `wanted` where the bytes allow it, else as one.
Columns split_columns(ByteView plain, ColumnLayout wanted);

// Errors: corrupt: these are not the columns of `plain_bytes` bytes. Takes memory of that size.
Result<Bytes> join_columns(const Columns& columns, size_t plain_bytes);

}  // namespace medarc::genomics
