// Reads every blob against its digest; shared by both stores.
#pragma once

#include <chrono>
#include <functional>

#include "archive/catalog.h"

namespace medarc::archive {

// Holds a loop to a rate by sleeping off what it is ahead; 0: as fast as it goes.
class Pace {
 public:
  explicit Pace(uint64_t per_second) : per_second_(per_second) {}
  void spend(uint64_t bytes);

 private:
  const uint64_t per_second_;
  uint64_t spent_ = 0;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// At most `bytes_per_second_max` (0: as fast as it goes). Blobs that arrive meanwhile may be
// missed. Fails with what `open` or a reader answers when a recompressed chunk cannot be undone
// now: that says nothing of the bytes.
using OpenBlob = std::function<Result<std::unique_ptr<BlobReader>>(const Digest&)>;
Result<VerifyReport> verify_blobs(const OpenBlob& open, Catalog& catalog,
                                  uint64_t bytes_per_second_max, const Progress& progress);

}  // namespace medarc::archive
