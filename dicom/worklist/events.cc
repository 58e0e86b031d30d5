#include "dicom/worklist/events.h"

#include "base/codec.h"
#include "dicom/worklist/rules.h"

namespace medarc::dicom::worklist {
namespace {

constexpr uint8_t kPayloadVersion = 1;
constexpr uint32_t kEventReportRq = 0x0100;
constexpr Tag kScpStatus{0x00741242}, kSubscriptionListStatus{0x00741244},
    kItemListStatus{0x00741246}, kCommunications{0x00741008}, kProgressText{0x00741006};

void copy(const DataSet& from, Tag tag, DataSet& to) {
  if (const DataElement* e = from.find(tag)) to.set(*e);
}

bool differ(const DataSet& a, const DataSet& b, Tag tag) {
  const DataElement *x = a.find(tag), *y = b.find(tag);
  if (x == nullptr || y == nullptr)
    return (x != nullptr && x->has_value()) || (y != nullptr && y->has_value());
  return !(*x == *y);
}

const DataSet& first_item(const DataSet& item, Tag sequence) {
  static const DataSet none;
  const DataElement* e = item.find(sequence);
  return e == nullptr || e->items.empty() ? none : e->items.front();
}

Event assigned_event(const std::string& uid, const DataSet& item) {
  Event out{EventType::assigned, uid, {}};
  copy(item, kStationNames, out.information);
  copy(item, kHumanPerformers, out.information);
  // The table names what is inside the performers' items as well.
  copy(first_item(item, kHumanPerformers), Tag{0x00404009}, out.information);
  copy(first_item(item, kHumanPerformers), Tag{0x00404036}, out.information);
  return out;
}

}  // namespace

Event state_event(const std::string& uid, const DataSet& item) {
  Event out{EventType::state, uid, {}};
  copy(item, kStepState, out.information);
  copy(item, kReadiness, out.information);
  const DataSet& progress = first_item(item, kProgress);
  copy(progress, kCancelReason, out.information);
  copy(progress, kDiscontinuation, out.information);
  return out;
}

void add_assigned(const std::string& uid, const DataSet& item, std::vector<Event>& out) {
  if (item.has_value(kStationNames) || item.has_value(kHumanPerformers)) {
    out.push_back(assigned_event(uid, item));
  }
}

std::vector<Event> events_between(const std::string& uid, const DataSet& before,
                                  const DataSet& after) {
  std::vector<Event> out;
  if (differ(before, after, kReadiness)) out.push_back(state_event(uid, after));
  const DataSet &old_progress = first_item(before, kProgress),
                &new_progress = first_item(after, kProgress);
  if (differ(old_progress, new_progress, kStepProgress) ||
      differ(old_progress, new_progress, kProgressText) ||
      differ(old_progress, new_progress, kCommunications)) {
    Event progress{EventType::progress, uid, {}};
    copy(after, kProgress, progress.information);
    out.push_back(std::move(progress));
  }
  if (differ(before, after, kStationNames) || differ(before, after, kHumanPerformers)) {
    out.push_back(assigned_event(uid, after));
  }
  return out;
}

Event cancel_event(const std::string& uid, const DataSet& request, const std::string& requestor) {
  Event out{EventType::cancel_requested, uid, {}};
  out.information.set(kRequestingAe, "AE", {requestor});
  for (const Tag tag : {kCancelReason, kDiscontinuation, kContactUri, kContactName}) {
    copy(request, tag, out.information);
  }
  return out;
}

Event restarted_event() {
  Event out{EventType::status_change, std::string(kAllItems), {}};
  out.information.set(kScpStatus, "CS", {"RESTARTED"});
  out.information.set(kSubscriptionListStatus, "CS", {"WARM START"});
  out.information.set(kItemListStatus, "CS", {"WARM START"});
  return out;
}

std::string to_message(const Event& event, uint16_t message_id) {
  DataSet out = event.information;
  out.set(Tag{0x00000002}, "UI", {std::string(kPushSopClass)});
  out.set(Tag{0x00000100}, "US", {std::to_string(kEventReportRq)});
  out.set(Tag{0x00000110}, "US", {std::to_string(message_id)});
  out.set(Tag{0x00000800}, "US", {event.information.empty() ? "257" : "0"});
  out.set(Tag{0x00001000}, "UI", {event.item});
  out.set(Tag{0x00001002}, "US", {std::to_string(static_cast<uint16_t>(event.type))});
  return to_json(out);
}

Bytes encode(const EventJob& job) {
  Encoder out;
  out.fixed(kPayloadVersion);
  out.bytes(job.receiver);
  out.fixed(static_cast<uint16_t>(job.event.type));
  out.bytes(job.event.item);
  out.bytes(to_json(job.event.information));
  return out.take();
}

Result<EventJob> decode_event_job(ByteView payload) {
  Decoder in(payload);
  EventJob out;
  const bool known = in.fixed<uint8_t>() == kPayloadVersion;
  out.receiver = in.bytes();
  out.event.type = static_cast<EventType>(in.fixed<uint16_t>());
  out.event.item = in.bytes();
  const ByteView information = in.bytes();
  DataSetLimits limits;
  limits.depth_max = 32;
  limits.bytes_max = payload.size();
  auto read = known && in.at_end() ? read_dataset_json(information, limits)
                                   : Result<DataSet>(make_error(Code::corrupt, ""));
  if (read.has_error()) return make_error(Code::corrupt, "a worklist event cannot be decoded");
  out.event.information = std::move(*read);
  return out;
}

}  // namespace medarc::dicom::worklist
