#include "genomics/record_json.h"

#include <fmt/format.h>
#include <htslib/sam.h>

#include <cmath>
#include <cstring>

#include "genomics/hts_record.h"

namespace medarc::genomics {
namespace {

constexpr uint8_t kNoQuality = 0xFF;

void append_text(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    const auto u = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20 || u >= 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", u);
    } else {
      out += c;
    }
  }
  out += '"';
}

template <class T>
T load(const uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof v);  // little endian, as every machine HTSlib's macros are used on here
  return v;
}

void append_float(const uint8_t* p, std::string& out) {
  const float v = load<float>(p);
  if (std::isfinite(v)) {
    fmt::format_to(std::back_inserter(out), "{}", v);
  } else {
    out += "null";
  }
}

// One number; answers its bytes, 0 for a type that is none.
size_t append_number(char type, const uint8_t* p, size_t left, std::string& out) {
  const size_t bytes = type == 'c' || type == 'C'                  ? 1
                       : type == 's' || type == 'S'                ? 2
                       : type == 'i' || type == 'I' || type == 'f' ? 4
                                                                   : 0;
  if (bytes == 0 || bytes > left) return 0;
  const auto put = [&](auto v) { fmt::format_to(std::back_inserter(out), "{}", v); };
  switch (type) {
    case 'c': put(int{load<int8_t>(p)}); break;
    case 'C': put(int{p[0]}); break;
    case 's': put(int{load<int16_t>(p)}); break;
    case 'S': put(int{load<uint16_t>(p)}); break;
    case 'i': put(load<int32_t>(p)); break;
    case 'I': put(load<uint32_t>(p)); break;
    default: append_float(p, out); break;
  }
  return bytes;
}

Error corrupt() { return make_error(Code::corrupt, "a stored record is not as it was checked"); }

// The value behind name and type; answers its bytes.
Result<size_t> append_value(char type, const uint8_t* p, size_t left, std::string& out) {
  if (type == 'A') {
    if (left < 1) return corrupt();
    append_text({reinterpret_cast<const char*>(p), 1}, out);
    return size_t{1};
  }
  if (type == 'Z' || type == 'H') {
    const auto* end = static_cast<const uint8_t*>(std::memchr(p, 0, left));
    if (end == nullptr) return corrupt();
    append_text({reinterpret_cast<const char*>(p), static_cast<size_t>(end - p)}, out);
    return static_cast<size_t>(end - p) + 1;
  }
  if (type != 'B') {
    const size_t bytes = append_number(type, p, left, out);
    if (bytes == 0) return corrupt();
    return bytes;
  }
  if (left < 5) return corrupt();
  const auto of = static_cast<char>(p[0]);
  const auto count = load<uint32_t>(p + 1);
  size_t at = 5;
  out += '[';
  for (uint32_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    const size_t bytes = append_number(of, p + at, left - at, out);
    if (bytes == 0) return corrupt();
    at += bytes;
  }
  out += ']';
  return at;
}

Status append_tags(const bam1_t* b, std::string& out) {
  const uint8_t* p = bam_get_aux(b);
  size_t left = static_cast<size_t>(bam_get_l_aux(b));
  out += '{';
  for (bool first = true; left > 0; first = false) {
    if (left < 4) return corrupt();
    if (!first) out += ',';
    append_text({reinterpret_cast<const char*>(p), 2}, out);
    out += ':';
    MEDARC_ASSIGN(const size_t bytes, append_value(static_cast<char>(p[2]), p + 3, left - 3, out));
    p += 3 + bytes;
    left -= 3 + bytes;
  }
  out += '}';
  return {};
}

}  // namespace

struct RecordJson::State {
  const BamHeader& header;
  bam1_t* record = bam_init1();
  explicit State(const BamHeader& h) : header(h) {}
  ~State() { bam_destroy1(record); }
};

RecordJson::RecordJson(const BamHeader& header) : state_(std::make_unique<State>(header)) {}
RecordJson::~RecordJson() = default;
RecordJson::RecordJson(RecordJson&&) noexcept = default;

Status RecordJson::append(ByteView record, const RecordMask& mask, std::string& out) {
  bam1_t* b = state_->record;
  if (b == nullptr) return make_error(Code::exhausted, "no memory for a record");
  MEDARC_TRY(load_record(record, b));
  const bam1_core_t& c = b->core;
  const std::vector<Reference>& references = state_->header.references;
  char before = '{';
  const auto key = [&](Field field, const char* name) {
    if (!mask.keeps(field)) return false;
    out += before;
    before = ',';
    out += '"';
    out += name;
    out += "\":";
    return true;
  };
  const auto number = [&](int64_t v) { fmt::format_to(std::back_inserter(out), "{}", v); };
  const auto place = [&](int64_t zero_based) {
    if (zero_based < 0) {
      out += "null";
    } else {
      number(zero_based + 1);
    }
  };
  const auto reference = [&](int32_t tid) {
    if (tid < 0 || static_cast<size_t>(tid) >= references.size()) {
      out += "null";
    } else {
      append_text(references[static_cast<size_t>(tid)].name, out);
    }
  };
  const std::string_view name(bam_get_qname(b));
  if (key(Field::qname, "qname")) {
    if (name == "*") {
      out += "null";
    } else {
      append_text(name, out);
    }
  }
  if (key(Field::flag, "flag")) number(c.flag);
  if (key(Field::rname, "rname")) reference(c.tid);
  if (key(Field::pos, "pos")) place(c.pos);
  if (key(Field::mapq, "mapq")) number(c.qual);
  if (key(Field::cigar, "cigar")) {
    const uint32_t* cigar = bam_get_cigar(b);
    if (c.n_cigar == 0) out += "null";
    if (c.n_cigar > 0) out += '"';
    for (uint32_t i = 0; i < c.n_cigar; ++i) {
      number(bam_cigar_oplen(cigar[i]));
      out += bam_cigar_opchr(cigar[i]);
    }
    if (c.n_cigar > 0) out += '"';
  }
  if (key(Field::rnext, "rnext")) reference(c.mtid);
  if (key(Field::pnext, "pnext")) place(c.mpos);
  if (key(Field::tlen, "tlen")) number(c.isize);
  if (key(Field::seq, "seq")) {
    if (c.l_qseq == 0) {
      out += "null";
    } else {
      out += '"';
      const uint8_t* seq = bam_get_seq(b);
      for (int32_t i = 0; i < c.l_qseq; ++i) out += seq_nt16_str[bam_seqi(seq, i)];
      out += '"';
    }
  }
  if (key(Field::qual, "qual")) {
    const uint8_t* quality = bam_get_qual(b);
    if (c.l_qseq == 0 || quality[0] == kNoQuality) {
      out += "null";
    } else {
      std::string text(static_cast<size_t>(c.l_qseq), '\0');
      for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(quality[i] + 33);
      append_text(text, out);
    }
  }
  out += before;
  out += "\"tags\":";
  MEDARC_TRY(append_tags(b, out));
  out += '}';
  return {};
}

}  // namespace medarc::genomics
