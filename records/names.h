// Person names between DICOM PN and FHIR HumanName, and what of them a search looks at.
//
// One PN value has three component groups (PS3.5 6.2): alphabetic, ideographic, phonetic. In FHIR
// they are three names, told apart by the extension iso21090-EN-representation (ABC, IDE, SYL).
#pragma once

#include <string>
#include <vector>

#include "records/json.h"

namespace medarc::records {

// "Doe^Jane=山田^花子" as HumanName objects; none for an empty value.
std::vector<Json> names_from_pn(std::string_view pn);
// All names of a Patient as PN values, the official or usual one first. Names of one person in
// several scripts meet in one value.
std::vector<std::string> names_to_pn(const Json* names);

// Parts of names as search compares them: folded (index/name_words.h).
struct NameParts {
  std::vector<std::string> family, given, other;  // other: text, prefixes, suffixes
  std::vector<std::string> joined;  // 王小明, Xiaoming Wang in either order, no blanks
};
NameParts parts_of(const Json* names);

// The words (index::split_name) of the parts and of the joined forms, sorted, each once. Where a
// search text begins one of those, its first word begins one of these.
std::vector<std::string> search_words(const Json* names);

}  // namespace medarc::records
