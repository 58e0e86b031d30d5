// Variants of a stored VCF or BCF by region and by what they say, as JSON or VCF text, made while
// they are read: memory follows a block, not the answer.
#pragma once

#include <memory>
#include <optional>

#include "base/io.h"
#include "genomics/slice.h"
#include "genomics/variant_filter.h"

namespace medarc::genomics {

struct VariantQuery {
  std::optional<std::vector<Region>> regions;  // none: everything
  uint8_t types = 0;                           // any of these (VariantType); 0: all
  std::string expression;                      // variant_filter.h; empty: all
  std::string sample;                          // only its column is given; empty: all
  std::optional<Genotype> genotype;  // of `sample`, or of any one sample when there is none
  uint64_t records_max = 0;          // stop after so many; 0: no end
  enum class Form : uint8_t { json, vcf } form = Form::json;
};

// JSON: {"variants":[...],"more":true|false}; a variant has contig, position (1-based), end, id,
// ref, alt[], quality, filters[], types[], info{} and samples{}. INFO and FORMAT values are
// numbers, texts, true for flags, null for "."; lists where the header has more than one. VCF: the
// header with the sample columns that are given, then the lines.
//
// Errors: invalid_argument (expression, sample), and those of make_slice(); from the source also
// those of the store. `file` is of the set's content.
Result<std::unique_ptr<ByteSource>> open_variants(std::shared_ptr<const ReadSet> set,
                                                  const VariantQuery& query,
                                                  std::unique_ptr<archive::BlobReader> file,
                                                  const Limits& limits);

}  // namespace medarc::genomics
