// Who stored a version of an instance: values of an attribute of its row, principal and door. Rows
// of before there was such a field have none.
#pragma once

#include "index/rows.h"

namespace medarc::index {

inline constexpr Tag kFieldStoredBy{0xFFFE0008};

}  // namespace medarc::index
