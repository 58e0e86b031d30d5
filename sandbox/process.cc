#include "sandbox/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>

namespace medarc::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kAboveChild = 32;  // descriptors out of the way of those the worker will have

class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
};

}  // namespace

std::string program_beside(const std::string& name) {
  std::error_code unknown;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return (self.parent_path() / name).string();
}

int moved_up(int fd) {
  if (fd < 0) return fd;
  const int up = fcntl(fd, F_DUPFD_CLOEXEC, kAboveChild);
  close(fd);
  return up;
}

Result<std::unique_ptr<Process>> Process::start(const Program& program) {
  std::unique_ptr<Process> out(new Process);
  int pair[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    return make_error(Code::unavailable, "out of descriptors");
  }
  out->socket_ = moved_up(pair[0]);
  const int theirs = moved_up(pair[1]);
  if (out->socket_ < 0 || theirs < 0) {
    if (theirs >= 0) close(theirs);
    return make_error(Code::unavailable, "out of descriptors");
  }
  SpawnPlan plan;
  for (const int standard : {0, 1, 2}) {
    posix_spawn_file_actions_addopen(&plan.files, standard, "/dev/null", O_RDWR, 0);
  }
  posix_spawn_file_actions_adddup2(&plan.files, theirs, kSocket);
  int next = kSocket + 1;
  for (const int fd : program.descriptors) {
    posix_spawn_file_actions_adddup2(&plan.files, fd, next++);
  }
  posix_spawn_file_actions_addclosefrom_np(&plan.files, next);
  // A group of its own: Ctrl-C in a terminal is for the server, which ends its workers itself.
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  posix_spawnattr_setpgroup(&plan.attributes, 0);
  posix_spawnattr_setflags(&plan.attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> words{program.path};
  words.insert(words.end(), program.arguments.begin(), program.arguments.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  char* environment[] = {nullptr};
  const int failed = posix_spawn(&out->pid_, program.path.c_str(), &plan.files, &plan.attributes,
                                 arguments.data(), environment);
  close(theirs);
  if (failed != 0) {
    out->pid_ = -1;
    return make_error(Code::unavailable, "the program cannot be run");
  }
  return out;
}

Process::~Process() {
  if (pid_ > 0) (void)end();
  if (socket_ >= 0) close(socket_);
}

bool Process::idle() const {
  pollfd p{socket_, POLLIN, 0};
  return pid_ > 0 && poll(&p, 1, 0) == 0;
}

bool Process::send(ByteView message, uint32_t within_ms) {
  const auto until = steady_clock::now() + milliseconds(within_ms);
  while (::send(socket_, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno == EINTR) continue;
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
    pollfd p{socket_, POLLOUT, 0};
    if (errno == EAGAIN && left > 0 && poll(&p, 1, static_cast<int>(left)) >= 0) continue;
    (void)end();
    return false;
  }
  return true;
}

std::string Process::end() {
  if (pid_ <= 0) return "had ended";
  kill(pid_, SIGKILL);  // of one that is ending it changes nothing
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) return fmt::format("ended by signal {}", WTERMSIG(status));
  return fmt::format("ended with code {}", WEXITSTATUS(status));
}

void Process::allow_cpu(uint64_t seconds) const {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &used) != 0) return;
  const rlimit soft{static_cast<rlim_t>(used.tv_sec) + seconds, RLIM_INFINITY};
  (void)prlimit(pid_, RLIMIT_CPU, &soft, nullptr);
}

Result<Bytes> Process::receive(uint32_t within_ms, size_t bytes_max) {
  const auto until = steady_clock::now() + milliseconds(within_ms);
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
    pollfd p{socket_, POLLIN, 0};
    const int n = left <= 0 ? 0 : poll(&p, 1, static_cast<int>(left));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      (void)end();
      return make_error(Code::deadline, fmt::format("not done in {} ms", within_ms));
    }
    Bytes message(bytes_max + 1, '\0');
    const ssize_t got = recv(socket_, message.data(), message.size(), 0);
    if (got > 0) {
      message.resize(static_cast<size_t>(got));
      return message;
    }
    return make_error(Code::corrupt, end());
  }
}

}  // namespace medarc::sandbox
