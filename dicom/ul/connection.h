// TCP connections and how many of them there are.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "dicom/ul/channel.h"

namespace medarc::dicom::ul {

// A TCP connection that is counted against the limits for as long as it exists.
struct Connection {
  Channel channel;
  std::string peer;               // numeric address
  std::shared_ptr<void> counted;  // gives the place back when the last copy goes
};

// Connections alive, in total and by peer. Thread-safe.
class ConnectionCounts {
 public:
  static std::shared_ptr<void> enter(std::shared_ptr<ConnectionCounts> counts, std::string peer);
  uint32_t total() const;
  uint32_t of(const std::string& peer) const;

 private:
  class Place;
  mutable std::mutex mutex_;
  uint32_t total_ = 0;
  std::unordered_map<std::string, uint32_t> by_peer_;  // no zero entries
};

}  // namespace medarc::dicom::ul
