// BAM on its way in: blocks are staged by the caller's thread while the pipeline inflates and
// walks.
#include <fmt/format.h>

#include "genomics/bam_walk.h"
#include "genomics/bgzf_stager.h"
#include "genomics/formats.h"
#include "genomics/pipeline.h"

namespace medarc::genomics {
namespace {

class WalkJob final : public Job {
 public:
  WalkJob(BamWalk& walk, std::shared_ptr<BgzfBatch> batch)
      : walk_(walk), batch_(std::move(batch)) {}
  Status prepare() override { return batch_->inflate(inflater_of_thread()); }
  Status consume() override { return walk_.feed(*batch_); }

 private:
  static const BgzfInflater& inflater_of_thread() {
    thread_local const BgzfInflater inflater;
    return inflater;
  }
  BamWalk& walk_;
  const std::shared_ptr<BgzfBatch> batch_;
};

class BamIngest final : public Ingest {
 public:
  BamIngest(archive::BlobStore& blobs, std::unique_ptr<archive::BlobWriter> writer,
            const Limits& limits)
      : blobs_(blobs),
        splitter_(limits.blocks_max),
        stager_(std::move(writer)),
        walk_(limits),
        pipeline_(limits.inflate_threads_max) {}

  Status write(ByteView bytes) override {
    while (true) {
      MEDARC_ASSIGN(const bool full, splitter_.feed(bytes));
      if (!full) return {};
      MEDARC_TRY(process(splitter_.take()));
    }
  }

  Result<Ingested> finish() override {
    MEDARC_TRY(write({}));
    const Status whole = splitter_.finish();
    MEDARC_TRY(process(splitter_.take()));
    MEDARC_TRY(pipeline_.finish());
    MEDARC_TRY(whole);  // after the walk: a damaged record is the more telling reason
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
    MEDARC_ASSIGN(out.block_map, stage_blob(summary.map.encode(), archive::Content::text));
    MEDARC_ASSIGN(out.content, stager_.finish());
    return out;
  }

 private:
  Status process(BgzfBatch taken) {
    if (taken.blocks.empty()) return {};
    auto batch = std::make_shared<BgzfBatch>(std::move(taken));
    if (!header_done_) {
      // At once: where the header ends is where the first chunk ends.
      WalkJob job(walk_, batch);
      MEDARC_TRY(job.prepare());
      MEDARC_TRY(job.consume());
      header_done_ = walk_.header_blocks_end().has_value();
      return stager_.stage(*batch, walk_.header_blocks_end().value_or(UINT64_MAX));
    }
    // Both threads read the compressed bytes; only the pipeline writes, and only the plain ones.
    MEDARC_TRY(pipeline_.push(std::make_unique<WalkJob>(walk_, batch)));
    return stager_.stage(*batch);
  }

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
  BgzfSplitter splitter_;
  BgzfStager stager_;
  BamWalk walk_;
  Pipeline pipeline_;  // last: its thread uses what is above
  bool header_done_ = false;
};

}  // namespace

Result<std::unique_ptr<Ingest>> open_bam_ingest(archive::BlobStore& blobs, const Limits& limits) {
  MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::given));
  return std::unique_ptr<Ingest>(std::make_unique<BamIngest>(blobs, std::move(writer), limits));
}

}  // namespace medarc::genomics
