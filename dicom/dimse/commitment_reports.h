// Storage commitment reports over associations of our own (PS3.4 J.3.3), as jobs: for peers that
// have left. The peer is called at its [[dicom.peer]] address, with ourselves in the provider's
// role.
#pragma once

#include <map>
#include <mutex>

#include "dicom/destinations.h"
#include "dicom/dimse/commitment.h"
#include "dicom/ul/association.h"

namespace medarc::dicom::dimse {

class CommitmentReports final : public index::JobHandler {
 public:
  CommitmentReports(Commitments& commitments, const Destinations& destinations,
                    const Limits& limits, std::string aet);
  std::vector<index::JobOutcome> run(const std::vector<index::JobRow>& jobs) override;
  void stop() override;

 private:
  index::JobOutcome report(const index::JobRow& job);
  // What was found out at an earlier attempt of this process, else anew. nullopt: stopping.
  std::optional<CommitmentDataset> verified(const index::JobRow& job, CommitmentRequest request);
  Status deliver(const Destination& to, const CommitmentDataset& report);

  Commitments& commitments_;
  const Destinations& destinations_;
  Limits limits_;
  const std::string aet_;
  ul::StopSignals signals_;
  std::mutex mutex_;
  std::map<Bytes, CommitmentDataset> verified_;  // by job id; a few
};

}  // namespace medarc::dicom::dimse
