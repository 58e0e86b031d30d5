#include "dicom/dimse/commitment_reports.h"

#include <fmt/format.h>

#include "dicom/dimse/call.h"
#include "dicom/dimse/commitment_scp.h"
#include "dicom/dimse/message.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"

namespace medarc::dicom::dimse {
namespace {

constexpr size_t kVerifiedMax = 64;

}  // namespace

using Verdict = index::JobOutcome::Verdict;

CommitmentReports::CommitmentReports(Commitments& commitments, const Destinations& destinations,
                                     const Limits& limits, std::string aet)
    : commitments_(commitments),
      destinations_(destinations),
      limits_(limits),
      aet_(std::move(aet)) {
  limits_.idle_timeout_ms = commitments.options().answer_timeout_ms;
}

void CommitmentReports::stop() {
  signals_.drain.raise();
  signals_.kill.raise();
}

std::vector<index::JobOutcome> CommitmentReports::run(const std::vector<index::JobRow>& jobs) {
  const index::JobOutcome outcome = report(jobs.front());
  if (signals_.kill.raised() && outcome.verdict != Verdict::done)
    return {};  // no fault of the peer
  return {outcome};
}

index::JobOutcome CommitmentReports::report(const index::JobRow& job) {
  auto request = decode_commitment(job.payload);
  if (request.has_error()) return {Verdict::failed, request.error().text};
  const std::shared_ptr<const Destination> to = destinations_.find(request->peer);
  if (to == nullptr) {
    return {Verdict::later, "dicom.peer " + request->peer + " has no port: nowhere to report to"};
  }
  const auto found = verified(job, std::move(*request));
  if (!found) return {Verdict::later, "stopping"};
  const Status delivered = deliver(*to, *found);
  if (delivered.has_error()) return {Verdict::later, delivered.error().text};
  std::lock_guard lock(mutex_);
  verified_.erase(index::job_id(job.queue, job.name));
  return {Verdict::done, ""};
}

std::optional<CommitmentDataset> CommitmentReports::verified(const index::JobRow& job,
                                                             CommitmentRequest request) {
  const Bytes id = index::job_id(job.queue, job.name);
  {
    std::lock_guard lock(mutex_);
    if (const auto known = verified_.find(id); known != verified_.end()) return known->second;
  }
  Verification verification(commitments_, std::move(request));
  while (!verification.done()) {
    if (signals_.kill.raised()) return std::nullopt;
    verification.step();
  }
  std::lock_guard lock(mutex_);
  if (verified_.size() == kVerifiedMax) verified_.erase(verified_.begin());
  return verified_[id] = verification.report(aet_);
}

Status CommitmentReports::deliver(const Destination& to, const CommitmentDataset& report) {
  MEDARC_ASSIGN(auto association, call(to, aet_, dataset_contexts(kCommitmentSopClass), limits_,
                                       signals_, {{std::string(kCommitmentSopClass), 0, 1}}));
  if (association->agreement().contexts.empty()) {
    (void)association->release();
    return make_error(Code::unsupported, "the peer takes no storage commitment reports");
  }
  const auto& [context_id, context] = *association->agreement().contexts.begin();
  MEDARC_TRY(send_commitment_report(*association, context_id, context.transfer_syntax, 1, report));
  MEDARC_ASSIGN(const auto answer, read_request(*association, limits_.command_bytes_max));
  if (!answer || answer->command.field != (kEventReportRq | kResponseBit)) {
    association->abort(2, ul::kAbortUnexpectedPdu);
    return make_error(Code::invalid_argument, "no answer to the report");
  }
  if (answer->command.has_dataset()) {  // Event Reply: nothing is defined for it
    MEDARC_TRY(read_dataset(*association, answer->context_id, [](ByteView) { return Status(); }));
  }
  (void)association->release();
  const uint16_t status = answer->command.status.value_or(kProcessingFailure);
  if (status == kSuccess) return {};
  return make_error(Code::conflict, fmt::format("the report was answered {:04X}", status));
}

}  // namespace medarc::dicom::dimse
