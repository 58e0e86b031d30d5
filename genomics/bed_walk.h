// One walk over the plain bytes of a BED file: checks every record, counts, and makes the index and
// the block map on the way. Memory follows the index and the longest line.
#pragma once

#include <optional>

#include "genomics/bed_line.h"
#include "genomics/limits.h"
#include "genomics/record_track.h"

namespace medarc::genomics {

struct BedCounts {
  uint64_t records = 0, lines = 0;
  uint64_t bases = 0;          // of all records together
  uint64_t bases_covered = 0;  // each counted once; of a sorted file
  uint32_t columns_max = 0;
  uint32_t standard =
      kBedColumnsStandard;  // columns that every record has as the standard has them
  // The first record that has fewer than those before it.
  uint64_t departs_line = 0;  // 0: none
  const char* departs = nullptr;
};

// Why a sorted file in blocks has no index: tabix reads lines with tabs only, and ends at the first
// line that is no record.
enum class BedUnindexed : uint8_t { no, blanks, lines_between };

struct BedSummary {
  FileHeader header;  // the lines before the first record, and the contigs that records name
  BedCounts counts;
  std::vector<uint64_t> records_by_contig;
  bool sorted = false;  // each contig's records together and in order of start
  BedUnindexed unindexed = BedUnindexed::no;
  uint64_t blocks = 0, plain_bytes = 0;
  Bytes index;             // empty when not sorted, unindexed, or without blocks
  std::string index_kind;  // "tbi", "csi" or ""
  Bytes map;               // what take_map_pages() has not given of it; empty without blocks
};

// Not thread-safe. After an error only destruction is allowed.
class BedWalk {
 public:
  // `blocked`: the file is in BGZF blocks; without them there is neither index nor map.
  BedWalk(bool blocked, const Limits& limits);
  // Inflated batches in file order. Errors: invalid_argument naming the record and its line;
  // too_large (line_bytes_max, header_bytes_max, references_max).
  Status feed(const BgzfBatch& batch);
  Status feed(ByteView plain);  // of a file without blocks
  // Where the block ends that holds the last byte before the records; 0: none does; nullopt while
  // there is no record.
  std::optional<uint64_t> header_blocks_end() const { return header_blocks_end_; }
  uint64_t records() const { return counts_.records; }
  // What is ready of the block map as it is stored; may be empty.
  Bytes take_map_pages() { return track_.take_map_pages(); }
  // The last line end may be missing.
  Result<BedSummary> finish();

 private:
  Result<size_t> piece_of_line(ByteView rest) const;
  Status take_line(ByteView line);
  Status take_other(ByteView line);
  Status take_record(ByteView line);
  Status count(const BedColumns& columns, const RecordFacts& place);
  void begin_records(uint64_t plain_at);
  Error at_record(Error error) const;

  const bool blocked_;
  const Limits limits_;
  FileHeader header_;
  uint32_t header_lines_ = 0;
  bool header_marked_ = true;                  // each of its lines starts with '#'
  std::optional<uint64_t> header_blocks_end_;  // there: records have begun

  uint64_t plain_base_ = 0;           // plain bytes of earlier pieces
  Bytes carry_;                       // a line that goes on in the next piece
  uint64_t line_at_ = 0;              // plain offset of the line being read
  std::optional<uint64_t> other_at_;  // of the first line behind the last record that is none
  BedCounts counts_;
  uint32_t columns_ = 0;  // of the track's records; 0: it has none yet
  BedUnindexed unindexed_ = BedUnindexed::no;
  int32_t covered_contig_ = -1;
  int32_t covered_end_ = 0;  // bases up to here are counted
  ContigNames contigs_;
  RecordTrack track_;
};

}  // namespace medarc::genomics
