#include "dicom/part10.h"

#include "dicom/dictionary.h"
#include "dicom/implementation.h"
#include "dicom/scanner.h"
#include "dicom/transfer_syntax.h"

namespace medarc::dicom {
namespace {

constexpr size_t kPreambleBytes = 128;

void put16(Bytes& out, uint16_t v) {
  out += static_cast<char>(v);
  out += static_cast<char>(v >> 8);
}
void put32(Bytes& out, uint32_t v) {
  put16(out, static_cast<uint16_t>(v));
  put16(out, static_cast<uint16_t>(v >> 16));
}

void put_text(Bytes& out, uint16_t element, const char (&vr)[3], std::string value, char pad) {
  if (value.size() % 2 != 0) value += pad;
  put16(out, 2);
  put16(out, element);
  out.append(vr, 2);
  put16(out, static_cast<uint16_t>(value.size()));
  out += value;
}

std::string uid_text(ByteView bytes) {
  while (!bytes.empty() && (bytes.back() == '\0' || bytes.back() == ' ')) bytes.remove_suffix(1);
  return std::string(bytes);
}

bool two_letters(ByteView v) {
  return v.size() >= 2 && v[0] >= 'A' && v[0] <= 'Z' && v[1] >= 'A' && v[1] <= 'Z';
}

// What a dataset without a stated transfer syntax is: by its first element's VR.
std::string guess_syntax(ByteView dataset) {
  if (dataset.size() >= 6 && two_letters(dataset.substr(4))) {
    return std::string(static_cast<uint8_t>(dataset[0]) == 0 ? kExplicitBig : kExplicitLittle);
  }
  return std::string(kImplicitLittle);
}

// A first element that a dataset may begin with: group 0008 (or command-free 0004), and a length
// that is not absurd.
bool plausible_dataset(ByteView v) {
  if (v.size() < 8) return false;
  const uint64_t little = read_number(v, 2, false), big = read_number(v, 2, true);
  if (two_letters(v.substr(4))) return little == 8 || big == 8 || little == 4;
  return little == 8 && read_number(v.substr(4), 4, false) < (1u << 20);
}

// "DICM" at its place is the prefix unless it stands in a value of a dataset without preamble: then
// the file begins with an element, and no group 2 follows.
bool has_prefix(ByteView start) {
  if (start.substr(0, kPreambleBytes + 4).substr(kPreambleBytes) != "DICM") return false;
  const ByteView after = start.substr(kPreambleBytes + 4);
  const bool meta = after.size() >= 2 && read_number(after, 2, false) == 2;
  return meta || !plausible_dataset(start);
}

}  // namespace

Bytes make_envelope(const index::SopClassUid& sop_class, const index::SopInstanceUid& instance,
                    const index::TransferSyntaxUid& transfer_syntax) {
  Bytes group;
  put16(group, 2);
  put16(group, 1);
  group += "OB";
  put16(group, 0);
  put32(group, 2);
  group.append("\x00\x01", 2);
  put_text(group, 0x0002, "UI", sop_class.value, '\0');
  put_text(group, 0x0003, "UI", instance.value, '\0');
  put_text(group, 0x0010, "UI", transfer_syntax.value, '\0');
  put_text(group, 0x0012, "UI", std::string(kImplementationClassUid), '\0');
  put_text(group, 0x0013, "SH", std::string(kImplementationVersion), ' ');
  Bytes out(kPreambleBytes, '\0');
  out += "DICM";
  put16(out, 2);
  put16(out, 0);
  out += "UL";
  put16(out, 4);
  put32(out, static_cast<uint32_t>(group.size()));
  return out + group;
}

Result<std::optional<Envelope>> parse_envelope(ByteView start, bool at_end, const Limits& limits) {
  const auto more = std::optional<Envelope>();
  if (start.size() < kPreambleBytes + 6 && !at_end) return more;
  Envelope out;
  size_t at = 0;
  if (start.size() >= kPreambleBytes + 4 && has_prefix(start)) {
    out.preamble = true;
    at = kPreambleBytes + 4;
  } else if (start.size() >= 4 && start.substr(0, 4) == "DICM") {
    at = 4;
  }
  // Group 2 is explicit little endian, whatever follows.
  while (true) {
    const ByteView rest = start.substr(at);
    if (rest.size() < 2) {
      if (!at_end) return more;
      break;
    }
    if (read_number(rest, 2, false) != 2) break;
    if (rest.size() < 12) {
      if (at_end)
        return make_error(Code::invalid_argument, "the file meta information is cut short");
      return more;
    }
    if (!two_letters(rest.substr(4))) {
      return make_error(Code::invalid_argument, "the file meta information cannot be read");
    }
    const ByteView vr = rest.substr(4, 2);
    const bool long_form = vr == "OB" || vr == "OW" || vr == "UN" || vr == "UT" || vr == "SQ" ||
                           vr == "OF" || vr == "OD" || vr == "OL" || vr == "OV" || vr == "UC" ||
                           vr == "UR" || vr == "SV" || vr == "UV";
    const uint64_t length =
        long_form ? read_number(rest.substr(8), 4, false) : read_number(rest.substr(6), 2, false);
    const size_t head = long_form ? 12 : 8;
    if (at + head + length > kPreambleBytes + 4 + limits.file_meta_bytes_max) {
      return make_error(Code::too_large,
                        "the file meta information is over dicom.file_meta_bytes_max");
    }
    if (rest.size() < head + length) {
      if (at_end)
        return make_error(Code::invalid_argument, "the file meta information is cut short");
      return more;
    }
    const ByteView value = rest.substr(head, length);
    switch (read_number(rest.substr(2), 2, false)) {
      case 0x0002: out.sop_class = uid_text(value); break;
      case 0x0003: out.instance = uid_text(value); break;
      case 0x0010: out.transfer_syntax = uid_text(value); break;
      default: break;
    }
    at += head + length;
  }
  out.length = at;
  const ByteView dataset = start.substr(at);
  if (out.transfer_syntax.empty()) {
    if (dataset.size() < 8 && !at_end) return more;
    if (!plausible_dataset(dataset)) {
      return make_error(Code::invalid_argument, "this is no DICOM object");
    }
    out.transfer_syntax = guess_syntax(dataset);
  }
  return std::optional<Envelope>(std::move(out));
}

std::string_view format_of_preamble(ByteView envelope) {
  using namespace std::string_view_literals;
  struct Start {
    std::string_view bytes, name;
  };
  static constexpr Start kStarts[] = {{"II*\0"sv, "TIFF"},
                                      {"MM\0*"sv, "TIFF"},
                                      {"II+\0"sv, "TIFF"},
                                      {"MM\0+"sv, "TIFF"},
                                      {"MZ"sv, "a Windows program"},
                                      {"\x7F"
                                       "ELF"sv,
                                       "a Linux program"},
                                      {"#!"sv, "a script"},
                                      {"%PDF"sv, "PDF"},
                                      {"PK\3\4"sv, "ZIP"}};
  if (envelope.size() < kPreambleBytes + 4) return {};
  for (const Start& s : kStarts) {
    if (envelope.starts_with(s.bytes)) return s.name;
  }
  const size_t text = envelope.substr(0, kPreambleBytes).find_first_not_of(" \t\r\n");
  if (text != ByteView::npos && envelope[text] == '<') return "HTML or XML";
  return {};
}

}  // namespace medarc::dicom
