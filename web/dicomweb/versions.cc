#include "web/dicomweb/versions.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "dicom/dictionary.h"
#include "web/dicomweb/doors.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

constexpr uint32_t kLimit = 100, kLimitMax = 1000;

std::string_view name_of(dicom::VersionCause cause) {
  switch (cause) {
    case dicom::VersionCause::first: return "first";
    case dicom::VersionCause::transfer_syntax: return "transfer_syntax";
    case dicom::VersionCause::dataset: return "dataset";
    case dicom::VersionCause::envelope: return "envelope";
  }
  return "";
}

boost::json::object json_of(const dicom::InstanceRow& row, const std::string& base_url) {
  return {{"version", row.version},
          {"received", to_rfc3339(row.received)},
          {"sop_class", row.sop_class.value},
          {"transfer_syntax", row.transfer_syntax.value},
          {"digest", "sha256-" + row.dataset.hex()},
          {"bytes", row.dataset_bytes},
          {"url", instance_url(base_url, row.study, row.series, row.uid) +
                      "?version=" + std::to_string(row.version)}};
}

// A number from 1 on; `fallback` when it is not there, none: it must be.
Result<uint32_t> number_in(const Request& request, std::string_view name,
                           std::optional<uint32_t> fallback, uint32_t max) {
  const std::string_view text = request.query_value(name);
  if (text.empty() && fallback) return *fallback;
  const auto number = parse_decimal(text);
  if (!number || *number == 0 || *number > max) {
    return make_error(Code::invalid_argument,
                      std::string(name) + " is a number from 1 to " + std::to_string(max));
  }
  return static_cast<uint32_t>(*number);
}

Result<Response> versions(dicom::History& history, const Request& request) {
  MEDARC_ASSIGN(const uint32_t limit, number_in(request, "limit", kLimit, kLimitMax));
  MEDARC_ASSIGN(const uint32_t below, number_in(request, "below", 0u, UINT32_MAX));
  MEDARC_ASSIGN(const dicom::VersionPage page,
                history.versions(at_door(request), dicom::StudyUid(request.captures[0]),
                                 dicom::SeriesUid(request.captures[1]),
                                 dicom::SopInstanceUid(request.captures[2]), below, limit));
  boost::json::array list;
  for (const dicom::StoredVersion& one : page.versions) {
    boost::json::object version = json_of(one.row, request.base_url);
    version["cause"] = name_of(one.cause);
    if (!one.stored_by.empty()) {
      version["stored_by"] = one.stored_by;
      version["door"] = one.door;
    }
    list.emplace_back(std::move(version));
  }
  const bool gone = list.empty() && below == 0;
  boost::json::object out{{"versions", std::move(list)}};
  if (page.next != 0) out["next"] = page.next;
  if (page.removed) {
    out["removed"] = boost::json::object{{"at", to_rfc3339(page.removed->removed)},
                                         {"reason", page.removed->reason},
                                         {"instances", page.removed->instances}};
  }
  return make_response(gone ? 410 : 200, "application/json", boost::json::serialize(out));
}

// The element as JSON; what it holds is JSON already.
void append_state(const char* name, const std::optional<dicom::ElementState>& state,
                  std::string& out) {
  out += std::string(",\"") + name + "\":" + (state ? state->json : "null");
}

std::string keyword_of_path(const std::string& path) {
  const auto tag = dicom::parse_tag(path.substr(path.rfind('/') + 1));
  return tag ? dicom::keyword_of(*tag) : std::string();
}

Result<Response> differences(dicom::History& history, const Request& request) {
  MEDARC_ASSIGN(const uint32_t before, number_in(request, "before", {}, UINT32_MAX));
  MEDARC_ASSIGN(const uint32_t after, number_in(request, "after", {}, UINT32_MAX));
  MEDARC_ASSIGN(const dicom::Difference found,
                history.difference(at_door(request), dicom::StudyUid(request.captures[0]),
                                   dicom::SeriesUid(request.captures[1]),
                                   dicom::SopInstanceUid(request.captures[2]), before, after));
  std::string out =
      "{\"before\":" + boost::json::serialize(json_of(found.before, request.base_url)) +
      ",\"after\":" + boost::json::serialize(json_of(found.after, request.base_url)) +
      ",\"count\":" + std::to_string(found.elements_count) + ",\"differences\":[";
  for (size_t i = 0; i < found.elements.size(); ++i) {
    const dicom::ElementDifference& one = found.elements[i];
    out += i == 0 ? "{\"path\":" : ",{\"path\":";
    append_json_string(out, one.path);
    if (const std::string keyword = keyword_of_path(one.path); !keyword.empty()) {
      out += ",\"keyword\":";
      append_json_string(out, keyword);
    }
    out += ",\"vr\":";
    append_json_string(out, one.after ? one.after->vr : one.before->vr);
    append_state("before", one.before, out);
    append_state("after", one.after, out);
    out += '}';
  }
  out += "]}";
  return make_response(200, "application/json", std::move(out));
}

Answer answer(Result<Response> result) {
  if (result.has_error()) return problem(result.error());
  return std::move(*result);
}

}  // namespace

std::vector<Route> version_routes(dicom::History& history) {
  const std::string instance =
      std::string(kRoot) + "/studies/{study}/series/{series}/instances/{instance}";
  std::vector<Route> out;
  out.push_back({"GET", instance + "/versions", "Versions of an instance, newest first.",
                 [&history](const Request& r) { return answer(versions(history, r)); }});
  out.push_back({"GET", instance + "/differences", "What differs between two of its versions.",
                 [&history](const Request& r) { return answer(differences(history, r)); }});
  return out;
}

}  // namespace medarc::web
