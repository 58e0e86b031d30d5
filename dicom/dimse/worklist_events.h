// Events of the worklist to peers over associations of our own (PS3.4 CC.2.4), as jobs, in the
// order in which they happened. The peer is called at its [[dicom.peer]] address, with ourselves in
// the provider's role. An event that a peer did not take for event_keep_hours is dropped.
#pragma once

#include "dicom/destinations.h"
#include "dicom/ul/association.h"
#include "dicom/worklist/options.h"
#include "index/jobs.h"

namespace medarc::dicom::dimse {

class WorklistEvents final : public index::JobHandler {
 public:
  WorklistEvents(const Destinations& destinations, const Limits& limits, std::string aet,
                 const worklist::WorklistOptions& options);
  size_t batch_max() const override { return 50; }
  bool keeps_order() const override { return true; }
  std::vector<index::JobOutcome> run(const std::vector<index::JobRow>& jobs) override;
  void stop() override;

 private:
  const Destinations& destinations_;
  Limits limits_;
  const std::string aet_;
  const int64_t keep_us_;
  ul::StopSignals signals_;
};

}  // namespace medarc::dicom::dimse
