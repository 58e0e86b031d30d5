// VCF and BCF on their way in. In BGZF blocks, or as plain text and plain gzip: the same walk,
// stored as they are, no regions.
#include <fmt/format.h>

#include "genomics/formats.h"
#include "genomics/intake.h"
#include "genomics/variant_walk.h"
#include "records/json.h"

namespace medarc::genomics {
namespace {

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
        walk_(kind, true, limits),
        intake_(std::move(writer),
                {[this](const BgzfBatch& batch) { return walk_.feed(batch); },
                 [this] { return walk_.header_blocks_end(); }},
                limits) {}

  Status write(ByteView bytes) override { return intake_.write(bytes); }

  Result<Ingested> finish() override {
    MEDARC_TRY(intake_.finish());
    MEDARC_TRY(intake_.whole());
    MEDARC_ASSIGN(const VariantSummary summary, walk_.finish());
    Ingested out = described(summary, true);
    const auto beside = [&](ByteView bytes, archive::Content kind) {
      return stage(blobs_, bytes, kind, archive::Cuts::content_defined);
    };
    if (!summary.index.empty()) {
      MEDARC_ASSIGN(out.index, beside(summary.index, archive::Content::opaque));
    }
    MEDARC_ASSIGN(out.block_map, beside(summary.map->encode(), archive::Content::text));
    out.plain = intake_.plain_digest();
    MEDARC_ASSIGN(out.content, intake_.content());
    return out;
  }

 private:
  archive::BlobStore& blobs_;
  VariantWalk walk_;
  BlockIntake intake_;  // last: its thread uses what is above
};

class StreamIngest final : public Ingest {
 public:
  StreamIngest(std::unique_ptr<archive::BlobWriter> writer, bool gzip, const Limits& limits)
      : walk_(RecordForm::Kind::vcf, false, limits),
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
    MEDARC_ASSIGN(const VariantSummary summary, walk_.finish());
    Ingested out = described(summary, false);
    out.plain = intake_.plain_digest();
    MEDARC_ASSIGN(out.content, intake_.content());
    return out;
  }

 private:
  VariantWalk walk_;
  StreamIntake intake_;  // last: its thread uses what is above
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
