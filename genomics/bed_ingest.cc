// BED on its way in: in BGZF blocks, or as plain text and plain gzip, which have no regions.
#include <fmt/format.h>

#include "genomics/bed_walk.h"
#include "genomics/formats.h"
#include "genomics/walk_ingest.h"
#include "records/json.h"

namespace medarc::genomics {
namespace {

constexpr size_t kContigsToldMax = 1'000;  // in the statistics; they are part of the file's row

std::string contigs_json(const BedSummary& s) {
  std::string out = "[";
  for (size_t i = 0; i < std::min(s.header.references.size(), kContigsToldMax); ++i) {
    if (i > 0) out += ',';
    out += R"({"contig":)";
    records::append_quoted(out, s.header.references[i].name);
    out += fmt::format(R"(,"records":{}}})", s.records_by_contig[i]);
  }
  return out + "]";
}

Bytes statistics(const BedSummary& s, bool blocked) {
  const BedCounts& c = s.counts;
  std::string more;
  if (!blocked) {
    more += R"("notSliceable":"notBgzf",)";
  } else if (!s.sorted) {
    more += R"("notSliceable":"notSortedByPosition",)";
  } else if (s.unindexed != BedUnindexed::no) {
    more += fmt::format(R"("notIndexed":"{}",)",
                        s.unindexed == BedUnindexed::blanks ? "notTabs" : "linesBetweenRecords");
  }
  if (c.departs != nullptr) {
    more += fmt::format(R"("departs":{{"line":{},"what":"{}"}},)", c.departs_line, c.departs);
  }
  if (s.sorted) more += fmt::format(R"("basesCovered":{},)", c.bases_covered);
  return fmt::format(
      R"({{"records":{},"lines":{},"contigs":{},"columns":{},"standardColumns":{},"bases":{},{})"
      R"("blocks":{},"plainBytes":{},"sorted":{},"sliceable":{},"recordsByContig":{}}})",
      c.records, c.lines, s.header.references.size(), c.columns_max, c.standard, c.bases, more,
      s.blocks, s.plain_bytes, s.sorted, blocked && s.sorted, contigs_json(s));
}

Ingested described(const BedSummary& summary, bool blocked) {
  Ingested out;
  out.statistics_json = statistics(summary, blocked);
  return out;
}

}  // namespace

Result<std::unique_ptr<Ingest>> open_bed_ingest(Format format, archive::BlobStore& blobs,
                                                const Limits& limits) {
  if (format == Format::bed_bgzf) {
    MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::given));
    return std::unique_ptr<Ingest>(std::make_unique<BlockedWalkIngest<BedWalk, described>>(
        blobs, std::move(writer), limits, true, limits));
  }
  MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::content_defined));
  return std::unique_ptr<Ingest>(std::make_unique<StreamWalkIngest<BedWalk, described>>(
      std::move(writer), format == Format::bed_gzip, limits, false, limits));
}

}  // namespace medarc::genomics
