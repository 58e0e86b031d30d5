#include "web/dicomweb/commitment.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "base/thread_pool.h"
#include "dicom/sop_class.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/model_forms.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

using dicom::DataElement;
using dicom::DataSet;
using dicom::Tag;
using dicom::dimse::CommitmentDataset;
using dicom::dimse::Reference;

constexpr Tag kReferenced{0x00081199}, kFailed{0x00081198}, kReason{0x00081197}, kClass{0x00081150},
    kInstance{0x00081155}, kStudies{0x00081110}, kSeries{0x00081115}, kByClass{0x00081112},
    kInstances{0x0008114A};
constexpr int kRetryAfterSeconds = 2;

const std::vector<DataSet>& items_of(const DataSet& dataset, Tag sequence) {
  static const std::vector<DataSet> none;
  const DataElement* e = dataset.find(sequence);
  return e == nullptr ? none : e->items;
}

// Annex J.1: a list of instances, or studies with their series and instances by SOP class.
Result<std::vector<Reference>> read_references(const DataSet& request, size_t max) {
  std::vector<Reference> out;
  const auto add = [&](const DataSet& item, std::string sop_class) -> Status {
    if (out.size() == max) {
      return make_error(Code::too_large, "more references than are taken at a time");
    }
    out.push_back({std::move(sop_class), std::string(item.first(kInstance)), 0});
    if (out.back().sop_class.empty() || out.back().instance.empty()) {
      return make_error(Code::invalid_argument, "a reference without its UIDs");
    }
    return {};
  };
  for (const DataSet& item : items_of(request, kReferenced)) {
    MEDARC_TRY(add(item, std::string(item.first(kClass))));
  }
  for (const DataSet& study : items_of(request, kStudies)) {
    for (const DataSet& series : items_of(study, kSeries)) {
      for (const DataSet& by_class : items_of(series, kByClass)) {
        for (const DataSet& item : items_of(by_class, kInstances)) {
          MEDARC_TRY(add(item, std::string(by_class.first(kClass))));
        }
      }
    }
  }
  if (out.empty()) return make_error(Code::invalid_argument, "no instances are named");
  return out;
}

std::string result_json(const std::vector<Reference>& references) {
  DataElement committed, failed;
  committed.tag = kReferenced;
  failed.tag = kFailed;
  committed.vr = failed.vr = {'S', 'Q'};
  for (const Reference& r : references) {
    DataSet& item = (r.failure == 0 ? committed : failed).items.emplace_back();
    item.set(kClass, "UI", {r.sop_class});
    item.set(kInstance, "UI", {r.instance});
    if (r.failure != 0) item.set(kReason, "US", {std::to_string(r.failure)});
  }
  DataSet out;
  if (!committed.items.empty()) out.set(std::move(committed));
  if (!failed.items.empty()) out.set(std::move(failed));
  return to_json(out);
}

// Requests by principal and transaction, and those who look into them.
class Desk {
 public:
  Desk(dicom::dimse::Commitments& commitments, const CommitmentDoorOptions& options)
      : commitments_(commitments),
        options_(options),
        workers_(options.running_max, options.waiting_max) {}
  ~Desk() { stopping_ = true; }  // the workers are joined next

  Response ask(const Request& request, const DataSet& body, ModelForm form) {
    const std::string& transaction = request.captures[0];
    if (!dicom::plausible_uid(transaction)) {
      return problem(make_error(Code::invalid_argument, "the transaction is no UID"));
    }
    auto references = read_references(body, commitments_.options().references_max);
    if (references.has_error()) return problem(references.error());
    if (const Status admitted = commitments_.admit(at_door(request)); admitted.has_error()) {
      return problem(admitted.error());
    }
    const std::string name = name_of(request);
    std::shared_ptr<Running> running;
    {
      std::lock_guard lock(mutex_);
      if (const auto known = known_.find(name); known != known_.end()) {
        if (known->second->asked != *references) {
          return problem(make_error(Code::conflict, "this transaction UID is in use"));
        }
        running = known->second;
      } else {
        running = std::make_shared<Running>();
        running->asker = request.principal.id;
        running->asked = std::move(*references);
        running->asker = request.principal.id;
        if (!workers_.try_post([this, running] { look_into(*running); })) {
          return problem(make_error(Code::unavailable, "too many requests wait already"));
        }
        known_[name] = running;
        order_.push_back(name);
        forget();
      }
    }
    return answer(*running, form, options_.answer_within_ms);
  }

  Response check(const Request& request) {
    const auto form = model_form(request);
    if (form.has_error()) return problem(form.error());
    if (const Status admitted = commitments_.admit(at_door(request)); admitted.has_error()) {
      return problem(admitted.error());
    }
    std::shared_ptr<Running> running;
    {
      std::lock_guard lock(mutex_);
      const auto known = known_.find(name_of(request));
      if (known == known_.end()) {
        return problem(make_error(Code::not_found, "no such commitment request; ask again"));
      }
      running = known->second;
    }
    return answer(*running, *form, 0);
  }

 private:
  struct Running {
    std::string asker;
    std::vector<Reference> asked;
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    std::string result;
  };

  static std::string name_of(const Request& request) {
    return request.principal.id + " " + request.captures[0];
  }

  void look_into(Running& running) {
    std::vector<Reference> references = running.asked;
    dicom::CommitmentTally tally;
    for (Reference& r : references) {
      if (stopping_) return;
      r.failure = commitments_.check(r, running.asker, tally);
    }
    commitments_.note(running.asker, tally);
    std::lock_guard lock(running.mutex);
    running.result = result_json(references);
    running.done = true;
    running.changed.notify_all();
  }

  static Response answer(Running& running, ModelForm form, uint32_t within_ms) {
    std::unique_lock lock(running.mutex);
    running.changed.wait_for(lock, std::chrono::milliseconds(within_ms),
                             [&] { return running.done; });
    if (running.done) {
      return model_answer(200, form,
                          form == ModelForm::json ? "[" + running.result + "]" : running.result);
    }
    Response later;
    later.status = 202;
    later.headers.add("Retry-After", std::to_string(kRetryAfterSeconds));
    return later;
  }

  // With the lock held: the oldest results that are ready.
  void forget() {
    for (size_t n = order_.size(); n > 0 && order_.size() > options_.results_max; --n) {
      const std::string oldest = std::move(order_.front());
      order_.pop_front();
      const auto known = known_.find(oldest);
      std::unique_lock one(known->second->mutex);
      const bool done = known->second->done;
      one.unlock();
      if (done) {
        known_.erase(known);
      } else {
        order_.push_back(oldest);
      }
    }
  }

  dicom::dimse::Commitments& commitments_;
  const CommitmentDoorOptions options_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Running>> known_;
  std::deque<std::string> order_;
  std::atomic<bool> stopping_{false};
  ThreadPool workers_;
};

}  // namespace

CommitmentDoorOptions CommitmentDoorOptions::from(Config& config) {
  CommitmentDoorOptions o;
  const auto u32 = [&](const char* key, uint32_t& field, const char* meaning, uint64_t min,
                       uint64_t max) {
    field = static_cast<uint32_t>(
        config.size(std::string("commitment.") + key, field, meaning, min, max));
  };
  u32("web_answer_within_ms", o.answer_within_ms,
      "How long a web client waits for a result before it is told to come back.", 0, 30'000);
  u32("web_running_max", o.running_max, "Commitment requests of web clients at a time.", 1, 64);
  u32("web_waiting_max", o.waiting_max, "Those that wait; then 503.", 1, 10'000);
  u32("web_results_max", o.results_max, "Results kept for web clients that come back.", 1,
      1'000'000);
  return o;
}

std::vector<Route> commitment_routes(dicom::dimse::Commitments& commitments,
                                     const CommitmentDoorOptions& options) {
  const auto desk = std::make_shared<Desk>(commitments, options);
  const std::string path = std::string(kRoot) + "/commitment-requests/{transaction}";
  std::vector<Route> out;
  Route ask{"POST", path, "Ask for storage commitment.",
            [desk, options](const Request& request) -> Answer {
              const auto sent = model_body_form(request);
              const auto taken = model_form(request);
              if (!sent) {
                return problem(make_error(Code::unsupported,
                                          "requests are taken as application/dicom+json or +xml"),
                               true);
              }
              if (taken.has_error()) return problem(taken.error());
              return collect_body(options.body_bytes_max,
                                  [desk, options, request, sent, taken](Bytes body) {
                                    dicom::DataSetLimits limits;
                                    limits.bytes_max = options.body_bytes_max;
                                    limits.elements_max = UINT32_MAX;  // the body is bounded
                                    auto read = read_model_body(*sent, body, limits);
                                    return read.has_error() ? problem(read.error(), true)
                                                            : desk->ask(request, *read, *taken);
                                  });
            }};
  ask.body_bytes_max = options.body_bytes_max;
  out.push_back(std::move(ask));
  out.push_back({"GET", path, "The result of a storage commitment request.",
                 [desk](const Request& request) -> Answer { return desk->check(request); }});
  return out;
}

}  // namespace medarc::web
