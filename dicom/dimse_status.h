// DIMSE statuses (PS3.7 annex C, PS3.4 table B.2-1, dicom.md section 4) and the one mapping from
// our errors to them.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "dicom/imaging.h"

namespace medarc::dicom {

inline constexpr uint16_t kSuccess = 0x0000;
inline constexpr uint16_t kProcessingFailure = 0x0110;
inline constexpr uint16_t kDuplicateInstance = 0x0111;
inline constexpr uint16_t kNoSuchInstance = 0x0112;
inline constexpr uint16_t kNoSuchEvent = 0x0113;
inline constexpr uint16_t kInvalidArgument = 0x0115;
inline constexpr uint16_t kClassInstanceConflict = 0x0119;
inline constexpr uint16_t kSopClassUnsupported = 0x0122;
inline constexpr uint16_t kNoSuchAction = 0x0123;
inline constexpr uint16_t kNotAuthorised = 0x0124;
inline constexpr uint16_t kUnrecognisedOperation = 0x0211;
inline constexpr uint16_t kResourceLimitation = 0x0213;  // N- services
inline constexpr uint16_t kOutOfResources = 0xA700;
inline constexpr uint16_t kClassMismatch = 0xA900;
inline constexpr uint16_t kCoerced = 0xB000;
inline constexpr uint16_t kCannotCountMatches = 0xA701;
inline constexpr uint16_t kCannotPerformSuboperations = 0xA702;
inline constexpr uint16_t kMoveDestinationUnknown = 0xA801;
inline constexpr uint16_t kUnableToProcess = 0xC001;
inline constexpr uint16_t kSomeFailed = 0xB000;  // C-MOVE, C-GET
inline constexpr uint16_t kCancelled = 0xFE00;
inline constexpr uint16_t kPending = 0xFF00;
inline constexpr uint16_t kPendingUnsupportedKeys = 0xFF01;
inline constexpr uint16_t kCannotUnderstand = 0xC000;

// The C-STORE status for an error that names none itself. Statuses of the A7xx group tell the
// sender to try again later; the others that this object will not do.
uint16_t store_status(Code code);

// The same for C-FIND, C-MOVE and C-GET.
uint16_t query_status(Code code);

// The same for N-ACTION and N-EVENT-REPORT (PS3.7 annex C).
uint16_t action_status(Code code);

// The refusal's own reason, else by its error's code.
uint16_t store_status(const Refusal& refusal);

}  // namespace medarc::dicom
