// One line on a terminal that says how far long work is: done of total, rate, time left. Nothing when
// stderr is no terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "archive/blob_store.h"

namespace medarc::tools {

class ProgressLine {
 public:
  explicit ProgressLine(std::string what);
  ~ProgressLine();  // clears the line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // `total` 0: unknown. Redraws at most ten times a second.
  void update(uint64_t objects, uint64_t bytes, uint64_t bytes_total);

  // Seconds since the start.
  double seconds() const;

  // For the archive's long work. False after Ctrl-C.
  archive::Progress callback();

  // The text of the line, without the terminal's codes.
  static std::string text(const std::string& what, uint64_t objects, uint64_t bytes,
                          uint64_t bytes_total, double seconds);

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_, last_;
};

// Ctrl-C asks long work to stop after the step it is in; a second one ends the process.
void catch_interrupt();
bool interrupted();

}  // namespace medarc::tools
