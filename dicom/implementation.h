// How Medarc names itself in associations and in file meta information (PS3.7 D.3.3.2, PS3.10 7.1).
#pragma once

#include <string_view>

namespace medarc::dicom {

// A UUID-derived UID (PS3.5 B.2), chosen once; it never changes.
inline constexpr std::string_view kImplementationClassUid =
    "2.25.17996004072909861962375324080364717146";
inline constexpr std::string_view kImplementationVersion = "MEDARC_0_1";  // at most 16 characters

}  // namespace medarc::dicom
