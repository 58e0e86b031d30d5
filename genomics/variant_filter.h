// Choosing variants by what their lines say.
//
// The expression is HTSlib's filter language (samtools(1), "FILTER EXPRESSIONS") over these names:
//   CHROM, ID, REF, ALT, FILTER   texts as in the line; "." is unknown
//   POS, QUAL, N_ALT, N_SAMPLES   numbers
//   TYPE                          "snv", "mnv", "indel", "other", "breakend", joined by ',' in this
//   order; "ref" for none INFO/NAME                     by the header's type: a number, a text, 1
//   for a flag that is there; of a
//                                 list the first value
// with && || ! == != < <= > >= + - * / % ( ), exists(), length(), min(), max(), sqrt(), log(),
// "text". Comparisons with unknown values are false. Regular expressions (=~, !~) are not offered:
// their time has no bound.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "genomics/vcf_header.h"
#include "genomics/vcf_line.h"

namespace medarc::genomics {

inline constexpr size_t kExpressionBytesMax = 1'000;

class VariantExpression {
 public:
  // Errors: invalid_argument: not well-formed, too long, or a name that is not there.
  static Result<VariantExpression> parse(const std::string& text, const VcfHeader& header);
  VariantExpression(VariantExpression&&) noexcept;
  VariantExpression& operator=(VariantExpression&&) noexcept;
  ~VariantExpression();
  // Not thread-safe. `header` is that of parse().
  bool holds(const VcfColumns& line, const VcfHeader& header) const;

 private:
  struct State;
  explicit VariantExpression(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What the genotype (GT) of one sample is.
enum class Genotype : uint8_t { missing, hom_ref, het, hom_alt };
// "missing", "hom-ref", "het", "hom-alt".
std::optional<Genotype> genotype_of(std::string_view name);
// Of one sample's column; missing when there is no GT or an allele of it is unknown.
Genotype genotype_of(ByteView format, ByteView sample);

// "snv,indel": the names of types, joined by commas; "ref" for none.
std::string type_names(uint8_t types);
std::optional<uint8_t> type_of(std::string_view name);  // also "symbolic"

}  // namespace medarc::genomics
