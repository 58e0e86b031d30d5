// What the worklist answers (PS3.4 CC.2.1.4, CC.2.2.4, CC.2.3.4, CC.2.5.4, CC.2.6.4): the DIMSE
// status, from which the web makes its own.
#pragma once

#include <cstdint>
#include <string>

namespace medarc::dicom::worklist {

inline constexpr uint16_t kDone = 0x0000;
inline constexpr uint16_t kCreatedWithChanges = 0xB300;
inline constexpr uint16_t kLockNotGranted = 0xB301;
inline constexpr uint16_t kAlreadyCanceled = 0xB304;
inline constexpr uint16_t kAlreadyCompleted = 0xB306;
inline constexpr uint16_t kInvalidAttribute = 0x0106;
inline constexpr uint16_t kUidTaken = 0x0111;
inline constexpr uint16_t kInvalidUid = 0x0117;
inline constexpr uint16_t kMissingAttribute = 0x0120;
inline constexpr uint16_t kMissingValue = 0x0121;
inline constexpr uint16_t kMayNoLongerChange = 0xC300;
inline constexpr uint16_t kWrongTransaction = 0xC301;
inline constexpr uint16_t kAlreadyInProgress = 0xC302;
inline constexpr uint16_t kScheduledByCreationOnly = 0xC303;
inline constexpr uint16_t kFinalRequirements = 0xC304;
inline constexpr uint16_t kNoSuchItem = 0xC307;
inline constexpr uint16_t kUnknownReceiver = 0xC308;
inline constexpr uint16_t kNotScheduled = 0xC309;
inline constexpr uint16_t kNotInProgress = 0xC310;
inline constexpr uint16_t kCompletedAlready = 0xC311;
inline constexpr uint16_t kPerformerUnreachable = 0xC312;
inline constexpr uint16_t kActionNotAppropriate = 0xC314;

struct Reply {
  uint16_t status = kDone;
  std::string text;        // for people; the standard's words where it has some
  bool gone = false;       // kNoSuchItem: it was here once
  bool unclaimed = false;  // kWrongTransaction: none was given at all
  bool failed() const { return status != kDone && status >> 12 != 0xB; }
  bool warned() const { return status >> 12 == 0xB; }
};

// The status with the standard's words for it.
Reply reply(uint16_t status);
Reply reply(uint16_t status, std::string text);

}  // namespace medarc::dicom::worklist
