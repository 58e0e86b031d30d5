#include "genomics/fasta_parser.h"

#include <algorithm>
#include <array>

namespace medarc::genomics {
namespace {

constexpr uint8_t kResidue = 1, kLetter = 2, kAcgt = 4, kGc = 8;
constexpr size_t kNameBytesMax = 4096;
constexpr size_t kPieceBytes = 16'384;
constexpr const char* kNoLetter = "it holds a character that is no letter";

constexpr std::array<uint8_t, 256> make_residues() {
  std::array<uint8_t, 256> t{};
  for (int c = 'A'; c <= 'Z'; ++c) {
    t[static_cast<size_t>(c)] = kResidue | kLetter;
    t[static_cast<size_t>(c + 32)] = kResidue | kLetter;
  }
  for (const char c : std::string_view("*-.")) t[static_cast<uint8_t>(c)] = kResidue;
  for (const char c : std::string_view("ACGTUacgtu")) t[static_cast<uint8_t>(c)] |= kAcgt;
  for (const char c : std::string_view("GCgc")) t[static_cast<uint8_t>(c)] |= kGc;
  return t;
}
constexpr std::array<uint8_t, 256> kResidues = make_residues();

}  // namespace

Error FastaParser::bad(uint64_t line, const std::string& what) const {
  return make_error(Code::invalid_argument, "FASTA line " + std::to_string(line) + ": " + what);
}

Status FastaParser::feed(ByteView bytes) {
  while (!bytes.empty()) {
    if (in_ == In::line_start) {
      MEDARC_TRY(begin_line(bytes[0]));
      if (in_ == In::name) {
        bytes.remove_prefix(1);
        ++at_;
        continue;
      }
    }
    const size_t end = bytes.find('\n');
    ByteView piece = bytes.substr(0, end);
    bytes.remove_prefix(std::min(piece.size() + 1, bytes.size()));
    const bool line_ends = end != ByteView::npos;
    if (in_ == In::name) {
      MEDARC_TRY(name_goes_on(piece));
    } else {
      MEDARC_TRY(sequence_goes_on(piece));
    }
    if (!line_ends) continue;
    ++at_;
    if (in_ == In::name) {
      MEDARC_TRY(name_ends());
    } else {
      MEDARC_TRY(sequence_line_ends(true));
    }
    in_ = In::line_start;
    carriage_return_ = false;
    ++line_;
  }
  return {};
}

Status FastaParser::name_goes_on(ByteView piece) {
  at_ += piece.size();
  name_bytes_ += piece.size();
  if (name_bytes_ > limits_.line_bytes_max) {
    return make_error(Code::too_large, "FASTA line " + std::to_string(line_) +
                                           ": it is over genomics.line_bytes_max");
  }
  name_.append(piece.substr(0, kNameBytesMax + 2 - std::min(name_.size(), kNameBytesMax + 2)));
  return {};
}

Status FastaParser::sequence_goes_on(ByteView piece) {
  if (piece.empty()) return {};
  if (carriage_return_) return bad(line_, kNoLetter);
  carriage_return_ = piece.ends_with('\r');
  if (carriage_return_) piece.remove_suffix(1);
  MEDARC_TRY(letters(piece));
  if (carriage_return_) ++at_;
  return {};
}

Status FastaParser::begin_line(char first) {
  line_begin_ = at_;
  line_letters_ = 0;
  if (first == '>') {
    if (any_) MEDARC_TRY(sequence_ends());
    any_ = true;
    name_.clear();
    name_bytes_ = 0;
    name_line_ = line_;
    in_ = In::name;
    return {};
  }
  if (!any_) return bad(line_, "a sequence begins with '>' and its name");
  in_ = In::letters;
  return {};
}

Status FastaParser::name_ends() {
  const std::string name = name_.substr(0, name_.find_first_of(" \t\r"));
  if (name.empty()) return bad(line_, "the sequence has no name");
  if (name.size() > kNameBytesMax) return bad(line_, "the name is longer than 4096 bytes");
  if (std::any_of(name.begin(), name.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
    return bad(line_, "the name holds control characters");
  }
  if (names_.size() >= limits_.references_max) {
    return make_error(Code::too_large,
                      "the FASTA file has more than genomics.references_max sequences");
  }
  if (!names_.insert(name).second) return bad(line_, "an earlier sequence has this name");
  place_ = {};
  place_.name = name;
  short_line_ = false;
  alike_ = true;
  return {};
}

// Pieces of a line, as they come. Moves at_ over them.
Status FastaParser::letters(ByteView piece) {
  std::array<char, kPieceBytes> upper;
  while (!piece.empty()) {
    const uint64_t to_mark = kLettersPerMark - place_.letters % kLettersPerMark;
    const ByteView part = piece.substr(0, std::min<uint64_t>(kPieceBytes, to_mark));
    uint8_t all = kResidue | kLetter;
    uint64_t acgt = 0, gc = 0;
    for (size_t i = 0; i < part.size(); ++i) {
      const auto c = static_cast<uint8_t>(part[i]);
      const uint8_t k = kResidues[c];
      all &= k;
      acgt += k >> 2 & 1;
      gc += k >> 3;
      upper[i] = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    if ((all & kResidue) == 0) return bad(line_, kNoLetter);
    if ((all & kLetter) == 0) content_.all_letters = false;
    if (place_.letters == 0) place_.offset = at_;
    if (place_.letters % kLettersPerMark == 0) place_.marks.push_back(at_);
    if (content_.all_letters) hasher_.update({upper.data(), part.size()});
    content_.acgt += acgt;
    content_.gc += gc;
    place_.letters += part.size();
    line_letters_ += part.size();
    at_ += part.size();
    piece.remove_prefix(part.size());
  }
  return {};
}

// As faidx has it: every line like the first, the last may be shorter, empty ones may follow.
// `ended`: by a line end; at_ is behind it.
Status FastaParser::sequence_line_ends(bool ended) {
  const uint64_t bytes = at_ - line_begin_ + (ended ? 0 : 1);
  if (line_letters_ == 0) {
    short_line_ = true;
    return {};
  }
  if (short_line_) alike_ = false;
  if (place_.letters == line_letters_) {  // the first line that holds any
    if (bytes > UINT32_MAX) {
      alike_ = false;  // its length cannot be written down; marks say where letters are
      return {};
    }
    place_.line_letters = static_cast<uint32_t>(line_letters_);
    place_.line_bytes = static_cast<uint32_t>(bytes);
    return {};
  }
  if (line_letters_ > place_.line_letters) alike_ = false;
  if (line_letters_ < place_.line_letters) short_line_ = true;
  if (line_letters_ == place_.line_letters && bytes != place_.line_bytes) short_line_ = true;
  return {};
}

Status FastaParser::sequence_ends() {
  if (place_.letters == 0) return bad(name_line_, "the sequence has no letters");
  if (alike_) {
    place_.marks.clear();
    place_.marks.shrink_to_fit();
  } else {
    place_.line_letters = place_.line_bytes = 0;
    content_.lines_alike = false;
  }
  place_.digests = hasher_.finish();
  content_.letters += place_.letters;
  content_.places.sequences.push_back(std::move(place_));
  place_ = {};
  return {};
}

Result<FastaContent> FastaParser::finish() {
  if (carriage_return_ && in_ == In::letters) --at_;  // it is no letter, and no line end either
  if (in_ == In::name) MEDARC_TRY(name_ends());
  if (in_ == In::letters) MEDARC_TRY(sequence_line_ends(false));
  if (!any_) return make_error(Code::invalid_argument, "the FASTA file holds no sequence");
  MEDARC_TRY(sequence_ends());
  if (!content_.all_letters) {  // some were hashed before that was known
    for (SequencePlace& place : content_.places.sequences) place.digests = {};
  }
  return std::move(content_);
}

}  // namespace medarc::genomics
