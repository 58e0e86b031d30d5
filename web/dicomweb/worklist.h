// The worklist over the web (PS3.18 section 11, UPS-RS; dicom.md U1-U5), in DICOM JSON or XML.
#pragma once

#include <vector>

#include "dicom/worklist/worklist.h"
#include "web/dicomweb/options.h"
#include "web/http.h"

namespace medarc::web {

// `worklist` outlives the routes.
std::vector<Route> worklist_routes(dicom::worklist::Worklist& worklist, DicomwebOptions options);

// One search: its keys as the identifier a C-FIND would have, and what else it asks for.
struct WorkItemSearch {
  dicom::DataSet identifier;
  bool include_all = false;
  dicom::Matching how;
  uint64_t offset = 0;
  uint32_t limit = 0;
  bool limited = false;               // the client gave a limit
  std::vector<std::string> warnings;  // for Warning: 299
};

// invalid_argument: a limit that is none, a value that is no value; with `strict` also a key that
// is not known.
Result<WorkItemSearch> parse_work_item_search(
    const std::vector<std::pair<std::string, std::string>>& parameters,
    const DicomwebOptions& options);

// The keys among `parameters` alone, for filtered subscriptions; any unknown one is
// invalid_argument.
Result<dicom::DataSet> parse_work_item_filter(
    const std::vector<std::pair<std::string, std::string>>& parameters);

// GET /workitems.
Response search_work_items(dicom::worklist::Worklist& worklist, const DicomwebOptions& options,
                           const Request& request);

}  // namespace medarc::web
