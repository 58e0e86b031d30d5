// What a Beacon v2 client asks, from a query string or a POST body (framework 2.0, "requests";
// default model, genomicVariations).
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "genomics/allele_search.h"
#include "web/genomics/beacon_options.h"
#include "web/http.h"

namespace medarc::web {

struct BeaconRequest {
  enum class Include : uint8_t { hit, miss, all, none } include = Include::hit;
  BeaconGranularity granularity = BeaconGranularity::boolean;  // asked for
  uint64_t skip = 0, limit = 10;                               // limit 0: all there may be
  bool test_mode = false;
  std::vector<std::string> datasets;  // only these; none: all
  std::string assembly;
  boost::json::object parameters;  // as received
};
std::string_view to_string(BeaconRequest::Include include);

// Errors: invalid_argument saying what is wrong, unsupported.
Result<BeaconRequest> read_beacon_query(const Request& request);
Result<BeaconRequest> read_beacon_body(ByteView body);

// The variants that the parameters ask for. Errors: likewise.
Result<genomics::AlleleQuery> allele_query_of(const BeaconRequest& request);

}  // namespace medarc::web
