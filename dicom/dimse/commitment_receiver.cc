#include "dicom/dimse/commitment_receiver.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/dimse/cancel.h"
#include "dicom/dimse/user.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"

namespace medarc::dicom::dimse {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint16_t kAllCommitted = 1, kFailuresExist = 2;  // Event Type ID (PS3.4 table J.3.3-1)
constexpr int64_t kAskedEvery_ms = 50;

struct Verdict {
  uint16_t status = kSuccess;
  std::string comment = {};
};

Verdict judge(CommitmentReceiver& receiver, const security::Principal& principal,
              const std::string& peer, const Limits& limits, const Request& request,
              const std::optional<Bytes>& dataset) {
  const Command& command = request.command;
  if (request.context.abstract_syntax != kCommitmentSopClass) {
    return {kSopClassUnsupported, "no N-EVENT-REPORT on this presentation context"};
  }
  if (command.sop_class != kCommitmentSopClass) return {kClassInstanceConflict};
  if (command.sop_instance != kCommitmentSopInstance) return {kNoSuchInstance};
  if (command.event_type != kAllCommitted && command.event_type != kFailuresExist) {
    return {kNoSuchEvent};
  }
  if (!dataset) return {kResourceLimitation, "the report is over its limit"};
  const auto report = read_commitment(*dataset, request.context.transfer_syntax, limits,
                                      receiver.options().references_max);
  if (report.has_error()) return {action_status(report.error().code), report.error().text};
  const uint16_t status = receiver.receive(principal, peer, *report);
  log(status == kSuccess ? medarc::Level::info : medarc::Level::warn, "commitment.report_came",
      {{"peer", peer},
       {"transaction", report->transaction},
       {"status", fmt::format("{:04X}", status)}});
  if (status == kInvalidArgument) return {status, "nobody waits for this transaction"};
  return {status};
}

}  // namespace

Status serve_commitment_report(ul::Association& association, const std::string& peer,
                               CommitmentReceiver& receiver, const security::Principal& principal,
                               const Limits& limits, const Request& request) {
  static Counter& reports = counter("medarc_dimse_commitment_reports_total",
                                    "Storage commitment reports that peers brought.");
  reports.add();
  Limits of_report = limits;
  of_report.identifier_bytes_max = static_cast<uint32_t>(receiver.options().dataset_bytes_max);
  MEDARC_ASSIGN(const auto dataset, read_identifier_bytes(association, request, of_report));
  Verdict verdict = judge(receiver, principal, peer, of_report, request, dataset);
  return send_request(association, request.context_id,
                      response_to(request.command, verdict.status, std::move(verdict.comment)));
}

Status take_reports(ul::Association& association, const std::string& peer,
                    CommitmentReceiver& receiver, const security::Principal& principal,
                    const Limits& limits, uint32_t wait_ms, const std::function<bool()>& done) {
  const auto until = Clock::now() + std::chrono::milliseconds(wait_ms);
  while (!done()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return {};
    MEDARC_ASSIGN(const bool came, association.readable_within(static_cast<uint32_t>(
                                       std::min<int64_t>(left, kAskedEvery_ms))));
    if (!came) continue;
    MEDARC_ASSIGN(const auto request, read_request(association, limits.command_bytes_max));
    if (!request) {
      (void)association.answer_release();
      return make_error(Code::cancelled, "the peer has released the association");
    }
    if (request->command.field != kEventReportRq) {
      association.abort(2, ul::kAbortUnexpectedPdu);
      return make_error(Code::invalid_argument,
                        "something else came than a storage commitment report");
    }
    MEDARC_TRY(serve_commitment_report(association, peer, receiver, principal, limits, *request));
  }
  return {};
}

}  // namespace medarc::dicom::dimse
