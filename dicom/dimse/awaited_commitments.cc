#include "dicom/dimse/awaited_commitments.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/codec.h"
#include "base/log.h"
#include "base/metrics.h"
#include "dicom/delivery.h"
#include "dicom/dimse_status.h"

namespace medarc::dicom::dimse {
namespace {

using index::JobOutcome;
using index::JobRow;

constexpr uint8_t kPayloadVersion = 1;
constexpr size_t kSettledMax = 4096;
constexpr char kAgain = '~';  // in names of deliveries: then how often they were made anew

std::string queue_of(const std::string& peer) { return "awaited:" + peer; }

// The name of a delivery that is made anew: a new one, since the old job may still be on its way
// out, at the same place in the order of its queue.
std::string name_again(const std::string& name, uint32_t attempts) {
  return fmt::format("{}{}{}", name.substr(0, name.find(kAgain)), kAgain, attempts + 1);
}

void count(std::string_view how, uint64_t n) {
  counter("medarc_route_commitments_total", "Routed objects whose destination was asked to commit.",
          "how=\"" + std::string(how) + "\"")
      .add(n);
}

}  // namespace

Bytes encode(const std::vector<AwaitedObject>& objects) {
  Encoder out;
  out.fixed(kPayloadVersion);
  out.varint(objects.size());
  for (const AwaitedObject& o : objects) {
    out.bytes(o.sop_class);
    out.bytes(o.instance);
    out.bytes(o.queue);
    out.bytes(o.name);
    out.bytes(o.payload);
    out.varint(o.attempts);
  }
  return out.take();
}

Result<std::vector<AwaitedObject>> decode_awaited(ByteView payload) {
  Decoder in(payload);
  const bool known = in.fixed<uint8_t>() == kPayloadVersion;
  std::vector<AwaitedObject> out;
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
    AwaitedObject o;
    o.sop_class = in.bytes();
    o.instance = in.bytes();
    o.queue = in.bytes();
    o.name = in.bytes();
    o.payload = in.bytes();
    o.attempts = static_cast<uint32_t>(in.varint());
    out.push_back(std::move(o));
  }
  if (!known || !in.at_end()) {
    return make_error(Code::corrupt, "an awaited commitment cannot be decoded");
  }
  return out;
}

Status AwaitedCommitments::expect(const std::string& peer, const std::string& transaction,
                                  const std::vector<AwaitedObject>& objects) {
  JobRow job;
  job.queue = queue_of(peer);
  job.name = transaction;
  job.kind = kAwaitedCommitmentJob;
  job.payload = encode(objects);
  job.due = Timestamp{now().us + int64_t{options_.report_timeout_ms} * 1000};
  job.problem = fmt::format("sent; not yet promised to be kept: {} objects", objects.size());
  return jobs_.put(std::move(job));
}

void AwaitedCommitments::forget(const std::string& peer, const std::string& transaction) {
  const Status gone = jobs_.cancel(queue_of(peer), transaction, {});
  if (gone.has_error() && gone.error().code != Code::not_found) {
    // It stays, and becomes deliveries again in time.
    log(medarc::Level::error, "commitment.not_forgotten", {{"error", gone.error().text}});
  }
}

bool AwaitedCommitments::waits(const std::string& peer, const std::string& transaction) const {
  return waits_in(queue_of(peer), transaction);
}

bool AwaitedCommitments::waits_in(const std::string& queue, const std::string& name) const {
  const auto job = index_.view()->job(queue, name);
  return job.has_error() || job->has_value();
}

template <class Failed>
Status AwaitedCommitments::settle(const JobRow& job, const security::Principal& principal,
                                  Failed&& failed) {
  MEDARC_ASSIGN(const auto objects, decode_awaited(job.payload));
  const Timestamp at = now();
  std::vector<JobRow> again;
  for (const AwaitedObject& o : objects) {
    const std::string problem = failed(o.instance);
    if (problem.empty()) continue;
    JobRow row;
    row.queue = o.queue;
    row.name = name_again(o.name, o.attempts);
    row.kind = kDeliveryJob;
    row.payload = o.payload;
    row.attempts = o.attempts;
    again.push_back(jobs_.after_failure(std::move(row), "sent, but not committed: " + problem, at));
  }
  std::vector<index::Op> ops;
  for (const JobRow& row : again) ops.emplace_back(index::PutJob{row, false});
  ops.push_back(
      guard_.audit_op(principal, security::Action::store,
                      {security::Domain::images, "studies",
                       fmt::format("storage commitment at {}: {} of {} objects", job.queue,
                                   objects.size() - again.size(), objects.size())}));
  const Status gone = jobs_.cancel(job.queue, job.name, std::move(ops));
  if (gone.has_error() && gone.error().code != Code::not_found) return gone.error();
  for (const JobRow& row : again) jobs_.committed(row);
  count("committed", objects.size() - again.size());
  count("failed", again.size());
  return {};
}

uint16_t AwaitedCommitments::receive(const security::Principal& principal, const std::string& peer,
                                     const CommitmentDataset& report) {
  std::lock_guard lock(mutex_);
  const std::string queue = queue_of(peer), id = queue + ' ' + report.transaction;
  const auto job = index_.view()->job(queue, report.transaction);
  if (job.has_error()) return kProcessingFailure;
  if (!*job || (*job)->kind != kAwaitedCommitmentJob) {
    return settled_.contains(id) ? kSuccess : kInvalidArgument;
  }
  std::map<std::string_view, uint16_t> told;
  for (const Reference& r : report.references) {
    // Named twice, a failure counts.
    uint16_t& reason = told[r.instance];
    reason = std::max(reason, r.failure);
  }
  const Status settled = settle(**job, principal, [&](const std::string& instance) {
    const auto found = told.find(instance);
    if (found == told.end()) return std::string("the report does not name it");
    return found->second == 0 ? std::string() : fmt::format("reason {:04X}", found->second);
  });
  if (settled.has_error()) {
    log(medarc::Level::error, "commitment.not_settled", {{"error", settled.error().text}});
    return kProcessingFailure;
  }
  remember(id);
  return kSuccess;
}

std::vector<JobOutcome> AwaitedCommitments::run(const std::vector<JobRow>& jobs) {
  std::lock_guard lock(mutex_);
  if (!waits_in(jobs.front().queue, jobs.front().name)) return {{JobOutcome::Verdict::done, ""}};
  const security::Principal self{jobs.front().queue, {}, "dimse", ""};
  const Status settled = settle(
      jobs.front(), self, [](const std::string&) { return std::string("no report came in time"); });
  if (settled.has_value()) return {{JobOutcome::Verdict::done, ""}};
  const bool broken = settled.error().code == Code::corrupt;
  return {
      {broken ? JobOutcome::Verdict::failed : JobOutcome::Verdict::later, settled.error().text}};
}

void AwaitedCommitments::remember(std::string id) {
  if (!settled_.insert(id).second) return;
  order_.push_back(std::move(id));
  if (order_.size() <= kSettledMax) return;
  settled_.erase(order_.front());
  order_.pop_front();
}

}  // namespace medarc::dicom::dimse
