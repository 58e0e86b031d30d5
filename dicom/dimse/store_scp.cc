#include "dicom/dimse/store_scp.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/completeness/noter.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"

namespace medarc::dicom::dimse {
namespace {

using Clock = std::chrono::steady_clock;

// A batch's first object waits for its last one: enough to share a sync, never long.
constexpr uint64_t kBatchBytesMax = 16ull << 20;

Counter& stored_count() {
  static Counter& c = counter("medarc_dimse_stored_total", "C-STORE requests answered stored.");
  return c;
}
Counter& refused_count() {
  static Counter& c = counter("medarc_dimse_refused_total", "C-STORE requests answered refused.");
  return c;
}
Counter& received_bytes() {
  static Counter& c = counter("medarc_dimse_received_bytes_total", "Dataset bytes received.");
  return c;
}
Histogram& store_seconds() {
  static Histogram& h = histogram("medarc_dimse_store_seconds",
                                  "C-STORE from the end of its command to the answer sent.");
  return h;
}

// What the sender may read. Errors of ours (a disk, a defect) are for the log alone.
std::string comment_on(const Error& error) {
  switch (error.code) {
    case Code::io:
    case Code::internal:
    case Code::corrupt:
    case Code::exhausted: return std::string(to_string(error.code));
    default: return error.text;
  }
}

Refusal explain(const IncomingObject& object, Error error) {
  Refusal out = object.refusal();
  if (out.reason == 0 && out.error.text.empty()) out.error = std::move(error);
  return out;
}

void log_refusal(const Command& request, const Refusal& refusal, const std::string& peer) {
  const std::string& instance = request.sop_instance;
  log(medarc::Level::warn, "dimse.refused",
      {{"peer", peer},
       {"status", fmt::format("{:04X}", store_status(refusal))},
       {"instance", plausible_uid(instance) ? instance : std::string("?")},
       {"error", refusal.error.text}});
}

}  // namespace

StoreScp::StoreScp(ul::Association& association, Imaging& imaging, const Principal& principal,
                   const Limits& limits, bool warn_status)
    : association_(association),
      imaging_(imaging),
      principal_(principal),
      limits_(limits),
      warn_status_(warn_status) {}

Status StoreScp::receive(const Request& request) {
  Outcome outcome;
  outcome.context_id = request.context_id;
  outcome.request = request.command;
  outcome.began = Clock::now();
  std::unique_ptr<IncomingObject> object = begin(request, outcome.refusal);
  if (request.command.has_dataset()) {
    MEDARC_TRY(read_into(object, request.context_id, outcome.refusal));
  }
  if (object) {
    if (auto prepared = object->prepare(); prepared.has_error()) {
      outcome.refusal = explain(*object, std::move(prepared).error());
    } else {
      outcome.prepared = prepared_.size();
      prepared_.push_back(std::move(*prepared));
    }
  }
  outcomes_.push_back(std::move(outcome));
  return {};
}

// Null, with the refusal told, when the object is not wanted.
std::unique_ptr<IncomingObject> StoreScp::begin(const Request& request, Refusal& refusal) {
  const Command& command = request.command;
  if (!command.has_dataset()) {
    refusal.error = make_error(Code::invalid_argument, "no dataset follows the request");
    return nullptr;
  }
  const SopClassKind kind = kind_of(request.context.abstract_syntax);
  if (kind == SopClassKind::verification || kind == SopClassKind::query_retrieve ||
      kind == SopClassKind::commitment) {
    refusal.error = make_error(Code::unsupported, "not a storage presentation context");
    refusal.reason = kSopClassUnsupported;
    return nullptr;
  }
  StoreStart start;
  start.transfer_syntax = TransferSyntaxUid(request.context.transfer_syntax);
  start.sop_class =
      SopClassUid(command.sop_class.empty() ? request.context.abstract_syntax : command.sop_class);
  start.instance = SopInstanceUid(command.sop_instance);
  auto object = imaging_.begin(principal_, std::move(start));
  if (object.has_error()) {
    refusal.error = std::move(object).error();
    return nullptr;
  }
  return std::move(*object);
}

// Feeds the dataset; from a refusal on, drops it (`object` becomes null).
Status StoreScp::read_into(std::unique_ptr<IncomingObject>& object, uint8_t context_id,
                           Refusal& refusal) {
  uint64_t fed_bytes = 0, dropped_bytes = 0;
  return read_dataset(association_, context_id, [&](ByteView bytes) -> Status {
    received_bytes().add(bytes.size());
    batch_bytes_ += bytes.size();
    if (object) {
      fed_bytes += bytes.size();
      if (fed_bytes > limits_.object_bytes_max) {
        refusal.error = make_error(Code::too_large, "dataset over object_bytes_max");
        refusal.reason = kOutOfResources;
        object.reset();
      } else if (auto written = object->write(bytes); written.has_error()) {
        refusal = explain(*object, std::move(written).error());
        object.reset();
      }
      return {};
    }
    dropped_bytes += bytes.size();
    if (dropped_bytes <= limits_.object_bytes_max) return {};
    association_.abort(2, ul::kAbortNoReason);
    return make_error(Code::too_large, "refused dataset goes on over object_bytes_max");
  });
}

bool StoreScp::full() const {
  return outcomes_.size() >= association_.agreement().operations_max ||
         batch_bytes_ >= kBatchBytesMax;
}

Result<std::vector<StoreResult>> StoreScp::commit() {
  if (prepared_.empty()) return std::vector<StoreResult>();
  const size_t count = prepared_.size();
  auto results = imaging_.commit(principal_, std::exchange(prepared_, {}));
  if (results.has_error()) {
    log(medarc::Level::error, "dimse.commit_failed",
        {{"objects", count}, {"error", results.error().text}});
  } else if (results->size() != count) {
    return make_error(Code::internal, "as many results as objects were expected");
  }
  if (results.has_value()) {
    for (const StoreResult& r : *results) {
      if (stored_.size() < StudyNoter::kStudiesMax || stored_.contains(r.study.value)) {
        ++stored_[r.study.value];
      }
    }
  }
  return results;
}

Command StoreScp::answer_to(const Outcome& outcome,
                            const Result<std::vector<StoreResult>>& committed) {
  if (!outcome.prepared || committed.has_error()) {
    Refusal refusal = outcome.refusal;
    if (outcome.prepared) refusal.error = committed.error();
    refused_count().add();
    log_refusal(outcome.request, refusal, association_.peer());
    return response_to(outcome.request, store_status(refusal), comment_on(refusal.error));
  }
  stored_count().add();
  const std::vector<Warning>& warnings = (*committed)[*outcome.prepared].warnings;
  if (warnings.empty()) return response_to(outcome.request, kSuccess);
  const uint16_t status = warn_status_ ? warnings.front().reason : kSuccess;
  return response_to(outcome.request, status, warnings.front().text);
}

Status StoreScp::answer() {
  if (outcomes_.empty()) return {};
  const auto committed = commit();
  Bytes pdus;
  for (const Outcome& outcome : outcomes_) {
    ul::append_p_data(pdus, outcome.context_id, true, encode(answer_to(outcome, committed)),
                      association_.agreement().peer_pdu_bytes_max);
  }
  const Status sent = association_.send(pdus);
  for (const Outcome& outcome : outcomes_) {
    const auto took = Clock::now() - outcome.began;
    store_seconds().observe_us(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  }
  outcomes_.clear();
  batch_bytes_ = 0;
  return sent;
}

void StoreScp::keep() {
  if (outcomes_.empty()) return;
  if (const auto committed = commit(); committed.has_value()) stored_count().add(committed->size());
  outcomes_.clear();
}

}  // namespace medarc::dicom::dimse
