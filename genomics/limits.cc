#include "genomics/limits.h"

namespace medarc::genomics {

Limits Limits::from(Config& c) {
  Limits l;
  auto u32 = [&](const char* key, uint32_t& field, const char* meaning, uint64_t max = UINT32_MAX) {
    field = static_cast<uint32_t>(c.size(std::string("genomics.") + key, field, meaning, 1, max));
  };
  auto u64 = [&](const char* key, uint64_t& field, const char* meaning, uint64_t min = 1) {
    field = c.size(std::string("genomics.") + key, field, meaning, min);
  };
  u64("file_bytes_max", l.file_bytes_max, "One uploaded genome file.");
  u64("header_bytes_max", l.header_bytes_max, "Header of a BAM file, held in memory.", 1024);
  u32("references_max", l.references_max,
      "Reference sequences of one BAM file, sequences of one FASTA file.");
  u64("record_bytes_max", l.record_bytes_max, "One BAM record, held in memory.", 1024);
  u64("line_bytes_max", l.line_bytes_max,
      "One line of a FASTQ file or of a FASTA name, held in memory.", 1024);
  u32("samples_max", l.samples_max, "Sample names of one file.");
  u64("blocks_max", l.blocks_max, "BGZF blocks of one file.");
  u32("inflate_threads_max", l.inflate_threads_max, "Threads that inflate beside uploads.", 256);
  u32("registered_sequences_max", l.registered_sequences_max,
      "Sequences of one FASTA file that are found by their digests; a file with more has none.");
  u32("references_checked_max", l.references_checked_max,
      "@SQ lines of one file that are compared with the registered reference sequences.");
  u32("regions_max", l.regions_max, "Regions in one request.", 1'000'000);
  u64("map_cache_bytes", l.map_cache_bytes, "Block maps held in memory.");
  u64("recode_eager_bytes_max", l.recode_eager_bytes_max,
      "Plain bytes of a reads slice coded before its first byte leaves.");
  u64("depth_bases_max", l.depth_bases_max, "Positions of one answer of exact depths.");
  u64("pileup_bases_max", l.pileup_bases_max, "Positions of one pileup.");
  u32("pileup_depth_max", l.pileup_depth_max, "Reads at a position of a pileup.", 1'000'000);
  u64("pileup_bytes_max", l.pileup_bytes_max, "Records that one pileup is made from.", 1u << 20);
  u64("pileup_lead_bases_max", l.pileup_lead_bases_max,
      "How far before a pileup the reads in it may begin.");
  u64("cram_container_header_bytes_max", l.cram_container_header_bytes_max,
      "Header of one CRAM container.", 1024);
  u32("workers_max", l.workers_max, "Processes that read and write CRAM.", 1024);
  u32("worker_wait_ms", l.worker_wait_ms, "Waiting for a free CRAM worker.", 3'600'000);
  u32("worker_silence_ms", l.worker_silence_ms, "A CRAM worker that says nothing for so long ends.",
      3'600'000);
  u64("worker_cpu_s_max", l.worker_cpu_s_max, "Processor time of one CRAM job, in seconds.");
  u64("worker_memory_bytes_max", l.worker_memory_bytes_max, "Address space of one CRAM worker.",
      256u << 20);
  l.worker_program = c.text("genomics.worker_program", l.worker_program,
                            "The CRAM worker's program; empty: medarc-genome beside medarc.");
  return l;
}

}  // namespace medarc::genomics
