#include "genomics/variant_recoder.h"

#include <algorithm>

#include "genomics/bcf_text.h"
#include "genomics/plain_reader.h"

namespace medarc::genomics {
namespace {

// BCF numbers its names by IDX; in a VCF it says nothing, and writers leave it out.
Bytes without_numbers(ByteView text) {
  constexpr ByteView kIndex = ",IDX=";
  Bytes out;
  while (!text.empty()) {
    ByteView line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const size_t at =
        line.starts_with("##") && line.ends_with('>') ? line.rfind(kIndex) : ByteView::npos;
    const bool number = at != ByteView::npos &&
                        line.find_first_not_of("0123456789", at + kIndex.size()) == line.size() - 1;
    out += number ? line.substr(0, at) : line;
    out += number ? ">\n" : "\n";
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<const VariantRecoder>> VariantRecoder::make(const ReadSet& set,
                                                                   RecordForm::Kind form,
                                                                   const Limits& limits) {
  if (!set.form.variants() || !RecordForm{form, false}.variants()) {
    return make_error(Code::unsupported, "only variants are given in another form");
  }
  MEDARC_ASSIGN(VcfHeader header, parse_vcf_header(set.header.text, limits));
  const size_t declared = header.file.references.size();
  // With the contigs that only records name.
  header.file.references = set.header.references;
  header.file.ids = set.header.ids;
  std::shared_ptr<VariantRecoder> out(new VariantRecoder(set.form, std::move(header)));
  const bool binary = form == RecordForm::Kind::bcf;
  if (binary) out->encoder_.emplace(out->header_);
  const Bytes plain =
      binary ? bcf_header_bytes(out->header_, declared) : without_numbers(out->header_.file.text);
  BgzfDeflater(kBgzfCarefulLevel).deflate(plain, out->header_blocks_);
  return std::shared_ptr<const VariantRecoder>(std::move(out));
}

Result<Bytes> VariantRecoder::records(ByteView stored) const {
  Bytes out;
  while (!stored.empty()) {
    const size_t bytes = record_bytes(stored_, stored);
    if (bytes == 0) return map_contradicted();
    if (encoder_) {
      MEDARC_TRY(encoder_->append(stored.substr(0, bytes), out));
    } else {
      append_vcf_line(header_, stored.substr(0, bytes), out);
    }
    stored.remove_prefix(bytes);
  }
  return out;
}

}  // namespace medarc::genomics
