// A moment as a client names it: RFC 3339 ("2026-01-31T08:15:30.25+01:00") or a DICOM DT
// (PS3.5 6.2: "20260131081530.25+0100"; without an offset it is UTC, parts left out have their
// least value). A "+" that became a blank on its way through a query string is understood.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace medarc::dicom {

// nullopt: neither of them, or no such day or time. What is finer than a microsecond is cut off.
std::optional<Timestamp> parse_instant(std::string_view text);

}  // namespace medarc::dicom
