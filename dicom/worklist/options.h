// Limits and choices of the worklist.
#pragma once

#include "base/config.h"
#include "dicom/dataset.h"

namespace medarc::dicom::worklist {

struct WorklistOptions {
  DataSetLimits item;                  // of one work item, and of each request about one
  std::string label = "MEDARC";        // Worklist Label of items that come without
  uint32_t keep_final_hours = 720;     // after the last change; 0: for ever
  uint32_t event_keep_hours = 24;      // an event that could not be delivered until then is dropped
  uint32_t event_timeout_ms = 10'000;  // for a peer's answer to an event
  uint32_t subscribers_max = 256;      // to all items, or to a filtered set
  uint32_t channels_max = 256;         // open event channels
  uint32_t channels_per_subscriber_max = 8;
  uint32_t channel_events_max = 1024;  // waiting for a slow reader; then its channel is closed
  static WorklistOptions from(Config& config);  // section [worklist]
};

}  // namespace medarc::dicom::worklist
