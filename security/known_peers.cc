#include "security/known_peers.h"

#include <algorithm>

namespace medarc::security {

KnownPeers::KnownPeers(std::vector<Peer> peers) {
  for (Peer& peer : peers) put(std::move(peer));
}

std::shared_ptr<const Peer> KnownPeers::find(std::string_view aet) const {
  std::lock_guard lock(mutex_);
  const auto found = by_aet_.find(aet);
  return found == by_aet_.end() ? nullptr : found->second;
}

bool KnownPeers::knows(std::string_view aet, const std::string& address) const {
  std::lock_guard lock(mutex_);
  return by_aet_.contains(aet) || std::any_of(by_aet_.begin(), by_aet_.end(), [&](const auto& p) {
           return p.second->addresses.contains(address);
         });
}

bool KnownPeers::empty() const {
  std::lock_guard lock(mutex_);
  return by_aet_.empty();
}

void KnownPeers::put(Peer peer) {
  auto made = std::make_shared<const Peer>(std::move(peer));
  std::lock_guard lock(mutex_);
  by_aet_[made->aet] = made;
}

void KnownPeers::remove(const std::string& aet) {
  std::lock_guard lock(mutex_);
  by_aet_.erase(aet);
}

}  // namespace medarc::security
