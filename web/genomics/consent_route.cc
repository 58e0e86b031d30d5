// /genomics/files/{id}/consent: what a file may be used for, and what of it is withheld.
#include "web/genomics/consent_json.h"
#include "web/genomics/doors.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using genomics::FileId;
using genomics::FileRow;

constexpr std::string_view kPart = "/consent";
constexpr uint64_t kBodyBytesMax = 4u << 20;

Response shown(const FileRow& row) {
  Response out = make_response(200, "application/json", consent_json(row));
  out.headers.set("ETag", '"' + std::to_string(row.consent.version) + '"');
  return out;
}

// If-Match as the version that the writer expects; `*`: any. "0" is that of a file that never had
// consent set, as If-None-Match: * says too.
struct Expected {
  bool said = false, any = false;
  std::optional<uint64_t> version;
};
Expected expected_by(const Request& request) {
  Expected out;
  std::string_view tag = trim(request.headers.find("If-Match"));
  if (tag.empty()) {
    out.said = trim(request.headers.find("If-None-Match")) == "*";
    if (out.said) out.version = 0;
    return out;
  }
  out.said = true;
  out.any = tag == "*";
  if (tag.size() > 2 && tag.front() == '"' && tag.back() == '"') {
    tag = tag.substr(1, tag.size() - 2);
    if (tag.ends_with("-gzip")) tag.remove_suffix(5);
    out.version = parse_decimal(tag);
  }
  return out;
}

Response written(const GenomicsContext& c, const Request& request, const FileId& id,
                 ByteView body) {
  const Expected expected = expected_by(request);
  if (!expected.said) {
    return problem(428, make_error(Code::precondition_failed,
                                   "If-Match: the version that is to be replaced, as GET says it"));
  }
  if (!expected.any && !expected.version) {
    return problem(make_error(Code::precondition_failed, "If-Match names another version"));
  }
  auto made = [&]() -> Result<Response> {
    const auto who = at_genomics_door(request);
    MEDARC_ASSIGN(const auto header, c.store.places(who, id));
    MEDARC_ASSIGN(auto consent,
                  read_consent_json(body, header ? &*header : nullptr, c.store.consent_rules()));
    MEDARC_ASSIGN(const FileRow row,
                  c.store.set_consent(who, id, std::move(consent),
                                      expected.any ? std::nullopt : expected.version));
    return shown(row);
  }();
  return made.has_error() ? problem(made.error()) : std::move(*made);
}

}  // namespace

Answer consent_answer(const GenomicsContext& c, const Request& request, const FileId& id) {
  const Status known = check_parameters(request, {});
  if (known.has_error()) return problem(known.error());
  const auto row = c.store.file(at_genomics_door(request), id);
  if (row.has_error()) return problem(row.error());
  return shown(*row);
}

void add_consent_routes(const GenomicsContextPtr& c, std::vector<Route>& out) {
  Route put{"PUT", "/genomics/files/{id...}",
            "Sets what a genome file may be used for, below it at consent (If-Match)",
            [c](const Request& request) -> Answer {
              const std::string& rest = request.captures.at(0);
              if (!rest.ends_with(kPart)) {
                return problem(make_error(Code::not_found, "only a file's consent is written so"));
              }
              const FileId id(rest.substr(0, rest.size() - kPart.size()));
              return collect_body(kBodyBytesMax, [c, request, id](Bytes body) {
                return written(*c, request, id, body);
              });
            }};
  put.body_bytes_max = kBodyBytesMax;
  out.push_back(std::move(put));
}

}  // namespace medarc::web
