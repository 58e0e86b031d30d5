// What the server and a codec worker say to each other: one datagram a request, one an answer, over
// a socket pair; the bytes of frames lie in two shared memories. Both ends read strictly: the
// server believes nothing of a worker that may have been taken over.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "dicom/pixel/frame.h"
#include "sandbox/process.h"

namespace medarc::dicom::wire {

// Descriptors of a worker.
inline constexpr int kSocket = sandbox::kSocket, kInput = 4, kOutput = 5;
inline constexpr size_t kMessageBytesMax = 4096;

enum class Operation : uint8_t { decode = 1, encode = 2 };

struct Request {
  Operation operation = Operation::decode;
  std::string transfer_syntax;
  FrameShape shape;           // decode: as declared; encode: of the input
  uint64_t input_bytes = 0;   // at the start of the input memory
  uint64_t output_bytes = 0;  // room in the output memory; decode: exactly one frame
  uint32_t quality = 0;       // lossy encode: LossyQuality::of() the transfer syntax; else 0
};

struct Answer {
  FrameShape shape;            // of the output; encode: only its photometric interpretation counts
  uint64_t output_bytes = 0;   // at the start of the output memory
  std::optional<Error> error;  // of the codec; then the rest is empty
};

Bytes encode(const Request& request);
Bytes encode(const Answer& answer);  // long texts are cut

// invalid_argument when anything is out of its range, too short or too long.
Result<Request> decode_request(ByteView message);
Result<Answer> decode_answer(ByteView message);

}  // namespace medarc::dicom::wire
