#include "base/metrics.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <mutex>

namespace medarc {
namespace {

template <class T>
struct Family {
  std::string help;
  std::map<std::string, std::unique_ptr<T>> by_labels;
};

struct Registry {
  std::mutex mutex;
  std::map<std::string, Family<Counter>> counters;
  std::map<std::string, Family<Gauge>> gauges;
  std::map<std::string, Family<Histogram>> histograms;
};

Registry& registry() {
  static auto* r = new Registry;  // outlives every static that counts
  return *r;
}

template <class T>
T& find(std::map<std::string, Family<T>>& families, std::string_view name, std::string_view help,
        std::string_view labels) {
  std::lock_guard lock(registry().mutex);
  Family<T>& family = families[std::string(name)];
  if (family.help.empty()) family.help = help;
  auto& slot = family.by_labels[std::string(labels)];
  if (!slot) slot = std::make_unique<T>();
  return *slot;
}

std::string braces(const std::string& labels) { return labels.empty() ? "" : "{" + labels + "}"; }

template <class T>
void header(std::string& out, const std::string& name, const Family<T>& f, const char* type) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, f.help, name, type);
}

}  // namespace

void Histogram::observe_us(int64_t us) {
  int i = 0;
  while (i < kBuckets && static_cast<double>(us) * 1e-6 > bound_seconds(i)) ++i;
  buckets_[i].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  sum_us_.fetch_add(us < 0 ? 0 : static_cast<uint64_t>(us), std::memory_order_relaxed);
}

Counter& counter(std::string_view name, std::string_view help, std::string_view labels) {
  return find(registry().counters, name, help, labels);
}
Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels) {
  return find(registry().gauges, name, help, labels);
}
Histogram& histogram(std::string_view name, std::string_view help, std::string_view labels) {
  return find(registry().histograms, name, help, labels);
}

std::string metrics_text() {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  std::string out;
  for (const auto& [name, family] : r.counters) {
    header(out, name, family, "counter");
    for (const auto& [labels, c] : family.by_labels) {
      out += fmt::format("{}{} {}\n", name, braces(labels), c->value());
    }
  }
  for (const auto& [name, family] : r.gauges) {
    header(out, name, family, "gauge");
    for (const auto& [labels, g] : family.by_labels) {
      out += fmt::format("{}{} {}\n", name, braces(labels), g->value());
    }
  }
  for (const auto& [name, family] : r.histograms) {
    header(out, name, family, "histogram");
    for (const auto& [labels, h] : family.by_labels) {
      const std::string lead = labels.empty() ? "" : labels + ",";
      uint64_t total = 0;
      for (int i = 0; i < Histogram::kBuckets; ++i) {
        total += h->bucket(i);
        out += fmt::format("{}_bucket{{{}le=\"{:g}\"}} {}\n", name, lead,
                           Histogram::bound_seconds(i), total);
      }
      out += fmt::format("{}_bucket{{{}le=\"+Inf\"}} {}\n", name, lead, h->count());
      out += fmt::format("{}_sum{} {:.6f}\n", name, braces(labels), h->sum_seconds());
      out += fmt::format("{}_count{} {}\n", name, braces(labels), h->count());
    }
  }
  return out;
}

}  // namespace medarc
