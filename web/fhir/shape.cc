// _summary and _elements (search.html#summary, #elements).
#include <algorithm>
#include <map>
#include <set>

#include "web/fhir/doors.h"

namespace medarc::web {
namespace {

using records::Json;
using Names = std::set<std::string_view>;

// Elements marked "summary" in the specification, and those that must always be there.
struct Marked {
  Names summary, mandatory;
};
const Marked& marked(std::string_view type) {
  static const std::map<std::string_view, Marked> table = {
      {"Patient",
       {{"identifier", "active", "name", "telecom", "gender", "birthDate", "deceasedBoolean",
         "deceasedDateTime", "address", "managingOrganization", "link"},
        {}}},
      {"ImagingStudy",
       {{"identifier", "status", "modality", "subject", "encounter", "started", "basedOn",
         "referrer", "interpreter", "endpoint", "numberOfSeries", "numberOfInstances",
         "procedureReference", "procedureCode", "location", "reasonCode", "reasonReference",
         "description", "series"},
        {"status", "subject"}}},
      {"DocumentReference",
       {{"masterIdentifier", "identifier", "status", "type", "category", "subject", "date",
         "author", "relatesTo", "description", "securityLabel", "content"},
        {"status", "content"}}},
      {"CapabilityStatement",
       {{"url", "version", "name", "status", "date", "kind", "software", "implementation",
         "fhirVersion", "format", "rest"},
        {"status", "date", "kind", "fhirVersion", "format"}}},
  };
  static const Marked none;
  const auto found = table.find(type);
  return found == table.end() ? none : found->second;
}

void keep(Json& resource, const std::function<bool(std::string_view)>& wanted) {
  std::erase_if(resource.members(), [&](const Json::Member& member) {
    std::string_view name = member.key;
    if (name.starts_with('_')) name.remove_prefix(1);
    const bool always =
        name == "resourceType" || name == "id" || name == "meta" || name == "implicitRules";
    return !always && !wanted(name);
  });
}

void tag_subsetted(Json& resource) {
  const Json* meta = resource.find("meta");
  Json changed = meta != nullptr ? *meta : Json::object();
  const Json* tags = changed.find("tag");
  Json list = tags != nullptr ? *tags : Json::array();
  list.add(Json::object(
      {{"system", Json::string("http://terminology.hl7.org/CodeSystem/v3-ObservationValue")},
       {"code", Json::string("SUBSETTED")}}));
  changed.set("tag", std::move(list));
  resource.set("meta", std::move(changed));
}

}  // namespace

void apply_shape(Json& resource, const FhirShape& shape) {
  const std::string_view type = resource.text_at("resourceType");
  if (type == "OperationOutcome" || type == "Bundle") return;
  const Marked& of = marked(type);
  if (!shape.elements.empty()) {
    const std::string prefix = std::string(type) + ".";
    keep(resource, [&](std::string_view name) {
      return of.mandatory.contains(name) ||
             std::any_of(shape.elements.begin(), shape.elements.end(), [&](const std::string& e) {
               return e == name || e == prefix + std::string(name);
             });
    });
  } else if (shape.summary == "true") {
    keep(resource, [&](std::string_view name) { return of.summary.contains(name); });
  } else if (shape.summary == "text") {
    keep(resource, [&](std::string_view n) { return n == "text" || of.mandatory.contains(n); });
  } else if (shape.summary == "data") {
    resource.erase("text");
  } else {
    return;
  }
  tag_subsetted(resource);
}

}  // namespace medarc::web
