// How rules in the configuration name attributes and list alternatives ([[dicom.route]],
// [[dicom.quirk]]).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/dictionary.h"

namespace medarc::dicom {

// What stands between commas, without blanks around it; empty ones are left out.
std::vector<std::string> comma_list(std::string_view text);

// True when `text` matches one of `patterns`, with * and ?.
bool any_matches(std::string_view text, const std::vector<std::string>& patterns);

// A keyword, "00080060" or "0008,0060".
std::optional<Tag> attribute_named(std::string_view name);

}  // namespace medarc::dicom
