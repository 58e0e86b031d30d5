// Peers, rules and tests of peers as administrators are shown them, over HTTP and on the command
// line.
#pragma once

#include <boost/json/object.hpp>

#include "dicom/administration/administration.h"

namespace medarc::dicom {

// {"name":…,"source":"configuration"|"administration","settings":{…}}, and for those of
// administrators "version" (text) and "changed"; "problem" when there is one.
boost::json::object entry_json(const AdministeredEntry& entry);

// {"peer":…,"answered":…,"status":"0000","seconds":…}; without an answer "problem" for "status".
boost::json::object echo_json(const std::string& aet, const EchoAnswer& came);

}  // namespace medarc::dicom
