#include "dicom/dimse/deliveries.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/dimse/call.h"
#include "dicom/dimse/commitment_scu.h"
#include "dicom/dimse/store_scu.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"
#include "security/identity.h"

namespace medarc::dicom::dimse {
namespace {

constexpr size_t kFormContextsMax = ul::kContextsMax - 2;  // beside those of storage commitment

Counter& delivered() {
  static Counter& c = counter("medarc_deliveries_total", "Objects delivered by routing.");
  return c;
}

}  // namespace

using index::JobOutcome;
using Verdict = JobOutcome::Verdict;

std::vector<index::JobRow> Router::jobs_for(const Principal& principal,
                                            const index::StoreInstance& object,
                                            Timestamp received) {
  static Counter& dropped =
      counter("medarc_deliveries_dropped_total", "Deliveries not queued: jobs_max.");
  const index::InstanceRow& row = object.instance;
  const std::string calling(security::calling_aet(principal));
  std::vector<index::JobRow> out;
  for (const RouteTarget& to : routes_.targets(object, calling, local_minute(received))) {
    if (!jobs_.room_for(out.size() + 1)) {
      dropped.add();
      log(medarc::Level::error, "route.dropped", {{"to", to.name}, {"instance", row.uid.value}});
      continue;
    }
    // Two processes never share an archive, so this one's count will do.
    out.push_back(delivery_job(to, row, received, sequence_.fetch_add(1)));
  }
  return out;
}

void Deliveries::stop() {
  signals_.drain.raise();
  signals_.kill.raise();
}

// The jobs of one run with their rows, as far as one association can take them.
struct Deliveries::Batch {
  std::vector<JobOutcome> outcomes;              // of the jobs looked at
  std::vector<std::optional<InstanceRow>> rows;  // none: the outcome stands already
  std::vector<bool> commit;
  StoredForms forms;

  void look_at(Imaging& imaging, const std::vector<index::JobRow>& jobs) {
    const auto view = imaging.index().view();
    for (const index::JobRow& job : jobs) {
      const auto delivery = decode_delivery(job.payload);
      auto row = delivery.has_error()
                     ? Result<std::optional<InstanceRow>>(delivery.error())
                     : view->instance(delivery->study, delivery->series, delivery->instance);
      if (row.has_error() || !*row) {
        rows.emplace_back();
        commit.push_back(false);
        outcomes.push_back(
            {Verdict::failed, row.has_error() ? row.error().text : "the object is gone"});
        continue;
      }
      StoredForms more = forms;
      more.emplace((*row)->sop_class.value, (*row)->transfer_syntax.value);
      if (contexts_for(more).size() > kFormContextsMax) break;
      forms = std::move(more);
      rows.push_back(std::move(*row));
      commit.push_back(delivery->commit);
      outcomes.push_back({Verdict::later, ""});
    }
  }
  bool any_commit() const { return std::find(commit.begin(), commit.end(), true) != commit.end(); }
  // The first that is not settled waits with this problem; those behind it were not tried.
  void stop_at(size_t i, std::string problem) {
    outcomes.resize(i + 1);
    outcomes[i] = {Verdict::later, std::move(problem)};
  }
  size_t first_open() const {
    size_t i = 0;
    while (i < rows.size() && !rows[i]) ++i;
    return i;
  }
  // Taken by the peer, and to be promised.
  bool owed(size_t i) const { return commit[i] && rows[i] && outcomes[i].verdict == Verdict::done; }
  void settle_owed(Verdict verdict, const std::string& problem) {
    for (size_t i = 0; i < outcomes.size(); ++i) {
      if (owed(i)) outcomes[i] = {verdict, "sent, but not committed: " + problem};
    }
  }
};

std::vector<JobOutcome> Deliveries::run(const std::vector<index::JobRow>& jobs) {
  const std::string aet = jobs.front().queue.substr(kDeliveryQueue.size());
  const std::shared_ptr<const Destination> to = destinations_.find(aet);
  if (to == nullptr) return {{Verdict::later, "no [[dicom.peer]] of this name has a port"}};
  Batch batch;
  batch.look_at(imaging_, jobs);
  const size_t open = batch.first_open();
  if (open == batch.rows.size()) return std::move(batch.outcomes);
  std::vector<ul::AcceptedContext> contexts;
  if (batch.any_commit()) contexts = dataset_contexts(kCommitmentSopClass);
  for (auto& context : contexts_for(batch.forms)) contexts.push_back(std::move(context));
  auto association = call(*to, aet_, std::move(contexts), limits_, signals_);
  if (association.has_error()) {
    if (signals_.kill.raised()) return {};
    batch.stop_at(open, association.error().text);
    return std::move(batch.outcomes);
  }
  const Principal self{
      std::string(kDeliveryQueue) + aet, {security::Role::administrator}, "dimse", to->host};
  Status ended = send(**association, self, batch, jobs);
  if (ended.has_value()) ended = have_committed(**association, self, batch, jobs, aet);
  if (ended.has_value()) (void)(*association)->release();
  return std::move(batch.outcomes);
}

Status Deliveries::send(ul::Association& association, const Principal& self, Batch& batch,
                        const std::vector<index::JobRow>& jobs) {
  StoreScu sender(association, imaging_, self, false);
  for (size_t i = batch.first_open(); i < batch.rows.size(); ++i) {
    if (!batch.rows[i]) continue;
    const auto status = signals_.drain.raised()
                            ? Result<uint16_t>(make_error(Code::unavailable, "stopping"))
                            : sender.send(*batch.rows[i], std::nullopt);
    if (status.has_error()) {
      if (signals_.kill.raised() || signals_.drain.raised()) {
        batch.outcomes.resize(i);  // no fault of the peer
      } else {
        batch.stop_at(i, status.error().text);
      }
      // Of what was taken before, nothing can be promised any more.
      batch.settle_owed(Verdict::later, status.error().text);
      return status.error();
    }
    if (*status == kSuccess || *status >> 12 == 0xB) {
      delivered().add();
      batch.outcomes[i] = {Verdict::done, ""};
      continue;
    }
    const std::string problem = fmt::format("the peer answered {:04X}", *status);
    if (worth_waiting(*status, jobs[i].attempts)) {
      batch.stop_at(i, problem);
      break;
    }
    batch.outcomes[i] = {Verdict::failed, problem};
  }
  return {};
}

Status Deliveries::have_committed(ul::Association& association, const Principal& self, Batch& batch,
                                  const std::vector<index::JobRow>& jobs, const std::string& peer) {
  CommitmentDataset wanted{new_transaction_uid(), "", {}};
  std::vector<AwaitedObject> objects;
  std::set<std::string> named;
  for (size_t i = 0; i < batch.outcomes.size(); ++i) {
    if (!batch.owed(i)) continue;
    const InstanceRow& row = *batch.rows[i];
    objects.push_back({row.sop_class.value, row.uid.value, jobs[i].queue, jobs[i].name,
                       jobs[i].payload, jobs[i].attempts});
    if (!named.insert(row.uid.value).second) continue;
    wanted.references.push_back({row.sop_class.value, row.uid.value, 0});
  }
  if (objects.empty()) return {};
  if (!context_of(association.agreement(), kCommitmentSopClass)) {
    batch.settle_owed(Verdict::failed, "the peer offers no storage commitment");
    return {};
  }
  // Whatever happens from here on, the objects are owed under this transaction.
  if (const Status kept = awaited_->expect(peer, wanted.transaction, objects); kept.has_error()) {
    batch.settle_owed(Verdict::later, kept.error().text);
    return {};
  }
  const auto asked = request_commitment(association, limits_, wanted);
  if (asked.has_error() || *asked != kSuccess) {
    awaited_->forget(peer, wanted.transaction);
    batch.settle_owed(Verdict::later, asked.has_error()
                                          ? asked.error().text
                                          : fmt::format("the peer answered {:04X}", *asked));
    return asked.has_error() ? Status(asked.error()) : Status();
  }
  return take_reports(association, peer, *awaited_, self, limits_,
                      awaited_->options().report_same_association_ms,
                      [&] { return !awaited_->waits(peer, wanted.transaction); });
}

}  // namespace medarc::dicom::dimse
