// What a walk over records learns of where they lie, whatever the format: whether they are in
// order, the index, and the block map. And the contigs, where records name them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "genomics/bam_index.h"
#include "genomics/block_map.h"
#include "genomics/block_track.h"
#include "genomics/file_header.h"

namespace medarc::genomics {

// Ids of the contigs that records name: those of the header, then others as they are met, which
// are added to it. Not thread-safe.
class ContigNames {
 public:
  // `header` outlives it, and is filled before the first call.
  ContigNames(FileHeader& header, uint32_t references_max)
      : header_(header), references_max_(references_max) {}
  // Errors: too_large (references_max).
  Result<int32_t> id_of(ByteView name);
  // Those that the header did not have; call once.
  std::vector<std::string> take_more() { return std::move(more_); }

 private:
  FileHeader& header_;
  const uint32_t references_max_;
  std::vector<std::string> more_;
  std::string last_name_;  // of last_
  int32_t last_ = -1;
};

// Not thread-safe.
class RecordTrack {
 public:
  // `blocked`: the file is in BGZF blocks; without them there is neither index nor map.
  explicit RecordTrack(bool blocked) : blocked_(blocked) {}

  // The blocks of the next batch, whose plain bytes begin at `plain_base`.
  void add_blocks(const BgzfBatch& batch, uint64_t plain_base);
  // When the header was read, before the first record. The index is a CSI, or a TBI where that can
  // name every position. Where the block ends that holds the header's last byte; nullopt: there is
  // no such block.
  std::optional<uint64_t> begin(uint64_t header_plain_end, const std::vector<Reference>& contigs,
                                bool csi);
  // A record of a contig, in file order. `indexed`: the place that readers of the index look for
  // it, where that is another. `plain_at`: of its first byte.
  void add(RecordFacts place, const RecordFacts& indexed, uint64_t plain_at);
  // The last record ends here: what follows in the file is none.
  void end_records(uint64_t plain_at);
  void drop_index();  // readers that go by one could not read this file
  bool sorted() const { return sorted_; }

  struct Places {
    bool sorted = false;  // each contig's records together and in order of position
    uint64_t blocks = 0;
    std::vector<uint64_t> records_by_contig;
    Bytes index;             // empty when not sorted, dropped, or without blocks
    std::string index_kind;  // "tbi", "csi" or ""
  };
  // Once. `lines`: of a file of text, whose index names the contigs.
  Places finish(const std::vector<Reference>& contigs, const std::optional<LineColumns>& lines);
  // What is ready of the block map as it is stored; may be empty.
  Bytes take_map_pages() { return map_.take_pages(); }
  // The rest of it, after finish(), once.
  Bytes finish_map(ByteView header_blocks, const std::vector<std::string>& more_contigs) {
    return map_.finish(sorted_, header_blocks, more_contigs);
  }

 private:
  void check_order(const RecordFacts& place);
  void index_pending(VirtualOffset end);
  void finish_index(const std::vector<Reference>& contigs, const std::optional<LineColumns>& lines,
                    Places& out);

  const bool blocked_;
  BlockTrack blocks_;
  BlockMapBuilder map_;
  std::vector<uint64_t> records_by_contig_;
  bool sorted_ = true;
  int32_t last_contig_ = -1, last_begin_ = -1;
  uint32_t end_max_ = 0;  // largest end given to the index
  // The second is for positions the first cannot name: whether there are any is known at the end.
  std::optional<BamIndexBuilder> index_, wide_index_;
  struct Pending {
    RecordFacts facts;
    VirtualOffset at;
  };
  std::optional<Pending> pending_;  // waits for where it ends
};

}  // namespace medarc::genomics
