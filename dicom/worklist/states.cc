#include "dicom/worklist/states.h"

namespace medarc::dicom::worklist {

std::string_view to_string(State state) {
  switch (state) {
    case State::scheduled: return "SCHEDULED";
    case State::in_progress: return "IN PROGRESS";
    case State::completed: return "COMPLETED";
    case State::canceled: return "CANCELED";
  }
  return "";
}

std::optional<State> state_of(std::string_view text) {
  for (const State s : {State::scheduled, State::in_progress, State::completed, State::canceled}) {
    if (text == to_string(s)) return s;
  }
  return std::nullopt;
}

uint16_t change_to(const index::WorkItemRow& item, State wanted, std::string_view transaction) {
  if (wanted == State::scheduled) return kScheduledByCreationOnly;
  // The lock is looked at first, whatever the state; an unclaimed item takes any UID as its own.
  const bool correct =
      !transaction.empty() && (item.transaction.empty() || transaction == item.transaction);
  if (!correct) return kWrongTransaction;
  switch (item.state) {
    case State::scheduled: return wanted == State::in_progress ? kDone : kNotInProgress;
    case State::in_progress: return wanted == State::in_progress ? kAlreadyInProgress : kDone;
    case State::completed:
      return wanted == State::completed ? kAlreadyCompleted : kMayNoLongerChange;
    case State::canceled: return wanted == State::canceled ? kAlreadyCanceled : kMayNoLongerChange;
  }
  return kMayNoLongerChange;
}

uint16_t may_update(const index::WorkItemRow& item, std::string_view transaction) {
  if (item.final()) return kMayNoLongerChange;
  if (item.state == State::scheduled) return transaction.empty() ? kDone : kNotInProgress;
  return transaction == item.transaction ? kDone : kWrongTransaction;
}

uint16_t may_request_cancel(const index::WorkItemRow& item) {
  if (item.state == State::completed) return kCompletedAlready;
  if (item.state == State::canceled) return kAlreadyCanceled;
  return kDone;
}

}  // namespace medarc::dicom::worklist
