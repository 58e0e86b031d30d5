#include "dicom/delivery.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/codec.h"
#include "dicom/dimse_status.h"

namespace medarc::dicom {
namespace {

constexpr uint8_t kPayloadVersion = 2, kWithoutCommitment = 1;
constexpr uint32_t kUnexplainedMax = 4;

}  // namespace

Bytes encode(const Delivery& delivery) {
  Encoder out;
  out.fixed(kPayloadVersion);
  out.bytes(delivery.study.value);
  out.bytes(delivery.series.value);
  out.bytes(delivery.instance.value);
  out.fixed(static_cast<uint8_t>(delivery.commit ? 1 : 0));
  return out.take();
}

Result<Delivery> decode_delivery(ByteView payload) {
  Decoder in(payload);
  const auto version = in.fixed<uint8_t>();
  Delivery out;
  out.study.value = in.bytes();
  out.series.value = in.bytes();
  out.instance.value = in.bytes();
  if (version != kWithoutCommitment) out.commit = in.fixed<uint8_t>() != 0;
  const bool known = version == kPayloadVersion || version == kWithoutCommitment;
  if (!known || !in.at_end()) return make_error(Code::corrupt, "a delivery cannot be decoded");
  return out;
}

index::JobRow delivery_job(const RouteTarget& to, const index::InstanceRow& row, Timestamp time,
                           uint32_t place) {
  index::JobRow job;
  job.queue = std::string(to.web ? kStowDeliveryQueue : kDeliveryQueue) + to.name;
  job.name = fmt::format("{:016x}-{:08x}-{}", static_cast<uint64_t>(time.us), place, row.uid.value);
  job.name.resize(std::min<size_t>(job.name.size(), 255));
  job.kind = to.web ? kStowDeliveryJob : kDeliveryJob;
  job.payload = encode(Delivery{row.study, row.series, row.uid, to.commit});
  job.due = time;
  return job;
}

bool worth_waiting(uint16_t status, uint32_t attempts) {
  if (status == kProcessingFailure) return attempts < kUnexplainedMax;
  return status >> 8 == 0xA7 || status == kResourceLimitation;
}

}  // namespace medarc::dicom
