// HTSlib at arm's length: CRAM is decoded and written by a process of its own for each job
// (`medarc-genome`, installed beside `medarc`), which gives up files, sockets, threads and programs
// before it sees a byte (sandbox/), and gets the file, its index and the references over one socket
// from here (worker/wire.h). A file that takes such a process over has won nothing but its own
// output, which is checked like an upload (docs/decisions/0093-cram-in-workers.md).
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/io.h"
#include "genomics/limits.h"
#include "genomics/references.h"
#include "genomics/worker/wire.h"
#include "sandbox/process.h"

namespace medarc::genomics {

// What a job may read.
struct JobInput {
  Digest file;
  std::optional<Digest> index;
  std::vector<ByteRange> parts = {};  // of the file, which it then is made of; none: all of it
};

// A job under way: a source of what it makes, at the pace of the reader. Dropping it ends the
// process. Errors of read(): invalid_argument (the file cannot be decoded: why, as far as is
// known), unsupported (a reference is not registered; missing() has it), deadline, unavailable,
// corrupt (the worker died or lied), and those of the store.
class WorkerJob : public ByteSource {
 public:
  // M5s of references that it asked for and that are not registered.
  virtual const std::set<std::string>& missing() const = 0;
};

// Thread-safe. Its jobs must end before it does.
class HtsWorkers {
 public:
  HtsWorkers(archive::BlobStore& blobs, References& references, const Limits& limits)
      : blobs_(blobs), references_(references), limits_(limits) {}
  // unavailable: no worker came free in worker_wait_ms, or none can be started. too_large: over
  // wire::kRegionsMax regions.
  Result<std::unique_ptr<WorkerJob>> start(const wire::Job& job, const JobInput& input);

 private:
  friend class HtsJob;
  Result<std::unique_ptr<sandbox::Process>> start_process() const;
  void free_slot();

  archive::BlobStore& blobs_;
  References& references_;
  const Limits limits_;
  std::mutex mutex_;
  std::condition_variable freed_;
  uint32_t busy_ = 0;
};

}  // namespace medarc::genomics
