// CRAM files: examined when they arrive, cut by region afterwards. A use case of its own beside
// GenomeStore, which makes it. What is decoded is decoded by workers (hts_worker.h).
//
// Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "genomics/bam_header.h"
#include "genomics/cram_walk.h"
#include "genomics/hts_worker.h"
#include "genomics/ingest.h"
#include "genomics/region.h"
#include "genomics/slice.h"
#include "index/index.h"
#include "security/guard.h"

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

// The header that reads of this text have. Errors: corrupt.
Result<BamHeader> header_of_text(std::string text);

// A stored CRAM, ready to be sliced.
struct CramSet {
  index::FileId id;
  JobInput input;
  uint64_t file_bytes = 0;
  CramVersion version;
  BamHeader header;
  std::vector<CraiEntry> entries;
  Consent consent;
};

// Containers to give as they are.
struct CramPlan {
  std::vector<uint64_t> containers;  // offsets, ascending
  bool exact = true;                 // every record of them overlaps a region
};
CramPlan plan_cram(const CramSet& set, const std::vector<Region>& regions);  // merged regions

class CramReads {
 public:
  // `consent` outlives it.
  CramReads(index::Index& index, security::Guard& guard, References& references,
            const Limits& limits, const ConsentRules& consent)
      : index_(index),
        guard_(guard),
        limits_(limits),
        consent_(consent),
        workers_(index.blobs(), references, limits) {}

  // Decodes a file that arrived whole, once: fills statistics, samples, header, index of
  // `ingested`. Its bytes are made readable by a commit of their own before, which a refusal leaves
  // to the next collection. Errors: invalid_argument: what is wrong with it; those of WorkerJob.
  Status examine(const security::Principal&, const index::FileId&, Ingested& ingested);

  // unsupported: no CRAM, or not sorted by coordinate.
  Result<std::shared_ptr<const CramSet>> load(const index::FileRow& row);

  enum class Form { cram, bam };
  struct Wanted {
    std::optional<std::vector<Region>> regions;  // none: everything
    Form form = Form::cram;
    bool exact = true;  // cram: false: whole containers, which may hold other reads too
  };
  // The regions whose reads consent withholds from the principal, merged: open() leaves them out.
  // Errors: those of permit_of().
  Result<std::vector<Region>> withheld(const Asker&, const CramSet& set);
  // Header, reads, end marker: a whole valid file. Admits and audits. Reads that must be coded
  // again come from a worker as they are read; its first bytes are there when this answers, so that
  // what is wrong is known by then, as a rule.
  Result<SliceContent> open(const Asker&, std::shared_ptr<const CramSet> set, const Wanted& wanted);

 private:
  Result<SliceContent> verbatim(const CramSet& set, const std::vector<uint64_t>& containers);
  Result<SliceContent> coded(const CramSet& set, const Wanted& wanted, std::vector<Region> regions,
                             std::vector<Region> withheld);

  index::Index& index_;
  security::Guard& guard_;
  const Limits limits_;
  const ConsentRules& consent_;
  HtsWorkers workers_;
};

}  // namespace medarc::genomics
