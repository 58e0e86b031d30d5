// Which containers of a CRAM file a slice takes, decided from its index alone: containers whose
// every read is wanted go out as they are, the others are coded again with only the reads that
// overlap. So a slice is exact and costs decoding at its edges only.
#pragma once

#include <optional>
#include <vector>

#include "genomics/bam_header.h"
#include "genomics/cram_walk.h"
#include "genomics/hts_worker.h"
#include "genomics/region.h"

namespace medarc::genomics {

// A line of a CRAI (SAM tags and CRAM specification, "CRAM index"): one slice's reads of one
// sequence.
struct CraiEntry {
  int32_t tid = -1;
  int64_t start = 0, span = 0;  // 1-based; 0 0 for unplaced reads
  uint64_t container_offset = 0;
};
// Of an index file (gzip or plain). Errors: corrupt; too_large.
Result<std::vector<CraiEntry>> parse_crai(ByteView stored, const Limits& limits);

// A stored CRAM, ready to be sliced.
struct CramSet {
  index::FileId id;
  JobInput input;
  CramVersion version;
  BamHeader header;
  // Containers of reads lie between the header's and the one that ends the file.
  ByteRange body;
  std::vector<CraiEntry> entries;  // by container; none: the file is not sorted
  index::Consent consent;
};

struct CramPiece {
  bool coded = false;             // else the containers go out as they are, in one range
  std::vector<ByteRange> ranges;  // of the stored file: whole containers
  std::vector<Region> regions;    // coded: that reads are to overlap, merged; none: all reads
  std::vector<Region> withheld;   // coded: that no read is to overlap, merged
  uint64_t containers = 0;        // how many; 0: not known
  uint64_t bytes() const;
};

struct CramPlanOptions {
  bool exact = true;                                 // false: reads beside the regions may come too
  bool code_all = false;                             // another format is wanted
  uint64_t piece_coded_bytes_max = 8ull << 20;       // of the containers of one coded piece
  uint64_t piece_verbatim_bytes_max = 512ull << 20;  // htsget H25
  // Of a coded piece: a link that names them has to fit into a URL.
  size_t piece_ranges_max = 128, piece_regions_max = 128;
};

// `regions` merged; none: everything. `withheld`, merged: what may hold a read that overlaps one is
// coded again without it. Pieces are in file order.
std::vector<CramPiece> plan_cram(const CramSet& set,
                                 const std::optional<std::vector<Region>>& regions,
                                 const std::vector<Region>& withheld,
                                 const CramPlanOptions& options);

}  // namespace medarc::genomics
