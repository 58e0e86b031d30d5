// Consent as JSON:
//
//   {"file":"my-genome","version":7,"changed":"2026-…","terms":[{"id":"DUO:0000006",
//    "abbreviation":"HMB","label":"…","kind":"permission"},{"id":"DUO:0000007",…,
//    "qualifier":"MONDO:0005015"}],"regions":[{"region":"chr1:101-200","terms":[]}]}
//
// Written, a term may also be a text: "HMB", "DS=MONDO:0005015". A region without terms is withheld
// from everyone. Members that are not known are passed over, so that what was read can be written.
#pragma once

#include <string>

#include "genomics/consent.h"

namespace medarc::web {

std::string consent_json(const index::FileRow& row);
// "terms":[…] alone.
std::string terms_json(const std::vector<index::DuoTerm>& terms);

// Regions are read with the file's header; nullptr: it has none. Errors: invalid_argument,
// not_found, too_large.
Result<genomics::Consent> read_consent_json(ByteView body, const genomics::FileHeader* header,
                                            const genomics::ConsentRules& rules);

}  // namespace medarc::web
