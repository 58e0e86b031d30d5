// What an association may do: from an A-ASSOCIATE-RQ and our policy to the A-ASSOCIATE-AC, or the
// reason for refusing. Pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "dicom/ul/pdu.h"

namespace medarc::dicom::ul {

struct Policy {
  std::string aet;
  bool any_called_aet = false;
  bool private_sop_classes = true;
  bool commitment = false;          // storage commitment is served
  bool worklist = false;            // unified procedure steps are served
  bool reports_only = false;        // nothing but verification and storage commitment is accepted
  uint32_t pdu_bytes_max = 131072;  // what we offer to receive
  uint32_t async_operations_max = 16;
};

struct AcceptedContext {
  std::string abstract_syntax;
  std::string transfer_syntax;
};

struct Agreement {
  AssociateAc answer;
  std::map<uint8_t, AcceptedContext> contexts;
  uint32_t peer_pdu_bytes_max = 0;  // 0: without limit
  uint16_t operations_max = 1;      // requests the peer may have open; above 1 it pipelines
};

// PS3.8 table 9-21 and dicom.md 4.5.
inline constexpr AssociateRj kCallingAetUnknown{1, 1, 3};
inline constexpr AssociateRj kIdentityRefused{1, 1, 1};
inline constexpr AssociateRj kCongestion{2, 3, 1};  // transient, presentation, congestion
inline constexpr AssociateRj kLocalLimit{2, 3, 2};  // transient, presentation, local limit

// Reasons to refuse that lie in the request itself: protocol version, application context, called
// AE title, a maximum PDU length nothing fits in.
std::optional<AssociateRj> refusal(const AssociateRq& rq, const Policy& policy);

// Whether byte `index` of the extended negotiation of `sop_class` was agreed on (PS3.4 C.5).
bool agreed(const Agreement& agreement, std::string_view sop_class, size_t index);

// The answer says nothing of the user's identity: that is for who verifies it.
// invalid_argument: a context id is used twice, which no answer can repair (abort).
Result<Agreement> agree(const AssociateRq& rq, const Policy& policy);

}  // namespace medarc::dicom::ul
