// CRAM files: examined when they arrive, cut by region afterwards. A use case of its own beside
// GenomeStore, which makes it. What is decoded is decoded by workers (hts_worker.h).
//
// Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "genomics/cram_plan.h"
#include "genomics/ingest.h"
#include "genomics/slice.h"
#include "index/index.h"
#include "security/guard.h"

namespace medarc::genomics {

// The header that reads of this text have. Errors: corrupt.
Result<BamHeader> header_of_text(std::string text);

class CramReads {
 public:
  CramReads(index::Index& index, security::Guard& guard, References& references,
            const Limits& limits)
      : index_(index),
        guard_(guard),
        limits_(limits),
        workers_(index.blobs(), references, limits) {}

  // Decodes a file that arrived whole, once: fills statistics, samples, header, index of
  // `ingested`. Its bytes are made readable by a commit of their own before, which a refusal leaves
  // to the next collection. Errors: invalid_argument: what is wrong with it; those of WorkerJob.
  Status examine(const security::Principal&, const index::FileId&, Ingested& ingested);

  // unsupported: no CRAM.
  Result<std::shared_ptr<const CramSet>> load(const index::FileRow& row);

  enum class Form { cram, bam };
  struct Wanted {
    std::optional<std::vector<Region>> regions;  // none: everything
    Form form = Form::cram;
    bool exact = true;  // cram: false: whole containers, which may hold other reads too
  };
  // Header, reads, end marker: a whole valid file. Admits and audits. As CRAM, containers whose
  // every read is wanted go out as they are. Reads that must be coded again come from workers as
  // they are read; the first of them are there when this answers, so that what is wrong is known by
  // then, as a rule.
  Result<SliceContent> open(const security::Principal&, std::shared_ptr<const CramSet> set,
                            const Wanted& wanted);
  // The same, for those who were admitted before.
  Result<SliceContent> open_admitted(std::shared_ptr<const CramSet> set, const Wanted& wanted);

  // The same in parts, for tickets: header(), then each piece of plan(), then end().
  // Errors: unsupported: regions of a file that is not sorted; too_large (regions_max).
  Status admit(const security::Principal&, const CramSet& set, const Wanted& wanted);
  std::vector<CramPiece> plan(const CramSet& set, const Wanted& wanted) const;
  Result<Bytes> header(const CramSet& set, Form form);
  Result<Bytes> end(const CramSet& set, Form form);
  // Of a coded piece, its containers or blocks alone. Those who were admitted before.
  Result<SliceContent> coded(const CramSet& set, const CramPiece& piece, Form form);

 private:
  class Parts;
  Result<SliceContent> by_index(const CramSet& set, const Wanted& wanted);
  Result<Bytes> stored(const CramSet& set, ByteRange range);
  Result<std::unique_ptr<ByteSource>> start(const CramSet& set, const CramPiece& piece, Form form);

  index::Index& index_;
  security::Guard& guard_;
  const Limits limits_;
  HtsWorkers workers_;
};

}  // namespace medarc::genomics
