// /genomics/crypt4gh: the public key that uploads are encrypted for, and the recipients that
// downloads are encrypted for.
#include "genomics/crypt4gh_keys.h"
#include "web/genomics/encryption.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using genomics::crypt4gh::PublicKey;

std::string recipient_json(const Recipient& one) {
  return "{\"name\":" + json_string(one.name) +
         ",\"key\":" + json_string(to_base64(one.key.view())) +
         ",\"added\":" + json_string(to_rfc3339(one.added)) + "}";
}

Result<Response> key(genomics::Crypt4gh& crypt4gh) {
  MEDARC_ASSIGN(const PublicKey own, crypt4gh.public_key());
  Response out =
      make_response(200, "text/plain; charset=utf-8", genomics::crypt4gh::write_public_key(own));
  out.headers.set("Content-Disposition", "inline; filename=\"medarc.pub\"");
  return out;
}

Result<Response> list(genomics::Crypt4gh& crypt4gh, const Request& request) {
  MEDARC_ASSIGN(const auto all, crypt4gh.recipients(at_genomics_door(request)));
  std::string out = "{\"recipients\":[";
  for (const Recipient& one : all) {
    if (&one != &all.front()) out += ',';
    out += recipient_json(one);
  }
  return make_response(200, "application/json", out + "]}");
}

Result<Response> put(genomics::Crypt4gh& crypt4gh, const Request& request, ByteView body) {
  MEDARC_ASSIGN(const PublicKey given, genomics::crypt4gh::read_public_key(body));
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const bool fresh, crypt4gh.put(who, request.captures.at(0), given));
  MEDARC_ASSIGN(const Recipient now, crypt4gh.recipient(who, request.captures.at(0)));
  return make_response(fresh ? 201 : 200, "application/json", recipient_json(now));
}

}  // namespace

void add_crypt4gh_routes(const GenomicsContextPtr& c, std::vector<Route>& out) {
  genomics::Crypt4gh& crypt4gh = *c->store.crypt4gh();
  const std::string all = "/genomics/crypt4gh/recipients", one = all + "/{name}";
  out.push_back({"GET", "/genomics/crypt4gh/key", "The key that Crypt4GH uploads are encrypted for",
                 [&crypt4gh](const Request&) { return answered(key(crypt4gh)); }});
  out.push_back({"GET", all, "Whom files can be encrypted for, by name",
                 [&crypt4gh](const Request& r) { return answered(list(crypt4gh, r)); }});
  out.push_back({"GET", one, "A recipient's public key", [&crypt4gh](const Request& r) -> Answer {
                   const auto found = crypt4gh.recipient(at_genomics_door(r), r.captures.at(0));
                   if (found.has_error()) return problem(found.error());
                   return make_response(200, "application/json", recipient_json(*found));
                 }});
  Route add{"PUT", one, "Names a recipient; the body is its public key, as a file or in base64",
            [&crypt4gh](const Request& r) -> Answer {
              return collect_body(
                  genomics::crypt4gh::kKeyFileBytesMax, [&crypt4gh, r](Bytes body) -> Response {
                    auto made = put(crypt4gh, r, body);
                    return made.has_error() ? problem(made.error()) : std::move(*made);
                  });
            }};
  add.body_bytes_max = genomics::crypt4gh::kKeyFileBytesMax;
  out.push_back(std::move(add));
  out.push_back({"DELETE", one, "Takes a recipient away", [&crypt4gh](const Request& r) -> Answer {
                   const Status removed = crypt4gh.remove(at_genomics_door(r), r.captures.at(0));
                   if (removed.has_error()) return problem(removed.error());
                   return make_response(204, "", {});
                 }});
}

}  // namespace medarc::web
