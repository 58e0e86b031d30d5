#include "web/fhir/search.h"

#include <algorithm>

#include "web/text.h"
#include "web/url.h"

namespace medarc::web {
namespace {

using records::Json;

constexpr std::string_view kCursor = "_cursor";

std::string link_to(const Request& request, std::string_view type, const Parameters& parameters) {
  std::string out = fhir_base(request) + "/" + std::string(type);
  char separator = '?';
  for (const auto& [key, value] : parameters) {
    out += separator + percent_encode(key) + "=" + percent_encode(value);
    separator = '&';
  }
  return out;
}

Json link(std::string_view relation, std::string url) {
  return Json::object({{"relation", Json::string(relation)}, {"url", Json::string(url)}});
}

Json warning_entry(const std::vector<std::string>& ignored) {
  Json issues = Json::array();
  for (const std::string& text : ignored) {
    issues.add(Json::object({{"severity", Json::string("warning")},
                             {"code", Json::string("not-supported")},
                             {"diagnostics", Json::string(text)}}));
  }
  return Json::object(
      {{"resource", Json::object({{"resourceType", Json::string("OperationOutcome")},
                                  {"issue", std::move(issues)}})},
       {"search", Json::object({{"mode", Json::string("outcome")}})}});
}

}  // namespace

Result<Parameters> parse_form(ByteView text) {
  Parameters out;
  if (text.empty()) return out;
  for (;;) {
    const size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    const size_t equals = pair.find('=');
    if (!pair.empty()) {
      MEDARC_ASSIGN(std::string key, percent_decode(pair.substr(0, equals), true));
      std::string value;
      if (equals != std::string_view::npos) {
        MEDARC_ASSIGN(value, percent_decode(pair.substr(equals + 1), true));
      }
      out.emplace_back(std::move(key), std::move(value));
    }
    if (out.size() > kQueryParametersMax) {
      return make_error(Code::too_large, "too many search parameters");
    }
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

Result<SearchInput> read_search(
    const Parameters& parameters, bool lenient, uint32_t page_max,
    const std::function<Status(std::string_view, std::string_view)>& add) {
  SearchInput out;
  for (const auto& [key, value] : parameters) {
    if (key == "_format" || key == "_pretty") continue;
    if (key == "_summary" || key == "_elements") {
      out.used.emplace_back(key, value);
    } else if (key == "_count") {
      const auto count = parse_decimal(value);
      if (!count) return make_error(Code::invalid_argument, "_count: a whole number");
      out.count = static_cast<uint32_t>(std::min<uint64_t>(*count, page_max));
    } else if (key == "_total") {
      if (value != "none" && value != "estimate" && value != "accurate") {
        return make_error(Code::invalid_argument, "_total: none, estimate or accurate");
      }
    } else if (key == kCursor) {
      const auto after = from_hex(value);
      if (!after) return make_error(Code::invalid_argument, "_cursor: take it from a next link");
      out.after = *after;
    } else {
      const Status added = add(key, value);
      if (added.has_error() && added.error().code == Code::unsupported && lenient) {
        out.ignored.push_back(added.error().text);
        continue;
      }
      if (added.has_error()) {
        // What is not understood never widens an answer silently.
        const bool unknown = added.error().code == Code::unsupported;
        return make_error(unknown ? Code::invalid_argument : added.error().code,
                          added.error().text);
      }
      out.used.emplace_back(key, value);
      out.keys += (out.keys.empty() ? "" : ",") + key;
    }
  }
  if (out.count) out.used.emplace_back("_count", std::to_string(*out.count));
  return out;
}

Response search_bundle(const Request& request, std::string_view type, const SearchInput& input,
                       uint64_t total, std::vector<BundleEntry> entries, const Bytes& next,
                       const FhirShape& shape) {
  Json bundle = Json::object({{"resourceType", Json::string("Bundle")},
                              {"type", Json::string("searchset")},
                              {"total", Json::number(total)}});
  Parameters self = input.used;
  if (!input.after.empty()) self.emplace_back(kCursor, to_hex(input.after));
  Json links = Json::array({link("self", link_to(request, type, self))});
  if (!input.after.empty()) links.add(link("first", link_to(request, type, input.used)));
  if (!next.empty()) {
    Parameters more = input.used;
    more.emplace_back(kCursor, to_hex(next));
    links.add(link("next", link_to(request, type, more)));
  }
  bundle.set("link", std::move(links));
  Json list = Json::array();
  for (BundleEntry& entry : entries) {
    apply_shape(entry.resource, shape);
    list.add(Json::object({{"fullUrl", Json::string(entry.full_url)},
                           {"resource", std::move(entry.resource)},
                           {"search", Json::object({{"mode", Json::string("match")}})}}));
  }
  if (!input.ignored.empty()) list.add(warning_entry(input.ignored));
  if (!list.items().empty()) bundle.set("entry", std::move(list));
  return fhir_answer(200, bundle, shape);
}

}  // namespace medarc::web
