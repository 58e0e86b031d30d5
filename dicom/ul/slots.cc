#include "dicom/ul/slots.h"

#include <algorithm>

namespace medarc::dicom::ul {

std::optional<AssociateRj> Slots::take(const std::string& peer, bool known) {
  const auto of_peer = by_peer_.find(peer);
  if (of_peer != by_peer_.end() && of_peer->second >= limits_.associations_per_peer_max) {
    return kLocalLimit;
  }
  const uint32_t for_unknown =
      limits_.associations_max - std::min(limits_.associations_reserved, limits_.associations_max);
  if (total_ >= limits_.associations_max || (!known && unknown_ >= for_unknown)) {
    return kCongestion;
  }
  ++total_;
  if (!known) ++unknown_;
  ++by_peer_[peer];
  return std::nullopt;
}

void Slots::give_back(const std::string& peer, bool known) {
  --total_;
  if (!known) --unknown_;
  if (const auto it = by_peer_.find(peer); --it->second == 0) by_peer_.erase(it);
}

}  // namespace medarc::dicom::ul
