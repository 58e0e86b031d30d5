#include "dicom/senders/refusals.h"

#include <utility>

#include "dicom/senders/uid_repair.h"

namespace medarc::dicom::senders {
namespace {

// What a peer named may be anything.
std::string plausible(const std::string& uid) { return storable_uid(uid) ? uid : std::string(); }

}  // namespace

void Refusals::add(const std::string& sender, const Refusal& refusal) {
  switch (refusal.error.code) {
    case Code::exhausted:
    case Code::unavailable:
    case Code::io:
    case Code::internal:
    case Code::permission_denied: return;
    default: break;
  }
  Finding finding{std::string(kFoundRefused), {}, refusal.error.text, {}};
  finding.text.resize(std::min(finding.text.size(), kFindingBytesMax));
  const std::lock_guard lock(mutex_);
  counted_.add(sender, finding, plausible(refusal.sop_class.value),
               plausible(refusal.instance.value), now());
}

Tally Refusals::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(counted_, Tally(counted_.limits()));
}

}  // namespace medarc::dicom::senders
