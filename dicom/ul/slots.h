// How many associations run: in total, by peer, and by peers nobody has configured. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "dicom/limits.h"
#include "dicom/ul/negotiation.h"

namespace medarc::dicom::ul {

class Slots {
 public:
  explicit Slots(const Limits& limits) : limits_(limits) {}

  // Takes a slot, or answers the rejection to send. associations_reserved slots are for known peers
  // alone, so that strangers cannot lock a modality out.
  std::optional<AssociateRj> take(const std::string& peer, bool known);
  void give_back(const std::string& peer, bool known);
  uint32_t taken() const { return total_; }

 private:
  const Limits limits_;
  uint32_t total_ = 0, unknown_ = 0;
  std::unordered_map<std::string, uint32_t> by_peer_;  // no zero entries
};

}  // namespace medarc::dicom::ul
