// Stages one blob for the segment log: hashes, cuts, looks chunks up, keeps or appends the new ones.
#pragma once

#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "archive/cutter.h"
#include "archive/twin_hash.h"
#include "archive/pins.h"
#include "archive/segment_log.h"

namespace medarc::archive {

// What a StagedBlob carries until its commit, or until it is dropped.
struct Staged {
  explicit Staged(std::shared_ptr<Pins> p) : pins(std::move(p)) {}
  ~Staged();
  Staged(const Staged&) = delete;
  Staged& operator=(const Staged&) = delete;

  std::shared_ptr<Pins> pins;
  std::vector<Digest> pinned;
  std::vector<FramedRecord> records;  // not appended yet
  std::vector<NewChunk> appended;     // in the log already
  std::vector<ManifestEntry> entries;
  uint64_t size = 0;
};

class SegmentWriter final : public BlobWriter {
 public:
  SegmentWriter(SegmentLog& log, Catalog& catalog, std::shared_ptr<Pins> pins, Cuts cuts);
  Status write(ByteView bytes) override;
  void cut() override;
  void content(Content kind) override;
  Result<StagedBlob> finish() override;

 private:
  Status end_chunk();                     // of everything in buffer_
  Status stage(const Digest& chunk, Bytes plain);
  Status push_out();                      // staged records go to the log

  SegmentLog& log_;
  Catalog& catalog_;
  const Cuts cuts_;
  std::shared_ptr<Staged> staged_;
  TwinSha256 whole_;
  bool whole_started_ = false;            // more than one chunk may come
  GearCutter gear_;
  Bytes buffer_;
  std::vector<size_t> small_cuts_;        // cuts asked for while the blob was still small
  std::unordered_set<Digest> seen_;       // chunks of this blob
  Content content_ = Content::opaque;
  uint64_t size_ = 0, new_bytes_ = 0, staged_bytes_ = 0;
};

}  // namespace medarc::archive
