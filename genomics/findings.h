// What the archive knows of a genomic file beside itself: which other files hold the same reads,
// and what does not fit the patient it is linked to. Looked at whenever the file is described, so
// that it is true of the records as they are then; the first alerts are also audited at the upload.
#pragma once

#include <string>
#include <vector>

#include "index/index.h"
#include "security/principal.h"

namespace medarc::genomics {

// Something that people should look at. It changes nothing by itself. Codes:
// sex-mismatch: the depth of X and Y speaks for another sex than the patient's record;
// sample-names-another-patient: a sample name is an identifier of a patient, and of another one;
// sample-of-another-patient: a file of another patient names the same sample.
struct Alert {
  std::string code;
  std::string text;  // for people: no data of a patient, and ids only of what the asker may see
};

// The identity ("plain:…", FileRow::identities) of what a file is once it is inflated, and back.
std::string plain_identity(const Digest& plain);
std::string_view plain_sha256_hex(const index::FileRow& file);  // "": a CRAM, or stored long ago

struct Findings {
  static constexpr uint32_t kFilesMax = 100;  // of each kind
  std::vector<Alert> alerts;
  // Ids of other files, ascending, of those the asker may see.
  std::vector<std::string> same_content;   // the same bytes once inflated ("plain:…")
  std::vector<std::string> same_reads;     // the same records in the same order ("reads:…")
  std::vector<std::string> same_read_set;  // the same reads, in any order ("readset:…")
  std::vector<std::string> same_mates;     // the same reads on one side of the pairs ("mates:…")
};

Result<Findings> findings_of(index::View& view, const security::Principal& who,
                             const index::FileRow& file);

}  // namespace medarc::genomics
