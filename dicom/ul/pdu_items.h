// Item types inside A-ASSOCIATE PDUs: PS3.8 section 9.3 and PS3.7 annex D. Private to the codec.
#pragma once

#include <cstddef>
#include <cstdint>

namespace medarc::dicom::ul {

enum ItemType : uint8_t {
  application_context_item = 0x10,
  proposed_context_item = 0x20,
  answered_context_item = 0x21,
  abstract_syntax_item = 0x30,
  transfer_syntax_item = 0x40,
  user_information_item = 0x50,
  pdu_bytes_item = 0x51,
  implementation_class_item = 0x52,
  window_item = 0x53,
  role_item = 0x54,
  implementation_version_item = 0x55,
  extended_item = 0x56,
  common_extended_item = 0x57,
  identity_item = 0x58,
  identity_response_item = 0x59,
};

inline constexpr size_t kTitleBytes = 16;
inline constexpr size_t kReservedBytes = 32;

}  // namespace medarc::dicom::ul
