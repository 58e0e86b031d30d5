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

  // unsupported: no CRAM.
  Result<std::shared_ptr<const CramSet>> load(const index::FileRow& row);

  enum class Form { cram, bam };
  struct Wanted {
    std::optional<std::vector<Region>> regions;  // none: everything
    Form form = Form::cram;
    bool exact = true;  // cram: false: whole containers, which may hold other reads too
    std::vector<Region> withheld = {};  // by consent: filled in by admit()
  };
  // The regions whose reads consent withholds from the principal, merged: open() leaves them out.
  // Errors: those of permit_of().
  Result<std::vector<Region>> withheld(const Asker&, const CramSet& set);
  // Header, reads, end marker: a whole valid file. Admits and audits. As CRAM, containers whose
  // every read is wanted go out as they are. Reads that must be coded again come from workers as
  // they are read; the first of them are there when this answers, so that what is wrong is known by
  // then, as a rule.
  Result<SliceContent> open(const Asker&, std::shared_ptr<const CramSet> set, const Wanted& wanted);
  // The same, for those who were admitted before.
  Result<SliceContent> open_admitted(std::shared_ptr<const CramSet> set, const Wanted& admitted);

  // The same in parts, for tickets: header(), then each piece of plan(), then end(). What admit()
  // answers is what was asked for, without what is withheld.
  // Errors: unsupported: regions of a file that is not sorted; too_large (regions_max); those of
  // permit_of().
  Result<Wanted> admit(const Asker&, const CramSet& set, Wanted wanted);
  std::vector<CramPiece> plan(const CramSet& set, const Wanted& admitted) const;
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
  const ConsentRules& consent_;
  HtsWorkers workers_;
};

}  // namespace medarc::genomics
