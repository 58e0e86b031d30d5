#include "genomics/bed_columns.h"

#include <algorithm>
#include <array>

namespace medarc::genomics {
namespace {

constexpr size_t kFirst = 4;  // of the columns looked at here, as people count them

std::optional<uint64_t> number_of(ByteView text, uint64_t max) {
  uint64_t v = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    v = v * 10 + static_cast<uint64_t>(c - '0');
    if (v > max) return std::nullopt;
  }
  return text.empty() ? std::nullopt : std::optional(v);
}

// The next of numbers with commas between them, and perhaps one behind the last.
std::optional<uint64_t> next_number(ByteView& list) {
  const size_t end = std::min(list.find(','), list.size());
  const auto number = number_of(list.substr(0, end), INT32_MAX);
  list.remove_prefix(std::min(end + 1, list.size()));
  return number;
}

bool is_color(ByteView text) {
  if (text == "0") return true;
  if (std::count(text.begin(), text.end(), ',') != 2) return false;
  for (int i = 0; i < 3; ++i) {
    const size_t end = std::min(text.find(','), text.size());
    if (!number_of(text.substr(0, end), 255)) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

bool is_list(ByteView text) {
  return text.find(',') != ByteView::npos && text[0] != ',' &&
         text.find_first_not_of("0123456789,") == ByteView::npos;
}

// What is wrong with the blocks; nullptr: nothing.
const char* wrong_with_blocks(ByteView count_text, ByteView sizes, ByteView starts,
                              uint64_t bases) {
  const auto count = number_of(count_text, INT32_MAX);
  if (!count || *count == 0) return "its blockCount is no number of blocks";
  uint64_t reached = 0;
  for (uint64_t i = 0; i < *count; ++i) {
    const auto size = next_number(sizes);
    if (!size) return "its blockSizes are fewer than its blockCount, or no numbers";
    const auto start = next_number(starts);
    if (!start) return "its blockStarts are fewer than its blockCount, or no numbers";
    if (i == 0 && *start != 0) return "its first block does not begin where it begins";
    if (*start < reached) return "its blocks overlap or are out of order";
    reached = *start + *size;
    if (reached > bases) return "a block of it ends behind its end";
  }
  if (!sizes.empty()) return "its blockSizes are more than its blockCount";
  if (!starts.empty()) return "its blockStarts are more than its blockCount";
  return reached == bases ? nullptr : "its last block does not end where it ends";
}

}  // namespace

Result<BedStandard> standard_of_bed(const BedColumns& c) {
  std::array<ByteView, kBedColumnsStandard - kBedColumnsMin> fields;
  ByteView more = c.more;
  size_t have = kFirst - 1;
  while (have < kBedColumnsStandard) {
    const auto one = next_bed_column(more, c.tabs);
    if (!one) break;
    fields[have++ + 1 - kFirst] = *one;
  }
  const auto field = [&](size_t column) { return fields[column - kFirst]; };
  const auto until = [](uint32_t columns, const char* why) { return BedStandard{columns, why}; };
  if (have < 4) return until(3, nullptr);
  if (field(4).empty()) return until(3, "its name is empty");
  if (have < 5) return until(4, nullptr);
  if (!number_of(field(5), 1000)) return until(4, "its score is no whole number from 0 to 1000");
  if (have < 6) return until(5, nullptr);
  const ByteView strand = field(6);
  if (strand != "+" && strand != "-" && strand != ".") {
    return until(5, "its strand is none of +, - and .");
  }
  if (have < 7) return until(6, nullptr);
  const auto thick_begin = number_of(field(7), c.end);
  if (!thick_begin || *thick_begin < c.begin) {
    return until(6, "its thickStart is no position of it");
  }
  if (have < 8) return until(7, nullptr);
  const auto thick_end = number_of(field(8), c.end);
  if (!thick_end || *thick_end < *thick_begin) {
    return until(7, "its thickEnd is no position of it, or lies before its thickStart");
  }
  if (have < 9) return until(8, nullptr);
  if (!is_color(field(9))) return until(8, "its itemRgb is neither 0 nor three numbers up to 255");
  if (have < kBedColumnsStandard) return until(9, nullptr);
  const char* wrong = wrong_with_blocks(field(10), field(11), field(12), c.end - c.begin);
  if (wrong == nullptr) return until(12, nullptr);
  if (is_list(field(11)) && is_list(field(12))) return make_error(Code::invalid_argument, wrong);
  return until(9, wrong);
}

}  // namespace medarc::genomics
