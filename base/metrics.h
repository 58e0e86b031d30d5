// Counters, gauges and histograms in the Prometheus text format (version 0.0.4). Declared where
// they are used, once, as statics; registration is at first use.
//
//   static Counter& stored = counter("medarc_instances_stored_total", "Instances stored.");
//   stored.add();
//   static Histogram& took = histogram("medarc_store_seconds", "Time to store one instance.");
//   took.observe_us(elapsed_us);
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace medarc {

class Counter {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Gauge {
 public:
  void set(int64_t v) { value_.store(v, std::memory_order_relaxed); }
  void add(int64_t v) { value_.fetch_add(v, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// Buckets double from 50 us to about 26 s.
class Histogram {
 public:
  static constexpr int kBuckets = 20;
  static double bound_seconds(int bucket) { return 50e-6 * static_cast<double>(1u << bucket); }
  void observe_us(int64_t us);
  uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  uint64_t bucket(int i) const { return buckets_[i].load(std::memory_order_relaxed); }
  double sum_seconds() const { return static_cast<double>(sum_us_.load()) * 1e-6; }

 private:
  std::array<std::atomic<uint64_t>, kBuckets + 1> buckets_{};
  std::atomic<uint64_t> count_{0}, sum_us_{0};
};

// Thread-safe; the same name (and labels, `route="qido",status="200"`) gives the same object for
// the life of the process. Labels come from a closed set, never from a peer's text.
Counter& counter(std::string_view name, std::string_view help, std::string_view labels = {});
Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = {});
Histogram& histogram(std::string_view name, std::string_view help, std::string_view labels = {});

std::string metrics_text();  // all of them, sorted by name

}  // namespace medarc
