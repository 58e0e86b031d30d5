// Four kinds of writers that keep what was acknowledged to them, for the tests that cut the power.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/scenario/clients.h"

namespace medarc::test {

// One acknowledgement: what must come back, and from where.
struct Acknowledged {
  enum class Check { dataset, whole, json_contains };
  std::string kind;    // "C-STORE", "STOW", "BAM", "FHIR"
  std::string url;
  Check check = Check::whole;
  std::string expect;  // SHA-256, or the text that the answer contains
};

// Runs until stopped or until the server is gone; each thread has one door.
class Writers {
 public:
  // `first` numbers the objects, so that every cycle writes new ones.
  Writers(uint16_t http_port, uint16_t dicom_port, uint64_t first);
  ~Writers();
  // Asks the threads to end and waits; what was acknowledged, in no order.
  std::vector<Acknowledged> stop();
  size_t acknowledged_count() const { return count_; }

 private:
  void by_dimse(uint64_t number);
  void by_stow(uint64_t number);
  void by_upload(uint64_t number);
  void by_fhir(uint64_t number);
  void keep(Acknowledged one);

  const uint16_t http_port_, dicom_port_;
  std::atomic<bool> stopping_{false};
  std::atomic<size_t> count_{0};
  std::mutex mutex_;
  std::vector<Acknowledged> kept_;
  std::vector<std::thread> threads_;
};

// What re-reading found.
struct Reread {
  uint64_t lost = 0, altered = 0;
  std::vector<std::string> examples;  // the first ten
};
// Reads every acknowledged object back.
Reread read_back(uint16_t http_port, const std::vector<Acknowledged>& acknowledged);

}  // namespace medarc::test
