#include "dicom/worklist/status.h"

namespace medarc::dicom::worklist {

Reply reply(uint16_t status, std::string text) { return {status, std::move(text)}; }

Reply reply(uint16_t status) {
  switch (status) {
    case kCreatedWithChanges: return {status, "The Workitem was created with modifications."};
    case kLockNotGranted: return {status, "Deletion Lock not granted."};
    case kAlreadyCanceled:
      return {status, "The UPS is already in the requested state of CANCELED."};
    case kAlreadyCompleted:
      return {status, "The UPS is already in the requested state of COMPLETED."};
    case kUidTaken: return {status, "A work item of this UID exists, or did."};
    case kInvalidUid: return {status, "This is no UID for a work item."};
    case kMayNoLongerChange: return {status, "The UPS may no longer be updated."};
    case kWrongTransaction: return {status, "The correct Transaction UID was not provided."};
    case kAlreadyInProgress: return {status, "The UPS is already IN PROGRESS."};
    case kScheduledByCreationOnly: return {status, "A UPS becomes SCHEDULED by its creation only."};
    case kFinalRequirements: return {status, "The UPS has not met final state requirements."};
    case kNoSuchItem: return {status, "There is no such work item."};
    case kUnknownReceiver: return {status, "The receiving AE title is not known here."};
    case kNotScheduled: return {status, "The provided value of UPS State was not SCHEDULED."};
    case kNotInProgress: return {status, "The UPS is not yet in the IN PROGRESS state."};
    case kCompletedAlready: return {status, "The UPS is already COMPLETED."};
    case kPerformerUnreachable: return {status, "The performer cannot be contacted."};
    case kActionNotAppropriate: return {status, "This action is not for this UID."};
    default: return {status, ""};
  }
}

}  // namespace medarc::dicom::worklist
