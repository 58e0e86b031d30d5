// Positions in reads, put together as FastQC's reports do: each its own in short reads and at the
// start, then runs of one size, so that there are fewer than 75.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace medarc::genomics {

struct BaseGroup {
  uint64_t first = 1, last = 1;  // from 1 on, both within
  std::string label() const {
    return first == last ? std::to_string(first)
                         : std::to_string(first) + "-" + std::to_string(last);
  }
};

std::vector<BaseGroup> base_groups(uint64_t longest);

}  // namespace medarc::genomics
