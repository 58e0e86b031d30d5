// The two ways in for formats of records that a walk goes over (VariantWalk, BedWalk): in BGZF
// blocks, with the index and the block map that the walk makes; and as plain text or plain gzip,
// stored as they are, without regions.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "genomics/block_map_builder.h"
#include "genomics/ingest.h"
#include "genomics/intake.h"

namespace medarc::genomics {

// `Walk`: feed() of batches and of plain bytes, header_blocks_end(), take_map_pages(), records()
// and finish(), whose summary has index, index_kind and map; made of the last arguments, since it
// does not move. `Describe`: what else the summary comes to.
template <class Walk, auto Describe>
class BlockedWalkIngest final : public Ingest {
 public:
  template <class... Args>
  BlockedWalkIngest(archive::BlobStore& blobs, std::unique_ptr<archive::BlobWriter> writer,
                    const Limits& limits, Args&&... walk)
      : blobs_(blobs),
        walk_(std::forward<Args>(walk)...),
        map_(blobs),
        intake_(std::move(writer),
                {[this](const BgzfBatch& batch) -> Status {
                   MEDARC_TRY(walk_.feed(batch));
                   return map_.add(walk_.take_map_pages());
                 },
                 [this] { return walk_.header_blocks_end(); }},
                limits) {}

  Status write(ByteView bytes) override { return intake_.write(bytes); }

  Result<Ingested> finish() override {
    MEDARC_TRY(intake_.finish());
    MEDARC_TRY(intake_.whole());
    MEDARC_ASSIGN(const auto summary, walk_.finish());
    Ingested out = Describe(summary, true);
    const auto beside = [&](ByteView bytes, archive::Content kind) {
      return stage(blobs_, bytes, kind, archive::Cuts::content_defined);
    };
    out.index_kind = summary.index_kind;
    if (!summary.index.empty()) {
      MEDARC_ASSIGN(out.index, beside(summary.index, archive::Content::opaque));
    }
    MEDARC_ASSIGN(out.block_map, map_.finish(summary.map));
    out.plain = intake_.plain_digest();
    MEDARC_ASSIGN(out.content, intake_.content());
    return out;
  }

 private:
  archive::BlobStore& blobs_;
  Walk walk_;
  BlockMapStager map_;
  BlockIntake intake_;  // last: its thread uses what is above
};

template <class Walk, auto Describe>
class StreamWalkIngest final : public Ingest {
 public:
  template <class... Args>
  StreamWalkIngest(std::unique_ptr<archive::BlobWriter> writer, bool gzip, const Limits& limits,
                   Args&&... walk)
      : walk_(std::forward<Args>(walk)...),
        intake_(std::move(writer), gzip, {[this](ByteView plain) { return walk_.feed(plain); }},
                limits) {}

  Status write(ByteView bytes) override { return intake_.write(bytes); }

  Result<Ingested> finish() override {
    MEDARC_TRY(intake_.finish());
    if (intake_.truncated()) {
      return make_error(
          Code::invalid_argument,
          "the gzip file is truncated: it ends after record " + std::to_string(walk_.records()));
    }
    MEDARC_ASSIGN(const auto summary, walk_.finish());
    Ingested out = Describe(summary, false);
    out.plain = intake_.plain_digest();
    MEDARC_ASSIGN(out.content, intake_.content());
    return out;
  }

 private:
  Walk walk_;
  StreamIntake intake_;  // last: its thread uses what is above
};

}  // namespace medarc::genomics
