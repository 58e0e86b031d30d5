// Times of many repetitions of one thing, by several threads, as a line and a JSON object.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace medarc::tools {

struct Timing {
  uint64_t count = 0;
  uint64_t bytes = 0;
  double seconds = 0;      // wall time of all of it
  double cpu_seconds = 0;  // of the process
  double p50_ms = 0, p99_ms = 0, max_ms = 0;

  std::string line(const std::string& name) const;
  boost::json::object json(const std::string& name) const;
};

// Runs `step(thread, number)` for numbers 0 … count-1, dealt out to `threads`. Each answers the bytes
// it moved. The first error ends all.
Result<Timing> time_steps(uint64_t count, unsigned threads,
                          const std::function<Result<uint64_t>(unsigned, uint64_t)>& step);

}  // namespace medarc::tools
