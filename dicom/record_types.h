// Directory records for instances (PS3.3 F.4, F.5): which type a SOP class has, and its keys.
#pragma once

#include <span>
#include <string_view>

#include "index/attributes.h"

namespace medarc::dicom {

struct RecordType {
  std::string_view name;             // Directory Record Type (0004,1430)
  std::span<const index::Tag> keys;  // beside those of every record
};

// nullptr: there is none, for private classes and those newer than the table.
const RecordType* record_type_of(std::string_view sop_class);

}  // namespace medarc::dicom
