// Random rows and facts, small and odd: empty texts, NUL bytes in values, every kind of op.
#pragma once

#include <random>

#include "index/ops.h"

namespace medarc::index::test {

class RandomFacts {
 public:
  explicit RandomFacts(uint32_t seed) : random_(seed) {}
  uint32_t pick(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  Bytes text(uint32_t length_max = 12);
  Timestamp time() { return {static_cast<int64_t>(random_()) * 1000 - 5}; }
  Digest digest();
  AttributeSet attributes();
  Identifier identifier() { return {text(4), text(4)}; }
  PatientRow patient();
  StudyRow study();
  SeriesRow series();
  InstanceRow instance();
  FileRow file();
  Consent consent();
  AuditEntry audit();
  JobRow job();
  WorkItemRow work_item();
  SubscriptionRow subscription();
  Op op();
  Facts facts();

 private:
  std::mt19937 random_;
};

}  // namespace medarc::index::test
