#include "genomics/bed_sniff.h"

#include <algorithm>
#include <array>

#include "genomics/bed_line.h"
#include "genomics/vcf_line.h"

namespace medarc::genomics {
namespace {

constexpr size_t kNameBytesMax = 4096;  // so that a text without blanks is soon told
constexpr size_t kSamColumns = 11;

bool is_number(ByteView text) {
  return !text.empty() && text.find_first_not_of("0123456789") == ByteView::npos;
}

bool is_cigar(ByteView text) {
  return text == "*" ||
         (!text.empty() && text[0] >= '0' && text[0] <= '9' &&
          text.find_first_not_of("0123456789MIDNSHP=X") == ByteView::npos && !is_number(text));
}

// FLAG and the name of a numbered chromosome are numbers as start and end are.
bool is_sam(ByteView line) {
  std::array<ByteView, kSamColumns> fields;
  for (ByteView& one : fields) {
    const auto next = next_bed_column(line, true);
    if (!next) return false;
    one = *next;
  }
  return is_number(fields[3]) && is_number(fields[4]) && is_cigar(fields[5]) &&
         is_number(fields[7]);
}

bool is_bed_name(ByteView name) { return is_contig_name(name) && name[0] != '@' && name[0] != '>'; }

// A line whose end is not there: nothing in it may already be wrong.
BedLook look_at_start(ByteView line) {
  const bool tabs = line.find('\t') != ByteView::npos;
  for (int column = 0; column < 3; ++column) {
    const auto field = next_bed_column(line, tabs);
    if (!field) return BedLook::more;
    if (line.data() == nullptr) {  // it may go on
      const bool bad = field->size() > kNameBytesMax || field->find('\0') != ByteView::npos;
      return bad ? BedLook::other : BedLook::more;
    }
    if (column == 0 ? !is_bed_name(*field) : !is_number(*field)) return BedLook::other;
  }
  return BedLook::more;
}

}  // namespace

BedLook look_for_bed(ByteView plain, bool complete) {
  while (!plain.empty()) {
    const size_t end = plain.find('\n');
    const ByteView line = plain.substr(0, end);
    plain.remove_prefix(std::min(line.size() + 1, plain.size()));
    // A VCF that does not say what it is.
    if (line.starts_with("#CHROM\tPOS\t")) return BedLook::other;
    if (!is_bed_record(line)) continue;
    if (end == ByteView::npos && !complete) return look_at_start(line);
    const auto columns = split_bed_line(line);
    if (columns.has_error() || !is_bed_name(columns->contig)) return BedLook::other;
    return columns->tabs && is_sam(line) ? BedLook::sam : BedLook::bed;
  }
  return complete ? BedLook::other : BedLook::more;
}

}  // namespace medarc::genomics
