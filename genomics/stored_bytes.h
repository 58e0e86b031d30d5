// What is asked of a genome store by those who move whole files: the pieces a file is kept in, and
// whether some bytes are there already.
#pragma once

#include "genomics/genome_store.h"
#include "genomics/manifest.h"

namespace medarc::genomics {

// GenomeStore::stored_bytes(). Thread-safe. Audited before it answers.
class StoredBytes {
 public:
  virtual ~StoredBytes() = default;
  // The chunks of the file's content, from the one that holds byte `from` on.
  // range_not_satisfiable: it has no such byte; unsupported: the archive keeps no chunks;
  // permission_denied: consent does not give the whole file.
  virtual Result<Manifest> manifest(const Asker&, const FileRow&, uint64_t from) = 0;
  // GenomeStore::list() of the files that have these bytes.
  virtual Result<FilePage> list_with_bytes(const Principal&, const FileQuery&,
                                           const Digest& sha256) = 0;
};

}  // namespace medarc::genomics
