// What a genome file may be called.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::genomics {

inline constexpr size_t kFileIdBytesMax = 64;

// Letters, digits, '.', '-', '_' and '/' between non-empty parts that are no "." or "..". At most
// 64 characters, also as the id of its FHIR resource, where '_' and '/' count three. Reserved
// because doors use them: the whole id "service-info", last parts "content", "index", "slice",
// "plan", "variants", "depth", "pileup" and "quality", and any part "attachments". Errors:
// invalid_argument.
Status check_file_id(std::string_view id);

std::string new_file_id();  // "g" and 24 random hex digits
// The same bytes under the same name give the same id: "g" and 24 hex digits.
std::string file_id_of(const Digest& content, std::string_view name);

}  // namespace medarc::genomics
