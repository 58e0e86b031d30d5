// Storage commitment, push model, as provider (PS3.4 annex J, dicom.md D4): what is promised, and
// how it is looked into. A request is a durable job from before it is answered until its report has
// been taken, so neither a kill nor a peer that is away loses it.
//
// "Committed" is said of an instance whose stored bytes have just been read back to the SHA-256
// they were stored under. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dicom/completeness/noter.h"
#include "dicom/dimse/commitment_dataset.h"
#include "dicom/senders/quirks.h"
#include "index/jobs.h"
#include "security/guard.h"

namespace medarc::dicom::dimse {

inline constexpr const char* kCommitmentJob = "commitment-report";

struct CommitmentOptions {
  uint32_t references_max = 100'000;       // of one request
  uint64_t dataset_bytes_max = 16u << 20;  // of one request
  // How long after the request its report may still go over the same association; later, or when
  // the peer has left, a new one is opened. 0: always a new one.
  uint32_t same_association_ms = 10'000;
  uint32_t answer_timeout_ms = 30'000;  // for the peer's answer to a report on a new association
  // Whose UIDs are filed repaired; null: nobody's.
  std::shared_ptr<const senders::Quirks> quirks;
  // What we have asked of others: how long their report is waited for, and how much of that on the
  // association on which we asked.
  uint32_t report_timeout_ms = 3'600'000;
  uint32_t report_same_association_ms = 2'000;
  static CommitmentOptions from(Config& config);  // section [commitment]
};

// A request as its job keeps it.
struct CommitmentRequest {
  std::string peer;        // its AE title
  bool duplicate = false;  // the transaction UID was in use for other instances
  CommitmentDataset asked;
};
Bytes encode(const CommitmentRequest& request);
Result<CommitmentRequest> decode_commitment(ByteView payload);  // corrupt

// Where the job of a request lies.
struct CommitmentJob {
  std::string queue, name;
  bool operator==(const CommitmentJob&) const = default;
};

class Commitments {
 public:
  Commitments(index::Index& index, security::Guard& guard, index::Jobs& jobs,
              CommitmentOptions options)
      : index_(index), guard_(guard), jobs_(jobs), options_(options), notes_(index) {}

  // Takes an N-ACTION: audited and durable when it answers, and claimed for the caller (Jobs::put).
  // nullopt: the very same request is being worked on already. Errors: permission_denied,
  // invalid_argument (no references), exhausted (jobs_max), as the index.
  Result<std::optional<CommitmentJob>> accept(const security::Principal& principal,
                                              CommitmentRequest& request);

  // For requests that are answered at once: allowed, and audited.
  Status admit(const security::Principal& principal);

  // Reads every byte of the instance. 0, or the Failure Reason. `asker`: a principal's id, whose
  // UIDs may be filed repaired here. Adds what it found to the tally.
  uint16_t check(const Reference& reference, const std::string& asker, CommitmentTally& tally);
  // A whole request of `asker` has been looked into.
  void note(const std::string& asker, const CommitmentTally& tally) {
    notes_.commitment_checked(asker, tally);
  }

  index::Jobs& jobs() { return jobs_; }
  const CommitmentOptions& options() const { return options_; }

 private:
  uint16_t check_bytes(const index::InstanceRow& row);

  index::Index& index_;
  security::Guard& guard_;
  index::Jobs& jobs_;
  const CommitmentOptions options_;
  StudyNoter notes_;
};

// Looks into the instances of a request, one a step.
class Verification {
 public:
  Verification(Commitments& commitments, CommitmentRequest request)
      : commitments_(commitments), request_(std::move(request)) {}
  bool done() const { return next_ == request_.asked.references.size(); }
  void step();
  // The report, once done.
  CommitmentDataset report(const std::string& retrieve_aet) const;
  const CommitmentRequest& request() const { return request_; }

 private:
  Commitments& commitments_;
  CommitmentRequest request_;
  CommitmentTally tally_;
  size_t next_ = 0;
};

}  // namespace medarc::dicom::dimse
