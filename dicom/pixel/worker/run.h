// The life of a codec worker: confined first, then one request after the other until the server
// closes the socket.
#pragma once

#include <span>

#include "dicom/pixel/wire.h"

namespace medarc::dicom::worker {

// `input` and `output` are as long as the request says.
using Handler = wire::Answer (*)(const wire::Request& request, ByteView input,
                                 std::span<char> output);

wire::Answer run_codec(const wire::Request& request, ByteView input, std::span<char> output);

// argv: program, address space in bytes. The descriptors of wire.h are open. Tells the server that
// it is ready, or why it is not, by an empty answer. The exit code of the process.
int run(int argc, char** argv, Handler handler);

}  // namespace medarc::dicom::worker
