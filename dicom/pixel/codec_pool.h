// Decodes and encodes frames in worker processes that can do nothing else: a decoder meets bytes
// that a stranger wrote, so it may crash, hang or be taken over without harm to anything but its
// one request (docs/decisions/0023-codecs-in-workers.md).
//
// A worker (`medarc-codec`, installed beside `medarc`) is started ahead of need, gives up files,
// sockets, threads and programs (seccomp), has limits of memory and time, and takes one frame at a
// time. Pixels pass in shared memory. A worker that dies, lies or is late is killed, its request
// answered with the reason, and a new one started.
//
//   auto pool = CodecPool::start(CodecLimits::from(config));
//   auto frame = (*pool)->decode(row.transfer_syntax.value, row.dataset.hex(), shape, codestream);
#pragma once

#include <memory>
#include <string_view>

#include "base/config.h"
#include "dicom/pixel/frame.h"

namespace medarc::dicom {

// How much is lost when something lossy is asked for.
struct LossyQuality {
  uint32_t jpeg = 90;               // .50: 1 to 100, as libjpeg counts
  uint32_t jpegls_error_max = 2;    // .81: steps a sample may be off, 1 to 255
  uint32_t jpeg2000_psnr_db = 50;   // .91: peak signal to noise ratio, 20 to 120
  uint32_t htj2k_step_ppm = 1'000;  // .203: quantisation step, millionths of the samples' range
  uint32_t of(std::string_view transfer_syntax) const;  // 0: not a lossy target
};

struct CodecLimits {
  uint32_t workers = 2;                    // processes, and so frames at a time
  uint32_t deadline_ms = 30'000;           // one frame; and waiting for a free worker
  uint64_t memory_bytes_max = 4ull << 30;  // address space of one worker
  uint64_t frame_bytes_max = 1ull << 30;   // one frame, plain or compressed
  uint32_t crashes_max = 3;                // of one object, until it is decoded no more
  uint32_t quarantined_max = 10'000;       // objects whose crashes are remembered
  LossyQuality lossy;
  std::string program;                      // "" = medarc-codec beside the running program
  static CodecLimits from(Config& config);  // section [codec]
};

// Transfer syntaxes whose frames can be read, and those that stored frames can be turned into.
// Native ones are in neither: they need no codec.
bool can_decode(std::string_view transfer_syntax);
bool can_encode(std::string_view transfer_syntax);
bool can_encode(std::string_view transfer_syntax, const FrameShape& shape);  // such frames
// The same for targets that lose something, which are made for those only who name them. Both:
// never true of one that can_encode() knows.
bool can_encode_lossy(std::string_view transfer_syntax);
bool can_encode_lossy(std::string_view transfer_syntax, const FrameShape& shape);

// Thread-safe. Errors of both calls:
//   unsupported  no codec for this transfer syntax, or not for this shape
//   corrupt      the codestream is damaged, does not fit `declared`, or made the worker crash
//   too_large    over frame_bytes_max, or more memory than a worker has
//   deadline     not done in deadline_ms
//   unavailable  no worker came free in deadline_ms, or none can be started
class CodecPool {
 public:
  // A worker starts when the first frame wants it, or all with warm_up().
  static std::unique_ptr<CodecPool> create(CodecLimits limits);
  static Result<std::unique_ptr<CodecPool>> start(CodecLimits limits);  // created and warm
  virtual ~CodecPool() = default;                                       // ends the workers

  // unavailable: the program is missing or cannot be confined.
  virtual Status warm_up() = 0;

  // One frame. `declared` is what the dataset says; a codestream that says otherwise is corrupt.
  // `object` names what crashes are counted for (the digest of the dataset); "" for nothing.
  virtual Result<Frame> decode(std::string_view transfer_syntax, std::string_view object,
                               const FrameShape& declared, ByteView codestream) = 0;

  struct Encoded {
    Bytes codestream;         // bare (PS3.5 A.4), not padded to even length
    std::string photometric;  // as it is now: RGB becomes YBR_RCT in JPEG 2000
  };
  // One frame, losslessly, or with the quality of limits() when the transfer syntax is lossy.
  virtual Result<Encoded> encode(std::string_view transfer_syntax, const Frame& frame) = 0;

  virtual const CodecLimits& limits() const = 0;
};

}  // namespace medarc::dicom
