// The registry of reference sequences: every sequence of every stored FASTA file, found by the
// digest of its letters (refget 2.0; the M5 of @SQ lines). A use case of its own beside
// GenomeStore, which makes it.
//
// Thread-safe.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "genomics/consent.h"
#include "genomics/limits.h"
#include "genomics/sequence_text.h"
#include "index/index.h"
#include "security/guard.h"

namespace medarc::genomics {

struct RegisteredSequence {
  SequenceDigests digests;
  uint64_t letters = 0;
  bool circular = false;             // said so at the upload of a file that has it
  std::vector<std::string> aliases;  // its names in those files, each once, at most kAliasesMax
  std::shared_ptr<const SequenceFile> file;
  size_t at = 0;  // in the file
};

// A line @SQ of a header (SAM specification 1.3): what a file says of the sequences it was aligned
// to.
struct SequenceClaim {
  std::string name;
  uint64_t letters = 0;
  std::string md5_hex;  // lower case; "": it does not say
};
// Those of a SAM header's text, in order.
std::vector<SequenceClaim> claims_of(std::string_view header_text);

// What the registry knows of a header's sequences.
struct ReferenceReport {
  uint64_t known = 0;                  // M5 is registered, and of this length
  uint64_t without_md5 = 0;            // nothing can be said, unless `mismatched` does
  std::vector<SequenceClaim> unknown;  // M5 is not registered
  // Names whose letters are other ones than the header says: the M5 is of a sequence of another
  // length; or a reference file that has other sequences of the header by name and M5 has another
  // sequence under this name.
  std::vector<std::string> mismatched;
  std::vector<index::FileId> files;  // where known ones were found
  bool checked = true;               // false: over genomics.references_checked_max
  std::string json(size_t names_max = 100) const;
};

class References {
 public:
  static constexpr uint32_t kAliasesMax = 16;

  // `consent` outlives it.
  References(index::Index& index, security::Guard& guard, const Limits& limits,
             const ConsentRules& consent)
      : index_(index), guard_(guard), limits_(limits), consent_(consent) {}

  // By a refget id (sequence_digests.h), in files whose consent lets the principal read them.
  // Admits and audits. Errors: permission_denied; not_found.
  Result<RegisteredSequence> find(const Asker&, std::string_view refget_id);
  // Letters [begin, end) of what find() gave; begin > end runs over the end of a circular one.
  // range_not_satisfiable.
  Result<std::unique_ptr<ByteSource>> letters(const RegisteredSequence&, uint64_t begin,
                                              uint64_t end);

  // For work on a file whose owner was admitted already: no audit entry of its own.
  Result<RegisteredSequence> find_admitted(const std::string& identity);
  Result<ReferenceReport> check(const std::vector<SequenceClaim>& claims);

 private:
  Result<std::shared_ptr<const SequenceFile>> load(const index::FileRow& row);
  Result<std::vector<index::FileRow>> rows_of(const std::string& identity, uint32_t limit);
  Result<RegisteredSequence> found_in(const std::vector<index::FileRow>& rows,
                                      const std::string& identity);

  index::Index& index_;
  security::Guard& guard_;
  const Limits limits_;
  const ConsentRules& consent_;
  std::mutex mutex_;
  std::list<std::shared_ptr<const SequenceFile>> used_;  // newest first
  size_t bytes_ = 0;
};

}  // namespace medarc::genomics
