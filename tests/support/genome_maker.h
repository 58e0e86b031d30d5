// Genome files for tests, made without any of the code under test: BAM with every shape that hurts
// (records across block borders, a header that shares its block, long deletions and skips, unmapped
// and unplaced reads, CIGARs of more than 65,535 operations), and FASTQ in its three wrappings.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace medarc::test {

struct BamOptions {
  uint64_t seed = 1;
  uint32_t records = 2000;             // placed ones
  uint32_t unplaced = 20;
  std::vector<std::pair<std::string, uint32_t>> references = {
      {"chr1", 200'000}, {"chr2", 80'000}, {"HLA:DRB1*1", 5'000}};
  std::vector<std::string> samples = {"S1"};
  bool straddle = false;               // blocks end wherever 65,280 bytes do; header shares one
  uint32_t block_plain_bytes = 65'280;
  uint32_t read_bases = 150;
  uint32_t long_deletion_every = 0;    // every n-th record spans 20,000 bases more
  bool long_read_straddles = false;    // one record of 300,000 bases: it spans several blocks
  bool huge_cigar = false;             // one record with 70,000 operations (CG tag)
  bool sorted = true;
  bool eof = true;
};

struct MadeRecord {
  int32_t tid = -1, begin = -1, end = 0;
  uint16_t flag = 0;
  std::string name;
};

struct MadeBam {
  std::string bytes;
  std::vector<MadeRecord> records;     // in file order
  std::string header_text;
};

MadeBam make_bam(const BamOptions& options = {});

struct FastqOptions {
  uint64_t seed = 1;
  uint32_t records = 1000;
  uint32_t bases_min = 50, bases_max = 150;
  int phred_offset = 33, quality_min = 2, quality_max = 40;
  bool crlf = false;
};
std::string make_fastq(const FastqOptions& options = {});

// RFC 1952: one member, or several (members_count) of about equal plain size.
std::string gzip(const std::string& plain, int members_count = 1);
// Blocks of `block_plain_bytes`, then the end marker.
std::string bgzip(const std::string& plain, uint32_t block_plain_bytes = 65'280, bool eof = true);
std::string gunzip(const std::string& bytes);  // every member; throws on damage

// Runs a program without a shell; its stdout, or throws when it does not exit with 0.
std::string run_tool(const std::vector<std::string>& words);
bool runs_well(const std::vector<std::string>& words);

void write_file(const std::string& path, const std::string& bytes);
std::string read_file(const std::string& path);

}  // namespace medarc::test
