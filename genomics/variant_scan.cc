#include "genomics/variant_scan.h"

#include "genomics/bcf_text.h"

namespace medarc::genomics {

Result<std::unique_ptr<VariantScan>> VariantScan::open(std::shared_ptr<const ReadSet> set,
                                                       std::optional<std::vector<Region>> regions,
                                                       const Limits& limits,
                                                       std::unique_ptr<archive::BlobReader> file) {
  if (!set->form.variants()) {
    return make_error(Code::unsupported, "only VCF and BCF files have variants");
  }
  MEDARC_ASSIGN(VcfHeader header, parse_vcf_header(set->header.text, limits));
  header.file.references = set->header.references;
  PlanOptions options;
  options.recode_all = true;  // every record is looked at
  MEDARC_ASSIGN(Slice slice, make_slice(std::move(set), {std::move(regions), {}}, limits, options));
  return std::unique_ptr<VariantScan>(
      new VariantScan(std::move(slice), std::move(header), std::move(file)));
}

Result<bool> VariantScan::next_fragment() {
  const auto& pieces = slice_.plan.pieces;
  while (piece_ < pieces.size() && fragment_ == pieces[piece_].fragments.size()) {
    ++piece_;
    fragment_ = 0;
  }
  if (piece_ == pieces.size()) return false;
  const Fragment& f = pieces[piece_].fragments[fragment_++];
  filter_ = f.filter;
  MEDARC_ASSIGN(rest_, reader_.read(f));
  return true;
}

Result<ByteView> VariantScan::next() {
  const ReadSet& set = *slice_.set;
  while (true) {
    if (rest_.empty()) {
      MEDARC_ASSIGN(const bool more, next_fragment());
      if (!more) return ByteView();
      continue;
    }
    const size_t bytes = record_bytes(set.form, rest_);
    if (bytes == 0) return map_contradicted();
    const ByteView record = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    if (filter_ && !slice_.wants(place_of(set.form, set.header, record))) continue;
    if (set.form.kind != RecordForm::Kind::bcf) return record;
    line_.clear();
    append_vcf_line(header_, record, line_);
    return ByteView(line_);
  }
}

}  // namespace medarc::genomics
