#include "genomics/ingest.h"

#include "genomics/formats.h"

namespace medarc::genomics {

Result<std::unique_ptr<Ingest>> open_ingest(Format format, archive::BlobStore& blobs,
                                            const Limits& limits, const IngestOptions& options) {
  switch (format) {
    case Format::bam: return open_bam_ingest(blobs, limits);
    case Format::cram: return open_cram_ingest(blobs, limits);
    case Format::vcf:
    case Format::vcf_gzip:
    case Format::vcf_bgzf:
    case Format::bcf: return open_variant_ingest(format, blobs, limits);
    case Format::fasta:
    case Format::fasta_gzip:
    case Format::fasta_bgzf: return open_fasta_ingest(format, blobs, limits, options);
    case Format::bed:
    case Format::bed_gzip:
    case Format::bed_bgzf: return open_bed_ingest(format, blobs, limits);
    default: return open_fastq_ingest(format, blobs, limits);
  }
}

Status Ingest::pair_with(std::unique_ptr<archive::BlobReader>) {
  return make_error(Code::invalid_argument, "mate: only FASTQ files have mates");
}

Result<archive::StagedBlob> stage(archive::BlobStore& blobs, ByteView bytes, archive::Content kind,
                                  archive::Cuts cuts) {
  MEDARC_ASSIGN(auto writer, blobs.writer(cuts));
  writer->content(kind);
  MEDARC_TRY(writer->write(bytes));
  return writer->finish();
}

}  // namespace medarc::genomics
