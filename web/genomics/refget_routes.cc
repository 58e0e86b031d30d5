// /refget: reference sequences and parts of them by the digest of their letters (refget 2.0). What
// was found once by such a name never changes, so that clients may keep it for ever.
#include "web/accept.h"
#include "web/conditional.h"
#include "web/genomics/doors.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using genomics::RegisteredSequence;

struct Form {
  std::string_view type, parameter;
};
// The first is what a client gets that says nothing. Those of 1.0 are what existing clients ask
// for.
constexpr Form kSequenceForms[] = {{"text/vnd.ga4gh.refget.v2.0.0+plain", "; charset=us-ascii"},
                                   {"text/vnd.ga4gh.refget.v1.0.0+plain", "; charset=us-ascii"},
                                   {"text/plain", "; charset=us-ascii"}};
constexpr Form kJsonForms[] = {{"application/vnd.ga4gh.refget.v2.0.0+json", "; charset=utf-8"},
                               {"application/vnd.ga4gh.refget.v1.0.0+json", "; charset=utf-8"},
                               {"application/json", ""}};

template <size_t N>
Result<std::string> negotiated(const Request& request, const Form (&forms)[N]) {
  if (!accept_given(request)) return std::string(forms[0].type) + std::string(forms[0].parameter);
  for (const MediaRange& range : accepted_types(request)) {
    for (const Form& form : forms) {
      if (range.media.covers(form.type))
        return std::string(form.type) + std::string(form.parameter);
    }
  }
  return make_error(Code::not_acceptable, "sequences are text, descriptions of them are JSON");
}

// start and end of the query, or nothing of them.
struct Part {
  bool asked = false;
  uint64_t begin = 0, end = 0;
};

// The statuses of the refget compliance suite where it and the text differ: 416 for what lies
// outside the sequence, 400 only for what is no number.
Result<Part> part_of_query(const Request& request, const RegisteredSequence& sequence) {
  Part part{false, 0, sequence.letters};
  for (const auto& [name, value] : request.query) {
    const auto number = parse_decimal(value);
    if (!number || *number > UINT32_MAX) {
      return make_error(Code::invalid_argument, "start and end: numbers of 32 bits");
    }
    (name == "start" ? part.begin : part.end) = *number;
    part.asked = true;
  }
  if (!part.asked) return part;
  if (part.begin >= sequence.letters || part.end > sequence.letters) {
    return make_error(Code::range_not_satisfiable, "start or end lies outside the sequence");
  }
  if (part.begin > part.end && !sequence.circular) {
    return make_error(Code::range_not_satisfiable,
                      "start is behind end, which only a circular sequence has");
  }
  return part;
}

// HTTP passes over a Range it cannot read; refget answers 400, and 416 for one that runs backwards.
Status check_range(const Request& request, bool part_asked) {
  const std::string_view header = request.headers.find("Range");
  if (header.empty()) return {};
  if (part_asked) {
    return make_error(Code::invalid_argument, "either Range, or start and end, not both");
  }
  const Error unreadable =
      make_error(Code::invalid_argument, "Range: one range of the form bytes=first-last");
  const size_t equals = header.find('=');
  if (equals == std::string_view::npos ||
      !equal_ignoring_case(trim(header.substr(0, equals)), "bytes")) {
    return unreadable;
  }
  const std::string_view range = trim(header.substr(equals + 1));
  const size_t dash = range.find('-');
  if (dash == std::string_view::npos) return unreadable;
  const std::string_view first = range.substr(0, dash), last = range.substr(dash + 1);
  const auto from = parse_decimal(first), to = parse_decimal(last);
  if ((!first.empty() && !from) || (!last.empty() && !to) || (first.empty() && last.empty())) {
    return unreadable;
  }
  if (from && to && *from > *to) {
    return make_error(Code::range_not_satisfiable, "Range: the last byte is before the first");
  }
  return {};
}

Response kept_for_ever(Response response) {
  // private: who may read is decided for each request. No coding: a client counts on the length.
  response.headers.set("Cache-Control", "private, max-age=31536000, immutable, no-transform");
  response.headers.set("Vary", "Accept");
  return response;
}

Result<Response> sequence_answer(const GenomicsContext& c, const Request& request) {
  MEDARC_TRY(check_parameters(request, {"start", "end"}));
  genomics::References& references = c.store.references();
  MEDARC_ASSIGN(const RegisteredSequence sequence,
                references.find(at_genomics_door(request), request.captures.at(0)));
  MEDARC_ASSIGN(std::string type, negotiated(request, kSequenceForms));
  MEDARC_ASSIGN(const Part part, part_of_query(request, sequence));
  MEDARC_TRY(check_range(request, part.asked));
  const uint64_t wraps = part.begin > part.end ? sequence.letters : 0;
  Representation thing;
  thing.content_type = std::move(type);
  thing.etag = sequence.digests.md5_hex();
  if (part.asked) {
    thing.etag += '-' + std::to_string(part.begin) + '-' + std::to_string(part.end);
  }
  thing.bytes = part.end + wraps - part.begin;
  thing.open = [&](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
    if (part.asked) return references.letters(sequence, part.begin, part.end);
    return references.letters(sequence, range.begin, range.end());
  };
  Response response = serve(request, thing);
  if (part.asked) response.headers.set("Accept-Ranges", "none");
  return response.status < 300 || response.status == 304 ? kept_for_ever(std::move(response))
                                                         : std::move(response);
}

Result<Response> metadata_answer(const GenomicsContext& c, const Request& request) {
  MEDARC_TRY(check_parameters(request, {}));
  MEDARC_ASSIGN(const RegisteredSequence s,
                c.store.references().find(at_genomics_door(request), request.captures.at(0)));
  MEDARC_ASSIGN(const std::string type, negotiated(request, kJsonForms));
  std::string aliases;
  for (const std::string& alias : s.aliases) {
    if (!aliases.empty()) aliases += ',';
    aliases += "{\"alias\":" + json_string(alias) + ",\"naming_authority\":\"unknown\"}";
  }
  return make_response(200, type,
                       "{\"metadata\":{\"md5\":\"" + s.digests.md5_hex() + "\",\"trunc512\":\"" +
                           s.digests.trunc512() + "\",\"ga4gh\":\"" + s.digests.ga4gh() +
                           "\",\"length\":" + std::to_string(s.letters) + ",\"aliases\":[" +
                           aliases + "]}}");
}

Result<Response> service_info(const Request& request) {
  MEDARC_ASSIGN(const std::string type, negotiated(request, kJsonForms));
  const std::string can =
      "{\"circular_supported\":true,\"algorithms\":[\"md5\",\"ga4gh\",\"trunc512\"],"
      "\"identifier_types\":[],\"subsequence_limit\":null";
  // "service" is where refget 1.0, and with it the compliance suite, looks.
  return make_response(
      200, type,
      "{\"id\":\"medarc.refget\",\"name\":\"Medarc refget\",\"type\":{\"group\":\"org.ga4gh\","
      "\"artifact\":\"refget\",\"version\":\"2.0.0\"},\"organization\":{\"name\":\"Medarc\","
      "\"url\":" +
          json_string(request.base_url) + "},\"version\":\"1\",\"refget\":" + can +
          "},\"service\":" + can + ",\"supported_api_versions\":[\"1.0\",\"2.0\"]}}");
}

template <class Make>
Answer answered(Make make) {
  return answered(make());
}

}  // namespace

void add_refget_routes(const GenomicsContextPtr& c, std::vector<Route>& out) {
  out.push_back({"GET", "/refget/sequence/service-info", "What the refget service offers",
                 [](const Request& request) -> Answer {
                   return answered([&] { return service_info(request); });
                 }});
  out.push_back({"GET", "/refget/sequence/{digest}",
                 "A reference sequence, or a part of it, by its digest (refget 2.0)",
                 [c](const Request& request) -> Answer {
                   return answered([&] { return sequence_answer(*c, request); });
                 }});
  out.push_back({"GET", "/refget/sequence/{digest}/metadata",
                 "Length, digests and names of a reference sequence (refget 2.0)",
                 [c](const Request& request) -> Answer {
                   return answered([&] { return metadata_answer(*c, request); });
                 }});
}

}  // namespace medarc::web
