// A dataset of the DICOM model and its bulk data put together as one Explicit VR Little Endian
// dataset, with the pixel data encapsulated when its parts are codestreams (PS3.18 10.5.2, PS3.5
// A.4; dicom.md S8). Streams: only the metadata is in memory.
#pragma once

#include <string>
#include <vector>

#include "base/io.h"
#include "dicom/model/pixel_parts.h"

namespace medarc::dicom {

struct Assembly {
  uint16_t reason = 0;  // not 0: refused, a Failure Reason
  std::string transfer_syntax;

  struct Op {
    uint64_t at = 0;  // in the dataset
    Tag tag;
    Bytes before;                   // written first
    std::vector<ByteRange> frames;  // then these of the spool
    bool encapsulated = false;      // each as items; else as the value that `before` begins
    char padding = '\0';
  };
  std::vector<Op> ops;              // rising `at`, then tag
  std::vector<ByteRange> left_out;  // of the dataset, rising
};

// `parts`: for each of instance.bulk, in order. Errors: of the spool.
Result<Assembly> plan_assembly(const ModelInstance& instance,
                               const std::vector<std::vector<BulkPart>>& parts, BulkSpool& spool);

// Errors of the spool and of the sink.
Status write_assembly(const ModelInstance& instance, const Assembly& plan, BulkSpool& spool,
                      ByteSink& out);

}  // namespace medarc::dicom
