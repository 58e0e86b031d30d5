// What administrators may do while the server runs, and its limits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"

namespace medarc::dicom {

struct AdministrationOptions {
  uint32_t entries_max = 1000;       // peers, and as many rules, beside those of the file
  uint32_t value_bytes_max = 1024;   // of one value of a peer or a rule
  uint32_t echo_timeout_ms = 10000;  // of each wait for a peer that is tested
  uint32_t echoes_max = 2;           // tests under way; each holds a worker of the HTTP door
  // Where the files lie that administrators may name; "": they may name none. Whoever administers
  // over a network must not be able to have any file of this machine read, or sent as a passcode.
  std::string files_directory;
  std::vector<Config::Table> peers, rules;  // of the configuration file

  static AdministrationOptions from(Config& config);  // section [administration]
};

}  // namespace medarc::dicom
