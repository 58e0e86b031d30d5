// A peer that takes objects and is asked to keep them: in this process, answering as it is told.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dicom/dimse/commitment_dataset.h"
#include "dicom/limits.h"
#include "dicom/ul/acceptor.h"
#include "dicom/ul/association.h"

namespace medarc::dicom::test {

class CommittingPeer {
 public:
  enum class Report { same_association, own_association, never };

  // Offers storage commitment unless `commitment` is false.
  explicit CommittingPeer(const std::string& aet, bool commitment = true);
  ~CommittingPeer();
  uint16_t port() const { return acceptor_->port(); }

  std::atomic<Report> report{Report::same_association};
  std::atomic<uint16_t> medarc_port{0};    // for reports over its own association
  std::atomic<uint16_t> action_status{0};  // what requests are answered
  std::atomic<int> failing_reports{0};     // that say 0110 of the first object, before good ones

  std::map<std::string, int> stored() const;  // how often each instance came
  int asked() const { return asked_; }
  std::vector<uint16_t> answers() const;  // to its reports
  std::optional<dimse::CommitmentDataset> last_request() const;
  // Reports over an association of its own; the answer's status.
  uint16_t bring(dimse::CommitmentDataset dataset);

 private:
  void work();
  Status serve(ul::Connection connection, const ul::AssociateRq& rq);
  void tell(ul::Association& association, uint8_t context_id, const std::string& syntax,
            dimse::CommitmentDataset dataset);

  const Limits limits_;
  ul::Policy policy_;
  ul::StopSignals signals_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::deque<std::pair<ul::Connection, ul::AssociateRq>> callers_;
  std::map<std::string, int> stored_;
  std::vector<uint16_t> answers_;
  std::optional<dimse::CommitmentDataset> last_request_;
  std::atomic<int> asked_{0};
  std::unique_ptr<ul::Acceptor> acceptor_;
  std::thread thread_;
};

}  // namespace medarc::dicom::test
