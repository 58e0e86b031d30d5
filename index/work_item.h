// Work items and who listens to them (Unified Procedure Steps, PS3.4 annex CC), as rows. What may
// be done to an item in which state is decided above (dicom/worklist); here an item changes only
// from the version its writer has read, so that of two who claim it one wins.
#pragma once

#include "index/rows.h"

namespace medarc::index {

struct WorkItemRow {
  // Procedure Step State (0074,1000). Values are part of the stored format.
  enum class State : uint8_t { scheduled = 1, in_progress = 2, completed = 3, canceled = 4 };
  SopInstanceUid uid;
  State state = State::scheduled;
  std::string transaction;     // (0008,1195) of who claimed it; never told to anybody
  AttributeSet attributes;     // what can be searched: values of the top level, codes of sequences
  Bytes dataset;               // all of it, as DICOM JSON, without the transaction
  uint64_t version = 0;        // 1 on, one more with each change; decided by apply
  Timestamp created, changed;  // decided by apply

  bool final() const { return state == State::completed || state == State::canceled; }
};

// An application that is told of one item, or of all that come.
struct SubscriptionRow {
  enum class Scope : uint8_t { item = 1, all = 2, filtered = 3 };  // values are stored
  SopInstanceUid target;  // the item, or the well-known UID of its scope
  std::string aet;        // who is told, 1 to 16 characters
  Scope scope = Scope::item;
  bool deletion_lock = false;  // the item stays until this subscription goes
  bool over_web = false;       // told over a WebSocket, otherwise by N-EVENT-REPORT
  Bytes filter;                // of `filtered`: matching keys, as DICOM JSON
  Timestamp since;             // decided by apply
};

Bytes work_item_id(const SopInstanceUid&);
Bytes subscription_id(const SopInstanceUid& target, std::string_view aet);

Bytes encode(const WorkItemRow&);
Bytes encode(const SubscriptionRow&);
Result<WorkItemRow> decode_work_item(ByteView);
Result<SubscriptionRow> decode_subscription(ByteView);

}  // namespace medarc::index
