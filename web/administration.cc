#include "web/administration.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "dicom/administration/entry_json.h"
#include "dicom/administration/table_json.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

namespace json = boost::json;
using dicom::Administered;
using dicom::AdministeredEntry;

constexpr uint64_t kBodyBytesMax = 64u << 10;  // a table has at most as much in the index

Response shown(int status, const AdministeredEntry& entry) {
  Response out =
      make_response(status, "application/json", json::serialize(dicom::entry_json(entry)));
  if (!entry.configured) out.headers.set("ETag", '"' + std::to_string(entry.version) + '"');
  return out;
}

// If-Match and If-None-Match as what the writer expects to be there.
Result<dicom::Expected> expected_by(const Request& request) {
  dicom::Expected out;
  for (std::string_view tag : split_list(request.headers.find("If-Match"), ',')) {
    if (tag == "*") {
      out.any = true;
      continue;
    }
    std::optional<uint64_t> version;
    if (tag.size() > 2 && tag.front() == '"' && tag.back() == '"') {
      tag = tag.substr(1, tag.size() - 2);
      if (tag.ends_with("-gzip")) tag.remove_suffix(5);
      version = parse_decimal(tag);
    }
    // Another tag is well-formed, and matches nothing.
    out.versions.push_back(version.value_or(0));
  }
  const std::string_view none = trim(request.headers.find("If-None-Match"));
  if (none.empty()) return out;
  if (none != "*" || out.said()) {
    return make_error(Code::invalid_argument,
                      "If-None-Match is * here, and not together with If-Match");
  }
  out.absent = true;
  return out;
}

Response answer(Result<Response> result) {
  if (result.has_error()) return problem(result.error());
  return std::move(*result);
}

Result<Response> list(Administered& all, const std::string& name, const Request& request) {
  MEDARC_ASSIGN(const auto entries, all.list(request.principal));
  json::array found;
  for (const AdministeredEntry& entry : entries) found.emplace_back(dicom::entry_json(entry));
  const json::object out{{name, std::move(found)}};
  return make_response(200, "application/json", json::serialize(out));
}

Result<Response> get(Administered& all, const Request& request) {
  MEDARC_ASSIGN(const AdministeredEntry entry, all.get(request.principal, request.captures[0]));
  return shown(200, entry);
}

Result<Response> written(Administered& all, const Request& request, ByteView body) {
  MEDARC_ASSIGN(const dicom::Expected expected, expected_by(request));
  MEDARC_ASSIGN(Config::Table table, dicom::read_table_json(body, all.options().value_bytes_max));
  const auto done = all.put(request.principal, request.captures[0], std::move(table), expected);
  if (done.has_error()) {
    const bool unsaid = done.error().code == Code::precondition_failed && !expected.said();
    return unsaid ? problem(428, done.error()) : problem(done.error());
  }
  return shown(done->created ? 201 : 200, done->entry);
}

Result<Response> removed(Administered& all, const Request& request) {
  MEDARC_ASSIGN(const dicom::Expected expected, expected_by(request));
  MEDARC_TRY(all.remove(request.principal, request.captures[0], expected));
  return make_response(204, "", {});
}

Result<Response> echoed(dicom::AdministeredPeers& peers, const Request& request) {
  MEDARC_ASSIGN(const dicom::EchoAnswer came, peers.echo(request.principal, request.captures[0]));
  return make_response(200, "application/json",
                       json::serialize(dicom::echo_json(request.captures[0], came)));
}

// The routes that both kinds have.
void add(std::vector<Route>& out, Administered& all, const std::string& name,
         const std::string& key, const std::string& what) {
  const std::string path = "/admin/" + name, one = path + "/{" + key + "}";
  out.push_back({"GET", path, "All " + what + "s, of the configuration and of administrators.",
                 [&all, name](const Request& r) -> Answer { return answer(list(all, name, r)); }});
  out.push_back({"GET", one, "One " + what + ".",
                 [&all](const Request& r) -> Answer { return answer(get(all, r)); }});
  Route put{"PUT", one, "Makes a " + what + ", or replaces it (If-Match).",
            [&all](const Request& r) -> Answer {
              return collect_body(kBodyBytesMax,
                                  [&all, r](Bytes body) { return answer(written(all, r, body)); });
            }};
  put.body_bytes_max = kBodyBytesMax;
  out.push_back(std::move(put));
  out.push_back({"DELETE", one, "Takes a " + what + " away.",
                 [&all](const Request& r) -> Answer { return answer(removed(all, r)); }});
}

}  // namespace

std::vector<Route> administration_routes(dicom::Administration& administration) {
  std::vector<Route> out;
  add(out, administration.peers(), "peers", "aet", "DICOM peer");
  add(out, administration.rules(), "routes", "name", "routing rule");
  out.push_back({"POST", "/admin/peers/{aet}/echo", "Sends a C-ECHO to a peer.",
                 [&peers = administration.peers()](const Request& r) -> Answer {
                   return answer(echoed(peers, r));
                 }});
  return out;
}

}  // namespace medarc::web
