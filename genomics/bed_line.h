// One line of a BED file, read where it lies (GA4GH BED v1, and the `track` and `browser` lines of
// the UCSC Genome Browser).
//
// A line that holds a tab is cut at each tab, another at runs of blanks. The first three columns
// have to be right. The other nine of the standard need not be: a file may have columns of its own
// from the fourth on (mosdepth's depths, the counts of bedtools, scores over 1000), and nothing in
// it says from where. So they are counted: as how many columns of the standard a file can be read.
// Only blocks are told from anything else, and refused when they contradict themselves.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/bam_record.h"

namespace medarc::genomics {

inline constexpr uint32_t kBedColumnsMin = 3, kBedColumnsStandard = 12;

// Neither blank, nor a comment, nor a track or browser line. `line` with or without its end.
bool is_bed_record(ByteView line);
// A new track: its records may have another count of columns.
bool is_bed_track(ByteView line);

struct BedColumns {
  ByteView contig;
  uint32_t begin = 0, end = 0;  // 0-based, half-open; equal: between bases (an insertion)
  ByteView more;                // from the fourth column on, as they stand
  uint32_t columns = 0;
  bool tabs = false;  // what lies between columns; tabix knows nothing else
};

// Cuts a record's line and checks the first three columns. Positions go up to 2^31-1. Errors:
// invalid_argument saying what is wrong.
Result<BedColumns> split_bed_line(ByteView line);

// Begin and end (tid is left out).
RecordFacts place_of_bed(const BedColumns& columns);
// Where an index is to find it: one without bases is met by regions that hold both bases beside it.
RecordFacts indexed_place_of_bed(RecordFacts place);

// The next column from the front of `more`; nullopt: there is none.
std::optional<ByteView> next_bed_column(ByteView& more, bool tabs);

// The length of the record at the front of `plain` in a file: lines that are none belong to the
// record behind them, after the last one to that.
size_t bed_record_bytes(ByteView plain);
// Its own line among them; empty: there is none.
ByteView bed_line_of(ByteView record);

}  // namespace medarc::genomics
