// CRAM as far as the server itself reads it: the first octet chooses the containers of a file,
// split as the second says, or a stored index, or a message of a worker. What is walked the same
// way in one piece and in many is refused or counted the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "genomics/cram_reads.h"
#include "genomics/cram_walk.h"
#include "genomics/worker/wire.h"
#include "tests/fuzz/pieces.h"

using namespace medarc;
using namespace medarc::genomics;

namespace {

std::string walked(ByteView file, uint32_t seed) {
  Limits limits;
  limits.cram_container_header_bytes_max = 1u << 16;
  CramWalk walk(limits);
  Status status;
  if (seed == 0) status = walk.feed(file);
  for (fuzz::Pieces pieces(file, seed); seed != 0 && pieces.more() && status.has_value();) {
    status = walk.feed(pieces.next());
  }
  if (status.has_error()) return "!";
  const auto done = walk.finish();
  if (done.has_error()) return "!";
  return std::to_string(done->containers) + " " + std::to_string(done->slices) + " " +
         std::to_string(done->records);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const ByteView rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  switch (data[0] % 4) {
    case 0: (void)parse_crai(rest, Limits{}); break;
    case 1:
      if (const auto job = wire::decode_job(rest); job.has_value()) {
        if (wire::decode_job(wire::encode(*job)).has_error()) std::abort();
      }
      break;
    case 2:
      if (const auto message = wire::decode_message(rest); message.has_value()) {
        if (wire::decode_message(wire::encode(*message)).has_error()) std::abort();
      }
      (void)wire::decode_opened(rest);
      break;
    default:
      if (walked(rest, 0) != walked(rest, data[1] + 1u)) std::abort();
      break;
  }
  return 0;
}
