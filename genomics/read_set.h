// A stored BAM, VCF, BCF or BED, ready to be sliced: its header and block map in memory. Immutable,
// shared by requests.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "archive/blob_store.h"
#include "genomics/block_map.h"
#include "genomics/file_header.h"
#include "genomics/limits.h"
#include "genomics/record_form.h"
#include "index/rows.h"

namespace medarc::genomics {

struct ReadSet {
  Digest content;
  uint64_t file_bytes = 0;
  RecordForm form;
  FileHeader header;  // of text its references are the contigs, those only records name too
  BlockMap map;
  std::vector<Region> withheld;  // merged: records that overlap these leave in no slice
  size_t memory_bytes_max() const;
};

Result<std::shared_ptr<const ReadSet>> load_read_set(
    archive::BlobStore& blobs, const Digest& content, const Digest& block_map, const Limits& limits,
    const std::vector<index::ConsentRegion>& withheld = {});

// The read sets used last. Thread-safe; two that ask at once may both load.
class ReadSetCache {
 public:
  ReadSetCache(archive::BlobStore& blobs, const Limits& limits) : blobs_(blobs), limits_(limits) {}
  // Without the records of `withheld`: a set of its own, so that no request meets another's.
  Result<std::shared_ptr<const ReadSet>> find(
      const Digest& content, const Digest& block_map,
      const std::vector<index::ConsentRegion>& withheld = {});

 private:
  struct Entry {
    Digest key;
    std::shared_ptr<const ReadSet> set;
  };
  archive::BlobStore& blobs_;
  const Limits limits_;
  std::mutex mutex_;
  std::list<Entry> used_;  // newest first
  std::unordered_map<Digest, std::list<Entry>::iterator> entries_;
  size_t bytes_ = 0;
};

}  // namespace medarc::genomics
