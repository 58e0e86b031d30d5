#include "sandbox/confine.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>

namespace medarc::sandbox {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // the shadow alone is terabytes of address space
#else
constexpr bool kSanitized = false;
#endif

// No file by name, even if a call that names one should slip through. Older kernels do without:
// the filter below refuses those calls anyway.
void forbid_files() {
  landlock_ruleset_attr rules{};
  rules.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // all of the first version
  const long fd = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (fd < 0) return;
  syscall(SYS_landlock_restrict_self, static_cast<int>(fd), 0);
  close(static_cast<int>(fd));
}

bool limit(__rlimit_resource_t resource, rlim_t value) {
  const rlimit both{value, value};
  return setrlimit(resource, &both) == 0;
}

bool add_rules(scmp_filter_ctx filter) {
  bool ok = true;
  const auto allow = [&](int call) {
    ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
  };
  const auto allow_if = [&](int call, scmp_arg_cmp condition) {
    ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, condition) == 0;
  };
  // Memory, never executable.
  for (const int call : {SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk), SCMP_SYS(madvise)}) {
    allow(call);
  }
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    allow_if(call, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  }
  // The one socket.
  for (const int call : {SCMP_SYS(recvfrom), SCMP_SYS(sendto)}) {
    allow_if(call, SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(kSocket)));
  }
  // The C library's own needs, and dying by abort().
  for (const int call : {SCMP_SYS(futex), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
                         SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(clock_gettime),
                         SCMP_SYS(getrandom), SCMP_SYS(exit), SCMP_SYS(exit_group)}) {
    allow(call);
  }
  allow_if(SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid())));
  return ok;
}

}  // namespace

Status confine(uint64_t memory_bytes_max) {
  bool ok = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  ok = ok && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0);
  ok = ok && (kSanitized || limit(RLIMIT_AS, memory_bytes_max));
  forbid_files();
  ok = ok && limit(RLIMIT_NOFILE, 0);  // what is open stays open
  const std::unique_ptr<void, void (*)(void*)> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                                                      seccomp_release);
  if (!ok || !filter || !add_rules(filter.get()) || seccomp_load(filter.get()) != 0) {
    return make_error(Code::unavailable, "the kernel does not let this process be confined");
  }
  return {};
}

}  // namespace medarc::sandbox
