// Two versions of an instance compared element by element, as DICOM JSON shows them: text decoded,
// whatever character set, byte order or VR encoding it came in. Values that are bulk data there
// (pixel data, long and binary values) are compared by the SHA-256 of their bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "archive/blob_store.h"
#include "base/config.h"
#include "dicom/imaging.h"

namespace medarc::dicom {

struct DifferenceLimits {
  uint32_t differences_max = 10'000;             // told; more are counted only
  uint64_t metadata_bytes_max = 64ull << 20;     // of each version, as DICOM JSON
  uint32_t bulk_values_max = 1'000;              // of each version
  uint64_t bulk_bytes_max = 16ull << 30;         // read of each version
  static DifferenceLimits from(Config& config);  // section [history]
};

// One element as one version has it: `{"vr":"LO","Value":[…]}`, of a sequence
// `{"vr":"SQ","items":2}` (what is in the items is compared by itself), of bulk data
// `{"vr":"OW","bytes":8,"digest":"sha256-…"}`.
struct ElementState {
  std::string vr;
  std::string json;
  bool operator==(const ElementState&) const = default;
};

struct ElementDifference {
  std::string path;  // as BulkDataURIs end: "00081140/0/00081155" (element_path.h)
  std::optional<ElementState> before, after;  // nullopt: the version has no such element
};

struct Difference {
  InstanceRow before, after;
  std::vector<ElementDifference> elements;  // in the order of their paths
  uint64_t elements_count = 0;              // those over differences_max included
};

// too_large: over a limit; errors of reading and scanning.
Result<Difference> compare_versions(archive::BlobStore& blobs, InstanceRow before,
                                    InstanceRow after, const Limits& limits,
                                    const DifferenceLimits& differences);

}  // namespace medarc::dicom
