#include "genomics/bam_header.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace medarc::genomics {
namespace {

constexpr ByteView kMagic{"BAM\1", 4};
constexpr uint32_t kNameBytesMax = 4096;  // of a reference sequence

uint32_t le32(ByteView b, size_t at) {
  uint32_t v;
  std::memcpy(&v, b.data() + at, 4);
  if constexpr (std::endian::native == std::endian::big) v = __builtin_bswap32(v);
  return v;
}

Error bad(const std::string& what) {
  return make_error(Code::invalid_argument, "the BAM header is damaged: " + what);
}

// SAM specification 1.2.1: what a reference sequence may be called.
bool is_reference_name(std::string_view name) {
  if (name.empty() || name[0] == '*' || name[0] == '=') return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace

Result<bool> BamHeaderParser::feed(ByteView& bytes) {
  while (true) {
    if (bytes_.size() < wanted_) {
      const ByteView piece = bytes.substr(0, wanted_ - bytes_.size());
      bytes_.append(piece);
      bytes.remove_prefix(piece.size());
      if (bytes_.size() < wanted_) return false;
    }
    MEDARC_ASSIGN(const bool done, parse());
    if (done) return true;
  }
}

// Each step reads what it has been promised and says how much the next one needs.
Result<bool> BamHeaderParser::parse() {
  if (at_ == 0) {
    if (!ByteView(bytes_).starts_with(kMagic)) return bad("no BAM magic");
    const uint32_t text_bytes = le32(bytes_, 4);
    if (text_bytes > limits_.header_bytes_max) {
      return make_error(Code::too_large, "the BAM header is over genomics.header_bytes_max");
    }
    if (wanted_ == 12) {
      wanted_ += text_bytes;  // magic, text and the count of references
      if (text_bytes > 0) return false;
    }
    header_.text = bytes_.substr(8, text_bytes);
    at_ = 12 + text_bytes;
    left_ = le32(bytes_, at_ - 4);
    if (*left_ > limits_.references_max) {
      return make_error(Code::too_large,
                        "the BAM header has more than genomics.references_max references");
    }
    MEDARC_TRY(parse_text());
    wanted_ = at_ + 4;
    return *left_ == 0 ? (wanted_ = at_, true) : false;
  }
  if (wanted_ == at_ + 4) {  // a name's length is here
    const uint32_t name_bytes = le32(bytes_, at_);
    if (name_bytes < 2 || name_bytes > kNameBytesMax)
      return bad("a reference name has no valid length");
    wanted_ = at_ + 4 + name_bytes + 4;
    if (wanted_ > limits_.header_bytes_max) {
      return make_error(Code::too_large, "the BAM header is over genomics.header_bytes_max");
    }
    return false;
  }
  const uint32_t name_bytes = le32(bytes_, at_);
  Reference reference;
  reference.name = bytes_.substr(at_ + 4, name_bytes - 1);
  reference.bases = le32(bytes_, at_ + 4 + name_bytes);
  if (bytes_[at_ + 4 + name_bytes - 1] != '\0' || !is_reference_name(reference.name)) {
    return bad("a reference name is not valid");
  }
  if (reference.bases > INT32_MAX) return bad("a reference is longer than 2^31-1 bases");
  const auto id = static_cast<int32_t>(header_.references.size());
  if (!header_.ids.emplace(reference.name, id).second) return bad("two references have one name");
  header_.references.push_back(std::move(reference));
  at_ = wanted_;
  if (--*left_ == 0) return true;
  wanted_ = at_ + 4;
  return false;
}

Status BamHeaderParser::parse_text() {
  std::string& text = header_.text;
  text.resize(text.find_last_not_of('\0') + 1);
  std::string_view rest = text;
  for (size_t line_number = 1; !rest.empty(); ++line_number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    const auto wrong = [&](const char* what) {
      return bad("line " + std::to_string(line_number) + " of its text " + what);
    };
    if (line.size() < 3 || line[0] != '@' || (line.size() > 3 && line[3] != '\t')) {
      return wrong("does not start with @ and a record type");
    }
    if (line.find('\0') != std::string_view::npos) return wrong("holds a NUL");
    if (!line.starts_with("@RG\t")) continue;
    const size_t tag = line.find("\tSM:");
    if (tag == std::string_view::npos) continue;
    std::string_view sample = line.substr(tag + 4);
    sample = sample.substr(0, sample.find_first_of("\t\r"));
    if (sample.empty()) continue;
    auto& samples = header_.samples;
    if (std::find(samples.begin(), samples.end(), sample) != samples.end()) continue;
    if (samples.size() >= limits_.samples_max) {
      return make_error(Code::too_large,
                        "the BAM header names more than genomics.samples_max samples");
    }
    samples.emplace_back(sample);
  }
  return {};
}

}  // namespace medarc::genomics
