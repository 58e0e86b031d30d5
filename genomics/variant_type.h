// What kind of change an ALT allele is, decided as HTSlib's bcf_get_variant_types() and so as
// `bcftools stats` counts; symbolic alleles (<DEL>), which bcftools has among the others, are
// marked too.
#pragma once

#include <cstdint>
#include <string_view>

namespace medarc::genomics {

enum VariantType : uint8_t {
  kReferenceOnly = 0,
  kSnv = 1,
  kMnv = 2,  // several bases for as many others
  kIndel = 4,
  kOther = 8,      // symbolic, several bases for a different number of others
  kSymbolic = 16,  // beside kOther
  kBreakend = 32,
  kMissing = 64,  // "*": taken away by a deletion that began before
};

uint8_t variant_type(std::string_view ref, std::string_view alt);

}  // namespace medarc::genomics
