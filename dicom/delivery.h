// One object on its way to another application because of a routing rule (dicom/routes.h): what its
// job holds, and what an answer of the destination means. Shared by those who deliver, over DIMSE
// (dicom/dimse/deliveries.h) and over the web (web/client/stow_deliveries.h). Pure.
#pragma once

#include <string_view>

#include "dicom/routes.h"
#include "index/rows.h"

namespace medarc::dicom {

inline constexpr const char* kDeliveryJob = "delivery";
inline constexpr const char* kStowDeliveryJob = "stow-delivery";
// Of the queue of a destination; its name follows.
inline constexpr std::string_view kDeliveryQueue = "route:";
inline constexpr std::string_view kStowDeliveryQueue = "stow:";

struct Delivery {
  index::StudyUid study;
  index::SeriesUid series;
  index::SopInstanceUid instance;
  bool commit = false;  // done only when the destination has promised to keep it
};
Bytes encode(const Delivery& delivery);
Result<Delivery> decode_delivery(ByteView payload);  // corrupt

// The job of `row` on its way to `to`. `time`, and `place` at the same time, order the queue.
index::JobRow delivery_job(const RouteTarget& to, const index::InstanceRow& row, Timestamp time,
                           uint32_t place);

// Whether a destination that refused with this status (C-STORE, Failure Reason (0008,1197)) may
// take the object another time: it is out of resources, or failed without saying why. The latter
// only a few times, since the objects behind it wait as well.
bool worth_waiting(uint16_t status, uint32_t attempts);

}  // namespace medarc::dicom
