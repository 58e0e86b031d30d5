// A genome worker gone bad; what it does is in its argument, the address space it may have.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "genomics/worker/wire.h"
#include "sandbox/process.h"

using namespace medarc::genomics;

namespace {

void say(medarc::ByteView bytes) {
  (void)!send(medarc::sandbox::kSocket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long how = argc > 1 ? std::strtoul(argv[1], nullptr, 10) % 16 : 0;
  say(wire::encode(wire::Ready{how == 1 ? "there is no sandbox here" : ""}));
  char job[4096];
  (void)!recv(medarc::sandbox::kSocket, job, sizeof job, 0);
  switch (how) {
    case 2: std::abort();
    case 3: say("\xff nonsense"); break;
    case 4: say(wire::encode(wire::Read{77, 0, 10})); break;  // never opened
    case 5: say(wire::encode(wire::Write{"this is no BAM file"})); break;
    case 6: say(wire::encode(wire::Open{"/etc/passwd"})); break;
    case 7:  // asks and does not listen
      for (;;) say(wire::encode(wire::Open{"file"}));
    case 9:  // never ends; the counter is volatile so that the loop stays
      for (volatile unsigned long n = 0;;) n = n + 1;
    default: break;
  }
  pause();
}
