// Storage commitment over the web (PS3.18 section 13; dicom.md U6): the same promise as over DIMSE,
// "its bytes have just been read back", asked for and told in DICOM JSON.
//
// Requests and results live in memory: a client that hears 404 after a restart asks again, with the
// same transaction if it likes.
#pragma once

#include <vector>

#include "dicom/dimse/commitment.h"
#include "web/http.h"

namespace medarc::web {

struct CommitmentDoorOptions {
  uint32_t answer_within_ms = 2'000;  // then 202, and the result is for a GET
  uint32_t running_max = 4;           // requests looked into at a time; more wait
  uint32_t waiting_max = 64;          // then 503
  uint32_t results_max = 1'000;       // kept for clients that come back; the oldest go first
  uint64_t body_bytes_max = 16u << 20;
  static CommitmentDoorOptions from(Config& config);  // section [commitment]
};

// POST and GET /commitment-requests/{transaction}. `commitments` outlives them.
std::vector<Route> commitment_routes(dicom::dimse::Commitments& commitments,
                                     const CommitmentDoorOptions& options);

}  // namespace medarc::web
