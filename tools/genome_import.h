// Genomic files from and to the command line, by the use cases of genomics/.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tools/opened.h"

namespace medarc::tools {

// Whether a file that starts so may be a genome file; genomics/ decides when it has read it.
// `whole`: nothing follows. nullopt: more of it is needed (never with genomics::kSniffBytesMax).
std::optional<bool> looks_genomic(std::string_view head, bool whole);

struct GenomeImported {
  std::string id;       // of the file, as the genomics doors name it
  bool stored = false;  // false: held already under the same name and with the same bytes
  struct StaleIndex {
    std::filesystem::path path;
    std::string reason;
  };
  std::vector<StaleIndex> stale;  // indexes that lie beside the file and are not of it, or damaged
};
// Stores one file; the index that lies beside it is checked, not stored: Medarc makes its own.
// `patient` as in `patient=` of the upload door, may be empty. `progress` gets the bytes read so
// far.
Result<GenomeImported> import_genome(Opened& opened, const security::Principal& principal,
                                     const std::filesystem::path& path, const std::string& patient,
                                     const std::function<void(uint64_t)>& progress);

// Reads the slice of one region ("chr1:1001-2000") to its end; the bytes of it.
Result<uint64_t> read_region(Opened& opened, const security::Principal& principal,
                             const std::string& file, const std::string& region);

}  // namespace medarc::tools
