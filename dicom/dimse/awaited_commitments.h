// What routed objects wait for when their destination shall promise to keep them (PS3.4 J.3): one
// durable job a transaction, from before the peer is asked until its report has come. It stands for
// the deliveries of its objects and is seen like any job, in the queue "awaited:" and AE title.
//
// Objects that are in the report as committed are delivered. All others, and all of a transaction
// without a report in report_timeout_ms, become deliveries again, with one more attempt, so that
// back-off and attempts_max of jobs hold. After a crash an object may be sent twice, never less.
#pragma once

#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "dicom/dimse/commitment_receiver.h"
#include "index/jobs.h"

namespace medarc::dicom::dimse {

inline constexpr const char* kAwaitedCommitmentJob = "awaited-commitment";

// An object that the peer has taken, with the job that brought it there.
struct AwaitedObject {
  std::string sop_class, instance;
  std::string queue, name;  // of the delivery
  Bytes payload;
  uint32_t attempts = 0;
  bool operator==(const AwaitedObject&) const = default;
};
Bytes encode(const std::vector<AwaitedObject>& objects);
Result<std::vector<AwaitedObject>> decode_awaited(ByteView payload);  // corrupt

// Thread-safe.
class AwaitedCommitments final : public CommitmentReceiver, public index::JobHandler {
 public:
  // All of them outlive this.
  AwaitedCommitments(index::Index& index, security::Guard& guard, index::Jobs& jobs,
                     const CommitmentOptions& options)
      : index_(index), guard_(guard), jobs_(jobs), options_(options) {}

  // To be called before the peer is asked: durable when it answers. Errors as Jobs::put.
  Status expect(const std::string& peer, const std::string& transaction,
                const std::vector<AwaitedObject>& objects);
  // The peer could not be asked: its objects are deliveries still.
  void forget(const std::string& peer, const std::string& transaction);
  bool waits(const std::string& peer, const std::string& transaction) const;

  uint16_t receive(const security::Principal& principal, const std::string& peer,
                   const CommitmentDataset& report) override;
  const CommitmentOptions& options() const override { return options_; }

  // A job that is due: its report has not come.
  std::vector<index::JobOutcome> run(const std::vector<index::JobRow>& jobs) override;

 private:
  bool waits_in(const std::string& queue, const std::string& name) const;
  // Ends a transaction. `failed`: why an object is not committed, "" when it is.
  template <class Failed>
  Status settle(const index::JobRow& job, const security::Principal& principal, Failed&& failed);
  void remember(std::string id);

  index::Index& index_;
  security::Guard& guard_;
  index::Jobs& jobs_;
  const CommitmentOptions options_;
  std::mutex mutex_;
  // Transactions settled lately: a peer that missed our answer reports again.
  std::set<std::string> settled_;
  std::deque<std::string> order_;
};

}  // namespace medarc::dicom::dimse
