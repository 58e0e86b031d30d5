// BAM on its way in.
#include <fmt/format.h>

#include "genomics/bam_walk.h"
#include "genomics/formats.h"
#include "genomics/intake.h"

namespace medarc::genomics {
namespace {

class BamIngest final : public Ingest {
 public:
  BamIngest(archive::BlobStore& blobs, std::unique_ptr<archive::BlobWriter> writer,
            const Limits& limits)
      : blobs_(blobs),
        walk_(limits),
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
    MEDARC_ASSIGN(BamSummary summary, walk_.finish());
    Ingested out;
    out.samples = summary.header.samples;
    out.sam_header = summary.header.text;
    out.statistics_json = statistics(summary);
    out.index_kind = summary.index_kind;
    if (!summary.index.empty()) {
      MEDARC_ASSIGN(out.index, stage_blob(summary.index, archive::Content::opaque));
    }
    out.identities = std::move(summary.identities);
    if (!summary.depth.empty()) {
      MEDARC_ASSIGN(auto depth, stage_blob(summary.depth, archive::Content::text));
      out.attachments.push_back({"depth", std::move(depth)});
    }
    MEDARC_ASSIGN(auto quality, stage_blob(summary.quality, archive::Content::text));
    out.attachments.push_back({"quality", std::move(quality)});
    MEDARC_ASSIGN(out.block_map, map_.finish(summary.map));
    out.plain = intake_.plain_digest();
    MEDARC_ASSIGN(out.content, intake_.content());
    return out;
  }

 private:
  Result<archive::StagedBlob> stage_blob(ByteView bytes, archive::Content kind) {
    return stage(blobs_, bytes, kind, archive::Cuts::content_defined);
  }

  static Bytes statistics(const BamSummary& s) {
    const uint64_t records = s.flagstat.total();
    return fmt::format(
        R"({{"records":{},"mapped":{},"unplaced":{},"references":{},"blocks":{},"plainBytes":{},)"
        R"("sorted":{},"sliceable":{},{}{}}})",
        records, s.flagstat.mapped(), s.unplaced, s.header.references.size(), s.blocks,
        s.plain_bytes, s.sorted, s.sorted && !s.header.references.empty(),
        s.sorted ? "" : R"("notSliceable":"notSortedByCoordinate",)", s.numbers);
  }

  archive::BlobStore& blobs_;
  BamWalk walk_;
  BlockMapStager map_;
  BlockIntake intake_;  // last: its thread uses what is above
};

}  // namespace

Result<std::unique_ptr<Ingest>> open_bam_ingest(archive::BlobStore& blobs, const Limits& limits) {
  MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::given));
  return std::unique_ptr<Ingest>(std::make_unique<BamIngest>(blobs, std::move(writer), limits));
}

}  // namespace medarc::genomics
