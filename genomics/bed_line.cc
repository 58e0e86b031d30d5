#include "genomics/bed_line.h"

#include <algorithm>

#include "genomics/vcf_line.h"

namespace medarc::genomics {
namespace {

constexpr ByteView kBlanks = " \t";

Error bad(std::string what) { return make_error(Code::invalid_argument, std::move(what)); }

ByteView without_end(ByteView line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool starts_with_word(ByteView line, ByteView word) {
  if (!line.starts_with(word)) return false;
  return line.size() == word.size() || kBlanks.find(line[word.size()]) != ByteView::npos;
}

std::optional<uint32_t> position_of(ByteView text) {
  uint64_t v = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    v = v * 10 + static_cast<uint64_t>(c - '0');
    if (v > INT32_MAX) return std::nullopt;
  }
  return text.empty() ? std::nullopt : std::optional(static_cast<uint32_t>(v));
}

uint32_t count_columns(ByteView more, bool tabs) {
  if (tabs) return static_cast<uint32_t>(std::count(more.begin(), more.end(), '\t')) + 1;
  uint32_t n = 0;
  while (next_bed_column(more, tabs)) ++n;
  return n;
}

size_t line_end(ByteView plain, size_t at) {
  const size_t end = plain.find('\n', at);
  return end == ByteView::npos ? plain.size() : end + 1;
}

}  // namespace

bool is_bed_track(ByteView line) { return starts_with_word(without_end(line), "track"); }

bool is_bed_record(ByteView line) {
  line = without_end(line);
  if (line.starts_with('#') || line.find_first_not_of(kBlanks) == ByteView::npos) return false;
  return !starts_with_word(line, "track") && !starts_with_word(line, "browser");
}

std::optional<ByteView> next_bed_column(ByteView& more, bool tabs) {
  if (more.data() == nullptr) return std::nullopt;
  if (!tabs) more.remove_prefix(std::min(more.find_first_not_of(' '), more.size()));
  if (!tabs && more.empty()) return std::nullopt;
  const size_t end = more.find(tabs ? '\t' : ' ');
  const ByteView column = more.substr(0, end);
  more = end == ByteView::npos ? ByteView() : more.substr(end + 1);
  return column;
}

Result<BedColumns> split_bed_line(ByteView line) {
  line = without_end(line);
  BedColumns out;
  out.tabs = line.find('\t') != ByteView::npos;
  ByteView rest = line;
  const auto contig = next_bed_column(rest, out.tabs), begin = next_bed_column(rest, out.tabs),
             end = next_bed_column(rest, out.tabs);
  if (!end) {
    return bad("it has " + std::string(begin ? "2 columns" : "1 column") +
               ", a BED record has 3 at least");
  }
  if (line.find('\0') != ByteView::npos) return bad("it holds a NUL");
  if (!is_contig_name(*contig)) return bad("its chromosome is no name");
  const auto from = position_of(*begin), to = position_of(*end);
  if (!from) return bad("its start is no number from 0 to 2147483647");
  if (!to) return bad("its end is no number from 0 to 2147483647");
  if (*to < *from) return bad("its end lies before its start");
  out.contig = *contig;
  out.begin = *from;
  out.end = *to;
  out.more = rest;
  out.columns = kBedColumnsMin;
  if (rest.data() != nullptr) out.columns += count_columns(rest, out.tabs);
  return out;
}

RecordFacts place_of_bed(const BedColumns& columns) {
  RecordFacts out;
  out.begin = static_cast<int32_t>(columns.begin);
  out.end = static_cast<int32_t>(columns.end);
  return out;
}

RecordFacts indexed_place_of_bed(RecordFacts place) {
  if (place.begin == place.end && place.begin > 0) --place.begin;
  return place;
}

size_t bed_record_bytes(ByteView plain) {
  size_t record_end = 0;  // 0: not met yet
  for (size_t at = 0; at < plain.size();) {
    const size_t next = line_end(plain, at);
    if (is_bed_record(plain.substr(at, next - at))) {
      if (record_end > 0) return record_end;
      record_end = next;
    }
    at = next;
  }
  return plain.size();
}

ByteView bed_line_of(ByteView record) {
  for (size_t at = 0; at < record.size();) {
    const size_t next = line_end(record, at);
    const ByteView line = record.substr(at, next - at);
    if (is_bed_record(line)) return line;
    at = next;
  }
  return {};
}

}  // namespace medarc::genomics
