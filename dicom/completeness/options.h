// Limits and choices of what is said of a study's completeness.
#pragma once

#include <cstdint>

#include "base/config.h"

namespace medarc::dicom {

struct CompletenessOptions {
  uint32_t stable_after_s = 60;       // a study that received nothing for so long is stable; 0:
                                      // none is announced
  uint32_t instances_max = 100'000;   // of a study that is looked at
  uint32_t references_max = 100'000;  // from its instances to others, kept while it is
  uint32_t told_max = 100;            // gaps of a series, missing instances told by name
  uint32_t waiting_studies_max = 100'000;  // in memory until they are stable; the feed waits beyond
  static CompletenessOptions from(Config& config);  // section [completeness]
};

}  // namespace medarc::dicom
