// Every number a DICOM peer can push, with its name, unit and default (dicom.md section 2).
#pragma once

#include <cstdint>

#include "base/config.h"

namespace medarc::dicom {

struct Limits {
  // Header scan. Element and item limits grow with Number of Frames and the bytes really received.
  uint32_t nesting_depth_max = 64;
  uint32_t elements_max = 1'000'000;
  uint32_t items_max = 100'000;
  uint32_t file_meta_bytes_max = 64u << 10;
  uint64_t header_bytes_max = 64ull << 20;   // everything before the pixel data, in memory
  uint64_t element_bytes_max = 16ull << 20;  // one non-pixel value in memory; longer: bulk data
  uint64_t object_bytes_max = 64ull << 30;
  uint64_t inflated_bytes_max = 1ull << 30;  // of a deflated dataset while it is scanned

  // Upper layer (PS3.8).
  uint32_t pdu_bytes_max = 131072;              // what we offer; a longer P-DATA-TF aborts
  uint32_t first_pdu_bytes_max = 64u << 10;     // A-ASSOCIATE-RQ
  uint64_t first_pdus_bytes_max = 64ull << 20;  // of all that are arriving, together
  uint32_t presentation_contexts_max = 128;
  uint32_t command_bytes_max = 16u << 10;
  uint32_t identifier_bytes_max = 1u << 20;   // of a C-FIND, C-MOVE or C-GET request
  uint32_t compared_instances_max = 100'000;  // whose metadata one search compares
  uint32_t connections_max = 12'000;          // TCP, with and without an association
  uint32_t connections_per_peer_max = 12'000;
  uint32_t associations_max = 256;
  uint32_t associations_per_peer_max = 256;
  uint32_t associations_reserved = 32;  // of those, for known peers only
  uint32_t artim_timeout_ms = 30'000;   // to a whole A-ASSOCIATE-RQ, and after release
  uint32_t idle_timeout_ms = 300'000;   // between DIMSE messages
  uint32_t pdu_timeout_ms = 30'000;     // inside a message
  uint32_t async_operations_max = 16;

  static Limits from(Config& config);  // section [dicom]
};

}  // namespace medarc::dicom
