// Every number an uploaded genome or a request for reads can push, with its name, unit and default.
#pragma once

#include <cstdint>
#include <string>

#include "base/config.h"

namespace medarc::genomics {

struct Limits {
  // Uploads.
  uint64_t file_bytes_max = 1ull << 40;
  uint64_t header_bytes_max = 64ull << 20;  // BAM header, text and reference list together
  uint32_t references_max = 4'000'000;      // reference sequences of one BAM, sequences of a FASTA
  uint64_t record_bytes_max = 64ull << 20;  // one BAM record
  uint64_t line_bytes_max = 64ull << 20;    // one FASTQ line: the longest reads known have 4 MB
  uint32_t samples_max = 10'000;            // sample names of one file
  uint64_t blocks_max = 16'000'000;         // BGZF blocks of one file: bounds the block map
  uint32_t inflate_threads_max = 4;         // helper threads of all uploads together
  // A FASTA file of more sequences is stored, but none of them is found by its digest.
  uint32_t registered_sequences_max = 10'000;
  uint32_t references_checked_max = 100'000;  // @SQ lines of one file compared with the registry
  // Reads.
  uint32_t regions_max = 10'000;            // in one request
  uint64_t map_cache_bytes = 256ull << 20;  // block maps held in memory
  // A slice is made before its first byte leaves (so that its length is known) when no more than
  // this many plain bytes have to be coded again.
  uint64_t recode_eager_bytes_max = 4ull << 20;

  uint64_t depth_bases_max = 10'000'000;  // positions of one answer of exact depths
  uint64_t pileup_bases_max = 10'000;     // positions of one pileup
  uint32_t pileup_depth_max = 8'000;      // reads at a position of a pileup, as samtools mpileup -d
  uint64_t pileup_bytes_max = 256ull << 20;    // records of one pileup
  uint64_t pileup_lead_bases_max = 5'000'000;  // how far before a pileup its reads may begin
  // CRAM: read and written by worker processes (hts_worker.h).
  uint64_t cram_container_header_bytes_max = 1u << 20;
  uint32_t workers_max = 4;                       // processes, one for each job
  uint32_t worker_wait_ms = 30'000;               // for a free one
  uint32_t worker_silence_ms = 60'000;            // of one that works, until it is given up
  uint64_t worker_cpu_s_max = 36'000;             // processor time of one job
  uint64_t worker_memory_bytes_max = 4ull << 30;  // address space of one worker
  std::string worker_program;                     // "": medarc-genome beside the running program

  static Limits from(Config& config);  // section [genomics]
};

}  // namespace medarc::genomics
