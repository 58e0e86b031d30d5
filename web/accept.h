// Content negotiation (RFC 9110 12.5, PS3.18 8.7; dicom.md N1-N5, N9): what the client takes, best
// first.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "web/http.h"

namespace medarc::web {

struct MediaType {
  std::string type, subtype;                                    // lower case; "*" for any
  std::vector<std::pair<std::string, std::string>> parameters;  // names in lower case, no "q"
  std::string_view parameter(std::string_view name) const;      // "" when absent
  bool is(std::string_view full) const;                         // "multipart/related"
  bool covers(std::string_view full) const;                     // the same, with * as any
};

// `type/subtype; name=value; name="quoted"`, any case and blanks. nullopt when not well-formed.
std::optional<MediaType> parse_media_type(std::string_view text);

struct MediaRange {
  MediaType media;
  int q = 1000;             // thousandths
  bool from_query = false;  // of the `accept` query parameter
};

inline constexpr size_t kMediaRangesMax = 100;

// All that the client takes: the `accept` query parameter first, then the Accept header, each by
// falling q and then in the order given; q=0 left out. Empty: it said nothing. Ranges that are not
// well-formed are left out too, so that N1 (406, never 400) holds, and so are wildcards of the
// query parameter, which may have none (PS3.18 8.3.3.1).
std::vector<MediaRange> accepted_types(const Request& request);
// Whether it said anything; a wildcard in the query parameter is nothing.
bool accept_given(const Request& request);

// q of a content coding ("gzip") in Accept-Encoding, in thousandths; 0 when not taken.
int coding_quality(std::string_view accept_encoding, std::string_view coding);

}  // namespace medarc::web
