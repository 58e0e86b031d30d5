// C-STORE as provider (PS3.4 annex B, PS3.7 section 9.1.1): datasets stream into Imaging, answers
// leave when the objects are durable.
//
// A refused object's remaining bytes are read and dropped, then the refusal is answered and the
// association goes on. When the peer pipelines, objects that have arrived whole wait in a batch for
// one commit; answers keep the order of the requests.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "dicom/dimse/message.h"
#include "dicom/imaging.h"

namespace medarc::dicom::dimse {

class StoreScp {
 public:
  // `warn_status`: answer B000, B006 or B007 for a stored object with warnings, not 0000 (D1).
  StoreScp(ul::Association& association, Imaging& imaging, const Principal& principal,
           const Limits& limits, bool warn_status);

  // Reads the dataset of a C-STORE-RQ and puts its outcome into the batch. An error ends the
  // association; the object is then dropped and never becomes visible.
  Status receive(const Request& request);

  bool empty() const { return outcomes_.empty(); }
  // True when no further object should join the batch before answer().
  bool full() const;

  // Commits the batch and sends its answers. An error ends the association.
  Status answer();
  // Commits the batch when nobody is left to be told: what arrived whole is kept.
  void keep();
  // Instances acknowledged or kept so far, by Study Instance UID; of the first kStudiesMax studies.
  const std::map<std::string, uint64_t>& stored() const { return stored_; }

 private:
  struct Outcome {
    uint8_t context_id = 0;
    Command request;
    std::optional<size_t> prepared;  // index into prepared_; none: refused
    Refusal refusal;
    std::chrono::steady_clock::time_point began;
  };
  std::unique_ptr<IncomingObject> begin(const Request& request, Refusal& refusal);
  Status read_into(std::unique_ptr<IncomingObject>& object, uint8_t context_id, Refusal& refusal);
  Result<std::vector<StoreResult>> commit();
  Command answer_to(const Outcome& outcome, const Result<std::vector<StoreResult>>& committed);

  ul::Association& association_;
  Imaging& imaging_;
  const Principal& principal_;
  const Limits limits_;
  const bool warn_status_;
  std::vector<Outcome> outcomes_;
  std::vector<Prepared> prepared_;
  uint64_t batch_bytes_ = 0;
  std::map<std::string, uint64_t> stored_;
};

}  // namespace medarc::dicom::dimse
