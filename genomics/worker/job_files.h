// HTSlib's files in the worker: names "job:…" lead to the server over the socket, and there are no
// others. Single-threaded.
#pragma once

#include "genomics/worker/wire.h"

namespace medarc::genomics::worker {

// Makes "job:" known to HTSlib and points its look-ups of references there. Before confinement:
// HTSlib sets up its tables, and finds its environment, at this call.
void set_up_job_files();

// "job:file.cram" and "job:index.crai" can be read; written, "job:index.crai" and "job:out" are the
// job's output; "job:ref/MD5" is a reference.
inline constexpr const char* kFileName = "job:file.cram";
inline constexpr const char* kIndexName = "job:index.crai";
inline constexpr const char* kOutputName = "job:out";

bool send_message(const wire::Message& message);
// The server's next message; empty: it is gone.
Bytes receive_message();
// Whether the server has something of this name (wire.h).
bool server_has(const std::string& name);

}  // namespace medarc::genomics::worker
