// The letters of stored sequences, read by range: cost follows the range, not the file.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "archive/blob_store.h"
#include "base/io.h"
#include "genomics/gzi.h"
#include "genomics/limits.h"
#include "genomics/sequence_places.h"
#include "index/rows.h"

namespace medarc::genomics {

// A FASTA file, ready to be read from. Immutable, shared by requests.
struct SequenceFile {
  index::FileId id;
  Digest content;  // of the file
  Digest text;     // of the blob that the text is read from
  SequencePlaces places;
  std::vector<GziEntry> blocks;                    // form bgzf
  std::unordered_map<std::string, size_t> by_md5;  // lower-case hex
  std::unordered_map<std::string, size_t> by_name;
  size_t memory_bytes() const;
};

// Errors: not_found when the file has no "sequences"; corrupt; those of the store.
Result<std::shared_ptr<const SequenceFile>> load_sequence_file(archive::BlobStore& blobs,
                                                               const index::FileRow& row);

// Letters [begin, end) of sequence `at`, in upper case; begin <= end <= its letters.
Result<std::unique_ptr<ByteSource>> open_letters(archive::BlobStore& blobs,
                                                 std::shared_ptr<const SequenceFile> file,
                                                 size_t at, uint64_t begin, uint64_t end);

}  // namespace medarc::genomics
