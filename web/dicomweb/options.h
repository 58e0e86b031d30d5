// Limits and choices of the DICOMweb door.
#pragma once

#include <cstdint>
#include <string>

#include "base/config.h"
#include "web/multipart.h"

namespace medarc::web {

struct DicomwebOptions {
  MultipartLimits multipart;
  uint32_t batch_objects_max = 64;           // STOW: objects made durable with one sync
  uint64_t batch_bytes_max = 64ull << 20;    // or this many bytes of them
  uint64_t waiting_bytes_max = 64ull << 20;  // STOW: metadata of a request that waits for bulk data
  uint64_t bulk_memory_bytes_max = 1u << 20;  // STOW: its bulk data in memory; more go to a file
  std::string temporary_directory;            // for those files; "": the system's
  uint32_t failures_max = 10'000;             // STOW: failed items named in the answer
  uint32_t frames_max = 10'000;               // WADO: frame numbers in one request
  uint32_t zip_instances_max = 10'000;        // WADO: instances in one application/zip
  uint32_t results_max = 100'000;             // QIDO: results in one answer
  uint64_t counted_beyond_max = 10'000;   // QIDO: results counted past an answer, for its Warning
  uint32_t pages_kept_max = 10'000;       // QIDO: ends of pages remembered for the next one
  uint32_t thumbnail_edge_max = 256;      // pixels of a thumbnail nobody named a size for
  uint32_t presented_images_max = 1'000;  // WADO: images and frames of one presentation state
  bool strict_query = false;              // QIDO: 400 for an unknown key instead of a Warning (Q11)
  bool no_match_204 = false;              // QIDO: 204 for no match, as until PS3.18 2025e (Q9)
  bool blank_preamble = false;            // WADO: zeros instead of the preamble received (S10)
  static DicomwebOptions from(Config& config);  // section [dicomweb]
};

}  // namespace medarc::web
