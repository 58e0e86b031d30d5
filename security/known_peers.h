// The DICOM applications that may call, as they are now: those of the configuration, and those that
// an administrator adds and takes away while the server runs. A change counts for associations that
// begin after it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "security/peers.h"

namespace medarc::security {

// Thread-safe.
class KnownPeers {
 public:
  explicit KnownPeers(std::vector<Peer> peers = {});
  std::shared_ptr<const Peer> find(std::string_view aet) const;  // null: nobody of this title
  // Whether the AE title or the address (numeric) is that of a peer.
  bool knows(std::string_view aet, const std::string& address) const;
  bool empty() const;
  void put(Peer peer);  // in place of the one of its AE title
  void remove(const std::string& aet);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Peer>, std::less<>> by_aet_;
};

}  // namespace medarc::security
