// /ga4gh/drs/v1: files, their indexes and bundles of them by ids that never change their meaning
// (DRS 1.5).
#include <boost/json.hpp>

#include "web/genomics/drs_request.h"
#include "web/http_error.h"
#include "web/text.h"
#include "web/url.h"

namespace medarc::web {
namespace {

std::string path_of(std::string_view rest) { return std::string(kDrsPath) + std::string(rest); }

Result<bool> expand_of(const Request& request) {
  MEDARC_TRY(check_parameters(request, {"expand"}));
  return flag_parameter(request, "expand", false);
}

// A name leads to the id it has now: an id itself always gives the same.
Response led_to(const Request& request, const DrsId& id) {
  Response response = make_response(307, "", {});
  std::string url = request.base_url + path_of("/objects/") + to_text(id);
  if (!request.query_text.empty()) url += "?" + request.query_text;
  response.headers.set("Location", url);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<Response> object(const GenomicsContext& c, const Request& request, bool expand) {
  const DrsObjects objects(c, request);
  MEDARC_ASSIGN(const DrsId id, drs_id_asked(request));
  if (!id.digest) {
    MEDARC_ASSIGN(const DrsId now, objects.identify(id));
    return led_to(request, now);
  }
  MEDARC_ASSIGN(std::string body, objects.object(id, expand));
  return make_response(200, "application/json", std::move(body));
}

Result<Response> access(const GenomicsContext& c, const Request& request) {
  MEDARC_TRY(check_parameters(request, {}));
  MEDARC_ASSIGN(const DrsId id, drs_id_asked(request));
  const auto url = DrsObjects(c, request).access_url(id, request.captures.at(1));
  if (url.has_error() && url.error().code == Code::unavailable) {
    Response later = make_response(202, "", {});
    later.headers.set("Retry-After", "5");
    return later;
  }
  if (url.has_error()) return url.error();
  Response response = make_response(200, "application/json", "{\"url\":" + json_string(*url) + "}");
  response.headers.set("Cache-Control", "no-store");
  return response;
}

// What a link of access() stands for: no credential but the link.
Result<Response> data(const GenomicsContext& c, const Request& request) {
  MEDARC_ASSIGN(const DataLink link, c.links.open(request.captures.at(0)));
  if (link.kind != DataLink::Kind::whole) {
    return make_error(Code::not_found, "the link is no DRS link");
  }
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.planned_file(link.file, link.consent_version));
  MEDARC_ASSIGN(const DrsBlob blob, drs_blob_of(c, row, link.content));
  MEDARC_ASSIGN(auto reader, c.store.open_admitted(link.content));
  Response response =
      serve_blob(request, std::move(reader), blob.media_type, blob.digest.hex(), blob.name);
  response.headers.set("Repr-Digest", "sha-256=:" + to_base64(blob.digest.view()) + ":");
  return response;
}

Response service_info(const GenomicsContext& c, const Request& request) {
  const std::string bulk = std::to_string(c.options.drs_bulk_max);
  return make_response(
      200, "application/json",
      "{\"id\":\"medarc.drs\",\"name\":\"Medarc DRS\",\"type\":{\"group\":\"org.ga4gh\","
      "\"artifact\":\"drs\",\"version\":\"1.5.0\"},\"organization\":{\"name\":\"Medarc\",\"url\":" +
          json_string(request.base_url) + "},\"version\":\"1\",\"maxBulkRequestLength\":" + bulk +
          ",\"drs\":{\"maxBulkRequestLength\":" + bulk + "}}");
}

// Strangers are told how to come in, and not what is there.
Answer authorizations(const GenomicsContext& c, const Request& request) {
  if (request.principal.id.empty()) {
    return make_response(200, "application/json",
                         drs_authorizations(request, request.captures.at(0)));
  }
  return drs_answered([&]() -> Result<Response> {
    MEDARC_ASSIGN(const DrsId id, drs_id_asked(request));
    const DrsObjects objects(c, request);
    if (id.digest) {
      MEDARC_TRY(objects.object(id, false));
    } else {
      MEDARC_TRY(objects.identify(id));
    }
    return make_response(200, "application/json",
                         drs_authorizations(request, request.captures.at(0)));
  });
}

// The request's body is read, then `make` answers.
template <class Make>
Answer with_body(const GenomicsContextPtr& c, const Request& request, Make make) {
  return collect_body(request, c->options.post_bytes_max, "genomics.post_bytes_max",
                      [c, request, make](Result<Bytes> body) {
                        return drs_answered([&]() -> Result<Response> {
                          MEDARC_ASSIGN(const Bytes whole, std::move(body));
                          MEDARC_ASSIGN(const DrsBody parsed,
                                        parse_drs_body(whole, c->options.drs_bulk_max));
                          return make(*c, request, parsed);
                        });
                      });
}

class Adder {
 public:
  Adder(const GenomicsContextPtr& c, std::vector<Route>& out) : c_(c), out_(out) {}

  // Errors in DRS's own form, 401 too: that is why these routes let strangers in this far.
  template <class Make>
  void get(const char* path, const char* summary, Make make) {
    add({"GET", path_of(path), summary, [c = c_, make](const Request& request) -> Answer {
           if (auto stranger = drs_stranger(request)) return std::move(*stranger);
           return drs_answered([&] { return make(*c, request); });
         }});
  }
  template <class Make>
  void post(const char* path, const char* summary, Make make) {
    Route route{"POST", path_of(path), summary, [c = c_, make](const Request& request) -> Answer {
                  if (auto stranger = drs_stranger(request)) return std::move(*stranger);
                  return with_body(c, request, make);
                }};
    route.body_bytes_max = 0;
    add(std::move(route));
  }
  void add(Route route) {
    route.open = true;
    out_.push_back(std::move(route));
  }

 private:
  const GenomicsContextPtr& c_;
  std::vector<Route>& out_;
};

}  // namespace

void add_drs_routes(const GenomicsContextPtr& c, std::vector<Route>& out) {
  Adder adder(c, out);
  adder.get("/service-info", "What the DRS service offers",
            [](const GenomicsContext& context, const Request& request) -> Result<Response> {
              return service_info(context, request);
            });
  adder.get("/objects/{id}", "A DRS object: a file, an index, or a bundle of files",
            [](const GenomicsContext& context, const Request& request) -> Result<Response> {
              MEDARC_ASSIGN(const bool expand, expand_of(request));
              return object(context, request, expand);
            });
  adder.post("/objects/{id}", "A DRS object, asked for with a body",
             [](const GenomicsContext& context, const Request& request,
                const DrsBody& body) -> Result<Response> {
               MEDARC_TRY(check_parameters(request, {}));
               return object(context, request, body.expand);
             });
  adder.get("/objects/{id}/access/{access}", "A URL that gives the bytes of a DRS object",
            [](const GenomicsContext& context, const Request& request) -> Result<Response> {
              return access(context, request);
            });
  adder.post("/objects/{id}/access/{access}", "The same, asked for with a body",
             [](const GenomicsContext& context, const Request& request,
                const DrsBody&) -> Result<Response> { return access(context, request); });
  adder.post("/objects", "Several DRS objects",
             [](const GenomicsContext& context, const Request& request,
                const DrsBody& body) -> Result<Response> {
               MEDARC_ASSIGN(const bool expand, expand_of(request));
               return drs_bulk_objects(context, request, body, expand || body.expand);
             });
  adder.post("/objects/access", "URLs of several DRS objects",
             [](const GenomicsContext& context, const Request& request,
                const DrsBody& body) -> Result<Response> {
               MEDARC_TRY(check_parameters(request, {}));
               return drs_bulk_access(context, request, body);
             });
  adder.add({"GET", path_of("/data/{link}"), "What a DRS access URL points to",
             [c](const Request& request) -> Answer {
               return drs_answered([&] { return data(*c, request); });
             }});
  adder.add({"OPTIONS", path_of("/objects/{id}"), "How requests for a DRS object are authorised",
             [c](const Request& request) { return authorizations(*c, request); }});
  Route several{"OPTIONS", path_of("/objects"), "How requests for DRS objects are authorised",
                [c](const Request& request) -> Answer {
                  return with_body(c, request,
                                   [](const GenomicsContext& context, const Request& asked,
                                      const DrsBody& body) -> Result<Response> {
                                     return drs_bulk_authorizations(context, asked, body);
                                   });
                }};
  several.body_bytes_max = 0;
  adder.add(std::move(several));
}

}  // namespace medarc::web
