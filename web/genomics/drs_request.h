// What DRS routes share: bodies of requests, errors in DRS's form, and answers about several
// objects (DRS 1.5, bulk requests).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "web/genomics/drs_objects.h"

namespace medarc::web {

// The object that the path names. Errors: not_found.
Result<DrsId> drs_id_asked(const Request& request);

// A POST body. Passports are read over: they open nothing here, and OPTIONS says so.
struct DrsBody {
  bool expand = false;
  std::vector<std::string> ids;                               // bulk_object_ids
  std::vector<std::pair<std::string, std::string>> accesses;  // bulk_object_access_ids, by pairs
};
// Errors: invalid_argument; too_large: over `bulk_max` ids or pairs.
Result<DrsBody> parse_drs_body(ByteView body, uint32_t bulk_max);

// {"msg","status_code"} with the status of the error.
Response drs_error(const Error& error);
// The refusal of one who has no credentials.
std::optional<Response> drs_stranger(const Request& request);

template <class Make>
Response drs_answered(Make make) {
  Result<Response> made = make();
  return made.has_error() ? drs_error(made.error()) : std::move(*made);
}

// An Authorizations object of DRS.
std::string drs_authorizations(const Request& request, const std::string& id);

// What is there and what is not, each by itself. Errors: invalid_argument: nothing is asked for.
Result<Response> drs_bulk_objects(const GenomicsContext& context, const Request& request,
                                  const DrsBody& body, bool expand);
Result<Response> drs_bulk_access(const GenomicsContext& context, const Request& request,
                                 const DrsBody& body);
Result<Response> drs_bulk_authorizations(const GenomicsContext& context, const Request& request,
                                         const DrsBody& body);

}  // namespace medarc::web
