#include "web/genomics/beacon_answers.h"

#include <boost/json.hpp>

#include "web/http_error.h"

namespace medarc::web {
namespace {

namespace json = boost::json;

constexpr std::string_view kModel =
    "https://raw.githubusercontent.com/ga4gh-beacon/beacon-v2/v2.0.0/models/json/"
    "beacon-v2-default-model/";
constexpr std::string_view kFramework =
    "https://raw.githubusercontent.com/ga4gh-beacon/beacon-v2/v2.0.0/framework/json/";

struct EntryType {
  std::string_view id, name, folder, endpoint, term, label;
};
constexpr EntryType kEntryTypes[] = {
    {"genomicVariant", "Genomic variants", "genomicVariations", "g_variants", "ENSGLOSSARY:0000092",
     "Variant"},
    {"individual", "Individuals", "individuals", "individuals", "NCIT:C25190", "Person"},
    {"dataset", "Datasets", "datasets", "datasets", "NCIT:C47824", "Data set"},
};

std::string schema_of(std::string_view entity) {
  for (const EntryType& type : kEntryTypes) {
    if (type.id == entity) {
      return std::string(kModel) + std::string(type.folder) + "/defaultSchema.json";
    }
  }
  return std::string(kFramework) + "responses/" + std::string(entity) + ".json";
}

json::array schemas_of(std::string_view entity) {
  return {json::object{{"entityType", entity}, {"schema", schema_of(entity)}}};
}

json::object number(uint64_t value) { return {{"type", "Number"}, {"value", value}}; }

json::object zygosity_of(genomics::Carrier::Zygosity how) {
  using Zygosity = genomics::Carrier::Zygosity;
  switch (how) {
    case Zygosity::heterozygous: return {{"id", "GENO:0000135"}, {"label", "heterozygous"}};
    case Zygosity::homozygous: return {{"id", "GENO:0000136"}, {"label", "homozygous"}};
    case Zygosity::hemizygous: return {{"id", "GENO:0000134"}, {"label", "hemizygous"}};
  }
  return {};
}

json::object organization_of(const BeaconOptions& options, const std::string& root) {
  return {{"id", options.id}, {"name", options.organization}, {"welcomeUrl", root}};
}

}  // namespace

json::object beacon_meta(const BeaconOptions& options, const BeaconRequest& request,
                         BeaconGranularity returned, std::string_view entity) {
  return {
      {"beaconId", options.id},
      {"apiVersion", kBeaconVersion},
      {"returnedGranularity", to_string(returned)},
      {"returnedSchemas", schemas_of(entity)},
      {"testMode", request.test_mode},
      {"receivedRequestSummary",
       json::object{{"apiVersion", kBeaconVersion},
                    {"requestedSchemas", json::array()},
                    {"filters", json::array()},
                    {"requestParameters", request.parameters},
                    {"includeResultsetResponses", to_string(request.include)},
                    {"pagination", json::object{{"skip", request.skip}, {"limit", request.limit}}},
                    {"requestedGranularity", to_string(request.granularity)},
                    {"testMode", request.test_mode}}}};
}

json::object beacon_info_meta(const BeaconOptions& options, std::string_view entity) {
  return {{"beaconId", options.id},
          {"apiVersion", kBeaconVersion},
          {"returnedSchemas", schemas_of(entity)}};
}

json::object variant_json(const genomics::AlleleKey& key, const genomics::FoundAllele& allele) {
  const uint64_t begin = key.position > 0 ? key.position - 1 : 0;
  json::object out{
      {"variantInternalId", genomics::to_string(key)},
      {"variation",
       json::object{
           {"variantType", allele.type},
           {"referenceBases", key.ref},
           {"alternateBases", key.alt},
           {"location", json::object{{"type", "SequenceLocation"},
                                     {"sequence_id", key.contig},
                                     {"interval", json::object{{"type", "SequenceInterval"},
                                                               {"start", number(begin)},
                                                               {"end", number(allele.end)}}}}}}}};
  if (!allele.id.empty()) {
    out["identifiers"] = json::object{{"variantAlternativeIds", json::array{allele.id}}};
  }
  json::array cases;
  for (const genomics::Carrier& carrier : allele.carriers) {
    cases.push_back(json::object{{"individualId", carrier.sample},
                                 {"biosampleId", carrier.sample},
                                 {"zygosity", zygosity_of(carrier.zygosity)}});
  }
  if (!cases.empty()) out["caseLevelData"] = std::move(cases);
  return out;
}

Response beacon_json(const json::object& body) {
  Response out = make_response(200, "application/json", json::serialize(body));
  out.headers.set("Cache-Control", "no-store");
  return out;
}

Response beacon_error(const BeaconOptions& options, const Error& error) {
  // What is not offered was asked for wrongly, as Beacon has it.
  const int status = error.code == Code::unsupported ? 400 : status_of(error.code);
  const std::string text = status >= 500 ? "the server could not answer" : error.text;
  BeaconRequest nothing;
  json::object meta = beacon_meta(options, nothing, BeaconGranularity::boolean, "genomicVariant");
  meta["returnedSchemas"] = json::array();
  const json::object body{{"meta", std::move(meta)},
                          {"error", json::object{{"errorCode", status}, {"errorMessage", text}}}};
  Response out = make_response(status, "application/json", json::serialize(body));
  if (status == 401) out.headers.set("WWW-Authenticate", "Bearer realm=\"medarc\"");
  if (status == 503) out.headers.set("Retry-After", "2");
  return out;
}

json::object beacon_entry_types() {
  json::object all;
  for (const EntryType& type : kEntryTypes) {
    all[type.id] = json::object{
        {"id", type.id},
        {"name", type.name},
        {"ontologyTermForThisType", json::object{{"id", type.term}, {"label", type.label}}},
        {"partOfSpecification", "Beacon v2.0.0"},
        {"defaultSchema", json::object{{"id", "ga4gh-beacon-" + std::string(type.id) + "-v2.0.0"},
                                       {"name", "Default schema for " + std::string(type.name)},
                                       {"referenceToSchemaDefinition", schema_of(type.id)},
                                       {"schemaVersion", kBeaconVersion}}},
        {"additionallySupportedSchemas", json::array()}};
  }
  return {{"entryTypes", std::move(all)}};
}

json::object beacon_configuration(const BeaconOptions& options) {
  json::object out{
      {"$schema", std::string(kFramework) + "configuration/beaconConfigurationSchema.json"},
      {"maturityAttributes", json::object{{"productionStatus", "PROD"}}},
      {"securityAttributes",
       json::object{{"defaultGranularity", to_string(options.anonymous == BeaconGranularity::none
                                                         ? BeaconGranularity::boolean
                                                         : options.anonymous)},
                    {"securityLevels", options.anonymous == BeaconGranularity::none
                                           ? json::array{"REGISTERED", "CONTROLLED"}
                                           : json::array{"PUBLIC", "REGISTERED", "CONTROLLED"}}}}};
  out["entryTypes"] = beacon_entry_types()["entryTypes"];
  return out;
}

json::object beacon_map(const std::string& root) {
  json::object sets;
  for (const EntryType& type : kEntryTypes) {
    const std::string url = root + "/" + std::string(type.endpoint);
    json::object one{{"entryType", type.id}, {"rootUrl", url}};
    if (type.id == "genomicVariant") one["singleEntryUrl"] = url + "/{id}";
    if (type.id == "individual") {
      one["endpoints"] =
          json::object{{"genomicVariant", json::object{{"returnedEntryType", "genomicVariant"},
                                                       {"url", url + "/{id}/g_variants"}}}};
    }
    sets[type.id] = std::move(one);
  }
  return {{"$schema", std::string(kFramework) + "configuration/beaconMapSchema.json"},
          {"endpointSets", std::move(sets)}};
}

json::object beacon_info(const BeaconOptions& options, const std::string& root) {
  return {{"id", options.id},
          {"name", options.name},
          {"apiVersion", kBeaconVersion},
          {"environment", "prod"},
          {"organization", organization_of(options, root)},
          {"welcomeUrl", root}};
}

json::object beacon_service_info(const BeaconOptions& options, const std::string& root) {
  return {
      {"id", options.id},
      {"name", options.name},
      {"type",
       json::object{{"group", "org.ga4gh"}, {"artifact", "beacon"}, {"version", kBeaconVersion}}},
      {"organization", json::object{{"name", options.organization}, {"url", root}}},
      {"version", "1"}};
}

}  // namespace medarc::web
