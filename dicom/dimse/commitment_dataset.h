// The datasets of storage commitment (PS3.4 tables J.3-1 and J.3-2): what is asked for in an
// N-ACTION, and what is told of it in an N-EVENT-REPORT. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "dicom/limits.h"

namespace medarc::dicom::dimse {

// Failure Reason (0008,1197), PS3.3 C.14.1.1.
inline constexpr uint16_t kReasonProcessing = 0x0110;
inline constexpr uint16_t kReasonNoSuchInstance = 0x0112;
inline constexpr uint16_t kReasonClassConflict = 0x0119;
inline constexpr uint16_t kReasonDuplicateTransaction = 0x0131;

struct Reference {
  std::string sop_class, instance;
  uint16_t failure = 0;  // of a report: 0 committed, else why not
  bool operator==(const Reference&) const = default;
};

struct CommitmentDataset {
  std::string transaction;   // (0008,1195)
  std::string retrieve_aet;  // (0008,0054), of a report; may be empty
  std::vector<Reference> references;
  bool operator==(const CommitmentDataset&) const = default;
  bool all_committed() const;
};

// Requests and reports alike. invalid_argument: no dataset of this syntax, or no UID where one must
// be; too_large: more than `references_max`, or over a limit of the scanner.
Result<CommitmentDataset> read_commitment(ByteView dataset, std::string_view transfer_syntax,
                                          const Limits& limits, size_t references_max);

Bytes write_commitment(const CommitmentDataset& dataset, std::string_view transfer_syntax);

}  // namespace medarc::dicom::dimse
