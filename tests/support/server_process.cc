#include "tests/support/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace medarc::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kReadyTimeoutMs = 60'000;

// Forks and runs `words`; stdout goes to `out`, stderr to `err` (either -1: inherited).
pid_t spawn(const std::vector<std::string>& words, int out, int err) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  if (out >= 0) dup2(out, STDOUT_FILENO);
  if (err >= 0) dup2(err, STDERR_FILENO);
  for (int fd = 3; fd < 256; ++fd) close(fd);
  execvp(argv[0], argv.data());
  _exit(127);
}

int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

uint16_t port_in(const std::string& line, const std::string& key) {
  const size_t at = line.find(key);
  if (at == std::string::npos) return 0;
  const size_t end = line.find(' ', at);
  const std::string address = line.substr(at, end - at);
  return static_cast<uint16_t>(std::atoi(address.c_str() + address.rfind(':') + 1));
}

}  // namespace

std::string medarc_binary() {
  if (const char* path = getenv("MEDARC_BINARY")) return path;
  return (fs::read_symlink("/proc/self/exe").parent_path() / "medarc").string();
}

std::string CommandResult::last_line() const {
  std::string text = out;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const size_t newline = text.rfind('\n');
  return newline == std::string::npos ? text : text.substr(newline + 1);
}

CommandResult run_command(const std::vector<std::string>& words) {
  TempDir dir;
  const int out = open((dir / "out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const int err = open((dir / "err").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const pid_t child = spawn(words, out, err);
  int status = 0;
  waitpid(child, &status, 0);
  close(out);
  close(err);
  return {exit_code_of(status), slurp(dir / "out"), slurp(dir / "err")};
}

CommandResult run_medarc(std::vector<std::string> words) {
  words.insert(words.begin(), medarc_binary());
  return run_command(words);
}

ServerProcess::ServerProcess(const std::string& data, const std::vector<std::string>& arguments,
                             const std::string& log) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return;
  const std::string log_path = log.empty() ? data + ".log" : log;
  const int err = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  std::vector<std::string> words = {medarc_binary(), "serve",   "--data",     data, "--http",
                                    "127.0.0.1:0",   "--dicom", "127.0.0.1:0"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const auto start = Clock::now();
  pid_ = spawn(words, pipe_ends[1], err);
  close(pipe_ends[1]);
  close(err);
  const auto deadline = start + std::chrono::milliseconds(kReadyTimeoutMs);
  while (Clock::now() < deadline) {
    pollfd wait{pipe_ends[0], POLLIN, 0};
    if (poll(&wait, 1, 100) <= 0) continue;
    char c = 0;
    if (read(pipe_ends[0], &c, 1) != 1) break;
    if (c == '\n') {
      if (ready_line_.starts_with("medarc ready")) {
        ready_ = true;
        break;
      }
      ready_line_.clear();
      continue;
    }
    ready_line_ += c;
  }
  seconds_to_ready_ = std::chrono::duration<double>(Clock::now() - start).count();
  close(pipe_ends[0]);
  http_port_ = port_in(ready_line_, "http=");
  dicom_port_ = port_in(ready_line_, "dicom=");
}

ServerProcess::~ServerProcess() { kill(); }

int ServerProcess::wait() {
  if (!status_) {
    int status = 0;
    waitpid(pid_, &status, 0);
    status_ = exit_code_of(status);
  }
  return *status_;
}

int ServerProcess::stop() {
  if (!status_) ::kill(pid_, SIGTERM);
  return wait();
}

void ServerProcess::kill() {
  if (pid_ <= 0 || status_) return;
  ::kill(pid_, SIGKILL);
  wait();
}

void ServerProcess::signal(int number) const {
  if (!status_) ::kill(pid_, number);
}

bool ServerProcess::running() {
  if (status_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) status_ = exit_code_of(status);
  return !status_;
}

uint64_t ServerProcess::resident_bytes() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
  std::string line;
  while (std::getline(in, line)) {
    if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6)) * 1024;
  }
  return 0;
}

}  // namespace medarc::test
