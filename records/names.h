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

// Parts of names as search compares them: folded.
struct NameParts {
  std::vector<std::string> family, given, other;  // other: text, prefixes, suffixes
  std::vector<std::string> joined;  // 王小明, Xiaoming Wang in either order, no blanks
};
NameParts parts_of(const Json* names);

// Without case, accents, width and compatibility forms (NFKC_Casefold, then without combining
// marks): "Müller" and "ＭＵＬＬＥＲ" both give "muller". Text that is not UTF-8 is compared byte
// by byte.
std::string fold(std::string_view text);

}  // namespace medarc::records
