#include "dicom/dimse/commitment_scp.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "dicom/dimse/cancel.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"

namespace medarc::dicom::dimse {
namespace {

constexpr uint16_t kRequestCommitment = 1;                 // Action Type ID (PS3.4 table J.3.2-1)
constexpr uint16_t kAllCommitted = 1, kFailuresExist = 2;  // Event Type ID (PS3.4 table J.3.3-1)
// A peer that wants its report over a new association releases this one right after the answer.
constexpr auto kGrace = std::chrono::milliseconds(200);
constexpr auto kGraceStep = std::chrono::milliseconds(20);

}  // namespace

CommitmentScp::CommitmentScp(ul::Association& association, Commitments* commitments,
                             const security::Principal& principal, const Limits& limits,
                             std::string aet)
    : association_(association),
      commitments_(commitments),
      principal_(principal),
      limits_(limits),
      aet_(std::move(aet)) {}

CommitmentScp::~CommitmentScp() {
  for (const Running& r : running_) commitments_->jobs().release(r.job.queue, r.job.name);
}

Status CommitmentScp::receive(const Request& request) {
  Limits limits = limits_;
  limits.identifier_bytes_max = static_cast<uint32_t>(commitments_->options().dataset_bytes_max);
  MEDARC_ASSIGN(const auto dataset, read_identifier_bytes(association_, request, limits));
  const Command& command = request.command;
  if (request.context.abstract_syntax != kCommitmentSopClass) {
    return answer(request, kSopClassUnsupported, "no N-ACTION on this presentation context");
  }
  if (command.sop_class != kCommitmentSopClass) return answer(request, kClassInstanceConflict);
  if (command.sop_instance != kCommitmentSopInstance) return answer(request, kNoSuchInstance);
  if (command.action_type != kRequestCommitment) return answer(request, kNoSuchAction);
  if (!dataset) return answer(request, kResourceLimitation, "the request is over its limit");
  auto asked = read_commitment(*dataset, request.context.transfer_syntax, limits,
                               commitments_->options().references_max);
  if (asked.has_error())
    return answer(request, action_status(asked.error().code), asked.error().text);
  for (Reference& r : asked->references) r.failure = 0;
  CommitmentRequest wanted;
  wanted.peer = ul::trim_title(association_.agreement().answer.fixed.calling);
  wanted.asked = std::move(*asked);
  auto job = commitments_->accept(principal_, wanted);
  if (job.has_error()) {
    log(medarc::Level::warn, "commitment.refused",
        {{"peer", association_.peer()}, {"error", job.error().text}});
    return answer(request, action_status(job.error().code), job.error().text);
  }
  if (*job) {
    running_.push_back({std::move(**job), request.context_id, request.context.transfer_syntax,
                        Clock::now(), Verification(*commitments_, std::move(wanted)), 0});
  }
  return answer(request, kSuccess);
}

bool CommitmentScp::pending() const {
  return std::any_of(running_.begin(), running_.end(),
                     [](const Running& r) { return r.message_id == 0; });
}

Status CommitmentScp::step() {
  const auto next = std::find_if(running_.begin(), running_.end(),
                                 [](const Running& r) { return r.message_id == 0; });
  if (next == running_.end()) return {};
  const auto waited = Clock::now() - next->asked;
  if (waited > std::chrono::milliseconds(commitments_->options().same_association_ms)) {
    commitments_->jobs().release(next->job.queue, next->job.name);
    running_.erase(next);
    return {};
  }
  if (!next->verification.done()) {
    next->verification.step();
    return {};
  }
  if (waited < kGrace) {
    std::this_thread::sleep_for(kGraceStep);
    return {};
  }
  // One report at a time: the peer may not be asked for more (PS3.7 D.3.3.3).
  if (next != running_.begin()) {
    std::this_thread::sleep_for(kGraceStep);
    return {};
  }
  return report(*next);
}

Status CommitmentScp::report(Running& running) {
  running.message_id = ++last_message_id_;
  return send_commitment_report(association_, running.context_id, running.transfer_syntax,
                                running.message_id, running.verification.report(aet_));
}

Status CommitmentScp::answered(const Command& response) {
  const auto reported = std::find_if(running_.begin(), running_.end(), [&](const Running& r) {
    return r.message_id != 0 && r.message_id == response.message_id_responded_to;
  });
  if (reported == running_.end()) {
    association_.abort(2, ul::kAbortUnexpectedPdu);
    return make_error(Code::invalid_argument, "a response to nothing");
  }
  const CommitmentJob job = reported->job;
  const uint16_t status = response.status.value_or(kProcessingFailure);
  running_.erase(reported);
  log(medarc::Level::info, "commitment.reported",
      {{"transaction", job.name}, {"status", fmt::format("{:04X}", status)}});
  if (status == kSuccess) {
    const Status finished = commitments_->jobs().finish(job.queue, job.name);
    if (finished.has_value() || finished.error().code == Code::not_found) return {};
    log(medarc::Level::error, "commitment.not_finished", {{"error", finished.error().text}});
  }
  commitments_->jobs().release(job.queue, job.name);
  return {};
}

Status CommitmentScp::answer(const Request& request, uint16_t status, std::string comment) {
  Bytes pdus;
  ul::append_p_data(pdus, request.context_id, true,
                    encode(response_to(request.command, status, std::move(comment))),
                    association_.agreement().peer_pdu_bytes_max);
  return association_.send(pdus);
}

Status send_commitment_report(ul::Association& association, uint8_t context_id,
                              std::string_view transfer_syntax, uint16_t message_id,
                              const CommitmentDataset& report) {
  Command command;
  command.field = kEventReportRq;
  command.message_id = message_id;
  command.dataset_type = kDataset;
  command.sop_class = kCommitmentSopClass;
  command.sop_instance = kCommitmentSopInstance;
  command.event_type = report.all_committed() ? kAllCommitted : kFailuresExist;
  const uint32_t bytes_max = association.agreement().peer_pdu_bytes_max;
  Bytes pdus;
  ul::append_p_data(pdus, context_id, true, encode(command), bytes_max);
  ul::append_p_data(pdus, context_id, false, write_commitment(report, transfer_syntax), bytes_max);
  return association.send(pdus);
}

}  // namespace medarc::dicom::dimse
