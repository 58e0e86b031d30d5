// Indexes of others: what is read is held against itself and finds everything; nothing is read past
// the end, and no count makes us reserve more than the bytes are.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "genomics/index_check.h"
#include "genomics/region_index.h"

using namespace medarc;
using namespace medarc::genomics;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView stored(reinterpret_cast<const char*>(data), size);
  if (read_region_index(stored, 1u << 20).has_error()) return 0;
  FileRow file;
  file.format = "bam";
  file.bytes = UINT64_MAX;
  const auto verdict = check_index(file, stored, stored, Limits{});
  if (verdict.has_value() && verdict->is != IndexVerdict::Is::same &&
      verdict->reason.find("passed over") != std::string::npos) {
    std::abort();
  }
  return 0;
}
