#include "dicom/administration/entry_json.h"

#include <fmt/format.h>

#include "dicom/administration/table_json.h"

namespace medarc::dicom {

boost::json::object entry_json(const AdministeredEntry& entry) {
  boost::json::object out{{"name", entry.name},
                          {"source", entry.configured ? "configuration" : "administration"},
                          {"settings", table_json(entry.table)}};
  if (!entry.configured) {
    out["version"] = std::to_string(entry.version);
    out["changed"] = to_rfc3339(entry.changed);
  }
  if (!entry.problem.empty()) out["problem"] = entry.problem;
  return out;
}

boost::json::object echo_json(const std::string& aet, const EchoAnswer& came) {
  boost::json::object out{{"peer", aet}, {"answered", came.answered}};
  if (came.answered) {
    out["status"] = fmt::format("{:04X}", came.status);
  } else {
    out["problem"] = came.problem;
  }
  out["seconds"] = came.seconds;
  return out;
}

}  // namespace medarc::dicom
