// Routing: stored objects on their way to other applications (dicom/routes.h). A delivery is a job
// that is committed together with the object itself, so that what was acknowledged is also on its
// way; jobs of one destination are done in the order in which the objects came.
#pragma once

#include <atomic>
#include <memory>

#include "dicom/delivery.h"
#include "dicom/dimse/awaited_commitments.h"
#include "dicom/forwarding.h"
#include "dicom/routes.h"
#include "dicom/ul/association.h"
#include "index/jobs.h"

namespace medarc::dicom::dimse {

// Decides with each object that is stored. With the queue full (jobs_max) the object is stored all
// the same, and an error is logged and counted (medarc_deliveries_dropped_total): a copy elsewhere
// is not worth refusing a modality for. Thread-safe.
class Router final : public Forwarding {
 public:
  Router(const Routes& routes, index::Jobs& jobs) : routes_(routes), jobs_(jobs) {}
  std::vector<index::JobRow> jobs_for(const Principal& principal,
                                      const index::StoreInstance& object,
                                      Timestamp received) override;
  void committed(const index::JobRow& job) override { jobs_.committed(job); }

 private:
  const Routes& routes_;
  index::Jobs& jobs_;
  std::atomic<uint32_t> sequence_{0};
};

// Sends them (C-STORE), many over one association: as stored, else as Explicit VR Little Endian.
// What the peer refuses for good has failed; what it may take later, and a peer that is away, is
// waited for. Where the rule or the peer says `commit`, the peer is then asked to keep what it has
// taken, and those deliveries go on as AwaitedCommitments; one that offers no storage commitment
// has the objects, but their deliveries have failed.
class Deliveries final : public index::JobHandler {
 public:
  Deliveries(Imaging& imaging, std::shared_ptr<AwaitedCommitments> awaited,
             const Destinations& destinations, const Limits& limits, std::string aet)
      : imaging_(imaging),
        awaited_(std::move(awaited)),
        destinations_(destinations),
        limits_(limits),
        aet_(std::move(aet)) {}
  size_t batch_max() const override { return 100; }
  bool keeps_order() const override { return true; }
  std::vector<index::JobOutcome> run(const std::vector<index::JobRow>& jobs) override;
  void stop() override;

 private:
  struct Batch;
  Status send(ul::Association& association, const Principal& self, Batch& batch,
              const std::vector<index::JobRow>& jobs);
  // Errors: the association is over.
  Status have_committed(ul::Association& association, const Principal& self, Batch& batch,
                        const std::vector<index::JobRow>& jobs, const std::string& peer);

  Imaging& imaging_;
  const std::shared_ptr<AwaitedCommitments> awaited_;
  const Destinations& destinations_;
  const Limits limits_;
  const std::string aet_;
  ul::StopSignals signals_;
};

}  // namespace medarc::dicom::dimse
