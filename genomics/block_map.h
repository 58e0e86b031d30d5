// The block map: where the records of every BGZF block lie on the reference, made at ingest, so
// that a region is planned without touching the file. What it knows of references and pages is in
// memory, its extents are read as they are needed (extents.h). Format: BLOCK_MAP.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "archive/blob_store.h"
#include "genomics/extents.h"
#include "genomics/region.h"

namespace medarc::genomics {

// An extent that a query touches.
struct Touched {
  uint32_t extent = 0;
  bool whole = true;  // every record of it overlaps
};

// Extents of one reference: from its first with records to the one behind its last.
struct ExtentSpan {
  int32_t tid = kUnplaced;
  uint32_t begin = 0, end = 0;
};
// What is known of a page without reading it.
struct PageReach {
  int32_t so_far = INT32_MIN;   // the largest end of the reference it ends in, from its begin on
  int32_t largest = INT32_MIN;  // the largest end in the page
};

// What a map knows besides its extents, learnt from them one after another.
class MapOutline {
 public:
  void add(const Extent& x);
  uint32_t extents() const { return extents_; }
  // By id as an unsigned number: a variant file may have its contigs in another order than its
  // header. Once.
  std::vector<ExtentSpan> take_spans();
  std::vector<PageReach> take_reach() { return std::move(reach_); }

 private:
  uint32_t extents_ = 0;
  std::vector<ExtentSpan> spans_;  // in file order
  std::vector<PageReach> reach_;
  int32_t so_far_ = INT32_MIN;
};

// Immutable once made, but for the pages it keeps; thread-safe.
class BlockMap {
 public:
  BlockMap() = default;
  // A stored map of `bytes`. Errors: corrupt, and those of `read`.
  static Result<BlockMap> open(uint64_t bytes, ExtentPages::Read read);
  static Result<BlockMap> in_memory(Bytes stored);
  static Result<BlockMap> of_blob(archive::BlobStore& blobs, const Digest& stored);

  // Whether each reference's records lie together, in order of position: only then query().
  bool sorted() const { return sorted_; }
  // The file's header alone, as BGZF blocks without an end marker.
  const Bytes& header_blocks() const { return header_blocks_; }
  // References that records name and the header does not (VCF): their ids follow the header's.
  const std::vector<std::string>& more_contigs() const { return more_contigs_; }
  Extents extents() const { return Extents(pages_); }
  size_t memory_bytes_max() const;

  // The extents that hold at least one overlapping record as far as the map can tell, in file
  // order. `regions` are merged (merge_regions). Cost follows the answer. Errors: corrupt, and
  // those of the store.
  Result<std::vector<Touched>> query(const std::vector<Region>& regions) const;
  Result<std::vector<Touched>> everything() const;

 private:
  Status read_tail(uint64_t bytes, const ExtentPages::Read& read);
  Status read_format1(uint64_t bytes, const ExtentPages::Read& read);
  ExtentSpan span_of(int32_t tid) const;
  void query(const Region& region, Extents& x, std::vector<Touched>& out) const;

  bool sorted_ = false;
  Bytes header_blocks_;
  std::vector<std::string> more_contigs_;
  std::vector<ExtentSpan> spans_;  // by id as an unsigned number
  std::vector<PageReach> reach_;   // by page
  std::shared_ptr<ExtentPages> pages_;
};

// BlockMap::sorted() of a stored map. Errors: corrupt, and those of the store.
Result<bool> stored_map_sorted(archive::BlobStore& blobs, const Digest& block_map);

}  // namespace medarc::genomics
