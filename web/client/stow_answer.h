// What a DICOMweb server's answer to STOW-RS (PS3.18 10.5.3; dicom.md S1 to S3) means for each
// instance that was sent. Pure.
#pragma once

#include <string>
#include <vector>

#include "web/client/http_client.h"

namespace medarc::web {

struct StowVerdict {
  enum class What {
    stored,
    later,  // it may be taken another time
    refused,
    alone,  // the request as a whole was refused: it is to be sent without the others
  };
  What what = What::stored;
  std::string why = {};  // for operators
  bool operator==(const StowVerdict&) const = default;
};

// `instances`: SOP Instance UIDs in the order of the request. `attempts`: how often each has been
// tried before.
std::vector<StowVerdict> read_stow_answer(const ClientAnswer& answer,
                                          const std::vector<std::string>& instances,
                                          const std::vector<uint32_t>& attempts);

}  // namespace medarc::web
