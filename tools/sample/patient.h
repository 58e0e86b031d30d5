// The sample patient: a CT series, a cine loop and a genome of one invented person, as files.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace medarc::tools::sample {

struct SampleOptions {
  uint32_t slices_count = 120;
  uint32_t size = 512;            // rows and columns of a slice
  uint32_t frames_count = 40;
  uint32_t pairs_count = 100'000;
  uint64_t seed = 1;
};

struct SampleFile {
  std::string path;      // below the directory: "ct/001.dcm"
  uint64_t bytes = 0;
  std::string sha256;    // 64 hex digits
};

struct Sample {
  std::string patient_id, issuer, patient_name;
  std::string ct_study, ct_series, cine_study, cine_series, cine_instance;
  std::string accession;
  std::vector<SampleFile> files;
};

// Writes ct/NNN.dcm, cine/001.dcm, genome/reads.bam, genome/reads_R1.fastq.gz and _R2, and
// sample.json with what is above, into `directory` (made when missing). The same options give the
// same bytes. `progress` may be null.
Result<Sample> write_sample(const std::string& directory, const SampleOptions& options,
                            const std::function<void(const SampleFile&)>& progress);

}  // namespace medarc::tools::sample
