// UIDs as devices write them, and what becomes of those that do not conform (PS3.5 section 9).
//
// The mapping follows from the UID alone, so that all objects of a sender go on referring to each
// other, and a second copy is a duplicate. In this order, each step as far as it is asked for:
//   padding        blanks and NULs go, wherever they stand
//   leading_zeros  "1.02.00.3" becomes "1.2.0.3"
//   derive         what still does not conform becomes "2.25." and the decimal value of a UUID of
//                  version 8 made of the SHA-256 of the UID as the steps before left it
// The first two can make two UIDs one, where a sender tells objects apart by padding or zeros only;
// `derive` alone never does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace medarc::dicom::senders {

// Fit to name something here: letters (some scanners), digits and single dots, 1 to 128 bytes.
// Anything else could be a path or markup somewhere else.
bool storable_uid(std::string_view uid);
// As the standard wants it.
bool conformant_uid(std::string_view uid);

// Values are stored (corrections.h).
struct UidRepair {
  static constexpr uint8_t kPadding = 1, kLeadingZeros = 2, kDerive = 4;
  static constexpr uint8_t kDeriveUnstorable = 8;  // derive, but only what could not be a name
  uint8_t steps = 0;
  bool none() const { return steps == 0; }
  bool operator==(const UidRepair&) const = default;
};

// "padding", "leading_zeros", "derive".
std::optional<uint8_t> uid_step(std::string_view name);

// One UID; "" stays.
std::string repaired_uid(std::string_view uid, UidRepair repair);
// The bytes of an element: UIDs separated by backslashes, padded with NULs or not.
std::string repaired_uids(std::string_view value, UidRepair repair);

}  // namespace medarc::dicom::senders
