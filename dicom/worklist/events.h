// Events of the worklist (PS3.4 table CC.2.4-1): made from what has changed, written as a durable
// job for peers and as DICOM JSON for event channels (PS3.18 8.10.5).
#pragma once

#include <vector>

#include "dicom/dataset.h"
#include "index/work_item.h"

namespace medarc::dicom::worklist {

inline constexpr const char* kEventJob = "worklist-event";
inline constexpr std::string_view kAllItems = "1.2.840.10008.5.1.4.34.5";
inline constexpr std::string_view kFilteredItems = "1.2.840.10008.5.1.4.34.5.1";

enum class EventType : uint16_t {
  state = 1,
  cancel_requested = 2,
  progress = 3,
  status_change = 4,  // of this server
  assigned = 5,
};

struct Event {
  EventType type = EventType::state;
  std::string item;  // UID; of a status change the well-known one
  DataSet information;
};

Event state_event(const std::string& uid, const DataSet& item);
// Of a new item, when it is assigned to anybody.
void add_assigned(const std::string& uid, const DataSet& item, std::vector<Event>& out);
// What N-SET has changed: readiness, progress, who is to do it.
std::vector<Event> events_between(const std::string& uid, const DataSet& before,
                                  const DataSet& after);
Event cancel_event(const std::string& uid, const DataSet& request, const std::string& requestor);
Event restarted_event();

// What an event channel carries; message ids are the channel's.
std::string to_message(const Event& event, uint16_t message_id);

// What the job of an event keeps.
struct EventJob {
  std::string receiver;  // AE title
  Event event;
};
Bytes encode(const EventJob& job);
Result<EventJob> decode_event_job(ByteView payload);  // corrupt

}  // namespace medarc::dicom::worklist
