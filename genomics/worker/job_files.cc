#include "genomics/worker/job_files.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "genomics/hfile_backend.h"
#include "sandbox/process.h"

namespace medarc::genomics::worker {
namespace {

constexpr std::string_view kScheme = "job:";

// hfile_init() gives memory that begins with HTSlib's own part; what follows is not set.
struct JobFile {
  hFILE base;
  uint32_t handle;
  uint64_t bytes, at;
};

wire::Opened open_at_server(const std::string& name) {
  if (!send_message(wire::Open{name})) return {};
  const auto opened = wire::decode_opened(receive_message());
  return opened.has_value() ? *opened : wire::Opened{};
}

ssize_t job_read(hFILE* fp, void* buffer, size_t nbytes) {
  auto* file = reinterpret_cast<JobFile*>(fp);
  const uint64_t left = file->bytes - std::min(file->at, file->bytes);
  const auto n = static_cast<uint32_t>(std::min<uint64_t>({nbytes, left, wire::kDataBytesMax}));
  if (n == 0) return 0;
  if (send_message(wire::Read{file->handle, file->at, n})) {
    const Bytes bytes = receive_message();
    if (bytes.size() == n) {
      std::memcpy(buffer, bytes.data(), n);
      file->at += n;
      return static_cast<ssize_t>(n);
    }
  }
  errno = EIO;
  return -1;
}

ssize_t job_write(hFILE*, const void* buffer, size_t nbytes) {
  const size_t n = std::min(nbytes, wire::kDataBytesMax);
  if (send_message(wire::Write{{static_cast<const char*>(buffer), n}}))
    return static_cast<ssize_t>(n);
  errno = EIO;
  return -1;
}

off_t job_seek(hFILE* fp, off_t offset, int whence) {
  auto* file = reinterpret_cast<JobFile*>(fp);
  return seek_within(file->bytes, file->at, offset, whence);
}

off_t no_seek(hFILE*, off_t, int) {
  errno = ESPIPE;
  return -1;
}

int job_close(hFILE* fp) {
  send_message(wire::Close{reinterpret_cast<JobFile*>(fp)->handle});
  return 0;
}

int output_close(hFILE*) { return 0; }

const hFILE_backend kInput = {job_read, nullptr, job_seek, nullptr, job_close};
const hFILE_backend kOutput = {nullptr, job_write, no_seek, nullptr, output_close};

hFILE* job_open(const char* name, const char* mode) {
  const bool writes = mode[0] == 'w';
  wire::Opened opened;
  if (!writes) {
    std::string wanted(std::string_view(name).substr(kScheme.size()));
    if (wanted == std::string_view(kFileName).substr(kScheme.size())) wanted = wire::kFile;
    if (wanted == std::string_view(kIndexName).substr(kScheme.size())) wanted = wire::kIndex;
    opened = open_at_server(wanted);
    if (!opened.found) {
      errno = ENOENT;
      return nullptr;
    }
  }
  auto* file = reinterpret_cast<JobFile*>(hfile_init(sizeof(JobFile), mode, 0));
  if (file == nullptr) return nullptr;
  file->handle = opened.handle;
  file->bytes = opened.bytes;
  file->at = 0;
  file->base.backend = writes ? &kOutput : &kInput;
  return &file->base;
}

int always_remote(const char*) { return 1; }

const hFILE_scheme_handler kHandler = {job_open, always_remote, "medarc", 2000, nullptr};

}  // namespace

void set_up_job_files() {
  // "::" stands for one colon in a search path.
  setenv("REF_PATH", "URL=job::ref/%s", 1);
  setenv("REF_CACHE", "", 1);
  setenv("HTS_PATH", "/nonexistent", 1);
  (void)!hisremote("job:x");  // so that the table of schemes exists
  hfile_add_scheme_handler("job", &kHandler);
}

bool send_message(const wire::Message& message) {
  const Bytes bytes = wire::encode(message);
  return send(sandbox::kSocket, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0;
}

Bytes receive_message() {
  Bytes out(wire::kMessageBytesMax + 1, '\0');
  const ssize_t n = recv(sandbox::kSocket, out.data(), out.size(), 0);
  out.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return out;
}

bool server_has(const std::string& name) {
  const wire::Opened opened = open_at_server(name);
  return opened.found && send_message(wire::Close{opened.handle});
}

}  // namespace medarc::genomics::worker
