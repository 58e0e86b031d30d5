// The genomics use cases, for every door: take a genome file, find it, give back it or a part of
// it. Doors only translate; what is allowed, kept and answered is decided here.
//
// Upload: begin() gives a sink; bytes are sniffed, hashed, cut, checked and indexed as they come,
// in memory that does not follow the file's size (its index and block map apart). finish() makes
// the file, its index, its block map and the audit entry durable and visible in one commit.
// Dropping the upload at any point leaves nothing visible.
//
// Thread-safe; the objects it hands out are for one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/io.h"
#include "genomics/consent.h"
#include "genomics/cram_reads.h"
#include "genomics/crypt4gh.h"
#include "genomics/findings.h"
#include "genomics/limits.h"
#include "genomics/references.h"
#include "genomics/slice.h"
#include "index/index.h"
#include "security/guard.h"

namespace medarc::genomics {

using index::FileId;
using index::FileRow;
using security::Principal;

struct UploadStart {
  std::string name;              // as the sender calls it; may be empty
  std::string patient;           // a PatientID, issuer|PatientID or Patient/{id}; may be empty
  std::string sample;            // beside those the file itself names; may be empty
  std::string id;                // chosen by the client; empty: a new one
  bool id_of_content = false;    // where `id` is empty: made of the bytes and the name
  std::string mate;              // id of a stored FASTQ file with the mates; may be empty
  std::optional<Digest> sha256;  // declared by the sender: verified at the end
  std::optional<std::string> md5_hex;  // likewise
  std::string circular;  // sequences of a FASTA file that are circular: names, blanks between
};

struct UploadResult {
  FileRow file;
  bool existed = false;  // the same id with the same bytes was there already
};

class Upload : public ByteSink {
 public:
  // Errors: unsupported (another format, named), invalid_argument (what is wrong with the file and
  // where), too_large (file_bytes_max and the others), and those of the store. The first is final.
  Status write(ByteView bytes) override = 0;
  // Durable when it answers. Also: precondition_failed (a declared digest differs), already_exists
  // (the id is taken by other bytes), not_found (no such patient).
  virtual Result<UploadResult> finish() = 0;
};

// What a file takes on disk.
struct FileStorage {
  uint64_t bytes = 0;         // as it came
  uint64_t stored_bytes = 0;  // of its chunks, those that other files share counted in full
  bool cold = false;          // some are kept smaller (cold/cold_files.h)
};

struct FileQuery {
  std::string patient, sample, format;  // empty: any
  uint32_t limit = 100;
  Bytes cursor;  // FilePage::next of an earlier page
};
struct FilePage {
  std::vector<FileRow> files;  // newest first
  Bytes next;                  // empty: nothing follows
};

class StoredBytes;  // stored_bytes.h
class Sorting;      // sorting.h
struct SortState {
  enum class Phase { waiting, running, failed } phase = Phase::waiting;
  double done = 0;      // 0 to 1
  std::string problem;  // of the last attempt, if there was one
};

class GenomeStore {
 public:
  // `vault`: its keys for Crypt4GH; null: encrypted files are neither taken nor given.
  static std::unique_ptr<GenomeStore> create(index::Index& index, security::Guard& guard,
                                             Limits limits, ConsentRules consent = {},
                                             std::unique_ptr<crypt4gh::Vault> vault = nullptr);
  virtual ~GenomeStore() = default;

  // Errors: permission_denied; invalid_argument (id, patient, sample, name).
  virtual Result<std::unique_ptr<Upload>> begin(const Principal&, UploadStart start) = 0;

  virtual Result<FilePage> list(const Principal&, const FileQuery&) = 0;
  // What consent lets a principal read of a file. Everything below that gives bytes of a file asks
  // this itself, and refuses what it does not allow. Errors: those of permit_of(); audited.
  virtual Result<Permit> permit(const Asker&, const FileRow&) = 0;
  // Sets what a file may be used for; needs the right to administer genomes. `expected`: the
  // version that is there, 0 for none. Errors: those of check_consent(); precondition_failed.
  virtual Result<FileRow> set_consent(const Principal&, const FileId&, Consent consent,
                                      std::optional<uint64_t> expected) = 0;
  // The header of a file whose records have places, for who may set its consent; nullopt: they have
  // none.
  virtual Result<std::optional<FileHeader>> places(const Principal&, const FileId&) = 0;
  virtual const ConsentRules& consent_rules() const = 0;

  // Each answers not_found for an unknown id, and is audited before it answers. What gives a whole
  // file (content, its index, what was made of it except counts over all of it) answers
  // permission_denied where a region is withheld: slices leave that out.
  virtual Result<FileRow> file(const Principal&, const FileId&) = 0;
  virtual Result<std::unique_ptr<archive::BlobReader>> content(const Asker&, const FileRow&) = 0;
  virtual Result<std::unique_ptr<archive::BlobReader>> index_file(const Asker&, const FileRow&) = 0;
  // A blob that was made from the file, by its role (FileRow::attachments). not_found: it has none
  // of this role; unavailable: it is of the sorted derivative, which is being made.
  virtual Result<std::unique_ptr<archive::BlobReader>> attachment(const Asker&, const FileRow&,
                                                                  std::string_view role) = 0;
  // The same for who leaves out by himself what withheld_reach() says (withheld.h).
  virtual Result<std::unique_ptr<archive::BlobReader>> masked_attachment(const Asker&,
                                                                         const FileRow&,
                                                                         std::string_view role) = 0;
  // Of a file that was admitted before.
  virtual Result<Findings> findings(const Principal&, const FileRow&) = 0;
  // Likewise. Counted from its chunks, about 5 us for each MB of the file.
  virtual Result<FileStorage> storage(const FileRow&) = 0;
  virtual Status remove(const Principal&, const FileId&) = 0;

  // What a slice is planned with: the file's own reads, or those of its sorted derivative once
  // there is one (then ReadSet::content is not the row's). What is withheld from the principal is
  // in no slice of it. unsupported: the file is no BAM, VCF or BCF, or not in BGZF blocks.
  virtual Result<std::shared_ptr<const ReadSet>> read_set(const Asker&, const FileRow&) = 0;
  // For those who were admitted when their answer was planned, and carry what is left out of it (a
  // data URL): neither admits nor asks consent. The file while its consent is of the version that
  // it was planned under, gone once it is another; and what slices of such a file are made from.
  virtual Result<FileRow> planned_file(const FileId&, uint64_t consent_version) = 0;
  virtual Result<std::shared_ptr<const ReadSet>> planned_set(const FileRow&) = 0;
  // What make_slice() says of a file that is not sorted, put as it stands with its derivative:
  // unavailable (it is being made, or is about to be) or unsupported (there will be none, and why).
  // Other errors stay as they are.
  virtual Error not_sliced(const FileRow&, Error) = 0;
  // How the file's sorted derivative stands; nullopt: it is made, or none will be.
  virtual Result<std::optional<SortState>> sort_state(const FileRow&) = 0;
  // Who makes them; null: nobody. Set before the first request, and again before it goes away.
  virtual void sorted_by(const Sorting*) = 0;
  // A question over many files (Beacon), which read_set() then gives one by one. `detail`: what was
  // asked for.
  virtual Status admit_search(const Principal&, const std::string& detail) = 0;
  virtual Status admit_slice(const Asker&, const FileRow&, const ReadSet&, const Selection&) = 0;
  // Neither of these admits or asks consent: for those who were admitted in the same request, and
  // of a file that was planned_file().
  virtual Result<std::unique_ptr<archive::BlobReader>> open_admitted(const Digest& blob) = 0;
  virtual Result<FileRow> file_admitted(const FileId&) = 0;

  // For those who move whole files. Lives as long as the store.
  virtual StoredBytes& stored_bytes() = 0;
  // The sequences of its FASTA files. Likewise.
  virtual References& references() = 0;
  // Its CRAM files. Likewise.
  virtual CramReads& crams() = 0;
  // Files given and taken encrypted; null: there is no vault. Likewise.
  virtual Crypt4gh* crypt4gh() = 0;

  virtual const Limits& limits() const = 0;
};

}  // namespace medarc::genomics
