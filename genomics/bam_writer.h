// A BAM file made here, into the store: blocks begin with a record wherever records fit, as HTSlib
// and htsjdk write them, and index and block map are made in the same pass.
#pragma once

#include "archive/blob_store.h"
#include "genomics/bam_walk.h"
#include "genomics/bgzf_stager.h"

namespace medarc::genomics {

// The BAM form of a header: magic, text, references (SAM specification 4.2).
Bytes encode_bam_header(const BamHeader& header);

// Not thread-safe. After an error only destruction is allowed; dropping it leaves no trace.
class BamWriter {
 public:
  BamWriter(archive::BlobStore& blobs, std::unique_ptr<archive::BlobWriter> writer,
            const Limits& limits);

  Status header(const BamHeader& header);  // first, once
  // With its block_size. Errors: those of BamWalk and of the store.
  Status record(ByteView record);

  struct Written {
    archive::StagedBlob content, block_map;
    BamSummary summary;
  };
  Result<Written> finish();

 private:
  void end_block();
  void add_blocks(ByteView plain);
  Status pass_on();

  BgzfStager stager_;
  BamWalk walk_;
  BlockMapStager map_;
  const BgzfDeflater deflater_{kBgzfCarefulLevel};
  Bytes block_;          // plain, of the block under way
  BgzfBatch batch_;      // blocks that were not passed on yet
  uint64_t offset_ = 0;  // in the file, of what follows batch_
  bool header_cut_ = false;
};

}  // namespace medarc::genomics
