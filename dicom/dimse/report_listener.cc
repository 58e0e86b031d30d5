#include "dicom/dimse/report_listener.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "dicom/dimse/user.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"
#include "dicom/ul/acceptor.h"

namespace medarc::dicom::dimse {
namespace {

constexpr size_t kWaitingMax = 16;
constexpr uint32_t kIdleMax_ms = 10'000;  // nobody holds the door longer without a word

class Listener final : public ReportListener {
 public:
  Listener(const std::string& aet, const Limits& limits, CommitmentReceiver& receiver)
      : limits_(limits), receiver_(receiver) {
    limits_.idle_timeout_ms = std::min(limits.idle_timeout_ms, kIdleMax_ms);
    policy_.aet = aet;
    policy_.commitment = true;
    policy_.reports_only = true;
    policy_.pdu_bytes_max = limits.pdu_bytes_max;
    policy_.async_operations_max = 1;
  }

  Status begin(const std::string& address, uint16_t port) {
    MEDARC_ASSIGN(acceptor_,
                  ul::Acceptor::start(address, port, limits_, nullptr,
                                      [this](ul::Connection& connection, ul::AssociateRq& rq) {
                                        return offer(connection, rq);
                                      }));
    thread_ = std::thread([this] { work(); });
    return {};
  }

  ~Listener() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    signals_.drain.raise();
    signals_.kill.raise();
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    if (acceptor_) acceptor_->stop();
  }

  uint16_t port() const override { return acceptor_->port(); }

 private:
  struct Caller {
    ul::Connection connection;
    ul::AssociateRq rq;
  };

  std::optional<ul::AssociateRj> offer(ul::Connection& connection, ul::AssociateRq& rq) {
    if (auto no = ul::refusal(rq, policy_)) return no;
    std::lock_guard lock(mutex_);
    if (stopping_ || callers_.size() == kWaitingMax) return ul::kCongestion;
    callers_.push_back({std::move(connection), std::move(rq)});
    changed_.notify_one();
    return std::nullopt;
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return stopping_ || !callers_.empty(); });
      if (stopping_) return;
      Caller caller = std::move(callers_.front());
      callers_.pop_front();
      lock.unlock();
      if (const Status ended = talk(std::move(caller)); ended.has_error()) {
        log(medarc::Level::debug, "report_listener.end", {{"how", ended.error().text}});
      }
      lock.lock();
    }
  }

  Status talk(Caller caller) {
    MEDARC_ASSIGN(ul::Agreement agreement, ul::agree(caller.rq, policy_));
    const std::string peer(ul::trim_title(caller.rq.fixed.calling));
    const security::Principal principal{"ae:" + peer, {}, "dimse", caller.connection.peer};
    ul::Association association(std::move(caller.connection), std::move(agreement), limits_,
                                signals_);
    MEDARC_TRY(association.accept());
    const Status ended = serve(association, peer, principal);
    acceptor_->drain(association.into_drain());
    return ended;
  }

  Status serve(ul::Association& association, const std::string& peer,
               const security::Principal& principal) {
    for (;;) {
      MEDARC_ASSIGN(const auto request, read_request(association, limits_.command_bytes_max));
      if (!request) return association.answer_release();
      if (request->command.field == kEventReportRq) {
        MEDARC_TRY(
            serve_commitment_report(association, peer, receiver_, principal, limits_, *request));
        continue;
      }
      MEDARC_TRY(read_whole_dataset(association, *request, limits_.identifier_bytes_max));
      const bool echo = request->command.field == kEchoRq;
      MEDARC_TRY(
          send_request(association, request->context_id,
                       response_to(request->command, echo ? kSuccess : kUnrecognisedOperation)));
    }
  }

  Limits limits_;
  CommitmentReceiver& receiver_;
  ul::Policy policy_;
  ul::StopSignals signals_;
  std::unique_ptr<ul::Acceptor> acceptor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::deque<Caller> callers_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<ReportListener>> ReportListener::start(const std::string& address,
                                                              uint16_t port, const std::string& aet,
                                                              const Limits& limits,
                                                              CommitmentReceiver& receiver) {
  auto out = std::make_unique<Listener>(aet, limits, receiver);
  MEDARC_TRY(out->begin(address, port));
  return std::unique_ptr<ReportListener>(std::move(out));
}

}  // namespace medarc::dicom::dimse
