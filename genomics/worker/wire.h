// What the server and a genome worker say to each other, over the worker's one socket. The server
// sends a job; then the worker asks and the server answers: it has the file, the references and the
// output, the worker has nothing. Both ends read strictly, and nothing a worker says is believed:
// what it makes is checked like an upload.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/region.h"

namespace medarc::genomics::wire {

inline constexpr size_t kDataBytesMax = 96u << 10;  // of the file or of the output, in one message
inline constexpr size_t kMessageBytesMax = kDataBytesMax + 64;
inline constexpr size_t kRegionsMax = 5'000;  // of one job

enum class Operation : uint8_t {
  index = 1,  // make the CRAI
  bam = 2,    // reads as BAM
  cram = 3,   // reads as CRAM
};

struct Job {
  Operation operation = Operation::bam;
  bool everything = true;        // else `regions`, and the input has an index
  std::vector<Region> regions;   // merged
  std::vector<Region> withheld;  // merged: reads that overlap these are left out
  bool bases = true;             // false: without SEQ, QUAL and TLEN: then no reference is needed
  bool compressed = true;        // bam: false: BGZF blocks that only hold their bytes
  bool filters = false;   // reads the whole file for the reads of `regions`, and needs no index
  bool headless = false;  // bam: no header before the reads
};
Bytes encode(const Job& job);
Result<Job> decode_job(ByteView message);  // invalid_argument

// What a worker opens by name.
inline constexpr std::string_view kFile = "file", kIndex = "index", kReference = "ref/";

// From the worker.
struct Ready {
  std::string problem;  // "": it is confined and waits
};
struct Open {  // answered by Opened
  std::string name;
};
struct Read {  // answered by as many bytes, or by an empty message when they cannot be had
  uint32_t handle = 0;
  uint64_t offset = 0;
  uint32_t bytes = 0;
};
struct Close {
  uint32_t handle = 0;
};
struct Write {
  ByteView bytes;  // of the message
};
struct Done {};
enum class Failure : uint8_t {
  damaged = 1,            // the input cannot be decoded
  reference_differs = 2,  // a slice's MD5 is not that of the reference
  output = 3,
};
struct Failed {
  Failure failure = Failure::damaged;
  uint64_t records = 0;  // decoded before
};
using Message = std::variant<Ready, Open, Read, Close, Write, Done, Failed>;
Bytes encode(const Message& message);
Result<Message> decode_message(ByteView message);  // invalid_argument

struct Opened {
  bool found = false;
  uint32_t handle = 0;
  uint64_t bytes = 0;
};
Bytes encode(const Opened& opened);
Result<Opened> decode_opened(ByteView message);

}  // namespace medarc::genomics::wire
