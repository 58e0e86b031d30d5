#include "dicom/worklist/options.h"

namespace medarc::dicom::worklist {

WorklistOptions WorklistOptions::from(Config& config) {
  WorklistOptions o;
  const auto u32 = [&](const char* key, uint32_t& field, const char* meaning, uint64_t min,
                       uint64_t max) {
    field = static_cast<uint32_t>(
        config.size(std::string("worklist.") + key, field, meaning, min, max));
  };
  u32("depth_max", o.item.depth_max, "Sequences inside sequences in a work item.", 4, 32);
  u32("elements_max", o.item.elements_max, "Elements of one work item.", 100, 1'000'000);
  o.item.bytes_max = config.size("worklist.item_bytes_max", o.item.bytes_max,
                                 "One work item, or one request about one.", 1024, 64u << 20);
  o.label = config.text("worklist.label", o.label, "Worklist Label of items that come without.");
  u32("keep_final_hours", o.keep_final_hours,
      "How long completed and canceled work items stay; 0: for ever.", 0, 1'000'000);
  u32("event_keep_hours", o.event_keep_hours,
      "How long an event is kept for a subscriber that is away.", 1, 100'000);
  u32("event_timeout_ms", o.event_timeout_ms, "Wait for a subscriber's answer to an event.", 100,
      3'600'000);
  u32("subscribers_max", o.subscribers_max,
      "Applications that subscribe to all work items or to a filtered set.", 1, 100'000);
  u32("channels_max", o.channels_max, "Event channels (WebSocket) open at a time.", 1, 100'000);
  u32("channels_per_subscriber_max", o.channels_per_subscriber_max,
      "Event channels of one AE title.", 1, 10'000);
  u32("channel_events_max", o.channel_events_max,
      "Events that wait for the reader of a channel; then it is closed.", 1, 1'000'000);
  return o;
}

}  // namespace medarc::dicom::worklist
