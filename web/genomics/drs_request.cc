#include "web/genomics/drs_request.h"

#include <boost/json.hpp>
#include <map>

#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

namespace json = boost::json;

constexpr uint32_t kJsonDepthMax = 8;

Error wrong(const char* what) { return make_error(Code::invalid_argument, what); }

Error over_limit() {
  return make_error(Code::too_large, "more than genomics.drs_bulk_max objects in one request");
}

Result<std::vector<std::string>> texts_of(const json::value& value, const char* what) {
  if (!value.is_array()) return wrong(what);
  std::vector<std::string> out;
  for (const json::value& one : value.get_array()) {
    if (!one.is_string()) return wrong(what);
    out.emplace_back(one.get_string());
  }
  return out;
}

Status read_accesses(const json::value& value, uint32_t bulk_max, DrsBody& out) {
  constexpr const char* kWhat =
      "bulk_object_access_ids: an array of objects with bulk_object_id and bulk_access_ids";
  if (!value.is_array()) return wrong(kWhat);
  for (const json::value& one : value.get_array()) {
    const json::object* pair = one.if_object();
    const json::value* id = pair == nullptr ? nullptr : pair->if_contains("bulk_object_id");
    const json::value* access = pair == nullptr ? nullptr : pair->if_contains("bulk_access_ids");
    if (id == nullptr || !id->is_string() || access == nullptr) return wrong(kWhat);
    MEDARC_ASSIGN(const auto texts, texts_of(*access, kWhat));
    for (const std::string& text : texts) {
      if (out.accesses.size() == bulk_max) return over_limit();
      out.accesses.emplace_back(std::string(id->get_string()), text);
    }
  }
  return {};
}

// Answers of one request, and the ids of what has none by status.
class Bulk {
 public:
  void add(const std::string& json_text) {
    resolved_ += (resolved_.empty() ? "" : ",") + json_text;
    ++resolved_count_;
  }
  void add(const std::string& id, const Error& error) {
    // What is not ready yet is no failure in DRS (202).
    unresolved_[error.code == Code::unavailable ? 202 : status_of(error.code)].push_back(id);
    ++unresolved_count_;
  }
  Response take(const char* name) const {
    std::string missing;
    for (const auto& [status, ids] : unresolved_) {
      std::string list;
      for (const std::string& id : ids) list += (list.empty() ? "" : ",") + json_string(id);
      missing += missing.empty() ? "" : ",";
      missing += "{\"error_code\":" + std::to_string(status) + ",\"object_ids\":[" + list + "]}";
    }
    return make_response(
        200, "application/json",
        "{\"summary\":{\"requested\":" + std::to_string(resolved_count_ + unresolved_count_) +
            ",\"resolved\":" + std::to_string(resolved_count_) +
            ",\"unresolved\":" + std::to_string(unresolved_count_) +
            "},\"unresolved_drs_objects\":[" + missing + "],\"" + name + "\":[" + resolved_ + "]}");
  }

 private:
  std::string resolved_;
  std::map<int, std::vector<std::string>> unresolved_;
  size_t resolved_count_ = 0, unresolved_count_ = 0;
};

Result<DrsId> id_of(std::string_view text) {
  auto id = parse_drs_id(text);
  if (!id) return make_error(Code::not_found, "there is no DRS object of this id");
  return std::move(*id);
}

}  // namespace

Result<DrsId> drs_id_asked(const Request& request) { return id_of(request.captures.at(0)); }

Result<DrsBody> parse_drs_body(ByteView body, uint32_t bulk_max) {
  DrsBody out;
  if (trim(body).empty()) return out;
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::system::error_code failed;
  const json::value root = json::parse(body, failed, {}, options);
  if (failed || !root.is_object()) return wrong("the body is not a JSON object");
  for (const auto& [key, value] : root.get_object()) {
    if (key == "expand") {
      if (!value.is_bool()) return wrong("expand: true or false");
      out.expand = value.get_bool();
    } else if (key == "passports") {
      MEDARC_TRY(texts_of(value, "passports: an array of strings"));
    } else if (key == "bulk_object_ids") {
      MEDARC_ASSIGN(out.ids, texts_of(value, "bulk_object_ids: an array of strings"));
      if (out.ids.size() > bulk_max) return over_limit();
    } else if (key == "bulk_object_access_ids") {
      MEDARC_TRY(read_accesses(value, bulk_max, out));
    }
  }
  return out;
}

Response drs_error(const Error& error) {
  Response response = problem(error);
  const bool hidden =
      error.code == Code::io || error.code == Code::internal || error.code == Code::corrupt;
  response.headers.set("Content-Type", "application/json");
  response.body = "{\"msg\":" +
                  json_string(hidden ? std::string_view("the server could not answer")
                                     : std::string_view(error.text)) +
                  ",\"status_code\":" + std::to_string(response.status) + "}";
  return response;
}

std::optional<Response> drs_stranger(const Request& request) {
  if (!request.principal.id.empty()) return std::nullopt;
  return drs_error(make_error(Code::unauthenticated,
                              "no credentials that are known here: send a bearer token; "
                              "Passports are not read"));
}

std::string drs_authorizations(const Request& request, const std::string& id) {
  // Whoever is known without having said anything needs nothing more.
  const bool none = !request.principal.id.empty() && request.headers.find("Authorization").empty();
  return "{\"drs_object_id\":" + json_string(id) + ",\"supported_types\":[\"" +
         (none ? "None" : "BearerAuth") + "\"]}";
}

Result<Response> drs_bulk_objects(const GenomicsContext& c, const Request& request,
                                  const DrsBody& body, bool expand) {
  if (body.ids.empty()) return wrong("bulk_object_ids: the ids of some objects");
  const DrsObjects objects(c, request);
  Bulk out;
  for (const std::string& text : body.ids) {
    const auto id = id_of(text);
    const auto made =
        id.has_error() ? Result<std::string>(id.error()) : objects.object(*id, expand);
    made.has_error() ? out.add(text, made.error()) : out.add(*made);
  }
  return out.take("resolved_drs_object");
}

Result<Response> drs_bulk_access(const GenomicsContext& c, const Request& request,
                                 const DrsBody& body) {
  if (body.accesses.empty()) return wrong("bulk_object_access_ids: some objects and access ids");
  const DrsObjects objects(c, request);
  Bulk out;
  for (const auto& [text, access] : body.accesses) {
    const auto id = id_of(text);
    const auto url =
        id.has_error() ? Result<std::string>(id.error()) : objects.access_url(*id, access);
    if (url.has_error()) {
      out.add(text, url.error());
    } else {
      out.add("{\"drs_object_id\":" + json_string(text) +
              ",\"drs_access_id\":" + json_string(access) + ",\"url\":" + json_string(*url) + "}");
    }
  }
  Response response = out.take("resolved_drs_object_access_urls");
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<Response> drs_bulk_authorizations(const GenomicsContext& c, const Request& request,
                                         const DrsBody& body) {
  if (body.ids.empty()) return wrong("bulk_object_ids: the ids of some objects");
  const DrsObjects objects(c, request);
  Bulk out;
  for (const std::string& text : body.ids) {
    const std::string answer = drs_authorizations(request, text);
    if (request.principal.id.empty()) {  // nothing is said of what is there
      out.add(answer);
      continue;
    }
    const auto id = id_of(text);
    const auto made = id.has_error() ? Result<std::string>(id.error()) : objects.object(*id, false);
    made.has_error() ? out.add(text, made.error()) : out.add(answer);
  }
  return out.take("resolved_drs_object");
}

}  // namespace medarc::web
