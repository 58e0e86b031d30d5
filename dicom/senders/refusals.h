// What was refused, until a report takes it (report.h): a refused object leaves nothing else
// behind. Thread-safe.
#pragma once

#include <mutex>

#include "dicom/imaging.h"
#include "dicom/senders/tally.h"

namespace medarc::dicom::senders {

class Refusals {
 public:
  explicit Refusals(TallyLimits limits = {}) : counted_(limits) {}
  // What was for a lack of ours (disk, memory) is not the sender's.
  void add(const std::string& sender, const Refusal& refusal);
  Tally take();

 private:
  std::mutex mutex_;
  Tally counted_;
};

}  // namespace medarc::dicom::senders
