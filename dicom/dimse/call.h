// From a destination to the association that is wanted with it.
#pragma once

#include "dicom/destinations.h"
#include "dicom/ul/requestor.h"

namespace medarc::dicom::dimse {

// With the destination's TLS and our identity there. `calling`: our own AE title. invalid_argument:
// a file with a secret cannot be used.
Result<ul::Call> call_to(const Destination& to, const std::string& calling,
                         std::vector<ul::AcceptedContext> contexts,
                         std::vector<ul::RoleSelection> roles = {});

// call_to(), and the call itself (ul::call).
Result<std::unique_ptr<ul::Association>> call(const Destination& to, const std::string& calling,
                                              std::vector<ul::AcceptedContext> contexts,
                                              const Limits& limits, const ul::StopSignals& signals,
                                              std::vector<ul::RoleSelection> roles = {});

// `sop_class` in the two transfer syntaxes that we write datasets in, the better one first.
std::vector<ul::AcceptedContext> dataset_contexts(std::string_view sop_class);

}  // namespace medarc::dicom::dimse
