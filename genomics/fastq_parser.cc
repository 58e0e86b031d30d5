#include "genomics/fastq_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "genomics/letter_counts.h"

namespace medarc::genomics {
namespace {

// What may be in SEQ: IUPAC letters in both cases, '.', '-' and '*'.
constexpr std::array<bool, 256> make_letters() {
  std::array<bool, 256> t{};
  for (const char c : std::string_view("ABCDGHKMNRSTUVWXYabcdghkmnrstuvwxy.-*")) {
    t[static_cast<uint8_t>(c)] = true;
  }
  return t;
}
constexpr std::array<bool, 256> kLetters = make_letters();

}  // namespace

// Below ';' (59) only offset 33 can be. Above 'J' (74, Phred+33 Q41) it is 64, up to 'j' (106, its
// Q42); beyond that only consensus reads with offset 33 go.
int FastqCounts::phred_offset() const {
  if (records == 0 || bases == 0) return 0;
  if (quality_min < 59 || quality_max > 106) return 33;
  return quality_max > 74 ? 64 : 0;
}

std::string FastqCounts::json() const {
  const bool any = records > 0;
  const int offset = phred_offset();
  std::string out =
      fmt::format(R"({{"records":{},"bases":{},"readLength":{{"min":{},"max":{},"mean":{:.2f}}},)",
                  records, bases, any ? length_min : 0, length_max,
                  any ? static_cast<double>(bases) / static_cast<double>(records) : 0.0);
  out += fmt::format(R"("gcPercent":{},)",
                     acgt == 0 ? "null"
                               : fmt::format("{:.2f}", 100.0 * static_cast<double>(gc) /
                                                           static_cast<double>(acgt)));
  if (bases == 0) return out + R"("phredOffset":"undecidable"})";
  out += fmt::format(R"("qualityCharacters":{{"min":{},"max":{}}},)", quality_min, quality_max);
  if (offset == 0) return out + R"("phredOffset":"undecidable"})";
  return out + fmt::format(R"("phredOffset":{},"quality":{{"min":{},"max":{}}}}})", offset,
                           quality_min - offset, quality_max - offset);
}

ReadName read_name(ByteView line) {
  const size_t blank = line.find_first_of(" \t");
  ReadName out{line.substr(0, blank)};
  const auto digit = [](char c) { return c == '1' ? 1 : c == '2' ? 2 : 0; };
  if (out.name.size() > 2 && out.name[out.name.size() - 2] == '/' && digit(out.name.back()) > 0) {
    out.number = digit(out.name.back());
    out.name.remove_suffix(2);
    return out;
  }
  const ByteView comment = blank == ByteView::npos ? ByteView() : line.substr(blank + 1);
  if (comment.size() > 1 && comment[1] == ':') out.number = digit(comment[0]);
  return out;
}

Error FastqParser::bad(const char* what) const {
  return make_error(Code::invalid_argument,
                    fmt::format("FASTQ record {}: {}", counts_.records + 1, what));
}

Status FastqParser::feed(ByteView bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const size_t n = std::min(end, bytes.size());
    if (partial_.size() + n > limits_.line_bytes_max) {
      return make_error(Code::too_large,
                        fmt::format("FASTQ record {}: a line is over genomics.line_bytes_max",
                                    counts_.records + 1));
    }
    if (end == ByteView::npos) {
      partial_.append(bytes);
      return {};
    }
    if (partial_.empty()) {
      MEDARC_TRY(line(bytes.substr(0, n)));
    } else {
      partial_.append(bytes.substr(0, n));
      MEDARC_TRY(line(partial_));
      partial_.clear();
    }
    bytes.remove_prefix(n + 1);
  }
  return {};
}

Status FastqParser::finish() {
  if (!partial_.empty()) {
    const Bytes last = std::move(partial_);
    partial_.clear();
    MEDARC_TRY(line(last));
  }
  // A read of no bases ends in an empty QUAL line, which may lack its line end.
  if (part_ == 3 && bases_ == 0) MEDARC_TRY(line({}));
  if (part_ != 0) return bad("the file ends inside it");
  if (counts_.records == 0)
    return make_error(Code::invalid_argument, "the FASTQ file holds no record");
  return {};
}

Status FastqParser::line(ByteView text) {
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  switch (part_) {
    case 0:
      if (text.empty()) {  // blank lines at the end of a file do no harm
        ended_ = true;
        return {};
      }
      if (ended_) return bad("an empty line stands before it");
      if (text[0] != '@') return bad("it does not start with @");
      if (text.size() < 2) return bad("it has no name");
      if (std::any_of(text.begin(), text.end(),
                      [](unsigned char c) { return c < 0x20 && c != '\t'; })) {
        return bad("its name holds control characters");
      }
      if (visit_) name_.assign(text.substr(1));
      break;
    case 1:
      MEDARC_TRY(sequence(text));
      if (visit_) sequence_.assign(text);
      break;
    case 2:
      if (text.empty() || text[0] != '+') return bad("its third line does not start with +");
      break;
    default:
      MEDARC_TRY(quality(text));
      if (visit_) MEDARC_TRY(visit_({name_, sequence_, text}));
      ++counts_.records;
      break;
  }
  part_ = (part_ + 1) % 4;
  return {};
}

Status FastqParser::sequence(ByteView text) {
  const LetterCounts counts = letter_counts(text);
  const auto is_letter = [](char c) { return kLetters[static_cast<uint8_t>(c)]; };
  if (counts.at + counts.gc + counts.n < text.size() &&
      !std::all_of(text.begin(), text.end(), is_letter)) {
    return bad("SEQ holds a character that is no base");
  }
  bases_ = text.size();
  counts_.acgt += counts.at + counts.gc;
  counts_.gc += counts.gc;
  counts_.bases += bases_;
  counts_.length_min = std::min(counts_.length_min, bases_);
  counts_.length_max = std::max(counts_.length_max, bases_);
  return {};
}

Status FastqParser::quality(ByteView text) {
  if (text.size() != bases_) return bad("SEQ and QUAL have different lengths");
  uint8_t low = 255, high = 0;
  for (const char c : text) {
    low = std::min(low, static_cast<uint8_t>(c));
    high = std::max(high, static_cast<uint8_t>(c));
  }
  if (!text.empty() && (low < 33 || high > 126))
    return bad("QUAL holds a character that is not printable");
  counts_.quality_min = std::min(counts_.quality_min, low);
  counts_.quality_max = std::max(counts_.quality_max, high);
  return {};
}

}  // namespace medarc::genomics
