// One stored genome file into a local one: FILE.part until every chunk of it is verified, then
// renamed. A part that is there already, from whatever run, is verified chunk by chunk and
// completed.
#pragma once

#include <optional>
#include <string>

#include "tools/transfer/fetcher.h"

namespace medarc::tools {

struct GenomePullOptions {
  std::string id;
  std::string output;  // ""; a name made of the file's own, in the current directory
  FetchOptions fetch;
};

struct Pulled {
  std::string path;
  Digest sha256;
  uint64_t bytes = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_resumed = 0;  // that were there and right
};

// The file that is there already with the same bytes is left as it is. Errors: those of Fetcher;
// already_exists (another file of that name); conflict (another run works on the part); io.
Result<Pulled> pull_genome(const GenomePullOptions& options, const dicom::WebDestination& server);

// Letters, digits, ".", "-", "_" and "+" of `name`, "_" for the rest, no "." or "-" in front;
// "" when nothing is left.
std::string plain_name(std::string_view name);

}  // namespace medarc::tools
