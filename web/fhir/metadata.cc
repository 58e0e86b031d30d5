// GET /fhir/metadata: what this door can do, from the table of its routes and parameters.
#include <map>

#include "archive/hash.h"
#include "web/conditional.h"
#include "web/fhir/doors.h"

namespace medarc::web {
namespace {

using records::Json;

std::span<const records::SearchParameter> parameters_of(std::string_view type) {
  if (type == "Patient") return records::patient_parameters();
  if (type == "ImagingStudy") return records::study_parameters();
  if (type == "DocumentReference") return records::file_parameters();
  return {};
}

Json resource_entry(const std::string& type, const std::vector<std::string>& interactions) {
  Json out = Json::object({{"type", Json::string(type)}});
  Json codes = Json::array(), operations = Json::array();
  bool writes = false, searches = false;
  for (const std::string& one : interactions) {
    if (one.starts_with('$')) {
      operations.add(
          Json::object({{"name", Json::string(one.substr(1))},
                        {"definition", Json::string("http://hl7.org/fhir/OperationDefinition/" +
                                                    type + "-" + one.substr(1))}}));
      continue;
    }
    codes.add(Json::object({{"code", Json::string(one)}}));
    writes |= one == "create" || one == "update";
    searches |= one == "search-type";
  }
  out.set("interaction", std::move(codes));
  out.set("versioning", Json::string(writes ? "versioned-update" : "versioned"));
  out.set("readHistory", Json::boolean(false));
  if (writes) {
    out.set("updateCreate", Json::boolean(true));
    out.set("conditionalCreate", Json::boolean(true));
  }
  out.set("conditionalRead", Json::string("full-support"));
  Json list = Json::array();
  for (const records::SearchParameter& p : parameters_of(type)) {
    list.add(Json::object({{"name", Json::string(p.name)},
                           {"type", Json::string(p.type)},
                           {"documentation", Json::string(p.meaning)}}));
  }
  if (searches) out.set("searchParam", std::move(list));
  if (!operations.items().empty()) out.set("operation", std::move(operations));
  return out;
}

}  // namespace

Route metadata_route(const FhirContextPtr& context, const std::vector<FhirRoute>& table) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<std::string>> by_type;
  for (const FhirRoute& one : table) {
    if (one.interaction.empty()) continue;
    if (!by_type.contains(one.type)) order.push_back(one.type);
    by_type[one.type].push_back(one.interaction);
  }
  Json resources = Json::array();
  for (const std::string& type : order) resources.add(resource_entry(type, by_type[type]));
  Json statement = Json::object(
      {{"resourceType", Json::string("CapabilityStatement")},
       {"status", Json::string("active")},
       {"date", Json::string(records::instant_text(context->started))},
       {"kind", Json::string("instance")},
       {"software", Json::object({{"name", Json::string("Medarc")}})},
       {"implementation", Json::object({{"description", Json::string("Medarc, FHIR R4")}})},
       {"fhirVersion", Json::string("4.0.1")},
       {"format", Json::array({Json::string("application/fhir+json"), Json::string("json")})},
       {"rest", Json::array({Json::object(
                    {{"mode", Json::string("server")}, {"resource", std::move(resources)}})})}});
  Route route;
  route.method = "GET";
  route.path = "/fhir/metadata";
  route.summary = "FHIR CapabilityStatement";
  route.open = true;  // clients read it to learn how to come in; it says nothing about patients
  route.answer =
      fhir_route([statement](const Request& request, const FhirShape& shape) -> Result<Response> {
        Json own = statement;
        Json implementation = *own.find("implementation");
        own.set("implementation", implementation.set("url", Json::string(fhir_base(request))));
        apply_shape(own, shape);
        Response response = fhir_answer(200, own, shape);
        const std::string tag =
            archive::Sha256::of(std::get<Bytes>(response.body)).hex().substr(0, 16);
        if (etag_listed(request.headers.find("If-None-Match"), tag, true)) {
          response = make_response(304, "", {});
        }
        response.headers.set("ETag", "W/\"" + tag + "\"");
        return response;
      });
  return route;
}

}  // namespace medarc::web
