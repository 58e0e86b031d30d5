// Which change of state is allowed when (PS3.4 table CC.1.1-2). Pure.
#pragma once

#include <optional>
#include <string_view>

#include "dicom/worklist/status.h"
#include "index/work_item.h"

namespace medarc::dicom::worklist {

using State = index::WorkItemRow::State;

std::string_view to_string(State state);               // "IN PROGRESS"
std::optional<State> state_of(std::string_view text);  // by exactly these words

// What a request to change an item to `wanted` comes to, before final state requirements. kDone: it
// is to be changed. `transaction`: as the requestor gave it; any claims a SCHEDULED item.
uint16_t change_to(const index::WorkItemRow& item, State wanted, std::string_view transaction);

// Whether attributes may be set now (CC.2.6.3): a SCHEDULED item without a transaction, one in
// progress with its own.
uint16_t may_update(const index::WorkItemRow& item, std::string_view transaction);

// Request UPS Cancel. kDone in state SCHEDULED: it is to be canceled; in progress: the performer is
// to be told.
uint16_t may_request_cancel(const index::WorkItemRow& item);

}  // namespace medarc::dicom::worklist
