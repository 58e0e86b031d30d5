// Preamble and file meta information (PS3.10 section 7): made for objects that come without, split
// off those that have it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "dicom/limits.h"
#include "index/rows.h"

namespace medarc::dicom {

// 128 zeros, "DICM" and group 2. The same object gives the same bytes, whoever sent it.
Bytes make_envelope(const index::SopClassUid& sop_class, const index::SopInstanceUid& instance,
                    const index::TransferSyntaxUid& transfer_syntax);

struct Envelope {
  size_t length = 0;  // bytes before the dataset: preamble, "DICM", group 2
  std::string sop_class, instance, transfer_syntax;  // "" when absent
  bool preamble = false;
};

// Looks at the start of a file. nullopt: more bytes are wanted (`at_end` says there are none).
// Files without preamble, or without any meta at all, are told by their first element.
// invalid_argument: no DICOM; too_large: file meta over the limit.
Result<std::optional<Envelope>> parse_envelope(ByteView start, bool at_end, const Limits& limits);

// What else than DICOM the preamble in front of `envelope` makes of the file: "TIFF", "a Windows
// program"…; "" for nothing known. Some files are both on purpose (PS3.10 section 7.1), some to do
// harm.
std::string_view format_of_preamble(ByteView envelope);

}  // namespace medarc::dicom
