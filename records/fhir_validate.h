// Is a JSON tree a valid FHIR R4 resource of a type that Medarc knows? Elements, cardinality,
// choices, primitive syntax, required codes, reference targets, contained rules, and the invariants
// that hold for a Patient: ele-1, ext-1, dom-2, dom-3 (a contained resource must be referred to),
// dom-4, dom-5, ref-1, cpt-2, per-1, sqty-1 by its elements, pat-1, txt-1.
#pragma once

#include "records/json.h"

namespace medarc::records {

// One line of an OperationOutcome.
struct Issue {
  std::string code;  // of http://hl7.org/fhir/issue-type: "structure", "value", "required", …
  std::string text;  // never holds values
  std::string path;  // FHIRPath: "Patient.name[0].family"; empty: of no element
};

inline constexpr size_t kIssuesMax = 20;  // more are not looked for

// Empty: valid. Unknown elements are refused, never dropped.
std::vector<Issue> validate(const Json& resource, std::string_view type);

}  // namespace medarc::records
