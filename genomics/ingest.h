// How one format comes in: bytes are staged, cut where the format cuts, checked and described,
// once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/blob_store.h"
#include "genomics/cram_walk.h"
#include "genomics/limits.h"
#include "genomics/sniff.h"

namespace medarc::genomics {

// A file that arrived whole and sound.
struct Ingested {
  archive::StagedBlob content;
  std::optional<archive::StagedBlob> index, block_map;
  std::string index_kind;  // "bai", "csi", "fai" or ""
  std::vector<std::string> samples;
  Bytes statistics_json;  // an object
  struct Beside {
    std::string role;  // of the Attachment it becomes
    archive::StagedBlob blob;
  };
  std::optional<Digest> plain;          // SHA-256 of the bytes once inflated; none: it is a CRAM
  std::vector<Beside> attachments;      // any order, each role once
  std::vector<std::string> identities;  // "kind:value", any order
  std::optional<CramOutline>
      cram;                // of a CRAM file: what is left to be learnt of it needs a worker
  std::string sam_header;  // its text, of aligned reads: what it says of its references is checked
};

// What a sender says of the content, where the bytes do not.
struct IngestOptions {
  std::vector<std::string> circular;  // names of sequences of a FASTA file
};

// Not thread-safe. After an error only destruction is allowed; dropping it leaves no trace.
class Ingest : public ByteSink {
 public:
  // Errors: invalid_argument (what is wrong and where), too_large, and those of the store.
  Status write(ByteView bytes) override = 0;
  virtual Result<Ingested> finish() = 0;
  // Before anything is written: the file holds the mates of the reads in `mate`, a stored FASTQ
  // file. Every record must bear the name of the record there; write() and finish() refuse it
  // otherwise. Errors: invalid_argument: files of this format have no mates.
  virtual Status pair_with(std::unique_ptr<archive::BlobReader> mate);
};

Result<std::unique_ptr<Ingest>> open_ingest(Format format, archive::BlobStore& blobs,
                                            const Limits& limits,
                                            const IngestOptions& options = {});

// A small blob in one call.
Result<archive::StagedBlob> stage(archive::BlobStore& blobs, ByteView bytes, archive::Content kind,
                                  archive::Cuts cuts);

}  // namespace medarc::genomics
