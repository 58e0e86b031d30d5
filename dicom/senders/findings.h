// What is wrong with a stored object: kept with its row, counted for its sender (report.h). Never a
// refusal, never patient data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dicom/dictionary.h"
#include "index/rows.h"

namespace medarc::dicom::senders {

// A field of instance rows, no DICOM attribute (index/KEYS.md).
inline constexpr Tag kFieldFindings{0xFFFE0021};

// Kinds, as reports name them.
inline constexpr std::string_view kFoundCharset = "charset",  // text is in another set than is said
    kFoundText = "text",                                      // text that no known set explains
    kFoundUid = "uid",                                        // a UID that does not conform
    kFoundIdentity = "identity",                              // an identifier is missing
    kFoundAnnounced = "announced",      // the message said something else than the dataset
    kFoundStructure = "structure",      // how the dataset is encoded
    kFoundFile = "file",                // what the file is besides DICOM
    kFoundFrames = "frames",            // the frames are not where they should be
    kFoundAccepted = "accepted",        // would be refused from anybody else
    kFoundCorrected = "corrected",      // served otherwise than received
    kFoundUncorrected = "uncorrected",  // a rule wanted to, and could not
    kFoundRefused = "refused";          // not stored

struct Finding {
  std::string kind;
  Tag attribute;       // 0: of none
  std::string text;    // for people; the same wherever the same is wrong
  std::string detail;  // of this instance
  bool operator==(const Finding&) const = default;
};

// Longer lists and texts are cut.
inline constexpr size_t kFindingsMax = 24, kFindingBytesMax = 200;

// `sender`: an AE title, or the id of a principal.
void keep(const std::string& sender, std::vector<Finding> findings, index::InstanceRow& row);
struct KeptFindings {
  std::string sender;
  std::vector<Finding> findings;
};
// None: nothing was found.
KeptFindings findings_of(const index::InstanceRow& row);

}  // namespace medarc::dicom::senders
