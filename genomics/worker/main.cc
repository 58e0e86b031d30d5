// medarc-genome: reads and writes CRAM for the server that starts it. One job, then it ends. Not
// for people.
#include <unistd.h>

#include <cstdlib>

#include "genomics/worker/job_files.h"
#include "genomics/worker/run.h"
#include "sandbox/confine.h"

int main(int argc, char** argv) {
  using namespace medarc::genomics;
  // Nothing is flushed or torn down at the end: the sandbox would be in the way.
  const uint64_t memory_bytes_max = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
  worker::set_up_job_files();
  if (const auto confined = medarc::sandbox::confine(memory_bytes_max); confined.has_error()) {
    worker::send_message(wire::Ready{confined.error().text});
    _exit(EXIT_FAILURE);
  }
  if (!worker::send_message(wire::Ready{})) _exit(EXIT_FAILURE);
  const auto job = wire::decode_job(worker::receive_message());
  if (job.has_error()) _exit(EXIT_FAILURE);
  _exit(worker::send_message(worker::run(*job)) ? EXIT_SUCCESS : EXIT_FAILURE);
}
