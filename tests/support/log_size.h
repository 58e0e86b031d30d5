// How many bytes of records a segment log holds, header to tail. The files' own sizes say less: they
// are reserved ahead.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "archive/segment.h"

namespace medarc::test {

inline uint64_t log_record_bytes(const std::string& dir) {
  uint64_t total = 0;
  auto names = posix_fs().list(dir);
  EXPECT_TRUE(names.has_value());
  for (const std::string& name : *names) {
    const auto numbers = archive::Segment::parse_name(name);
    if (!numbers) continue;
    auto segment = archive::Segment::open(posix_fs(), dir, numbers->first, numbers->second);
    EXPECT_TRUE(segment.has_value()) << segment.error().text;
    auto scan = (*segment)->scan([](uint64_t, const archive::RecordHeader&) { return Status(); });
    EXPECT_TRUE(scan.has_value()) << scan.error().text;
    total += scan->end;
  }
  return total;
}

}  // namespace medarc::test
