#include "dicom/dimse/commitment_scu.h"

#include <random>

#include "dicom/sop_class.h"

namespace medarc::dicom::dimse {
namespace {

constexpr uint16_t kMessageId = 1;

}  // namespace

Result<uint16_t> request_commitment(ul::Association& association, const Limits& limits,
                                    const CommitmentDataset& wanted) {
  const auto context = context_of(association.agreement(), kCommitmentSopClass);
  if (!context) return make_error(Code::unsupported, "the peer takes no storage commitment");
  Command request;
  request.field = kActionRq;
  request.message_id = kMessageId;
  request.sop_class = kCommitmentSopClass;
  request.sop_instance = kCommitmentSopInstance;
  request.action_type = uint16_t{1};
  const std::string& syntax = association.agreement().contexts.at(*context).transfer_syntax;
  MEDARC_TRY(send_request(association, *context, request, write_commitment(wanted, syntax)));
  MEDARC_ASSIGN(const Request answer,
                read_answer(association, kActionRq | kResponseBit, kMessageId, limits));
  MEDARC_TRY(read_whole_dataset(association, answer, limits.identifier_bytes_max));
  return *answer.command.status;
}

std::string new_transaction_uid() {
  std::random_device random;
  const uint64_t high = uint64_t{random()} << 32 | random(),
                 low = uint64_t{random()} << 32 | random();
  // 2.25 and a number of up to 39 digits; two independent ones of 19 leave 126 bits to chance.
  return "2.25." + std::to_string(high % 9'000'000'000'000'000'000u + 1'000'000'000'000'000'000u) +
         std::to_string(low % 1'000'000'000'000'000'000u);
}

}  // namespace medarc::dicom::dimse
