// All rows of an index as a file of digests in key order, to compare two indexes row by row in
// constant memory.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "index/index.h"

namespace medarc::tools {

struct RowComparison {
  uint64_t rows = 0;       // of the new index
  uint64_t missing = 0;    // only in the old one
  uint64_t added = 0;      // only in the new one
  uint64_t changed = 0;    // same key, other value
  std::vector<std::string> examples;  // the first ten keys that differ, in hex
  bool equal() const { return missing + added + changed == 0; }
};

class RowDump {
 public:
  // Writes the rows of `index` to a new file at `path`, removed by the destructor.
  static Result<std::unique_ptr<RowDump>> write(index::Index& index, const std::string& path);
  ~RowDump();
  RowDump(const RowDump&) = delete;
  RowDump& operator=(const RowDump&) = delete;

  Result<RowComparison> compare(index::Index& index);

 private:
  explicit RowDump(std::string path) : path_(std::move(path)) {}
  struct Row {
    Bytes key;
    Digest value;
  };
  Result<std::optional<Row>> read();
  std::string path_;
  std::unique_ptr<FILE, int (*)(FILE*)> file_{nullptr, &std::fclose};
};

}  // namespace medarc::tools
