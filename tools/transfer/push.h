// One file to a server by tus 1.0, piece by piece with a checksum each, on from where an earlier
// try stopped, whoever ended it.
#pragma once

#include <cstdint>
#include <string>

#include "tools/transfer/server_link.h"

namespace medarc::tools {

struct PushOptions {
  std::string to;                   // the server's URL, for telling uploads apart
  std::string patient;              // as UploadStart::patient; may be empty
  std::string name;                 // what the server calls the file
  uint64_t piece_bytes = 8u << 20;  // of a request, held in memory
  uint64_t bytes_per_second = 0;    // at most; 0: as fast as it goes
  uint32_t retry_for_s = 600;       // while nothing moves
};

struct Pushed {
  std::string id;  // of the stored file
  Digest sha256;
  uint64_t bytes = 0;
  uint64_t bytes_sent = 0;     // also what was sent and lost
  uint64_t bytes_resumed = 0;  // that an earlier try had brought
  bool existed = false;        // the server had these bytes: nothing was sent
};

// A file that the server has already (of that patient, where one is named) is not sent. Errors:
// what the server refuses and why; unavailable and its like once patience is over: the next try
// goes on then.
Result<Pushed> push_file(const PushOptions& options, ServerLink& server, const std::string& path);

}  // namespace medarc::tools
