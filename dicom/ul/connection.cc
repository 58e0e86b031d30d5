#include "dicom/ul/connection.h"

#include "base/metrics.h"

namespace medarc::dicom::ul {

class ConnectionCounts::Place {
 public:
  Place(std::shared_ptr<ConnectionCounts> counts, std::string peer)
      : counts_(std::move(counts)), peer_(std::move(peer)) {
    std::lock_guard lock(counts_->mutex_);
    ++counts_->total_;
    ++counts_->by_peer_[peer_];
    alive().add(1);
  }
  ~Place() {
    std::lock_guard lock(counts_->mutex_);
    --counts_->total_;
    if (const auto it = counts_->by_peer_.find(peer_); --it->second == 0) {
      counts_->by_peer_.erase(it);
    }
    alive().add(-1);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  static Gauge& alive() {
    static Gauge& g = gauge("medarc_dimse_connections", "TCP connections, associated or not.");
    return g;
  }
  std::shared_ptr<ConnectionCounts> counts_;
  std::string peer_;
};

std::shared_ptr<void> ConnectionCounts::enter(std::shared_ptr<ConnectionCounts> counts,
                                              std::string peer) {
  return std::make_shared<Place>(std::move(counts), std::move(peer));
}

uint32_t ConnectionCounts::total() const {
  std::lock_guard lock(mutex_);
  return total_;
}

uint32_t ConnectionCounts::of(const std::string& peer) const {
  std::lock_guard lock(mutex_);
  const auto it = by_peer_.find(peer);
  return it == by_peer_.end() ? 0 : it->second;
}

}  // namespace medarc::dicom::ul
