// What is learnt of a CRAM file when it has arrived: its reads go through the same walk as those of
// a BAM (CramReads::examine).
#include <fmt/format.h>

#include "genomics/bam_walk.h"
#include "genomics/cram_reads.h"

namespace medarc::genomics {
namespace {

constexpr size_t kPieceBytes = 256u << 10;

Result<Bytes> drain(ByteSource& source, uint64_t bytes_max) {
  Bytes out;
  for (;;) {
    const size_t before = out.size();
    out.resize(before + kPieceBytes);
    MEDARC_ASSIGN(const size_t n, source.read(out.data() + before, kPieceBytes));
    out.resize(before + n);
    if (n == 0) return out;
    if (out.size() > bytes_max) return make_error(Code::too_large, "a CRAM index is too large");
  }
}

// The records a job gives, as BAM, checked and counted.
Result<BamSummary> walked(ByteSource& job, const Limits& limits) {
  BgzfSplitter splitter(limits.blocks_max);
  BamWalk walk(limits);
  const BgzfInflater inflater;
  Bytes piece(kPieceBytes, '\0');
  const auto take = [&]() -> Status {
    BgzfBatch batch = splitter.take();
    if (batch.blocks.empty()) return {};
    MEDARC_TRY(batch.inflate(inflater));
    return walk.feed(batch);
  };
  for (;;) {
    MEDARC_ASSIGN(const size_t n, job.read(piece.data(), piece.size()));
    ByteView rest(piece.data(), n);
    for (;;) {
      MEDARC_ASSIGN(const bool full, splitter.feed(rest));
      if (!full) break;
      MEDARC_TRY(take());
    }
    if (n == 0) break;
  }
  MEDARC_TRY(splitter.finish());
  MEDARC_TRY(take());
  return walk.finish();
}

std::string list_of(const std::set<std::string>& md5s) {
  std::string out;
  for (const std::string& md5 : md5s) out += (out.empty() ? "\"" : ",\"") + md5 + "\"";
  return "[" + out + "]";
}

Bytes statistics(const BamSummary& s, const CramOutline& outline,
                 const std::set<std::string>& missing, bool sliceable) {
  return fmt::format(
      R"({{"records":{},"mapped":{},"unplaced":{},"references":{},"cramVersion":"{}.{}",)"
      R"("containers":{},"slices":{},"sorted":{},"sliceable":{},{}"basesDecoded":{},)"
      R"("missingReferences":{},"flagstat":{}}})",
      s.flagstat.total(), s.flagstat.mapped(), s.unplaced, s.header.references.size(),
      outline.version.major, outline.version.minor, outline.containers, outline.slices, s.sorted,
      sliceable, s.sorted ? "" : R"("notSliceable":"notSortedByCoordinate",)", missing.empty(),
      list_of(missing), s.flagstat.json());
}

}  // namespace

Status CramReads::examine(const security::Principal& who, const index::FileId& id,
                          Ingested& ingested) {
  index::Facts facts;
  facts.time = now();
  facts.ops.push_back(
      guard_.audit_op(who, security::Action::store,
                      {security::Domain::genomes, "file/" + id.value, "received, being examined"}));
  MEDARC_TRY(index_.commit({ingested.content}, std::move(facts)));
  const JobInput input{ingested.content.digest, std::nullopt};
  wire::Job job;
  job.compressed = false;
  std::set<std::string> missing;
  auto summary = [&]() -> Result<BamSummary> {
    MEDARC_ASSIGN(const auto reads, workers_.start(job, input));
    auto out = walked(*reads, limits_);
    missing = reads->missing();
    return out;
  }();
  if (summary.has_error() && !missing.empty()) {
    // Everything but the bases can be told without the reference.
    job.bases = false;
    MEDARC_ASSIGN(const auto reads, workers_.start(job, input));
    summary = walked(*reads, limits_);
  }
  if (summary.has_error()) return summary.error();
  if (summary->flagstat.total() != ingested.cram->records) {
    return make_error(Code::invalid_argument,
                      fmt::format("the CRAM file's containers count {} records, its slices hold {}",
                                  ingested.cram->records, summary->flagstat.total()));
  }
  ingested.samples = summary->header.samples;
  ingested.sam_header = summary->header.text;
  const bool sliceable = summary->sorted && !summary->header.references.empty();
  ingested.statistics_json = statistics(*summary, *ingested.cram, missing, sliceable);
  MEDARC_ASSIGN(auto header, stage(index_.blobs(), summary->header.text, archive::Content::text,
                                   archive::Cuts::content_defined));
  ingested.attachments.push_back({"header", std::move(header)});
  if (!sliceable) return {};
  job.operation = wire::Operation::index;
  MEDARC_ASSIGN(const auto index, workers_.start(job, input));
  MEDARC_ASSIGN(const Bytes crai, drain(*index, limits_.header_bytes_max));
  MEDARC_TRY(parse_crai(crai, limits_));
  MEDARC_ASSIGN(ingested.index, stage(index_.blobs(), crai, archive::Content::opaque,
                                      archive::Cuts::content_defined));
  ingested.index_kind = "crai";
  return {};
}

}  // namespace medarc::genomics
