// One codec worker as the server sees it: a process, a socket and two shared memories. For one
// thread at a time.
#pragma once

#include <memory>
#include <optional>

#include "dicom/pixel/codec_pool.h"
#include "dicom/pixel/wire.h"
#include "sandbox/process.h"

namespace medarc::dicom {

class WorkerProcess {
 public:
  // Starts the program and waits until it has confined itself. unavailable: why it has not.
  static Result<std::unique_ptr<WorkerProcess>> start(const CodecLimits& limits);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  bool alive() const { return process_->idle(); }  // false: it ended while it had nothing to do

  struct Outcome {
    std::optional<wire::Answer> answer;
    Bytes output;         // of a good answer
    std::string crashed;  // why there is none; the process is of no more use
    bool late = false;    // it was the deadline
  };
  // Unavailable when shared memory cannot be had.
  Result<Outcome> work(const wire::Request& request, ByteView input);

  pid_t pid() const { return process_->pid(); }

 private:
  explicit WorkerProcess(uint32_t deadline_ms) : deadline_ms_(deadline_ms) {}
  Status spawn(const CodecLimits& limits);
  Status fill(ByteView input, uint64_t output_bytes);
  void empty(uint64_t input_bytes, uint64_t output_bytes);

  const uint32_t deadline_ms_;
  std::unique_ptr<sandbox::Process> process_;
  int input_ = -1, output_ = -1;
  uint64_t input_room_ = 0, output_room_ = 0;
};

}  // namespace medarc::dicom
