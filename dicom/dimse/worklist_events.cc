#include "dicom/dimse/worklist_events.h"

#include <fmt/format.h>

#include "base/log.h"
#include "dicom/dimse/call.h"
#include "dicom/dimse/user.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"
#include "dicom/worklist/events.h"

namespace medarc::dicom::dimse {
namespace {

using index::JobOutcome;
using Verdict = index::JobOutcome::Verdict;

constexpr int64_t kHourUs = 3'600'000'000;

// One event and its answer. A peer that refuses an event has it all the same; only a failing
// association is an error.
Status report(ul::Association& association, const Limits& limits, uint16_t message_id,
              const worklist::Event& event) {
  const auto& [context_id, context] = *association.agreement().contexts.begin();
  Command command;
  command.field = kEventReportRq;
  command.message_id = message_id;
  command.sop_class = kUpsPush;
  command.sop_instance = event.item;
  command.event_type = static_cast<uint16_t>(event.type);
  MEDARC_TRY(send_request(association, context_id, command,
                          write_dataset(event.information, {}, context.transfer_syntax)));
  MEDARC_ASSIGN(const Request answer,
                read_answer(association, kEventReportRq | kResponseBit, message_id, limits));
  MEDARC_TRY(read_whole_dataset(association, answer, limits.identifier_bytes_max));
  if (const uint16_t status = answer.command.status.value_or(kProcessingFailure);
      status != kSuccess) {
    log(medarc::Level::warn, "worklist.event_refused",
        {{"peer", association.peer()}, {"status", fmt::format("{:04X}", status)}});
  }
  return {};
}

}  // namespace

WorklistEvents::WorklistEvents(const Destinations& destinations, const Limits& limits,
                               std::string aet, const worklist::WorklistOptions& options)
    : destinations_(destinations),
      limits_(limits),
      aet_(std::move(aet)),
      keep_us_(options.event_keep_hours * kHourUs) {
  limits_.idle_timeout_ms = options.event_timeout_ms;
}

void WorklistEvents::stop() {
  signals_.drain.raise();
  signals_.kill.raise();
}

std::vector<JobOutcome> WorklistEvents::run(const std::vector<index::JobRow>& jobs) {
  std::vector<JobOutcome> out;
  std::unique_ptr<ul::Association> association;
  const int64_t oldest = now().us - keep_us_;
  for (const index::JobRow& job : jobs) {
    const auto read = worklist::decode_event_job(job.payload);
    if (read.has_error()) {
      out.push_back({Verdict::failed, read.error().text});
      continue;
    }
    const std::shared_ptr<const Destination> to = destinations_.find(read->receiver);
    const auto later = [&](std::string problem) {
      // Not at once failed, and not for ever: older ones would hold those behind them.
      const bool over = job.created.us < oldest;
      if (over) log(medarc::Level::warn, "worklist.event_dropped", {{"receiver", read->receiver}});
      out.push_back({over ? Verdict::done : Verdict::later, std::move(problem)});
      return over;
    };
    if (to == nullptr) {
      if (later("dicom.peer " + read->receiver + " has no port: nowhere to report to")) continue;
      break;
    }
    if (!association) {
      auto called = call(*to, aet_, dataset_contexts(kUpsEvent), limits_, signals_,
                         {{std::string(kUpsEvent), 0, 1}});
      if (called.has_value() && (*called)->agreement().contexts.empty()) {
        (void)(*called)->release();
        called = make_error(Code::unsupported, "the peer takes no worklist events");
      }
      if (called.has_error()) {
        if (signals_.kill.raised()) return out;  // no fault of the peer
        if (later(called.error().text)) continue;
        break;
      }
      association = std::move(*called);
    }
    const auto message_id = static_cast<uint16_t>(out.size() + 1);
    if (const Status told = report(*association, limits_, message_id, read->event);
        told.has_error()) {
      if (!signals_.kill.raised()) later(told.error().text);
      return out;
    }
    out.push_back({Verdict::done, ""});
  }
  if (association) (void)association->release();
  return out;
}

}  // namespace medarc::dicom::dimse
