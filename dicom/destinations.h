// Where a C-MOVE may send: DICOM applications by AE title, from the configuration.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/config.h"
#include "base/result.h"
#include "security/tls.h"

namespace medarc::dicom {

struct Destination {
  std::string aet, host;
  uint16_t port = 0;
  std::shared_ptr<security::TlsContext> tls = nullptr;  // null: plain
  std::string tls_name = {};  // wanted of its certificate; "": any trusted one
};

// Immutable after it is read; thread-safe.
class Destinations {
 public:
  // Those of `[[dicom.peer]]` that have a port. invalid_argument: a port that is none, TLS files
  // that cannot be used.
  static Result<Destinations> from(Config& config);
  const Destination* find(const std::string& aet) const;

 private:
  std::map<std::string, Destination> by_aet_;
  std::shared_ptr<security::TlsContext> tls_;
};

}  // namespace medarc::dicom
