// A table of the configuration ([[dicom.peer]], [[dicom.route]]) as a JSON object, and back.
#pragma once

#include <boost/json/object.hpp>

#include "base/bytes.h"
#include "base/config.h"

namespace medarc::dicom {

inline constexpr size_t kTableKeysMax = 64, kTableKeyBytesMax = 64;

// Ports, limits and switches as numbers and booleans, everything else as text.
boost::json::object table_json(const Config::Table& table);

// Values are texts without control characters, whole numbers and booleans. invalid_argument: no
// such object, too many keys, or a key that is none; too_large: a value over value_bytes_max.
Result<Config::Table> read_table_json(ByteView text, size_t value_bytes_max);

}  // namespace medarc::dicom
