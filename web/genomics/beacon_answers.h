// The JSON of Beacon v2 (framework 2.0, "responses"; default model).
#pragma once

#include <boost/json/object.hpp>

#include "web/genomics/beacon_request.h"
#include "web/genomics/beacon_search.h"

namespace medarc::web {

inline constexpr std::string_view kBeaconVersion = "v2.0.0";

// What is returned: "genomicVariant", "individual", "dataset".
boost::json::object beacon_meta(const BeaconOptions& options, const BeaconRequest& request,
                                BeaconGranularity returned, std::string_view entity);
// Of informational answers.
boost::json::object beacon_info_meta(const BeaconOptions& options, std::string_view entity);

boost::json::object variant_json(const genomics::AlleleKey& key,
                                 const genomics::FoundAllele& allele);

Response beacon_json(const boost::json::object& body);
// {"meta","error":{"errorCode","errorMessage"}} with the error's status.
Response beacon_error(const BeaconOptions& options, const Error& error);

// /configuration, /entry_types, /map, /info, /service-info.
boost::json::object beacon_configuration(const BeaconOptions& options);
boost::json::object beacon_entry_types();
boost::json::object beacon_map(const std::string& root);
boost::json::object beacon_info(const BeaconOptions& options, const std::string& root);
boost::json::object beacon_service_info(const BeaconOptions& options, const std::string& root);

}  // namespace medarc::web
