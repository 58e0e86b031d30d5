// A codec worker that was taken over: it is started and confined like the real one, then does what
// the codestream names. An attempt that was refused leaves 'R' in the frame, any other 'E'.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <new>

#include "dicom/pixel/worker/run.h"

namespace medarc::dicom::worker {
namespace {

bool refused(long answer) { return answer < 0 && errno == EPERM; }

// True: refused.
const std::map<std::string, std::function<bool()>, std::less<>> kAttempts = {
    {"open", [] { return refused(open("/etc/passwd", O_RDONLY)); }},
    {"create", [] { return refused(open("stolen", O_WRONLY | O_CREAT, 0600)); }},
    {"openat2", [] { return refused(syscall(SYS_openat2, AT_FDCWD, "/", nullptr, 0)); }},
    {"stat", [] { return refused(access("/etc/passwd", R_OK)); }},
    {"unlink", [] { return refused(unlink("/nothing")); }},
    {"socket", [] { return refused(socket(AF_INET, SOCK_STREAM, 0)); }},
    {"unix_socket", [] { return refused(socket(AF_UNIX, SOCK_STREAM, 0)); }},
    {"exec",
     [] {
       char* none[] = {nullptr};
       return refused(execve("/bin/true", none, none));
     }},
    {"fork", [] { return refused(fork()); }},
    {"clone3", [] { return refused(syscall(SYS_clone3, nullptr, 0)); }},
    {"kill_other", [] { return refused(kill(1, 0)); }},
    {"kill_all", [] { return refused(kill(-1, 0)); }},
    {"ptrace", [] { return refused(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
    {"write_stdout", [] { return refused(write(1, "x", 1)); }},
    {"read_socket",
     [] {
       char c;
       return refused(read(wire::kSocket, &c, 1));
     }},
    {"dup", [] { return refused(dup(wire::kSocket)); }},
    {"shrink", [] { return refused(ftruncate(wire::kOutput, 0)); }},
    {"pass_descriptor",
     [] {
       msghdr m{};
       return refused(sendmsg(wire::kSocket, &m, 0));
     }},
    {"exec_memory",
     [] {
       return mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0) == MAP_FAILED &&
              errno == EPERM;
     }},
    {"signal_handler", [] { return signal(SIGXCPU, SIG_IGN) == SIG_ERR && errno == EPERM; }},
    {"raise_limits", [] { return refused(syscall(SYS_prlimit64, 0, 0, nullptr, nullptr)); }},
    {"io_uring", [] { return refused(syscall(425, 1, nullptr)); }},
    {"unshare", [] { return refused(unshare(CLONE_NEWUSER)); }},
};

[[noreturn]] void spin() {
  for (volatile uint64_t i = 0;;) i = i + 1;
}

wire::Answer misbehave(const wire::Request& request, ByteView input, std::span<char> output) {
  wire::Answer out;
  out.shape = request.shape;
  out.output_bytes = output.size();
  if (const auto attempt = kAttempts.find(input); attempt != kAttempts.end()) {
    output[0] = attempt->second() ? 'R' : 'E';
  } else if (input == "hang") {
    spin();
  } else if (input == "crash") {
    raise(SIGSEGV);
    abort();
  } else if (input == "abort") {
    abort();
  } else if (input == "exit") {
    _exit(0);
  } else if (input == "bomb") {
    // Every page, so that it is the limit that ends it and not the machine.
    output[0] = 'E';
    try {
      for (;;) std::memset(new char[64u << 20], 1, 64u << 20);
    } catch (const std::bad_alloc&) {
      out.error = make_error(Code::too_large, "the frame needs more memory than a codec may have");
    }
  } else if (input == "more_than_asked") {
    out.output_bytes = output.size() + 1;
  } else if (input == "less_than_asked") {
    out.output_bytes = output.size() - 1;
  } else if (input == "other_shape") {
    out.shape.rows += 1;
  } else if (input == "other_code") {
    out.error = make_error(Code::unauthenticated, "log in again");
  } else if (input == "rubbish_text") {
    out.error = make_error(Code::corrupt, "\x1B[2Jrubbish");
  } else if (input == "silly_term") {
    out.shape.photometric = "<script>";
  } else if (input == "rubbish" || input == "long_rubbish") {
    const Bytes rubbish(input == "rubbish" ? 40 : wire::kMessageBytesMax * 2, '\xC3');
    send(wire::kSocket, rubbish.data(), rubbish.size(), 0);
  }
  return out;
}

}  // namespace
}  // namespace medarc::dicom::worker

int main(int argc, char** argv) {
  _exit(medarc::dicom::worker::run(argc, argv, medarc::dicom::worker::misbehave));
}
