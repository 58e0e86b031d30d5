// The formats behind open_ingest().
#pragma once

#include "genomics/ingest.h"

namespace medarc::genomics {

Result<std::unique_ptr<Ingest>> open_bam_ingest(archive::BlobStore& blobs, const Limits& limits);
Result<std::unique_ptr<Ingest>> open_cram_ingest(archive::BlobStore& blobs, const Limits& limits);
Result<std::unique_ptr<Ingest>> open_fastq_ingest(Format format, archive::BlobStore& blobs,
                                                  const Limits& limits);
Result<std::unique_ptr<Ingest>> open_variant_ingest(Format format, archive::BlobStore& blobs,
                                                    const Limits& limits);
Result<std::unique_ptr<Ingest>> open_fasta_ingest(Format format, archive::BlobStore& blobs,
                                                  const Limits& limits,
                                                  const IngestOptions& options);
Result<std::unique_ptr<Ingest>> open_bed_ingest(Format format, archive::BlobStore& blobs,
                                                const Limits& limits);

}  // namespace medarc::genomics
