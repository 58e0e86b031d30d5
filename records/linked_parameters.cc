// Search parameters of ImagingStudy and DocumentReference.
#include "records/identity.h"
#include "records/linked_service.h"

namespace medarc::records {
namespace {

constexpr SearchParameter kStudyParameters[] = {
    {"_id", "token", "Logical id: the Study Instance UID"},
    {"patient", "reference", "Whose study: id, Patient/id or our absolute URL"},
    {"subject", "reference", "The same as patient"},
    {"identifier", "token",
     "urn:dicom:uid|urn:oid:{Study Instance UID}, an accession number or a study id"},
};
constexpr SearchParameter kFileParameters[] = {
    {"_id", "token", "Logical id: the id of the genomic file"},
    {"patient", "reference", "Whose file: id, Patient/id or our absolute URL"},
    {"subject", "reference", "The same as patient"},
};
constexpr std::string_view kPatient = "Patient/";

Error no_such_parameter() {
  return make_error(Code::unsupported, "no such search parameter or modifier");
}

}  // namespace

std::span<const SearchParameter> study_parameters() { return kStudyParameters; }
std::span<const SearchParameter> file_parameters() { return kFileParameters; }

Status LinkedQuery::add(std::string_view key, std::string_view value) {
  const std::vector<std::string> parts = alternatives(value);
  const bool known = key == "patient" || key == "subject" || key == "_id" ||
                     (key == "identifier" && of == Of::studies);
  if (!known) return no_such_parameter();
  if (parts.empty()) {
    return make_error(Code::invalid_argument, std::string(key) + " needs a value");
  }
  if (parts.size() > 100) {
    return make_error(Code::too_large, "a search parameter has more than 100 alternatives");
  }
  if (key == "_id") {
    ids.push_back(parts);
  } else if (key == "identifier") {
    std::vector<TokenTerm>& any = identifiers.emplace_back();
    for (const std::string& part : parts) any.push_back(parse_token(part));
  } else {
    std::vector<index::PatientKey>& any = patients.emplace_back();
    for (const std::string& part : parts) {
      std::string_view id = part;
      for (const std::string& base : own_bases) {
        if (id.starts_with(base + "/")) id.remove_prefix(base.size() + 1);
      }
      if (id.starts_with(kPatient)) id.remove_prefix(kPatient.size());
      if (!is_resource_id(id)) {
        return make_error(Code::invalid_argument,
                          std::string(key) + ": not a reference to a Patient");
      }
      any.emplace_back(std::string(id));
    }
  }
  return {};
}

}  // namespace medarc::records
