// UIDs of our own.
#pragma once

#include <string>
#include <string_view>

namespace medarc::dicom {

// Follows from `seed` alone (PS3.5 B.2, a UUID of version 8).
std::string derived_uid(std::string_view seed);

}  // namespace medarc::dicom
