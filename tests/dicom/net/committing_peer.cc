#include "tests/dicom/net/committing_peer.h"

#include <gtest/gtest.h>

#include "dicom/dimse/call.h"
#include "dicom/dimse/cancel.h"
#include "dicom/dimse/commitment_scp.h"
#include "dicom/dimse/user.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"

namespace medarc::dicom::test {

CommittingPeer::CommittingPeer(const std::string& aet, bool commitment) {
  policy_.aet = aet;
  policy_.commitment = commitment;
  auto made = ul::Acceptor::start("127.0.0.1", 0, limits_, nullptr,
                                  [this](ul::Connection& connection, ul::AssociateRq& rq) {
                                    std::lock_guard lock(mutex_);
                                    callers_.emplace_back(std::move(connection), std::move(rq));
                                    changed_.notify_one();
                                    return std::optional<ul::AssociateRj>();
                                  });
  EXPECT_TRUE(made.has_value());
  acceptor_ = std::move(*made);
  thread_ = std::thread([this] { work(); });
}

CommittingPeer::~CommittingPeer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  signals_.drain.raise();
  signals_.kill.raise();
  changed_.notify_all();
  thread_.join();
  acceptor_->stop();
}

std::map<std::string, int> CommittingPeer::stored() const {
  std::lock_guard lock(mutex_);
  return stored_;
}

std::vector<uint16_t> CommittingPeer::answers() const {
  std::lock_guard lock(mutex_);
  return answers_;
}

std::optional<dimse::CommitmentDataset> CommittingPeer::last_request() const {
  std::lock_guard lock(mutex_);
  return last_request_;
}

void CommittingPeer::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !callers_.empty(); });
    if (stopping_) return;
    auto [connection, rq] = std::move(callers_.front());
    callers_.pop_front();
    lock.unlock();
    (void)serve(std::move(connection), rq);
    lock.lock();
  }
}

Status CommittingPeer::serve(ul::Connection connection, const ul::AssociateRq& rq) {
  MEDARC_ASSIGN(ul::Agreement agreement, ul::agree(rq, policy_));
  ul::Association association(std::move(connection), std::move(agreement), limits_, signals_);
  MEDARC_TRY(association.accept());
  for (;;) {
    MEDARC_ASSIGN(const auto request, dimse::read_request(association, limits_.command_bytes_max));
    if (!request) return association.answer_release();
    MEDARC_ASSIGN(const auto dataset, dimse::read_identifier_bytes(association, *request, limits_));
    const dimse::Command& command = request->command;
    const bool action = command.field == dimse::kActionRq;
    MEDARC_TRY(
        dimse::send_request(association, request->context_id,
                            dimse::response_to(command, action ? action_status.load() : kSuccess)));
    if (command.field == dimse::kStoreRq) {
      std::lock_guard lock(mutex_);
      ++stored_[command.sop_instance];
    }
    if (!action || action_status != 0) continue;
    const std::string& syntax = request->context.transfer_syntax;
    MEDARC_ASSIGN(auto asked, dimse::read_commitment(*dataset, syntax, limits_, 1000));
    {
      std::lock_guard lock(mutex_);
      last_request_ = asked;
    }
    ++asked_;
    if (failing_reports > 0) {
      --failing_reports;
      asked.references.front().failure = dimse::kReasonProcessing;
    }
    if (report == Report::same_association) {
      tell(association, request->context_id, syntax, std::move(asked));
    } else if (report == Report::own_association) {
      (void)bring(std::move(asked));
    }
  }
}

void CommittingPeer::tell(ul::Association& association, uint8_t context_id,
                          const std::string& syntax, dimse::CommitmentDataset dataset) {
  EXPECT_TRUE(dimse::send_commitment_report(association, context_id, syntax, 1, dataset));
  const auto answer = dimse::read_request(association, limits_.command_bytes_max);
  if (answer.has_error() || !*answer) return;
  std::lock_guard lock(mutex_);
  answers_.push_back((*answer)->command.status.value_or(0xFFFF));
}

uint16_t CommittingPeer::bring(dimse::CommitmentDataset dataset) {
  const Destination medarc{"MEDARC", "127.0.0.1", medarc_port};
  auto association = dimse::call(medarc, policy_.aet, dimse::dataset_contexts(kCommitmentSopClass),
                                 limits_, signals_, {{std::string(kCommitmentSopClass), 0, 1}});
  EXPECT_TRUE(association.has_value());
  if (association.has_error()) return 0xFFFF;
  const auto& agreement = (*association)->agreement();
  EXPECT_EQ(agreement.answer.user.roles,
            (std::vector<ul::RoleSelection>{{std::string(kCommitmentSopClass), 0, 1}}));
  const auto& [id, context] = *agreement.contexts.begin();
  tell(**association, id, context.transfer_syntax, std::move(dataset));
  (void)(*association)->release();
  std::lock_guard lock(mutex_);
  return answers_.empty() ? 0xFFFF : answers_.back();
}

}  // namespace medarc::dicom::test
