// What `medarc bench` can measure.
#pragma once

#include <vector>

#include "tools/opened.h"
#include "tools/stopwatch.h"

namespace medarc::tools {

struct BenchOptions {
  Common common;
  uint64_t count = 1000;
  unsigned threads = 1;
  uint64_t object_bytes = 512 * 1024;
  std::string file, region;
};

struct BenchCase {
  std::string name, meaning;
  bool makes_data = false;    // stores into the archive; the others only read it
  bool takes_region = false;
  Result<Timing> (*run)(Opened&, const BenchOptions&) = nullptr;
};

std::vector<BenchCase> bench_cases();

}  // namespace medarc::tools
