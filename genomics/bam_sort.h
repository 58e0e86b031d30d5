// A BAM file in the order of its coordinates, made from a stored one in any order: an external
// merge sort in bounded memory. The order is that of `samtools sort` (sort_runs.h); records that
// are equal in it keep the order they had. Records are not looked into beyond that and come out
// byte for byte: how many there are, and a checksum over all of them, is compared at the end.
#pragma once

#include <atomic>

#include "archive/blob_store.h"
#include "base/config.h"
#include "genomics/limits.h"
#include "genomics/sort_runs.h"

namespace medarc::genomics {

struct SortLimits {
  bool enabled = true;                        // files that are not sorted get a sorted derivative
  uint64_t memory_bytes = 256ull << 20;       // records of one sort held at a time
  uint64_t temporary_bytes_max = 1ull << 40;  // temporary files of all sorts together
  uint32_t runs_merged_max = 64;              // at a time; each needs about 0.5 MiB
  uint32_t sorts_max = 1;                     // beside each other, of jobs.workers_max workers
  static SortLimits from(Config& config);     // section [genomics]
};

// How far a sort is; any thread may look, and stop it.
struct SortProgress {
  std::atomic<uint64_t> bytes_done{0}, bytes_total{0};  // of the stored file: reading counts half
  std::atomic<bool> stop{false};
  double done() const;  // 0 to 1
};

struct SortedBam {
  archive::StagedBlob content, index, block_map;
  archive::StagedBlob depth;       // DEPTH.md: only records in order say it
  uint64_t records = 0, runs = 0;  // runs: 0 when all was sorted in memory
};

// `program`: name and version for the @PG line. Errors: corrupt (the stored bytes), exhausted
// (temporary_bytes_max, the disk), cancelled (stop), and those of the store.
Result<SortedBam> sort_bam(archive::BlobStore& blobs, const Digest& content, TemporaryRuns& runs,
                           const Limits& limits, const SortLimits& sort_limits,
                           std::string_view program, SortProgress& progress);

// The text of a header, for a file sorted by coordinate: SO says so (an @HD line is made where
// there is none; GO and SS go away), and a last @PG line says what was done to which bytes.
std::string sorted_header_text(std::string_view text, std::string_view program,
                               const Digest& content);

}  // namespace medarc::genomics
