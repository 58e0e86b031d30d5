// Alleles of stored variants by place and bases, as Beacon v2 asks for them: one exactly, all that
// touch a range, or all that begin and end inside brackets. An allele is there when somebody
// carries it; in a file without genotypes, when it is named.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "genomics/variant_scan.h"

namespace medarc::genomics {

struct AlleleQuery {
  std::string reference;  // with or without "chr" before it
  // Positions are 0-based and half-open, of the bases as they are written.
  enum class Kind : uint8_t {
    exact,    // begins at `begin`
    range,    // overlaps [begin, end)
    bracket,  // begins in [begin, begin_max), ends in [end, end_max)
  } kind = Kind::exact;
  uint32_t begin = 0, begin_max = 0, end = 0, end_max = 0;
  // N is any base; also found with the bases that both have in common taken away.
  std::optional<std::string> ref, alt;
  std::string type;                                // "SNP", "INS", …, or "INDEL"; empty: any
  uint64_t bases_min = 0, bases_max = UINT64_MAX;  // of the longer allele
  std::string sample;                              // only what it carries; empty: anyone's
};

struct AlleleKey {
  std::string contig;
  uint32_t position = 0;  // 1-based, as in the file
  std::string ref, alt;
  auto operator<=>(const AlleleKey&) const = default;
};
// "chr1~12345~A~T": letters that URLs take as they are, but for symbolic alleles.
std::string to_string(const AlleleKey& key);
std::optional<AlleleKey> allele_key_of(std::string_view text);

struct Carrier {
  std::string sample;
  enum class Zygosity : uint8_t { heterozygous, homozygous, hemizygous } zygosity{};
};
struct FoundAllele {
  uint64_t end = 0;  // 0-based, where its record ends
  std::string type;
  std::string id;  // of the file's ID column; empty: none
  std::vector<Carrier> carriers;
};
using FoundAlleles = std::map<AlleleKey, FoundAllele>;

// "SNP", "MNP", "INS", "DEL", "BND", or what a symbolic allele says ("DUP").
std::string allele_type(std::string_view ref, std::string_view alt);

// The regions to look through, in the names of this file; nullopt: it has no such sequence.
std::optional<Region> region_of(const AlleleQuery& query, const FileHeader& header);

struct AlleleBounds {
  bool first_only = false;    // stop at the first
  uint64_t records_left = 0;  // to be looked at by this search and those that follow it
  size_t alleles_max = 0;     // in `found`
};
// Adds what the scan, opened on region_of(), has. Errors: too_large (the bounds), and those of the
// scan.
Status search_alleles(VariantScan& scan, const AlleleQuery& query, AlleleBounds& bounds,
                      FoundAlleles& found);

}  // namespace medarc::genomics
