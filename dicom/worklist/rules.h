// Which attributes a work item must, may and must not have (PS3.4 table CC.2.5-3). Pure.
#pragma once

#include "base/clock.h"
#include "dicom/dataset.h"
#include "dicom/worklist/states.h"

namespace medarc::dicom::worklist {

inline constexpr std::string_view kPushSopClass = "1.2.840.10008.5.1.4.34.6.1";

inline constexpr Tag kSopClass{0x00080016}, kSopInstance{0x00080018}, kTransaction{0x00081195},
    kStepState{0x00741000}, kProgress{0x00741002}, kStepProgress{0x00741004},
    kCancelReason{0x00741238}, kDiscontinuation{0x0074100E}, kContactUri{0x0074100A},
    kContactName{0x0074100C}, kRequestingAe{0x00741236}, kReceivingAe{0x00741234},
    kDeletionLock{0x00741230}, kReadiness{0x00404041}, kCancelledAt{0x00404052},
    kStationNames{0x00404025}, kHumanPerformers{0x00404034}, kPerformed{0x00741216},
    kModified{0x00404010};

// An item that is to be created: checked, and completed with what we fill in. kDone or
// kCreatedWithChanges, otherwise why not.
Reply complete_new_item(DataSet& item, const std::string& uid, const std::string& label,
                        Timestamp now);

// Puts `changes` into `item`. What may not be set may still be sent with the value it has.
Reply apply_changes(DataSet& item, const DataSet& changes, Timestamp now);

// kDone when the item may become `wanted`, COMPLETED or CANCELED; otherwise kFinalRequirements with
// what it lacks. Fills the time of cancellation.
Reply complete_final_item(DataSet& item, State wanted, Timestamp now);

// The first item of Progress Information Sequence, made when there is none.
DataSet& progress_of(DataSet& item, DataElement& sequence);

std::string to_dt(Timestamp time);  // "20260131081530.123456+0000"

}  // namespace medarc::dicom::worklist
