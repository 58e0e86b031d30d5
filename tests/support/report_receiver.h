// A peer that listens for storage commitment reports: takes associations one after the other,
// answers each N-EVENT-REPORT as it is told, and keeps what came.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/raw_association.h"

namespace medarc::test {

struct ReceivedReport {
  uint16_t event_type = 0;
  std::string dataset;
  std::string calling;  // blanks included
  std::string transfer_syntax;
  bool provider_role = false;  // the caller proposed to be the provider
};

class ReportReceiver {
 public:
  explicit ReportReceiver(uint16_t port = 0);  // 0: any free one
  ~ReportReceiver();
  uint16_t port() const { return port_; }

  std::atomic<uint16_t> status{0};     // what reports are answered with
  std::atomic<bool> rejecting{false};  // associations are refused
  std::vector<ReceivedReport> reports() const;
  uint32_t associations() const { return associations_; }

 private:
  void listen();
  void serve(RawSocket peer);
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<uint32_t> associations_{0};
  mutable std::mutex mutex_;
  std::vector<ReceivedReport> reports_;
  std::thread thread_;
};

}  // namespace medarc::test
