#include "web/genomics/consent_json.h"

#include <boost/json.hpp>

#include "web/text.h"

namespace medarc::web {
namespace {

namespace json = boost::json;

constexpr size_t kDepthMax = 8;

Error wrong(const char* what) {
  return make_error(Code::invalid_argument, std::string("consent: ") + what);
}

// The region as it can be asked for; names with a colon have braces.
std::string region_text(const index::ConsentRegion& r) {
  const bool braces = r.reference.find(':') != std::string::npos;
  std::string out =
      (braces ? "{" + r.reference + "}" : r.reference) + ":" + std::to_string(r.begin + 1) + "-";
  if (r.end < genomics::kToTheEnd) out += std::to_string(r.end);
  return out;
}

Result<index::DuoTerm> term_of(const json::value& value) {
  if (value.is_string()) return genomics::parse_duo_term(value.get_string());
  if (!value.is_object()) return wrong("terms are texts, or objects with an id");
  const json::value* id = value.get_object().if_contains("id");
  const json::value* qualifier = value.get_object().if_contains("qualifier");
  if (id == nullptr || !id->is_string() || (qualifier != nullptr && !qualifier->is_string())) {
    return wrong("a term has an id, and a qualifier where it is limited to something");
  }
  std::string text(id->get_string());
  if (qualifier != nullptr) text += "=" + std::string(qualifier->get_string());
  return genomics::parse_duo_term(text);
}

Result<std::vector<index::DuoTerm>> terms_of(const json::object& object, uint32_t terms_max) {
  std::vector<index::DuoTerm> out;
  const json::value* terms = object.if_contains("terms");
  if (terms == nullptr) return out;
  if (!terms->is_array()) return wrong("terms: an array");
  if (terms->get_array().size() > terms_max) {
    return make_error(Code::too_large, "more data use terms than genomics.consent_terms_max");
  }
  for (const json::value& one : terms->get_array()) {
    MEDARC_ASSIGN(out.emplace_back(), term_of(one));
  }
  return out;
}

}  // namespace

std::string terms_json(const std::vector<index::DuoTerm>& terms) {
  std::string out = "\"terms\":[";
  for (const index::DuoTerm& term : terms) {
    if (&term != &terms.front()) out += ',';
    out += "{\"id\":" + json_string(term.id);
    if (const genomics::DuoCode* code = genomics::find_duo(term.id)) {
      out +=
          ",\"abbreviation\":" + json_string(code->abbreviation) +
          ",\"label\":" + json_string(code->label) + ",\"kind\":" +
          (code->kind == genomics::DuoCode::Kind::permission ? "\"permission\"" : "\"modifier\"");
    }
    if (!term.qualifier.empty()) out += ",\"qualifier\":" + json_string(term.qualifier);
    out += '}';
  }
  return out + "]";
}

std::string consent_json(const index::FileRow& row) {
  const index::Consent& consent = row.consent;
  std::string out =
      "{\"file\":" + json_string(row.id.value) + ",\"version\":" + std::to_string(consent.version);
  if (consent.version > 0) out += ",\"changed\":" + json_string(to_rfc3339(consent.changed));
  out += "," + terms_json(consent.terms) + ",\"regions\":[";
  for (const index::ConsentRegion& region : consent.regions) {
    if (&region != &consent.regions.front()) out += ',';
    out += "{\"region\":" + json_string(region_text(region)) + "," + terms_json(region.terms) + "}";
  }
  return out + "]}";
}

Result<genomics::Consent> read_consent_json(ByteView body, const genomics::FileHeader* header,
                                            const genomics::ConsentRules& rules) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code failed;
  const json::value root = json::parse(body, failed, {}, options);
  if (failed || !root.is_object()) return wrong("the body is a JSON object");
  const json::object& object = root.get_object();
  genomics::Consent out;
  MEDARC_ASSIGN(out.terms, terms_of(object, rules.terms_max));
  const json::value* regions = object.if_contains("regions");
  if (regions == nullptr) return out;
  if (!regions->is_array()) return wrong("regions: an array");
  if (regions->get_array().size() > rules.regions_max) {
    return make_error(Code::too_large, "more regions than genomics.consent_regions_max");
  }
  for (const json::value& one : regions->get_array()) {
    if (!one.is_object()) return wrong("regions: an array of objects");
    if (header == nullptr) return wrong("records of this file have no places");
    const json::value* text = one.get_object().if_contains("region");
    if (text == nullptr || !text->is_string()) return wrong("a region is a text: chr1:101-200");
    auto place = genomics::parse_samtools_region(text->get_string(), *header);
    // A name that the file does not have is a slip of the writer, not a thing that is not here.
    if (place.has_error()) return make_error(Code::invalid_argument, place.error().text);
    if (place->tid < 0) return wrong("reads without a place cannot be withheld");
    index::ConsentRegion& region = out.regions.emplace_back();
    region.reference = header->references[static_cast<size_t>(place->tid)].name;
    region.begin = place->begin;
    region.end = place->end;
    MEDARC_ASSIGN(region.terms, terms_of(one.get_object(), rules.terms_max));
  }
  return out;
}

}  // namespace medarc::web
