// A worker process as the one that starts it sees it: a program that gives up everything but
// computing (confine.h) and one socket to it, whose messages arrive whole. Nothing it says is
// believed here. For one thread at a time.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::sandbox {

inline constexpr int kSocket = 3;  // in the worker; its further descriptors follow

struct Program {
  std::string path;
  std::vector<std::string> arguments;  // after its name
  std::vector<int> descriptors;        // become 4, 5, … there; they stay the caller's
};

// "name" beside the running program.
std::string program_beside(const std::string& name);

// `fd` out of the way of those a worker gets, closed on exec; -1 stays -1.
int moved_up(int fd);

class Process {
 public:
  // unavailable: out of descriptors, or the program cannot be run. It has no environment, and its
  // standard streams lead nowhere.
  static Result<std::unique_ptr<Process>> start(const Program& program);
  ~Process();  // kills it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  bool idle() const;  // it lives and has said nothing that was not received
  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }

  // False: it is gone, or did not take it in time and was ended.
  bool send(ByteView message, uint32_t within_ms);
  // One message, of at most `bytes_max`; a longer one arrives with bytes_max + 1. Errors, after
  // which it does not run any more: deadline; corrupt, with how it ended.
  Result<Bytes> receive(uint32_t within_ms, size_t bytes_max);
  // Seconds of processor time it may use from now on; then it is killed.
  void allow_cpu(uint64_t seconds) const;
  // Kills it if need be, waits for its end, and says how that was.
  std::string end();

 private:
  Process() = default;
  pid_t pid_ = -1;
  int socket_ = -1;
};

}  // namespace medarc::sandbox
