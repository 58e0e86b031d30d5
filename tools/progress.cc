#include "tools/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>

#include "tools/verb.h"

namespace medarc::tools {
namespace {

std::atomic<bool> g_interrupted{false};

void on_interrupt(int) {
  if (g_interrupted.exchange(true)) std::signal(SIGINT, SIG_DFL);
}

}  // namespace

void catch_interrupt() { std::signal(SIGINT, on_interrupt); }
bool interrupted() { return g_interrupted.load(); }

ProgressLine::ProgressLine(std::string what)
    : what_(std::move(what)), terminal_(isatty(STDERR_FILENO) == 1), start_(Clock::now()) {}

ProgressLine::~ProgressLine() {
  if (drawn_) {
    fmt::print(stderr, "\r\033[K");
    std::fflush(stderr);
  }
}

double ProgressLine::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

std::string ProgressLine::text(const std::string& what, uint64_t objects, uint64_t bytes,
                               uint64_t bytes_total, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(bytes) / seconds : 0;
  std::string line = what;
  if (objects != 0) line += fmt::format("  {} objects", objects);
  line += "  " + human_bytes(bytes);
  if (bytes_total != 0) {
    line += fmt::format(" of {} ({}%)", human_bytes(bytes_total),
                        bytes >= bytes_total ? 100 : bytes * 100 / bytes_total);
  }
  line += fmt::format("  {}/s", human_bytes(static_cast<uint64_t>(rate)));
  if (bytes_total > bytes && rate > 0) {
    const auto left = static_cast<uint64_t>(static_cast<double>(bytes_total - bytes) / rate);
    line += fmt::format("  {}:{:02} left", left / 60, left % 60);
  }
  return line;
}

void ProgressLine::update(uint64_t objects, uint64_t bytes, uint64_t bytes_total) {
  if (!terminal_) return;
  const auto now = Clock::now();
  if (drawn_ && now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  drawn_ = true;
  fmt::print(stderr, "\r\033[K{}", text(what_, objects, bytes, bytes_total, seconds()));
  std::fflush(stderr);
}

archive::Progress ProgressLine::callback() {
  return [this](uint64_t done, uint64_t total) {
    update(0, done, total);
    return !interrupted();
  };
}

}  // namespace medarc::tools
