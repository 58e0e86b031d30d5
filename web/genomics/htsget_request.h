// What an htsget client asks for, from a query string or a POST body (htsget 1.3; H08-H15, H18-H21).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "genomics/slice.h"
#include "web/genomics/options.h"
#include "web/http.h"

namespace medarc::web {

// An error as htsget names it (H04).
struct HtsgetError {
  int status = 400;
  std::string name, message;
};
HtsgetError htsget_error(const Error& error);
Response htsget_answer(const HtsgetError& error);

struct HtsgetRequest {
  bool header_only = false;
  struct Range {
    std::string reference;
    uint32_t begin = 0, end = UINT32_MAX;
  };
  std::optional<std::vector<Range>> ranges;  // none: everything
  genomics::RecordMask mask;
};

// Either the request, or what is wrong with it.
struct HtsgetParsed {
  HtsgetRequest request;
  std::optional<HtsgetError> error;
};
HtsgetParsed parse_htsget_query(const Request& request, const GenomicsOptions& options);
HtsgetParsed parse_htsget_body(ByteView body, uint32_t regions_max);

// Regions of the file whose header this is; NotFound for a reference it does not have.
Result<genomics::Selection> selection_of(const HtsgetRequest& request,
                                         const genomics::BamHeader& header);

}  // namespace medarc::web
