// One segment file: its header, places in it, and a bounded scan of its records.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "archive/catalog.h"
#include "archive/decoded_chunks.h"
#include "archive/record.h"
#include "base/fs.h"

namespace medarc::archive {

inline constexpr size_t kSegmentHeaderBytes = 64;
// Of segments: the first one, and the one of segments that may hold coded chunks.
inline constexpr uint32_t kFormatFirst = 1, kFormatCoded = 2;

struct SegmentHeader {
  uint32_t number = 0;
  uint32_t generation = 0;
  uint64_t salt = 0;
  uint64_t first_commit = 0;   // no commit below this number is in this segment or a later one
  uint64_t base_sequence = 0;  // the last record sequence before this segment
  uint32_t version = kFormatFirst;
};

Bytes encode(const SegmentHeader& header);
Result<SegmentHeader> decode_segment_header(ByteView bytes);  // corrupt, unsupported

// An open segment. Thread-safe reads; one appender (the log).
class Segment {
 public:
  Segment(std::unique_ptr<File> file, SegmentHeader header, std::string path)
      : file_(std::move(file)), header_(header), path_(std::move(path)) {}
  static std::string file_name(uint32_t number, uint32_t generation);
  // {number, generation} of a file name, or nullopt for other files.
  static std::optional<std::pair<uint32_t, uint32_t>> parse_name(const std::string& name);
  static Result<std::shared_ptr<Segment>> create(Fs& fs, const std::string& dir,
                                                 const SegmentHeader& header);
  static Result<std::shared_ptr<Segment>> open(Fs& fs, const std::string& dir, uint32_t number,
                                               uint32_t generation);

  File& file() { return *file_; }
  const SegmentHeader& header() const { return header_; }
  const std::string& path() const { return path_; }

  Result<std::optional<RecordHeader>> header_at(uint64_t offset);  // nullopt: no valid header
  // The whole payload of a record, checked and decrypted, still compressed.
  Result<Bytes> payload_at(uint64_t offset, const RecordHeader& header, const KeyRing* keys);
  // Plain bytes [range) of a chunk, checked. A compressed or coded chunk is there whole afterwards,
  // in `decompressed`, for whoever reads on; otherwise that is left alone.
  Status read_chunk(const ChunkLocation& where, const Digest& chunk, ByteRange range, char* out,
                    const KeyRing* keys, Bytes& decompressed, Decoding decoding = {});

  struct Scan {
    uint64_t end = 0;            // after the last valid record
    uint64_t last_sequence = 0;  // of the valid records
    bool sealed = false;         // ended with a seal
  };
  // Visits valid records with rising sequence, from the start, until the seal or the first place
  // where none is. `visit` answers an error to stop with it.
  Result<Scan> scan(const std::function<Status(uint64_t offset, const RecordHeader&)>& visit);

 private:
  Result<Bytes> decompress(const RecordHeader& h, ByteView payload, Decoding decoding) const;

  std::unique_ptr<File> file_;
  SegmentHeader header_;
  std::string path_;
};

Result<Bytes> key_for(const KeyRing* keys, uint32_t id);  // empty for 0

}  // namespace medarc::archive
