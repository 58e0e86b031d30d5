#include "genomics/record_form.h"

#include "genomics/bcf_record.h"
#include "genomics/bed_line.h"
#include "genomics/vcf_line.h"

namespace medarc::genomics {
namespace {

uint64_t le32(ByteView b, size_t at) {
  const auto* u = reinterpret_cast<const uint8_t*>(b.data()) + at;
  return u[0] | uint64_t{u[1]} << 8 | uint64_t{u[2]} << 16 | uint64_t{u[3]} << 24;
}

RecordFacts place_of_bed_record(const FileHeader& header, ByteView record) {
  const auto columns = split_bed_line(bed_line_of(record));
  if (columns.has_error()) return {};
  RecordFacts out = place_of_bed(*columns);
  out.tid = header.find(columns->contig).value_or(-1);
  return out;
}

}  // namespace

const char* records_called(const RecordForm& form) {
  if (form.reads()) return "reads";
  return form.variants() ? "variants" : "features";
}

size_t record_bytes(const RecordForm& form, ByteView plain) {
  uint64_t bytes = 0;
  switch (form.kind) {
    case RecordForm::Kind::vcf: {
      const size_t end = plain.find('\n');
      return end == ByteView::npos ? plain.size() : end + 1;
    }
    case RecordForm::Kind::bed: return bed_record_bytes(plain);
    case RecordForm::Kind::bam:
      if (plain.size() < 4) return 0;
      bytes = 4 + le32(plain, 0);
      if (bytes < 4 + kRecordBytesMin) return 0;
      break;
    case RecordForm::Kind::bcf:
      if (plain.size() < kBcfHeadBytes) return 0;
      bytes = kBcfHeadBytes + le32(plain, 0) + le32(plain, 4);
      if (bytes < kBcfHeadBytes + kBcfFixedBytes) return 0;
      break;
  }
  return bytes > plain.size() ? 0 : bytes;
}

RecordFacts place_of(const RecordForm& form, const FileHeader& header, ByteView record) {
  switch (form.kind) {
    case RecordForm::Kind::bam: return facts_of(record.substr(4));
    case RecordForm::Kind::bcf: return place_of_bcf(record.substr(kBcfHeadBytes));
    case RecordForm::Kind::bed: return place_of_bed_record(header, record);
    case RecordForm::Kind::vcf: break;
  }
  const auto columns = split_vcf_line(record, 0);
  if (columns.has_error()) return {};
  RecordFacts out = place_of_vcf(*columns, form.info_end);
  out.tid = header.find(columns->contig).value_or(-1);
  return out;
}

}  // namespace medarc::genomics
