#include "genomics/variant_query.h"

#include <algorithm>

#include "genomics/variant_json.h"
#include "genomics/variant_scan.h"

namespace medarc::genomics {
namespace {

constexpr size_t kPieceBytes = 64u << 10;  // answered at a time, about

// The columns of a line without those of other samples.
Bytes one_sample_line(ByteView line, size_t sample) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  size_t at = 0;
  for (int column = 0; column < 9; ++column) at = std::min(line.find('\t', at), line.size()) + 1;
  if (at > line.size()) return Bytes(line) + '\n';
  return Bytes(line.substr(0, at)) + Bytes(sample_column(line.substr(at), sample)) + '\n';
}

class VariantSource final : public ByteSource {
 public:
  VariantSource(std::unique_ptr<VariantScan> scan, const VariantQuery& query,
                std::optional<size_t> sample, std::optional<VariantExpression> expression)
      : scan_(std::move(scan)),
        header_(scan_->header()),
        query_(query),
        sample_(sample),
        expression_(std::move(expression)) {
    begin();
  }

  Result<size_t> read(char* out, size_t capacity) override {
    while (ready_at_ == ready_.size()) {
      ready_.clear();
      ready_at_ = 0;
      MEDARC_ASSIGN(const bool more, advance());
      if (!more && ready_.empty()) return size_t{0};
    }
    const size_t n = ready_.copy(out, capacity, ready_at_);
    ready_at_ += n;
    return n;
  }

 private:
  bool json() const { return query_.form == VariantQuery::Form::json; }

  void begin() {
    if (json()) {
      ready_ = "{\"variants\":[";
      return;
    }
    const ByteView text = header_.file.text;
    const size_t columns = text.rfind("#CHROM\t");
    ready_ = Bytes(text.substr(0, columns));
    const ByteView line = text.substr(columns);
    ready_ += sample_ ? one_sample_line(line, *sample_) : Bytes(line);
  }

  // Some more of the answer; false when that was all.
  Result<bool> advance() {
    while (!ended_ && ready_.size() < kPieceBytes) {
      MEDARC_ASSIGN(const ByteView line, scan_->next());
      if (line.empty()) {
        finish();
      } else {
        MEDARC_TRY(take(line));
      }
    }
    return !ended_;
  }

  void finish() {
    ended_ = true;
    if (json()) ready_ += std::string("],\"more\":") + (more_ ? "true" : "false") + "}";
  }

  Status take(ByteView line) {
    MEDARC_ASSIGN(const VcfColumns columns, split_vcf_line(line, 0));
    if (!wanted(columns)) return {};
    if (query_.records_max > 0 && given_ == query_.records_max) {
      more_ = true;
      finish();
      return {};
    }
    if (json()) {
      if (given_ > 0) ready_ += ',';
      append_variant_json(columns, header_, sample_, ready_);
    } else if (sample_) {
      ready_ += one_sample_line(line, *sample_);
    } else {
      ready_ += line;
      if (!line.ends_with('\n')) ready_ += '\n';
    }
    ++given_;
    return {};
  }

  bool wanted(const VcfColumns& line) const {
    if (query_.types != 0 && (facts_of_vcf(line, false).types & query_.types) == 0) return false;
    if (query_.genotype && !has_genotype(line)) return false;
    return !expression_ || expression_->holds(line, header_);
  }

  bool has_genotype(const VcfColumns& line) const {
    if (sample_) {
      return genotype_of(line.format, sample_column(line.samples, *sample_)) == *query_.genotype;
    }
    ByteView rest = line.samples;
    for (size_t i = 0; i < header_.file.samples.size(); ++i) {
      const size_t tab = std::min(rest.find('\t'), rest.size());
      if (genotype_of(line.format, rest.substr(0, tab)) == *query_.genotype) return true;
      rest.remove_prefix(std::min(tab + 1, rest.size()));
    }
    return false;
  }

  const std::unique_ptr<VariantScan> scan_;
  const VcfHeader& header_;  // of the scan
  const VariantQuery query_;
  const std::optional<size_t> sample_;
  const std::optional<VariantExpression> expression_;
  Bytes ready_;
  size_t ready_at_ = 0;
  uint64_t given_ = 0;
  bool ended_ = false, more_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_variants(std::shared_ptr<const ReadSet> set,
                                                  const VariantQuery& query,
                                                  std::unique_ptr<archive::BlobReader> file,
                                                  const Limits& limits) {
  MEDARC_ASSIGN(auto scan,
                VariantScan::open(std::move(set), query.regions, limits, std::move(file)));
  const VcfHeader& header = scan->header();
  std::optional<size_t> sample;
  if (!query.sample.empty()) {
    const auto& names = header.file.samples;
    const auto found = std::find(names.begin(), names.end(), query.sample);
    if (found == names.end())
      return make_error(Code::not_found, "sample: the file has no such sample");
    sample = static_cast<size_t>(found - names.begin());
  }
  std::optional<VariantExpression> expression;
  if (!query.expression.empty()) {
    MEDARC_ASSIGN(expression, VariantExpression::parse(query.expression, header));
  }
  return std::unique_ptr<ByteSource>(
      std::make_unique<VariantSource>(std::move(scan), query, sample, std::move(expression)));
}

}  // namespace medarc::genomics
