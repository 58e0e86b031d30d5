// The primitive types of FHIR R4 (datatypes.html#primitive): JSON kind, syntax, ranges.
#pragma once

#include <optional>

#include "records/json.h"

namespace medarc::records {

// What is wrong with `value` as a `type`; empty when nothing is. Texts never repeat the value.
std::string check_primitive(std::string_view type, const Json& value);

// A date or dateTime of any precision as the days it covers, YYYYMMDD each: "1980-02" is 19800201
// to 19800229. nullopt for anything else.
struct Days {
  std::string first, last;
};
std::optional<Days> days_of(std::string_view date);

}  // namespace medarc::records
