// What an htsget client asks for, from a query string or a POST body (htsget 1.3; H08-H15,
// H18-H21).
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

// The two halves of htsget: what their ids name, and in which formats it is given.
struct HtsgetKind {
  std::string_view name;                           // "reads": in the path and in service-info
  std::vector<std::string_view> formats;           // "BAM": as clients ask for them
  bool masks;                                      // fields and tags have an effect
  bool serves(std::string_view row_format) const;  // "bam": as rows have it
};
extern const HtsgetKind kHtsgetReads, kHtsgetVariants;

struct HtsgetRequest {
  std::string format;  // "BAM"; empty: not said
  bool header_only = false;
  struct Range {
    std::string reference;
    uint32_t begin = 0, end = UINT32_MAX;
  };
  std::optional<std::vector<Range>> ranges;  // none: everything
  genomics::RecordMask mask;
  bool encrypted = false;  // encryptionScheme (draft): as a Crypt4GH file
  std::string recipient;   // for whom, by name (an extension); empty: not said
};

// Either the request, or what is wrong with it.
struct HtsgetParsed {
  HtsgetRequest request;
  std::optional<HtsgetError> error;
};
HtsgetParsed parse_htsget_query(const Request& request, const GenomicsOptions& options,
                                const HtsgetKind& kind);
HtsgetParsed parse_htsget_body(ByteView body, uint32_t regions_max, const GenomicsOptions& options,
                               const HtsgetKind& kind);

// Regions of the file whose header this is; NotFound for a reference it does not have.
Result<genomics::Selection> selection_of(const HtsgetRequest& request,
                                         const genomics::FileHeader& header);

}  // namespace medarc::web
