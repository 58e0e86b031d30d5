#include "web/genomics/beacon_request.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "genomics/region.h"
#include "web/text.h"

namespace medarc::web {
namespace {

namespace json = boost::json;

constexpr uint32_t kJsonDepthMax = 16;
constexpr size_t kBasesMax = 10'000;
constexpr std::array<std::string_view, 4> kIncludes = {"HIT", "MISS", "ALL", "NONE"};
// Of the default model; the last three are known and not offered.
constexpr std::array<std::string_view, 13> kParameters = {"referenceName",
                                                          "start",
                                                          "end",
                                                          "referenceBases",
                                                          "alternateBases",
                                                          "variantType",
                                                          "assemblyId",
                                                          "datasets",
                                                          "variantMinLength",
                                                          "variantMaxLength",
                                                          "geneId",
                                                          "aminoacidChange",
                                                          "genomicAlleleShortForm"};
constexpr std::array<std::string_view, 3> kNotOffered = {"geneId", "aminoacidChange",
                                                         "genomicAlleleShortForm"};

Error wrong(std::string text) { return make_error(Code::invalid_argument, std::move(text)); }

Result<uint64_t> number_in(const json::value& value, std::string_view name) {
  if (value.is_int64() && value.get_int64() >= 0) return static_cast<uint64_t>(value.get_int64());
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_string()) {
    if (const auto number = parse_decimal(value.get_string())) return *number;
  }
  return wrong(std::string(name) + ": a number from 0 on");
}

Status read_granularity(std::string_view text, BeaconRequest& out) {
  const auto read = beacon_granularity_of(text);
  if (!read || *read == BeaconGranularity::none) {
    return wrong("requestedGranularity: boolean, count or record");
  }
  out.granularity = *read;
  return {};
}

Status read_include(std::string_view text, BeaconRequest& out) {
  const auto found = std::find(kIncludes.begin(), kIncludes.end(), text);
  if (found == kIncludes.end()) return wrong("includeResultsetResponses: HIT, MISS, ALL or NONE");
  out.include = static_cast<BeaconRequest::Include>(found - kIncludes.begin());
  return {};
}

Result<bool> flag_in(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return wrong("testMode: true or false");
}

// What both forms have in common, once the parameters are one object.
Status finish(BeaconRequest& out) {
  for (const auto& one : out.parameters) {
    const std::string name(one.key());
    if (std::find(kNotOffered.begin(), kNotOffered.end(), name) != kNotOffered.end()) {
      return make_error(Code::unsupported, name + " is not offered here");
    }
    if (std::find(kParameters.begin(), kParameters.end(), name) == kParameters.end()) {
      return wrong(name + ": there is no such parameter");
    }
  }
  if (const json::value* assembly = out.parameters.if_contains("assemblyId")) {
    if (!assembly->is_string()) return wrong("assemblyId: a text");
    out.assembly = assembly->get_string();
  }
  const json::value* sets = out.parameters.if_contains("datasets");
  if (sets == nullptr) return {};
  if (sets->is_object()) sets = sets->get_object().if_contains("datasetIds");
  if (sets == nullptr || !sets->is_array()) return wrong("datasets: an array of ids");
  for (const json::value& one : sets->get_array()) {
    if (!one.is_string()) return wrong("datasets: an array of ids");
    out.datasets.emplace_back(one.get_string());
  }
  return {};
}

// One or two positions.
Result<std::vector<uint32_t>> positions_of(const json::object& parameters, std::string_view name) {
  std::vector<uint32_t> out;
  const json::value* value = parameters.if_contains(name);
  if (value == nullptr) return out;
  const json::array one{*value};
  const json::array& all = value->is_array() ? value->get_array() : one;
  if (all.empty() || all.size() > 2) return wrong(std::string(name) + ": one or two positions");
  for (const json::value& each : all) {
    MEDARC_ASSIGN(const uint64_t number, number_in(each, name));
    if (number > genomics::kToTheEnd) return wrong(std::string(name) + ": over 2147483647");
    out.push_back(static_cast<uint32_t>(number));
  }
  return out;
}

Result<std::optional<std::string>> bases_of(const json::object& parameters, std::string_view name) {
  using Answer = std::optional<std::string>;
  const json::value* value = parameters.if_contains(name);
  if (value == nullptr) return Answer();
  if (!value->is_string() || value->get_string().size() > kBasesMax) {
    return wrong(std::string(name) + ": a text of at most 10000 bases");
  }
  std::string out(value->get_string());
  constexpr std::string_view kLetters = "ACGTUNRYSWKMBDHV-.acgtunryswkmbdhv";
  if (out.find_first_not_of(kLetters) != std::string::npos) {
    return wrong(std::string(name) + ": letters of bases");
  }
  if (out == "-" || out == ".") out.clear();
  return Answer(std::move(out));
}

}  // namespace

std::string_view to_string(BeaconRequest::Include include) {
  return kIncludes[static_cast<size_t>(include)];
}

Result<BeaconRequest> read_beacon_query(const Request& request) {
  BeaconRequest out;
  for (const auto& [name, value] : request.query) {
    if (name == "purpose" || name == "requestedSchema" || name == "apiVersion") continue;
    if (name == "requestedGranularity") {
      MEDARC_TRY(read_granularity(value, out));
    } else if (name == "includeResultsetResponses") {
      MEDARC_TRY(read_include(value, out));
    } else if (name == "skip" || name == "limit") {
      MEDARC_ASSIGN((name == "skip" ? out.skip : out.limit), number_in(json::value(value), name));
    } else if (name == "testMode") {
      MEDARC_ASSIGN(out.test_mode, flag_in(value));
    } else if (name == "filters") {
      return make_error(Code::unsupported, "filters are not offered here");
    } else if (name == "start" || name == "end" || name == "datasets") {
      json::array& list = out.parameters[name].is_array() ? out.parameters[name].get_array()
                                                          : out.parameters[name].emplace_array();
      for (const std::string_view one : split_list(value, ',')) list.emplace_back(one);
    } else {
      out.parameters[name] = value;
    }
  }
  MEDARC_TRY(finish(out));
  return out;
}

Result<BeaconRequest> read_beacon_body(ByteView body) {
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::system::error_code failed;
  const json::value root = json::parse(body, failed, {}, options);
  if (failed || !root.is_object()) return wrong("the body is a JSON object");
  BeaconRequest out;
  const json::value* query = root.get_object().if_contains("query");
  if (query == nullptr) return out;
  if (!query->is_object()) return wrong("query: an object");
  for (const auto& [key, value] : query->get_object()) {
    if (key == "requestedGranularity" || key == "includeResultsetResponses") {
      if (!value.is_string()) return wrong(std::string(key) + ": a text");
      MEDARC_TRY(key == "requestedGranularity" ? read_granularity(value.get_string(), out)
                                               : read_include(value.get_string(), out));
    } else if (key == "pagination") {
      if (!value.is_object()) return wrong("pagination: an object");
      for (const auto& [name, number] : value.get_object()) {
        if (name != "skip" && name != "limit") return wrong("pagination: skip and limit");
        MEDARC_ASSIGN((name == "skip" ? out.skip : out.limit), number_in(number, name));
      }
    } else if (key == "testMode") {
      if (!value.is_bool()) return wrong("testMode: true or false");
      out.test_mode = value.get_bool();
    } else if (key == "filters") {
      if (!value.is_array() || !value.get_array().empty()) {
        return make_error(Code::unsupported, "filters are not offered here");
      }
    } else if (key == "requestParameters") {
      if (!value.is_object()) return wrong("requestParameters: an object");
      out.parameters = value.get_object();
      // The model has them below the entry type as well.
      if (const json::value* inner = out.parameters.if_contains("g_variant")) {
        if (!inner->is_object()) return wrong("g_variant: an object");
        const json::object moved = inner->get_object();
        out.parameters.erase("g_variant");
        for (const auto& [name, one] : moved) out.parameters[name] = one;
      }
    }
  }
  MEDARC_TRY(finish(out));
  return out;
}

Result<genomics::AlleleQuery> allele_query_of(const BeaconRequest& request) {
  using Kind = genomics::AlleleQuery::Kind;
  const json::object& p = request.parameters;
  genomics::AlleleQuery out;
  const json::value* name = p.if_contains("referenceName");
  if (name == nullptr || !name->is_string() || name->get_string().empty()) {
    return wrong("a question names a referenceName");
  }
  out.reference = name->get_string();
  MEDARC_ASSIGN(const auto start, positions_of(p, "start"));
  MEDARC_ASSIGN(const auto end, positions_of(p, "end"));
  MEDARC_ASSIGN(out.ref, bases_of(p, "referenceBases"));
  MEDARC_ASSIGN(out.alt, bases_of(p, "alternateBases"));
  if (const json::value* type = p.if_contains("variantType")) {
    if (!type->is_string()) return wrong("variantType: a text");
    for (const char c : std::string_view(type->get_string())) {
      out.type += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    }
  }
  if (const json::value* least = p.if_contains("variantMinLength")) {
    MEDARC_ASSIGN(out.bases_min, number_in(*least, "variantMinLength"));
  }
  if (const json::value* most = p.if_contains("variantMaxLength")) {
    MEDARC_ASSIGN(out.bases_max, number_in(*most, "variantMaxLength"));
  }
  if (start.size() == 1 && end.empty()) {
    if (!out.alt) return wrong("start without an end goes with alternateBases");
    out.kind = Kind::exact;
    out.begin = start[0];
  } else if (start.size() == 1 && end.size() == 1) {
    out.kind = Kind::range;
    out.begin = start[0];
    out.end = end[0];
    if (out.begin >= out.end) return wrong("end is behind start");
  } else if (start.size() == 2 && end.size() == 2) {
    out.kind = Kind::bracket;
    out.begin = start[0];
    out.begin_max = start[1];
    out.end = end[0];
    out.end_max = end[1];
    if (out.begin >= out.begin_max || out.end >= out.end_max) {
      return wrong("brackets: the second number is the greater");
    }
  } else {
    return wrong("start and end: one of each, two of each, or a start with alternateBases");
  }
  return out;
}

}  // namespace medarc::web
