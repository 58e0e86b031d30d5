// Gives the stored bytes of one file their cold form (coded_blocks.h), or their plain one back:
// the file as it came, and its sorted derivative. What readers get never changes
// (archive/recoding.h); what does not pay, or does not come back exactly, stays.
#pragma once

#include <array>
#include <string_view>

#include "genomics/cold/rules.h"
#include "index/index.h"
#include "index/sweep.h"

namespace medarc::genomics {

// Why a file stays as it is.
enum class NotCold : uint8_t {
  not_blocks,      // not in BGZF blocks: plain, gzip, CRAM
  not_restorable,  // written by a compressor that is none of ours
  no_gain,         // no chunk of it would save enough
  not_proved,      // did not come back exactly
  unreadable,      // damaged
};
inline constexpr size_t kNotColdCount = 5;
std::string_view to_string(NotCold why);

struct ColdCounts {
  uint64_t files = 0;                             // that changed
  uint64_t chunks = 0;                            // of them
  uint64_t bytes_before = 0, bytes_after = 0;     // of those chunks on disk
  std::array<uint64_t, kNotColdCount> refused{};  // files
  void add(const ColdCounts& other);
};

// Thread-safe.
class ColdFiles {
 public:
  // `index` outlives it.
  ColdFiles(index::Index& index, const index::RecompressOptions& options)
      : index_(index), options_(options) {}

  struct Done {
    ColdCounts counts;
    bool stopped = false;  // `turn` said so: call it again, what was done stays done
  };
  // Durable when they answer. Asks `turn` before each chunk, and tells it of each commit. Nothing
  // is counted for a file that is cold already, or is gone. Errors are those that may pass: io,
  // exhausted, unavailable. unsupported: this store keeps all bytes as they are.
  Result<Done> make_cold(const index::FileRow& file, const ColdEffort& effort,
                         index::SweepTurn& turn);
  Result<ColdCounts> expand(const index::FileRow& file);

 private:
  index::Index& index_;
  const index::RecompressOptions options_;
};

}  // namespace medarc::genomics
