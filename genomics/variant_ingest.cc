// VCF and BCF on their way in. In BGZF blocks, or as plain text and plain gzip: the same walk,
// stored as they are, no regions.
#include <fmt/format.h>

#include "genomics/formats.h"
#include "genomics/variant_walk.h"
#include "genomics/walk_ingest.h"
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
  return out;
}

}  // namespace

Result<std::unique_ptr<Ingest>> open_variant_ingest(Format format, archive::BlobStore& blobs,
                                                    const Limits& limits) {
  if (format == Format::bcf || format == Format::vcf_bgzf) {
    const auto kind = format == Format::bcf ? RecordForm::Kind::bcf : RecordForm::Kind::vcf;
    MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::given));
    return std::unique_ptr<Ingest>(std::make_unique<BlockedWalkIngest<VariantWalk, described>>(
        blobs, std::move(writer), limits, kind, true, limits));
  }
  MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::content_defined));
  return std::unique_ptr<Ingest>(std::make_unique<StreamWalkIngest<VariantWalk, described>>(
      std::move(writer), format == Format::vcf_gzip, limits, RecordForm::Kind::vcf, false, limits));
}

}  // namespace medarc::genomics
