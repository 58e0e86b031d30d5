// UIDs of our own.
#pragma once

#include <string>

namespace medarc::dicom {

// Follows from `seed` alone (PS3.5 B.2, a UUID of version 8).
std::string derived_uid(const std::string& seed);

}  // namespace medarc::dicom
