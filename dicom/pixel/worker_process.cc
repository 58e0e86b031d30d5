#include "dicom/pixel/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>

namespace medarc::dicom {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Larger memories are given back after each frame.
constexpr uint64_t kKeptBytes = 16u << 20;
constexpr uint32_t kStartMs = 30'000;  // until it is confined
constexpr int kAboveChild = 32;        // descriptors out of the way of those the worker will have

Error no_worker(std::string_view what) {
  return make_error(Code::unavailable, fmt::format("no codec worker: {}", what));
}

// Out of the way of descriptors 3-5, which the spawned process gets; -1 stays -1.
int moved_up(int fd) {
  if (fd < 0) return fd;
  const int up = fcntl(fd, F_DUPFD_CLOEXEC, kAboveChild);
  close(fd);
  return up;
}

// It can grow but never shrink, so that a worker cannot pull it from under the server.
int shared_memory() {
  const int fd = moved_up(memfd_create("medarc-codec", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

std::string program_of(const CodecLimits& limits) {
  if (!limits.program.empty()) return limits.program;
  std::error_code unknown;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return (self.parent_path() / "medarc-codec").string();
}

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
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
};

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const CodecLimits& limits) {
  std::unique_ptr<WorkerProcess> out(new WorkerProcess(limits.deadline_ms));
  MEDARC_TRY(out->spawn(limits));
  std::string crashed;
  bool late = false;
  auto ready = out->receive(kStartMs, crashed, late);
  if (ready.has_error()) return no_worker("it did not start: " + crashed);
  const auto answer = wire::decode_answer(*ready);
  if (answer.has_error()) return no_worker("it does not speak our language");
  if (answer->error) return no_worker(answer->error->text);
  return out;
}

Status WorkerProcess::spawn(const CodecLimits& limits) {
  int pair[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    return no_worker("out of descriptors");
  }
  socket_ = moved_up(pair[0]);
  const int theirs = moved_up(pair[1]);
  input_ = shared_memory();
  output_ = shared_memory();
  if (socket_ < 0 || theirs < 0 || input_ < 0 || output_ < 0) {
    if (theirs >= 0) close(theirs);
    return no_worker("out of descriptors");
  }
  SpawnPlan plan;
  for (const int standard : {0, 1, 2}) {
    posix_spawn_file_actions_addopen(&plan.files, standard, "/dev/null", O_RDWR, 0);
  }
  posix_spawn_file_actions_adddup2(&plan.files, theirs, wire::kSocket);
  posix_spawn_file_actions_adddup2(&plan.files, input_, wire::kInput);
  posix_spawn_file_actions_adddup2(&plan.files, output_, wire::kOutput);
  posix_spawn_file_actions_addclosefrom_np(&plan.files, wire::kDescriptors);
  // A group of its own: Ctrl-C in a terminal is for the server, which ends its workers itself.
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  posix_spawnattr_setpgroup(&plan.attributes, 0);
  posix_spawnattr_setflags(&plan.attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string program = program_of(limits);
  std::string memory = std::to_string(limits.memory_bytes_max);
  std::array<char*, 3> arguments = {program.data(), memory.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  const int failed = posix_spawn(&pid_, program.c_str(), &plan.files, &plan.attributes,
                                 arguments.data(), environment.data());
  close(theirs);
  if (failed != 0) {
    pid_ = -1;
    return no_worker("medarc-codec cannot be run; it belongs beside medarc (codec.program)");
  }
  return {};
}

WorkerProcess::~WorkerProcess() {
  if (pid_ > 0) (void)ending();
  for (const int fd : {socket_, input_, output_}) {
    if (fd >= 0) close(fd);
  }
}

bool WorkerProcess::alive() const {
  pollfd p{socket_, POLLIN, 0};
  return pid_ > 0 && poll(&p, 1, 0) == 0;  // it says nothing unasked
}

// How it ended, or is made to end now; waits for that.
std::string WorkerProcess::ending() {
  kill(pid_, SIGKILL);  // of one that is ending it changes nothing
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) return fmt::format("ended by signal {}", WTERMSIG(status));
  return fmt::format("ended with code {}", WEXITSTATUS(status));
}

Status WorkerProcess::fill(ByteView input, uint64_t output_bytes) {
  if (input.size() > input_room_) {
    if (ftruncate(input_, static_cast<off_t>(input.size())) != 0) return no_worker("no memory");
    input_room_ = input.size();
  }
  if (output_bytes > output_room_) {
    if (ftruncate(output_, static_cast<off_t>(output_bytes)) != 0) return no_worker("no memory");
    output_room_ = output_bytes;
  }
  size_t done = 0;
  while (done < input.size()) {
    const ssize_t n =
        pwrite(input_, input.data() + done, input.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return no_worker("no memory");
    done += static_cast<size_t>(n);
  }
  return {};
}

void WorkerProcess::empty(uint64_t input_bytes, uint64_t output_bytes) {
  const auto punch = [](int fd, uint64_t bytes) {
    if (bytes <= kKeptBytes) return;
    (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes));
  };
  punch(input_, input_bytes);
  punch(output_, output_bytes);
}

// The deadline again in CPU time, for one that spins after it has answered.
void WorkerProcess::allow_cpu() const {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &used) != 0) return;
  const auto seconds = static_cast<rlim_t>(used.tv_sec) + deadline_ms_ / 1000 + 2;
  const rlimit soft{seconds, RLIM_INFINITY};
  (void)prlimit(pid_, RLIMIT_CPU, &soft, nullptr);
}

Result<Bytes> WorkerProcess::receive(uint32_t within_ms, std::string& crashed, bool& late) {
  const auto until = steady_clock::now() + milliseconds(within_ms);
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
    pollfd p{socket_, POLLIN, 0};
    const int n = left <= 0 ? 0 : poll(&p, 1, static_cast<int>(left));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      late = true;
      crashed = fmt::format("not done in {} ms", within_ms);
      (void)ending();
      return make_error(Code::deadline, crashed);
    }
    Bytes message(wire::kMessageBytesMax + 1, '\0');
    const ssize_t got = recv(socket_, message.data(), message.size(), 0);
    if (got > 0) {
      message.resize(static_cast<size_t>(got));
      return message;
    }
    crashed = ending();
    return make_error(Code::corrupt, crashed);
  }
}

Result<WorkerProcess::Outcome> WorkerProcess::work(const wire::Request& request, ByteView input) {
  MEDARC_TRY(fill(input, request.output_bytes));
  allow_cpu();
  Outcome out;
  const Bytes message = wire::encode(request);
  if (send(socket_, message.data(), message.size(), MSG_NOSIGNAL) < 0) {
    out.crashed = ending();
    return out;
  }
  const auto received = receive(deadline_ms_, out.crashed, out.late);
  if (received.has_error()) return out;
  auto answer = wire::decode_answer(*received);
  if (answer.has_error() || answer->output_bytes > request.output_bytes) {
    out.crashed = "it gave an answer that cannot be";
    return out;
  }
  // Copied once, out of the worker's reach, before anything looks at it.
  if (!answer->error) {
    out.output.resize(answer->output_bytes);
    size_t done = 0;
    while (done < out.output.size()) {
      const ssize_t n = pread(output_, out.output.data() + done, out.output.size() - done,
                              static_cast<off_t>(done));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return no_worker("shared memory cannot be read");
      done += static_cast<size_t>(n);
    }
  }
  empty(input.size(), request.output_bytes);
  out.answer = std::move(*answer);
  return out;
}

}  // namespace medarc::dicom
