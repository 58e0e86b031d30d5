// Where a C-MOVE may send: DICOM applications by AE title, from the configuration.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/config.h"
#include "base/result.h"

namespace medarc::dicom {

struct Destination {
  std::string aet, host;
  uint16_t port = 0;
};

// Immutable after it is read; thread-safe.
class Destinations {
 public:
  // Those of `[[dicom.peer]]` that have a port. invalid_argument: a port that is none.
  static Result<Destinations> from(Config& config);
  const Destination* find(const std::string& aet) const;

 private:
  std::map<std::string, Destination> by_aet_;
};

}  // namespace medarc::dicom
