#include "dicom/dimse/deliveries.h"

#include <fmt/format.h>

#include "base/codec.h"
#include "base/log.h"
#include "base/metrics.h"
#include "dicom/dimse/store_scu.h"
#include "dicom/dimse_status.h"
#include "dicom/ul/requestor.h"

namespace medarc::dicom::dimse {
namespace {

constexpr uint8_t kPayloadVersion = 1;
constexpr std::string_view kQueuePrefix = "route:", kAetPrefix = "ae:";
constexpr uint32_t kUnexplainedMax = 4;

struct Delivery {
  StudyUid study;
  SeriesUid series;
  SopInstanceUid instance;
};

Bytes encode_delivery(const InstanceRow& row) {
  Encoder out;
  out.fixed(kPayloadVersion);
  out.bytes(row.study.value);
  out.bytes(row.series.value);
  out.bytes(row.uid.value);
  return out.take();
}

Result<Delivery> decode_delivery(ByteView payload) {
  Decoder in(payload);
  const bool known = in.fixed<uint8_t>() == kPayloadVersion;
  Delivery out;
  out.study.value = in.bytes();
  out.series.value = in.bytes();
  out.instance.value = in.bytes();
  if (!known || !in.at_end()) return make_error(Code::corrupt, "a delivery cannot be decoded");
  return out;
}

// Whether the peer may take it another time: out of resources, or a failure that it does not
// explain, unless it does so again and again: the objects behind it wait as well.
bool worth_waiting(uint16_t status, uint32_t attempts) {
  if (status == kProcessingFailure) return attempts < kUnexplainedMax;
  return status >> 8 == 0xA7 || status == kResourceLimitation;
}

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
  const std::string calling =
      principal.id.starts_with(kAetPrefix) ? principal.id.substr(kAetPrefix.size()) : std::string();
  std::vector<index::JobRow> out;
  for (const std::string& aet : routes_.targets(object, calling, local_minute(received))) {
    if (!jobs_.room_for(out.size() + 1)) {
      dropped.add();
      log(medarc::Level::error, "route.dropped",
          {{"to", aet}, {"instance", object.instance.uid.value}});
      continue;
    }
    index::JobRow job;
    job.queue = std::string(kQueuePrefix) + aet;
    // Names order the queue. Two processes never share an archive, so this one's count will do.
    job.name = fmt::format("{:016x}-{:08x}-{}", static_cast<uint64_t>(received.us),
                           sequence_.fetch_add(1), object.instance.uid.value);
    job.name.resize(std::min<size_t>(job.name.size(), 255));
    job.kind = kDeliveryJob;
    job.payload = encode_delivery(object.instance);
    job.due = received;
    out.push_back(std::move(job));
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
        outcomes.push_back(
            {Verdict::failed, row.has_error() ? row.error().text : "the object is gone"});
        continue;
      }
      StoredForms more = forms;
      more.emplace((*row)->sop_class.value, (*row)->transfer_syntax.value);
      if (contexts_for(more).size() > ul::kContextsMax) break;
      forms = std::move(more);
      rows.push_back(std::move(*row));
      outcomes.push_back({Verdict::later, ""});
    }
  }
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
};

std::vector<JobOutcome> Deliveries::run(const std::vector<index::JobRow>& jobs) {
  const std::string aet = jobs.front().queue.substr(kQueuePrefix.size());
  const Destination* to = destinations_.find(aet);
  if (to == nullptr) return {{Verdict::later, "no [[dicom.peer]] of this name has a port"}};
  Batch batch;
  batch.look_at(imaging_, jobs);
  const size_t open = batch.first_open();
  if (open == batch.rows.size()) return std::move(batch.outcomes);
  const ul::Call call{to->host, to->port,    to->aet, aet_, contexts_for(batch.forms),
                      to->tls,  to->tls_name};
  auto association = ul::call(call, limits_, signals_);
  if (association.has_error()) {
    if (signals_.kill.raised()) return {};
    batch.stop_at(open, association.error().text);
    return std::move(batch.outcomes);
  }
  const Principal self{"route:" + aet, {security::Role::administrator}, "dimse", to->host};
  StoreScu sender(**association, imaging_, self, false);
  for (size_t i = open; i < batch.rows.size(); ++i) {
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
      return std::move(batch.outcomes);
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
  (void)(*association)->release();
  return std::move(batch.outcomes);
}

}  // namespace medarc::dicom::dimse
