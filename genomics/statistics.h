// FileRow::statistics_json: one JSON object, to which later steps add what they learnt.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace medarc::genomics {

// The object with one member more, written as in JSON ("name":value). An empty text is an empty
// object.
Bytes with_member(ByteView object, std::string_view member);

}  // namespace medarc::genomics
