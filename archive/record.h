// One log record: header, framed body, padding. The bytes are described in FORMAT.md; everything
// here is pure, so that a fuzzer can reach all of it.
#pragma once

#include <optional>
#include <vector>

#include "archive/segment_store.h"
#include "base/bytes.h"
#include "base/result.h"

namespace medarc::archive {

// Values are part of the format.
enum class RecordType : uint8_t { chunk = 1, commit = 2, seal = 3 };
inline constexpr uint8_t kFlagZstd = 1;
inline constexpr uint8_t kFlagCoded = 2;  // by a ChunkCoder (recoding.h)

inline constexpr size_t kRecordHeaderBytes = 96;
inline constexpr size_t kUnitBytes = 65536;
inline constexpr size_t kUnitTrailerBytes = 16;
inline constexpr uint64_t kRecordAlignment = 8;
inline constexpr uint32_t kChunkBytesMax = 64u << 20;  // plain

struct RecordHeader {
  RecordType type = RecordType::chunk;
  uint8_t flags = 0;
  uint32_t key_id = 0;
  uint32_t plain_length = 0;      // of the chunk before compression
  uint32_t payload_length = 0;    // after compression, before framing
  uint64_t sequence = 0;          // rising over the whole log
  uint64_t durable_sequence = 0;  // the highest one known synced when this was written
  uint64_t nonce = 0;             // random; first 8 bytes of each unit's nonce
  Digest digest;                  // chunk: its name. commit: number in the first 8 bytes
  bool operator==(const RecordHeader&) const = default;
};

uint64_t stored_length(uint32_t payload_length);  // header, units and trailers, without padding
uint64_t padded(uint64_t length);                 // up to kRecordAlignment

// `salt` is the segment's: a header of another segment or an older life of this file never parses,
// nor does one that no writer makes (lengths that contradict each other or kChunkBytesMax, unknown
// types or flags).
void encode_header(const RecordHeader& header, uint64_t salt, char out[kRecordHeaderBytes]);
std::optional<RecordHeader> parse_header(ByteView bytes, uint64_t salt);

// A record ready to be appended: `parts()` one after the other, then padding.
class FramedRecord {
 public:
  // `payload` is compressed already where flags say so. `key` is empty for key_id 0, else 32 bytes.
  static Result<FramedRecord> make(RecordHeader header, Bytes payload, ByteView key);
  const RecordHeader& header() const { return header_; }
  uint64_t bytes() const { return padded(stored_length(header_.payload_length)); }
  // Fixes what is known at the moment of writing, and appends the views of the record's bytes.
  void place(uint64_t sequence, uint64_t durable_sequence, uint64_t salt,
             std::vector<ByteView>& parts);

 private:
  RecordHeader header_;
  Bytes head_, body_, trailers_;
};

// Checks (and decrypts) consecutive stored units, `first_unit` on, into `out`. `stored` holds whole
// units with their trailers. corrupt when one fails.
Status open_units(const RecordHeader& header, uint32_t first_unit, ByteView stored, ByteView key,
                  char* out);

Bytes compress_chunk(ByteView plain);  // zstd level 1; empty when it does not save an eighth
Status decompress_chunk(ByteView payload, char* out, size_t plain_length);

}  // namespace medarc::archive
