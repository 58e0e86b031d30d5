// Routing of whole studies: rules with when = "stable" (dicom/routes.h). When a study is announced
// as stable (dicom/completeness/stable.h), a job is committed with the announcement; the job puts a
// delivery for each object and destination, to be done like any other (dicom/delivery.h).
//
// A study that was announced before and grew gives what came since, found in the change feed
// between the announcements; with again = "all" everything. A process that dies in between begins
// the job again: deliveries have the same names then, so those that still wait are not doubled.
#pragma once

#include "dicom/completeness/stable.h"
#include "dicom/routes.h"
#include "index/jobs.h"

namespace medarc::dicom {

inline constexpr const char* kStableRouteJob = "stable-route";
inline constexpr const char* kStableRouteQueue = "stable-routes";

// Thread-safe.
class StableRoutes final : public StableWork, public index::JobHandler {
 public:
  // All outlive it.
  StableRoutes(index::Index& index, const Routes& routes, index::Jobs& jobs)
      : index_(index), routes_(routes), jobs_(jobs) {}

  bool wanted() const override { return routes_.any_stable(); }
  index::JobRow job_for(const index::StudyUid& study, archive::CommitNumber first, bool before,
                        Timestamp time) override;
  void announced(const index::JobRow& job) override { jobs_.committed(job); }

  // later: with jobs_max reached, until there is room.
  std::vector<index::JobOutcome> run(const std::vector<index::JobRow>& jobs) override;

 private:
  struct Asked;
  struct Changes;
  class Batch;
  static Result<Asked> decode(ByteView payload);
  static Result<Changes> changes(index::View& view, const Asked& asked);
  Result<index::JobOutcome> expand(const Asked& asked);

  index::Index& index_;
  const Routes& routes_;
  index::Jobs& jobs_;
};

}  // namespace medarc::dicom
