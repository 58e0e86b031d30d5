// The real medarc binary as a child process on free ports, and the verbs run to their end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace medarc::test {

// $MEDARC_BINARY, or "medarc" beside the running test.
std::string medarc_binary();

struct CommandResult {
  int exit_code = -1;  // -1: ended by a signal
  std::string out;     // stdout
  std::string err;
  std::string last_line() const;  // of stdout: the result object with --json
};

// Runs a program to its end. The first word is looked up in PATH.
CommandResult run_command(const std::vector<std::string>& words);
// The same for a verb of medarc.
CommandResult run_medarc(std::vector<std::string> words);

// A directory of its own, removed with everything in it.
// Killed by the destructor, and by the kernel when the test itself dies.
class ServerProcess {
 public:
  // Starts `medarc serve --data DATA` on free ports with `arguments` added. `log` takes its stderr.
  ServerProcess(const std::string& data, const std::vector<std::string>& arguments = {},
                const std::string& log = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  bool ready() const { return ready_; }          // said "medarc ready" within a minute
  const std::string& ready_line() const { return ready_line_; }
  double seconds_to_ready() const { return seconds_to_ready_; }
  uint16_t http_port() const { return http_port_; }
  uint16_t dicom_port() const { return dicom_port_; }
  pid_t pid() const { return pid_; }

  int stop();                      // SIGTERM; answers the exit code (-1: a signal ended it)
  void kill();                     // SIGKILL, and waits
  void signal(int number) const;   // SIGSTOP, SIGCONT
  bool running();                  // false once it has ended
  uint64_t resident_bytes() const; // VmRSS

 private:
  int wait();
  pid_t pid_ = -1;
  bool ready_ = false;
  std::string ready_line_;
  double seconds_to_ready_ = 0;
  uint16_t http_port_ = 0, dicom_port_ = 0;
  std::optional<int> status_;
};

}  // namespace medarc::test
