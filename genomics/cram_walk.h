// One walk over the bytes of a CRAM file (CRAM specification 3.1): containers, blocks, their
// lengths, counts and CRC-32s. Decodes nothing: that is the worker's business (hts_worker.h).
// Iterative; memory follows one container's header.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/limits.h"

namespace medarc::genomics {

struct CramContainer {
  uint32_t header_bytes = 0;
  uint64_t blocks_bytes = 0;
  int32_t ref_id = -1;
  uint64_t records = 0;
  uint32_t blocks = 0;
  std::vector<uint32_t> landmarks;  // where slices start, behind the header
  bool end = false;                 // the container that says "this is the end"
  uint64_t bytes() const { return header_bytes + blocks_bytes; }
};

// Major and minor version of a file's first bytes. Errors: unsupported (other than 2.1, 3.0, 3.1);
// invalid_argument (no CRAM).
struct CramVersion {
  uint8_t major = 0, minor = 0;
};
inline constexpr size_t kCramDefinitionBytes = 26;
Result<CramVersion> cram_version(ByteView definition);

// The header of a container at the start of `bytes`; nullopt: more bytes are needed. Errors:
// invalid_argument.
Result<std::optional<CramContainer>> read_cram_container(ByteView bytes, CramVersion version);

struct CramOutline {
  CramVersion version;
  uint64_t containers = 0, slices = 0;  // of reads
  uint64_t records = 0;                 // as containers count them
};

// Not thread-safe. After an error only destruction is allowed.
class CramWalk {
 public:
  explicit CramWalk(const Limits& limits) : limits_(limits) {}
  // Errors: invalid_argument naming the container by number and offset; unsupported; too_large.
  Status feed(ByteView bytes);
  // The file ends here. Errors: invalid_argument: inside something, or without the end container.
  Result<CramOutline> finish() const;

 private:
  enum class In { definition, container, block, data, crc, padding };
  Status step(bool& more);
  Status container();
  Status block_head(bool& more);
  Status block_ends();
  Status container_ends();
  Error bad(const std::string& what) const;
  static Error bytes_follow();

  const Limits limits_;
  In in_ = In::definition;
  Bytes waiting_;    // not looked at yet
  uint64_t at_ = 0;  // in the file, of waiting_
  CramOutline outline_;
  bool header_seen_ = false, ended_ = false;
  uint64_t container_at_ = 0;
  uint64_t number_ = 0;  // of containers begun
  CramContainer container_;
  uint64_t inside_ = 0;  // bytes of its blocks so far
  uint32_t blocks_ = 0;
  size_t landmark_ = 0;
  uint64_t data_left_ = 0;
  uint32_t crc_ = 0;
};

}  // namespace medarc::genomics
