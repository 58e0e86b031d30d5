// The worklist (PS3.4 annex CC, PS3.18 section 11; dicom.md U1-U5): work items and who is told of
// them. One implementation behind DIMSE and the web, so that both see the same items, rules and
// answers.
//
// Every change is durable when it answers, together with the events that it owes to peers (as
// jobs); events for open channels follow at once. Of several who change an item at the same time
// one is first, and the others are judged by what it left.
//
// Errors of the use cases are those of the guard and the index; what the standard has a status for
// is a Reply. Thread-safe.
#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "dicom/destinations.h"
#include "dicom/worklist/channels.h"
#include "dicom/worklist/keys.h"
#include "dicom/worklist/rules.h"
#include "index/jobs.h"
#include "security/guard.h"

namespace medarc::dicom::worklist {

// The item of a row, or of a match of a query of kind work_item. corrupt: it cannot be read.
Result<DataSet> item_of(const index::WorkItemRow& row);
Result<DataSet> item_of(const index::Match& match);

struct Retrieved {
  Reply reply;
  DataSet item;  // never with the Transaction UID (U3)
};

// Who wants to be told of what. Of the target kFilteredItems: with matching keys.
struct Subscription {
  std::string target;  // the item's UID, kAllItems or kFilteredItems
  std::string aet;
  bool deletion_lock = false;
  bool over_web = false;  // on event channels; otherwise the AE title must be a known destination
  DataSet filter;
};

class Worklist {
 public:
  using Principal = security::Principal;
  // All of them outlive it. Without `destinations` nobody is told over DIMSE.
  Worklist(index::Index& index, security::Guard& guard, index::Jobs& jobs,
           const Destinations* destinations, WorklistOptions options);
  ~Worklist();  // as stop()

  Result<Reply> create(const Principal& who, const std::string& uid, DataSet item);
  Result<Retrieved> retrieve(const Principal& who, const std::string& uid);
  // `changes` may hold the transaction; `transaction`, unless empty, is preferred.
  Result<Reply> update(const Principal& who, const std::string& uid, std::string transaction,
                       const DataSet& changes);
  // `request`: Transaction UID and Procedure Step State.
  Result<Reply> change_state(const Principal& who, const std::string& uid, const DataSet& request);
  // `requestor`: AE title, for those who are told.
  Result<Reply> request_cancel(const Principal& who, const std::string& uid, const DataSet& request,
                               const std::string& requestor);
  // Admits the search, then answers the page.
  Result<index::Page> find(const Principal& who, index::View& view, const index::Query& query);

  Result<Reply> subscribe(const Principal& who, const Subscription& wanted);
  Result<Reply> unsubscribe(const Principal& who, const std::string& target,
                            const std::string& aet);
  // Of kAllItems and kFilteredItems: new items are no longer subscribed to, those that are stay.
  Result<Reply> suspend(const Principal& who, const std::string& target, const std::string& aet);
  // Opens a channel for the events of web subscriptions. unavailable: there are too many.
  Result<std::shared_ptr<Channel>> open_channel(const Principal& who, const std::string& aet);

  // Tells subscribers that this server has started, and begins to remove final items when their
  // time is over.
  void start();
  void stop();
  // Removes final items that have not changed since `before` and hold no deletion lock. Answers how
  // many.
  Result<uint64_t> remove_final(Timestamp before);

  index::Index& index() { return index_; }
  const WorklistOptions& options() const { return options_; }

 private:
  // Events for one subscriber or many, on their way through a commit.
  struct Notices {
    std::vector<index::JobRow> jobs;
    std::vector<std::pair<std::string, Event>> channels;  // AE title, event
  };
  // What an attempt at a change has made of the item.
  struct Change {
    Reply reply;
    bool changed = false;
    std::vector<Event> events;
  };
  using Decide = std::function<Change(index::WorkItemRow& row, DataSet& item, index::View& view)>;

  security::Object object_of(const std::string& uid, std::string detail) const;
  Result<Reply> change(const Principal& who, const std::string& uid, const std::string& detail,
                       const Decide& decide);
  Result<Reply> missing(index::View& view, const std::string& uid);
  void add_notice(const index::SubscriptionRow& to, const Event& event, Notices& out);
  Status add_notices(index::View& view, const std::string& uid, const std::vector<Event>& events,
                     Notices& out);
  void deliver(const Notices& notices, const std::vector<index::OpOutcome>& outcomes,
               size_t first_job);
  Result<bool> filter_matches(const index::SubscriptionRow& row, const index::WorkItemRow& item);
  Result<Reply> check_receiver(const Subscription& wanted) const;
  Status subscribe_existing(const Subscription& wanted, const index::Query& query);
  Status remove_subscriptions(const std::string& aet, std::vector<index::Op> first);
  Status commit_notices(std::vector<index::Op> ops, const Notices& notices);
  std::string next_job_name();
  void work();

  index::Index& index_;
  security::Guard& guard_;
  index::Jobs& jobs_;
  const Destinations* const destinations_;
  const WorklistOptions options_;
  Channels channels_;

  // Changes of one item one after the other, so that its events leave in their order; whoever
  // changes subscriptions has all for himself.
  std::shared_mutex subscriptions_;
  std::array<std::mutex, 64> items_;
  std::mutex& lock_of(const std::string& uid) {
    return items_[std::hash<std::string>()(uid) % items_.size()];
  }

  std::mutex mutex_;  // of what follows
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread worker_;
  std::string last_job_;
  uint32_t jobs_in_instant_ = 0;
};

}  // namespace medarc::dicom::worklist
