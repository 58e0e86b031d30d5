#include "dicom/pixel/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace medarc::dicom {
namespace {

// Larger memories are given back after each frame.
constexpr uint64_t kKeptBytes = 16u << 20;
constexpr uint32_t kStartMs = 30'000;  // until it is confined

Error no_worker(std::string_view what) {
  return make_error(Code::unavailable, fmt::format("no codec worker: {}", what));
}

// It can grow but never shrink, so that a worker cannot pull it from under the server.
int shared_memory() {
  const int fd = sandbox::moved_up(memfd_create("medarc-codec", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const CodecLimits& limits) {
  std::unique_ptr<WorkerProcess> out(new WorkerProcess(limits.deadline_ms));
  MEDARC_TRY(out->spawn(limits));
  const auto ready = out->process_->receive(kStartMs, wire::kMessageBytesMax);
  if (ready.has_error()) return no_worker("it did not start: " + ready.error().text);
  const auto answer = wire::decode_answer(*ready);
  if (answer.has_error()) return no_worker("it does not speak our language");
  if (answer->error) return no_worker(answer->error->text);
  return out;
}

Status WorkerProcess::spawn(const CodecLimits& limits) {
  input_ = shared_memory();
  output_ = shared_memory();
  if (input_ < 0 || output_ < 0) return no_worker("out of descriptors");
  sandbox::Program program;
  program.path = limits.program.empty() ? sandbox::program_beside("medarc-codec") : limits.program;
  program.arguments = {std::to_string(limits.memory_bytes_max)};
  program.descriptors = {input_, output_};
  auto started = sandbox::Process::start(program);
  if (started.has_error()) {
    return no_worker(started.error().text + "; medarc-codec belongs beside medarc (codec.program)");
  }
  process_ = std::move(*started);
  return {};
}

WorkerProcess::~WorkerProcess() {
  for (const int fd : {input_, output_}) {
    if (fd >= 0) close(fd);
  }
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

Result<WorkerProcess::Outcome> WorkerProcess::work(const wire::Request& request, ByteView input) {
  MEDARC_TRY(fill(input, request.output_bytes));
  // The deadline again in processor time, for one that spins after it has answered.
  process_->allow_cpu(deadline_ms_ / 1000 + 2);
  Outcome out;
  if (!process_->send(wire::encode(request), deadline_ms_)) {
    out.crashed = process_->end();
    return out;
  }
  const auto received = process_->receive(deadline_ms_, wire::kMessageBytesMax);
  if (received.has_error()) {
    out.crashed = received.error().text;
    out.late = received.error().code == Code::deadline;
    return out;
  }
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
