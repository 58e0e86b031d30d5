// The elements of FHIR R4 that Medarc takes, as data: the Patient resource and every data type that
// can occur in it (hl7.org/fhir/R4: patient, datatypes, metadatatypes, extensibility). The table is
// text in the specification's own terms, read once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace medarc::records {

struct FhirElement {
  std::string name;    // "deceasedBoolean" for a choice
  std::string choice;  // "deceased" where only one of several may be given, or ""
  std::string type;    // "string", "HumanName", "Patient.contact"
  bool required = false, many = false;
  std::vector<std::string> codes;    // of a required binding; empty: any
  std::vector<std::string> targets;  // resource types a Reference may name; empty: any
};

struct FhirType {
  std::string name;
  std::map<std::string, FhirElement, std::less<>> elements;
  std::vector<std::string> required_choices;
};

// nullptr for a type that the table does not hold.
const FhirType* fhir_type(std::string_view name);
bool is_primitive_type(std::string_view name);  // starts with a lower-case letter

}  // namespace medarc::records
