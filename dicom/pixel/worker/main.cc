// medarc-codec: decodes and encodes frames for the server that starts it. Not for people.
#include <unistd.h>

#include "dicom/pixel/worker/run.h"

int main(int argc, char** argv) {
  // Nothing is flushed or torn down: the sandbox would be in the way.
  _exit(medarc::dicom::worker::run(argc, argv, medarc::dicom::worker::run_codec));
}
