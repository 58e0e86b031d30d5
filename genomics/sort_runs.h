// What a sort puts away: runs of records in order, as BGZF blocks in temporary files of the
// archive's own directory. A file loses its name as soon as it is open, so that whatever ends the
// process takes it along; one that was killed between the two leaves an empty file, which clean()
// removes.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/fs.h"
#include "genomics/bam_stream.h"

namespace medarc::genomics {

// Order of `samtools sort`: reference, position, strand; reads without a reference last. `record`
// has its block_size.
uint64_t sort_key_of(ByteView record);

// Temporary files of all sorts together. Thread-safe.
class TemporaryRuns {
 public:
  TemporaryRuns(Fs& fs, std::string directory, uint64_t bytes_max)
      : fs_(fs), directory_(std::move(directory)), bytes_max_(bytes_max) {}
  // Before the first create(): removes what a killed process left.
  Status clean();
  Result<std::unique_ptr<File>> create();
  // Errors: exhausted (bytes_max).
  Status take(uint64_t bytes);
  void give_back(uint64_t bytes);
  uint64_t bytes() const { return bytes_.load(); }

 private:
  Fs& fs_;
  const std::string directory_;
  const uint64_t bytes_max_;
  std::atomic<uint64_t> bytes_{0}, next_{0};
};

// A finished run. Its bytes are given back when it goes away.
class SortRun {
 public:
  SortRun(TemporaryRuns& home, std::unique_ptr<File> file, uint64_t bytes)
      : home_(home), file_(std::move(file)), bytes_(bytes) {}
  ~SortRun() { home_.give_back(bytes_); }
  SortRun(const SortRun&) = delete;
  SortRun& operator=(const SortRun&) = delete;
  std::unique_ptr<BamStream> open() const;  // this outlives it

 private:
  TemporaryRuns& home_;
  const std::unique_ptr<File> file_;
  const uint64_t bytes_;
};

// Writes one run. Not thread-safe.
class SortRunWriter {
 public:
  static Result<SortRunWriter> create(TemporaryRuns& home);
  SortRunWriter(SortRunWriter&& other) noexcept;
  SortRunWriter& operator=(SortRunWriter&&) = delete;
  ~SortRunWriter();
  // With its block_size. Errors: exhausted (the limit, the disk), io.
  Status append(ByteView record);
  Result<std::unique_ptr<SortRun>> finish();

 private:
  SortRunWriter(TemporaryRuns& home, std::unique_ptr<File> file)
      : home_(&home), file_(std::move(file)) {}
  Status write_out();

  TemporaryRuns* home_;
  std::unique_ptr<File> file_;  // null: moved from, or finished
  BgzfDeflater deflater_;
  Bytes plain_, packed_;
  uint64_t bytes_ = 0;
};

}  // namespace medarc::genomics
