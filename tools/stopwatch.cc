#include "tools/stopwatch.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace medarc::tools {
namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double rounded(double v) { return static_cast<double>(static_cast<int64_t>(v * 1000 + 0.5)) / 1000; }

}  // namespace

std::string Timing::line(const std::string& name) const {
  const double s = std::max(seconds, 1e-9);
  return fmt::format("{:<22} {:>9.0f}/s {:>9.1f} MB/s  p50 {:.3f} ms  p99 {:.3f} ms  cpu {:.3f} ms each",
                     name, static_cast<double>(count) / s, static_cast<double>(bytes) / s / 1e6,
                     p50_ms, p99_ms, count == 0 ? 0 : cpu_seconds * 1000 / static_cast<double>(count));
}

boost::json::object Timing::json(const std::string& name) const {
  const double s = std::max(seconds, 1e-9);
  return {{"bench", name},
          {"count", count},
          {"bytes", bytes},
          {"seconds", rounded(seconds)},
          {"per_second", rounded(static_cast<double>(count) / s)},
          {"cpu_ms_each", count == 0 ? 0 : rounded(cpu_seconds * 1000 / static_cast<double>(count))},
          {"p50_ms", rounded(p50_ms)},
          {"p99_ms", rounded(p99_ms)},
          {"max_ms", rounded(max_ms)}};
}

Result<Timing> time_steps(uint64_t count, unsigned threads,
                          const std::function<Result<uint64_t>(unsigned, uint64_t)>& step) {
  using Clock = std::chrono::steady_clock;
  std::atomic<uint64_t> next{0}, bytes{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::vector<double> all_ms;
  std::optional<Error> error;
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  const auto work = [&](unsigned thread) {
    std::vector<double> ms;
    for (uint64_t i = next++; i < count && !failed; i = next++) {
      const auto begin = Clock::now();
      const Result<uint64_t> moved = step(thread, i);
      ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
      if (moved.has_error()) {
        std::lock_guard lock(mutex);
        if (!error) error = moved.error();
        failed = true;
        break;
      }
      bytes += *moved;
    }
    std::lock_guard lock(mutex);
    all_ms.insert(all_ms.end(), ms.begin(), ms.end());
  };
  std::vector<std::thread> workers;
  for (unsigned t = 0; t < threads; ++t) workers.emplace_back(work, t);
  for (std::thread& worker : workers) worker.join();
  if (error) return *error;
  Timing out;
  out.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  out.cpu_seconds = cpu_seconds() - cpu_before;
  out.count = all_ms.size();
  out.bytes = bytes;
  if (!all_ms.empty()) {
    std::sort(all_ms.begin(), all_ms.end());
    out.p50_ms = all_ms[all_ms.size() / 2];
    out.p99_ms = all_ms[std::min(all_ms.size() - 1, all_ms.size() * 99 / 100)];
    out.max_ms = all_ms.back();
  }
  return out;
}

}  // namespace medarc::tools
