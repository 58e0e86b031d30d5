#include "web/operations.h"

#include <map>

#include "base/metrics.h"
#include "dicom/conformance.h"
#include "web/dicomweb/capabilities.h"
#include "web/home_page.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

// "/studies/{study}/x/{rest...}" has the parameters study and rest.
std::vector<std::string> parameters_of(std::string_view path) {
  std::vector<std::string> out;
  for (size_t open = path.find('{'); open != std::string_view::npos;
       open = path.find('{', open + 1)) {
    std::string name(path.substr(open + 1, path.find('}', open) - open - 1));
    if (name.ends_with("...")) name.resize(name.size() - 3);
    out.push_back(std::move(name));
  }
  return out;
}

// OpenAPI has no {rest...}.
std::string openapi_path(std::string path) {
  if (const size_t dots = path.find("...}"); dots != std::string::npos) path.erase(dots, 3);
  return path;
}

}  // namespace

std::string openapi_json(const std::vector<Route>& routes, const std::string& version) {
  std::map<std::string, std::string> paths;  // path -> operations
  for (const Route& route : routes) {
    std::string& operations = paths[openapi_path(route.path)];
    if (!operations.empty()) operations += ',';
    operations += json_string(to_lower_ascii(route.method)) + ":{\"summary\":";
    append_json_string(operations, route.summary);
    operations += ",\"parameters\":[";
    bool first = true;
    for (const std::string& name : parameters_of(route.path)) {
      operations += first ? "" : ",";
      first = false;
      operations += "{\"name\":" + json_string(name) +
                    R"(,"in":"path","required":true,"schema":{"type":"string"}})";
    }
    operations += "],\"security\":";
    operations += route.open ? "[]" : R"([{"token":[]},{}])";
    operations += R"(,"responses":{"default":{"description":"As the protocol says; errors are )"
                  R"(application/problem+json."}}})";
  }
  std::string out = R"({"openapi":"3.1.0","info":{"title":"Medarc","version":)";
  append_json_string(out, version);
  out +=
      R"(},"components":{"securitySchemes":{"token":{"type":"http","scheme":"bearer"}}},"paths":{)";
  bool first = true;
  for (const auto& [path, operations] : paths) {
    out += first ? "" : ",";
    first = false;
    append_json_string(out, path);
    out += ":{" + operations + "}";
  }
  return out + "}}";
}

// What the doors beside DICOM's speak, by the start of their paths.
struct Protocol {
  std::string_view path, text;
};
constexpr Protocol kProtocols[] = {
    {"/htsget/",
     "htsget 1.3.0. Reads as BAM and CRAM, variants as VCF and BCF; GET and POST; `class=header`; "
     "`fields` and `tags` of what is given as BAM. Slices hold exactly the records that overlap. "
     "An id "
     "may lack the ending of its format: `NA1` for `NA1.bam` and `NA1.cram`, `NA1.vcf.gz` and "
     "`NA1.bcf`."},
    {"/ga4gh/drs/",
     "DRS 1.5. Ids name bytes, and bundles sets of files. Access by `https` and `htsget`. "
     "Authorisation by bearer token; Passports are not read."},
    {"/beacon",
     "Beacon v2.0. Sequence, range and bracket queries over stored variants; by boolean, count or "
     "record after who asks. No filters, genes and protein changes."},
    {"/refget/", "refget 2.0 (and the paths of 1.0). MD5, ga4gh and TRUNC512 digests."},
    {"/uploads", "tus 1.0: uploads that go on after a broken connection."},
    {"/genomics/", "The server's own routes for genome files."},
};

std::string genomics_conformance(const std::vector<Route>& routes) {
  std::string out = "\n## Genomics\n\nGET includes HEAD.\n";
  for (const Protocol& protocol : kProtocols) {
    out += "\n" + std::string(protocol.text) + "\n\n| method | path | |\n|---|---|---|\n";
    for (const Route& route : routes) {
      if (!route.path.starts_with(protocol.path)) continue;
      out +=
          "| " + route.method + " | `" + openapi_path(route.path) + "` | " + route.summary + " |\n";
    }
  }
  return out;
}

std::string conformance_statement(const std::vector<Route>& routes) {
  std::string out =
      "# Conformance statement\n\nMade by the server from the tables it routes requests by: "
      "`GET /conformance` gives it as of the version that runs.\n\n" +
      dicom::dimse_conformance() +
      "\n## DICOMweb\n\nPS3.18. GET includes HEAD. OPTIONS on `/dicom-web` and on every path below "
      "it describes the resource and those below (8.9, annex H), as `application/vnd.sun.wadl+xml` "
      "or "
      "`application/json`.\n\n"
      "| method | path | |\n|---|---|---|\n";
  for (const Route& route : routes) {
    if (!route.path.starts_with("/dicom-web") && route.path != "/wado") continue;
    out +=
        "| " + route.method + " | `" + openapi_path(route.path) + "` | " + route.summary + " |\n";
  }
  return out + genomics_conformance(routes);
}

std::vector<Route> operations_routes(OperationsContext context, const std::vector<Route>& others) {
  std::vector<Route> out;
  const auto add = [&](std::string path, std::string summary, RouteFunction answer, bool open) {
    Route route{"GET", std::move(path), std::move(summary), std::move(answer)};
    route.open = open;
    out.push_back(std::move(route));
  };
  add(
      "/healthz", "Whether the process answers.",
      [](const Request&) -> Answer { return make_response(200, "text/plain", "ok\n"); }, true);
  add(
      "/readyz", "Whether the store takes writes.",
      [context](const Request&) -> Answer {
        if (context.imaging->index().blobs().writable()) {
          return make_response(200, "text/plain", "ready\n");
        }
        return problem(make_error(Code::unavailable, "the store takes no writes"));
      },
      true);
  add(
      "/metrics", "Counters and histograms (Prometheus text).",
      [](const Request&) -> Answer {
        return make_response(200, "text/plain; version=0.0.4; charset=utf-8", metrics_text());
      },
      false);
  add(
      "/", "What is stored, as a page.",
      [context](const Request& request) -> Answer {
        auto page = home_page(context, request);
        if (page.has_error()) return problem(page.error());
        return make_response(200, "text/html; charset=utf-8", std::move(*page));
      },
      false);
  add(
      "/conformance", "The conformance statement (Markdown).",
      [text = conformance_statement(others)](const Request&) -> Answer {
        return make_response(200, "text/markdown; charset=utf-8", text);
      },
      false);
  add("/openapi.json", "This description.", {}, false);
  std::vector<Route> all = others;
  all.insert(all.end(), out.begin(), out.end());
  out.back().answer = [text = openapi_json(all, context.version)](const Request&) -> Answer {
    return make_response(200, "application/json", text);
  };
  for (Route& route : capabilities_routes(others)) out.push_back(std::move(route));
  return out;
}

}  // namespace medarc::web
