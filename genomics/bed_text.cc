#include "genomics/bed_text.h"

#include <fmt/format.h>

#include "genomics/bed_line.h"
#include "genomics/plain_reader.h"
#include "records/json.h"

namespace medarc::genomics {
namespace {

constexpr uint64_t kPiecePlainBytes = 512u << 10;  // small, so that the first answer leaves early

Status append_json(const RecordForm& form, ByteView plain, bool lines, bool& any,
                   std::string& out) {
  while (!plain.empty()) {
    const ByteView record = plain.substr(0, record_bytes(form, plain));
    plain.remove_prefix(record.size());
    const auto columns = split_bed_line(bed_line_of(record));
    if (columns.has_error()) return map_contradicted();
    if (!lines && any) out += ",\n";
    out += R"({"chrom":)";
    records::append_quoted(out, columns->contig);
    out += fmt::format(R"(,"start":{},"end":{},"columns":[)", columns->begin, columns->end);
    ByteView more = columns->more;
    for (bool first = true; const auto column = next_bed_column(more, columns->tabs);) {
      if (!first) out += ',';
      first = false;
      records::append_quoted(out, *column);
    }
    out += lines ? "]}\n" : "]}";
    any = true;
  }
  return {};
}

class BedSource final : public ByteSource {
 public:
  BedSource(Slice slice, std::unique_ptr<archive::BlobReader> reader, BedForm form,
            bool with_header)
      : slice_(std::move(slice)), reader_(std::move(reader)), form_(form) {
    if (form == BedForm::json) text_ = "[";
    if (form == BedForm::lines && with_header) text_ = slice_.set->header.text;
  }

  Result<size_t> read(char* out, size_t capacity) override {
    while (at_ == text_.size() && !ended_) MEDARC_TRY(next());
    const size_t n = text_.copy(out, capacity, at_);
    at_ += n;
    return n;
  }

 private:
  Status next() {
    text_.clear();
    at_ = 0;
    if (piece_ == slice_.plan.pieces.size()) {
      ended_ = true;
      if (form_ == BedForm::json) text_ = "]\n";
      return {};
    }
    MEDARC_ASSIGN(Bytes plain, records_of(slice_.plan.pieces[piece_++], slice_, *reader_));
    if (form_ != BedForm::lines) {
      return append_json(slice_.set->form, plain, form_ == BedForm::ndjson, any_, text_);
    }
    text_ = std::move(plain);
    return {};
  }

  const Slice slice_;
  const std::unique_ptr<archive::BlobReader> reader_;
  const BedForm form_;
  std::string text_;
  size_t at_ = 0, piece_ = 0;
  bool any_ = false, ended_ = false;
};

}  // namespace

Result<BedText> BedText::open(std::shared_ptr<const ReadSet> set, const Selection& selection,
                              const Limits& limits, std::unique_ptr<archive::BlobReader> reader) {
  if (set->form.kind != RecordForm::Kind::bed) {
    return make_error(Code::unsupported, "only BED files have such lines");
  }
  PlanOptions options;
  options.recode_all = true;
  options.piece_plain_bytes_max = kPiecePlainBytes;
  MEDARC_ASSIGN(Slice slice, make_slice(std::move(set), selection, limits, options));
  return BedText(std::move(slice), std::move(reader));
}

std::unique_ptr<ByteSource> BedText::source(BedForm form, bool with_header) && {
  return std::make_unique<BedSource>(std::move(slice_), std::move(reader_), form, with_header);
}

}  // namespace medarc::genomics
