// Searches: parameters from the URL and from a form, strict or lenient, and the Bundle they answer.
#pragma once

#include "web/fhir/doors.h"

namespace medarc::web {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// `add` takes one search parameter (PatientQuery::add). What it does not know is refused, or with
// Prefer: handling=lenient reported and left out.
struct SearchInput {
  Parameters used;                   // for the self link
  std::string keys;                  // names alone, for the audit entry
  std::vector<std::string> ignored;  // texts for the warning entry
  std::optional<uint32_t> count;
  Bytes after;
};
Result<SearchInput> read_search(
    const Parameters& parameters, bool lenient, uint32_t page_max,
    const std::function<Status(std::string_view, std::string_view)>& add);

// application/x-www-form-urlencoded
Result<Parameters> parse_form(ByteView text);

struct BundleEntry {
  records::Json resource;
  std::string full_url;
};
// A searchset. `type`: where the links go.
Response search_bundle(const Request& request, std::string_view type, const SearchInput& input,
                       uint64_t total, std::vector<BundleEntry> entries, const Bytes& next,
                       const FhirShape& shape);

}  // namespace medarc::web
