// Command sets (PS3.7 section 9.3 and annex E): implicit VR little endian, group 0000 only, a few
// hundred bytes at most. Own codec; nothing here recurses or allocates by a declared length.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::dicom::dimse {

// Command Field (0000,0100) of what we act on; a response has bit 15 set.
inline constexpr uint16_t kStoreRq = 0x0001;
inline constexpr uint16_t kGetRq = 0x0010;
inline constexpr uint16_t kFindRq = 0x0020;
inline constexpr uint16_t kMoveRq = 0x0021;
inline constexpr uint16_t kEchoRq = 0x0030;
inline constexpr uint16_t kEventReportRq = 0x0100;
inline constexpr uint16_t kNormalizedGetRq = 0x0110;
inline constexpr uint16_t kSetRq = 0x0120;
inline constexpr uint16_t kActionRq = 0x0130;
inline constexpr uint16_t kCreateRq = 0x0140;
inline constexpr uint16_t kCancelRq = 0x0FFF;
inline constexpr uint16_t kResponseBit = 0x8000;
inline constexpr uint16_t kDataset = 0x0000;
inline constexpr uint16_t kNoDataset = 0x0101;  // Command Data Set Type (0000,0800)

// Sub-operations of a C-MOVE or C-GET (PS3.7 9.3.3, 9.3.4).
struct Suboperations {
  uint16_t remaining = 0, completed = 0, failed = 0, warning = 0;
  bool operator==(const Suboperations&) const = default;
};

struct Command {
  uint16_t field = 0;
  std::optional<uint16_t> message_id;               // requests
  std::optional<uint16_t> message_id_responded_to;  // responses
  uint16_t dataset_type = kNoDataset;               // anything else: a dataset follows
  std::optional<uint16_t> status;                   // responses
  std::string sop_class;         // Affected, or for N- requests Requested, SOP Class UID
  std::string sop_instance;      // likewise
  std::string error_comment;     // (0000,0902), at most 64 characters
  std::string move_destination;  // AE title
  std::string move_originator;   // C-STORE on behalf of a C-MOVE: who asked
  std::optional<uint16_t> move_originator_id;  // and the message id of the asking
  std::optional<Suboperations> suboperations;  // `remaining` is left out of a final response
  std::optional<uint16_t> event_type;          // N-EVENT-REPORT (PS3.7 10.1.1)
  std::optional<uint16_t> action_type;         // N-ACTION (PS3.7 10.1.4)
  std::vector<uint32_t> attributes;            // tags wanted by an N-GET (PS3.7 10.1.2); none: all
  bool operator==(const Command&) const = default;

  bool has_dataset() const { return dataset_type != kNoDataset; }
  bool is_response() const { return (field & kResponseBit) != 0; }
};

// Errors: invalid_argument (malformed, another group than 0000, no Command Field, no message id).
Result<Command> parse_command(ByteView bytes);

// Elements in order, with group length. UIDs and comment are left out when empty; the comment is
// cut to 64 characters and cleaned of what LO does not allow.
Bytes encode(const Command& command);

// The response to `request`: same ids and UIDs, no dataset.
Command response_to(const Command& request, uint16_t status_code, std::string comment = {});

}  // namespace medarc::dicom::dimse
