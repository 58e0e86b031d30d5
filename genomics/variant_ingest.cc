// VCF and BCF on their way in. In BGZF blocks: blocks are staged by the caller's thread while the
// pipeline inflates and walks. Plain text and plain gzip: the same walk, stored as they are, no
// regions.
#include <fmt/format.h>

#include "genomics/bgzf_stager.h"
#include "genomics/formats.h"
#include "genomics/gzip_stream.h"
#include "genomics/pipeline.h"
#include "genomics/variant_walk.h"
#include "records/json.h"

namespace medarc::genomics {
namespace {

constexpr size_t kPieceBytes = 512u << 10;
constexpr size_t kContigsToldMax = 1'000;  // in the statistics; they are part of the file's row

// Contigs that have records, as `bcftools index --stats` lists them.
std::string contigs_json(const VariantSummary& s) {
  std::string out = "[";
  size_t told = 0;
  const auto& references = s.header.file.references;
  for (size_t i = 0; i < references.size() && told < kContigsToldMax; ++i) {
    if (s.records_by_contig[i] == 0) continue;
    if (told++ > 0) out += ',';
    out += R"({"contig":)";
    records::append_quoted(out, references[i].name);
    out +=
        fmt::format(R"(,"length":{},"records":{}}})", references[i].bases, s.records_by_contig[i]);
  }
  return out + "]";
}

Bytes statistics(const VariantSummary& s, bool blocked) {
  const VariantCounts& c = s.counts;
  const char* why = "";
  if (!s.sorted) why = R"("notSliceable":"notSortedByPosition",)";
  if (!blocked) why = R"("notSliceable":"notBgzf",)";
  return fmt::format(
      R"({{"records":{},"samples":{},"contigs":{},"blocks":{},"plainBytes":{},"sorted":{},)"
      R"("sliceable":{},{}"types":{{"noAlts":{},"snvs":{},"mnvs":{},"indels":{},"others":{},)"
      R"("symbolic":{},"breakends":{},"multiallelic":{},"multiallelicSnvs":{}}},"recordsByContig":{}}})",
      c.records, s.header.file.samples.size(), s.header.file.ids.size(), s.blocks, s.plain_bytes,
      s.sorted, blocked && s.sorted, why, c.no_alts, c.snvs, c.mnvs, c.indels, c.others, c.symbolic,
      c.breakends, c.multiallelic, c.multiallelic_snvs, contigs_json(s));
}

Ingested described(const VariantSummary& summary, bool blocked) {
  Ingested out;
  out.samples = summary.header.file.samples;
  out.statistics_json = statistics(summary, blocked);
  out.index_kind = summary.index_kind;
  return out;
}

class BlockedIngest final : public Ingest {
 public:
  BlockedIngest(RecordForm::Kind kind, archive::BlobStore& blobs,
                std::unique_ptr<archive::BlobWriter> writer, const Limits& limits)
      : blobs_(blobs),
        splitter_(limits.blocks_max),
        stager_(std::move(writer)),
        walk_(kind, true, limits),
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
    MEDARC_ASSIGN(const VariantSummary summary, walk_.finish());
    Ingested out = described(summary, true);
    const auto beside = [&](ByteView bytes, archive::Content kind) {
      return stage(blobs_, bytes, kind, archive::Cuts::content_defined);
    };
    if (!summary.index.empty()) {
      MEDARC_ASSIGN(out.index, beside(summary.index, archive::Content::opaque));
    }
    MEDARC_ASSIGN(out.block_map, beside(summary.map->encode(), archive::Content::text));
    MEDARC_ASSIGN(out.content, stager_.finish());
    return out;
  }

 private:
  class WalkJob final : public Job {
   public:
    WalkJob(VariantWalk& walk, std::shared_ptr<BgzfBatch> batch)
        : walk_(walk), batch_(std::move(batch)) {}
    Status prepare() override {
      thread_local const BgzfInflater inflater;
      return batch_->inflate(inflater);
    }
    Status consume() override { return walk_.feed(*batch_); }

   private:
    VariantWalk& walk_;
    const std::shared_ptr<BgzfBatch> batch_;
  };

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
    MEDARC_TRY(pipeline_.push(std::make_unique<WalkJob>(walk_, batch)));
    return stager_.stage(*batch);
  }

  archive::BlobStore& blobs_;
  BgzfSplitter splitter_;
  BgzfStager stager_;
  VariantWalk walk_;
  Pipeline pipeline_;  // last: its thread uses what is above
  bool header_done_ = false;
};

class StreamIngest final : public Ingest {
 public:
  StreamIngest(std::unique_ptr<archive::BlobWriter> writer, bool gzip, const Limits& limits)
      : writer_(std::move(writer)),
        walk_(RecordForm::Kind::vcf, false, limits),
        pipeline_(limits.inflate_threads_max) {
    if (gzip) gzip_ = std::make_unique<GzipStream>();
    if (!gzip) writer_->content(archive::Content::text);
  }

  Status write(ByteView bytes) override {
    while (!bytes.empty()) {
      const ByteView piece = bytes.substr(0, kPieceBytes - waiting_.size());
      bytes.remove_prefix(piece.size());
      waiting_.append(piece);
      if (waiting_.size() == kPieceBytes) MEDARC_TRY(process());
    }
    return {};
  }

  Result<Ingested> finish() override {
    MEDARC_TRY(process());
    MEDARC_TRY(pipeline_.finish());
    if (gzip_ && !gzip_->ended()) {
      return make_error(
          Code::invalid_argument,
          "the gzip file is truncated: it ends after record " + std::to_string(walk_.records()));
    }
    MEDARC_ASSIGN(const VariantSummary summary, walk_.finish());
    Ingested out = described(summary, false);
    MEDARC_ASSIGN(out.content, writer_->finish());
    return out;
  }

 private:
  class WalkJob final : public Job {
   public:
    WalkJob(StreamIngest& owner, std::shared_ptr<const Bytes> bytes)
        : owner_(owner), bytes_(std::move(bytes)) {}
    Status prepare() override { return {}; }
    Status consume() override {
      if (!owner_.gzip_) return owner_.walk_.feed(ByteView(*bytes_));
      return owner_.gzip_->feed(*bytes_,
                                [this](ByteView plain) { return owner_.walk_.feed(plain); });
    }

   private:
    StreamIngest& owner_;
    const std::shared_ptr<const Bytes> bytes_;
  };

  Status process() {
    if (waiting_.empty()) return {};
    const auto piece = std::make_shared<const Bytes>(std::move(waiting_));
    waiting_.clear();
    MEDARC_TRY(pipeline_.push(std::make_unique<WalkJob>(*this, piece)));
    return writer_->write(*piece);
  }

  std::unique_ptr<archive::BlobWriter> writer_;
  std::unique_ptr<GzipStream> gzip_;
  VariantWalk walk_;
  Bytes waiting_;
  Pipeline pipeline_;  // last: its thread uses what is above
};

}  // namespace

Result<std::unique_ptr<Ingest>> open_variant_ingest(Format format, archive::BlobStore& blobs,
                                                    const Limits& limits) {
  if (format == Format::bcf || format == Format::vcf_bgzf) {
    const auto kind = format == Format::bcf ? RecordForm::Kind::bcf : RecordForm::Kind::vcf;
    MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::given));
    return std::unique_ptr<Ingest>(
        std::make_unique<BlockedIngest>(kind, blobs, std::move(writer), limits));
  }
  MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::content_defined));
  return std::unique_ptr<Ingest>(
      std::make_unique<StreamIngest>(std::move(writer), format == Format::vcf_gzip, limits));
}

}  // namespace medarc::genomics
