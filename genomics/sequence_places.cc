#include "genomics/sequence_places.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/codec.h"

namespace medarc::genomics {
namespace {

constexpr ByteView kMagic{"MEDSEQS1", 8};

template <size_t N>
bool take(Decoder& in, std::array<uint8_t, N>& out) {
  const ByteView bytes = in.raw(N);
  if (bytes.size() != N) return false;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

template <size_t N>
ByteView view(const std::array<uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

bool get(Decoder& in, SequencePlace& s) {
  s.name = in.bytes();
  s.letters = in.varint();
  s.offset = in.varint();
  const uint64_t line_letters = in.varint(), line_bytes = in.varint();
  const uint64_t circular = in.varint();
  if (!take(in, s.digests.md5) || !take(in, s.digests.sha512t24)) return false;
  if (s.name.empty() || s.letters == 0 || circular > 1 || line_letters > UINT32_MAX ||
      line_bytes > UINT32_MAX || (line_letters > 0 && line_bytes <= line_letters)) {
    return false;
  }
  s.line_letters = static_cast<uint32_t>(line_letters);
  s.line_bytes = static_cast<uint32_t>(line_bytes);
  s.circular = circular == 1;
  if (line_letters > 0) return true;
  const uint64_t marks = in.varint();
  if (marks != (s.letters - 1) / kLettersPerMark + 1 || marks > in.rest().size()) {
    return false;
  }
  uint64_t at = 0;
  for (uint64_t i = 0; i < marks; ++i) s.marks.push_back(at += in.varint());
  return in.ok() && s.marks.front() == s.offset;
}

}  // namespace

Bytes encode(const SequencePlaces& places) {
  Encoder out;
  out.raw(kMagic);
  out.varint(static_cast<uint64_t>(places.form));
  out.varint(places.sequences.size());
  for (const SequencePlace& s : places.sequences) {
    out.bytes(s.name);
    out.varint(s.letters);
    out.varint(s.offset);
    out.varint(s.line_letters);
    out.varint(s.line_bytes);
    out.varint(s.circular ? 1 : 0);
    out.raw(view(s.digests.md5));
    out.raw(view(s.digests.sha512t24));
    if (s.line_letters > 0) continue;
    out.varint(s.marks.size());
    uint64_t before = 0;
    for (const uint64_t mark : s.marks) {
      out.varint(mark - before);
      before = mark;
    }
  }
  return out.take();
}

Result<SequencePlaces> decode_sequence_places(ByteView stored) {
  const Error corrupt = make_error(Code::corrupt, "the places of a file's sequences are damaged");
  Decoder in(stored);
  if (in.raw(kMagic.size()) != kMagic) return corrupt;
  SequencePlaces out;
  const uint64_t form = in.varint(), count = in.varint();
  if (form > static_cast<uint64_t>(TextForm::inflated) || count > stored.size()) return corrupt;
  out.form = static_cast<TextForm>(form);
  for (uint64_t i = 0; i < count; ++i) {
    if (!get(in, out.sequences.emplace_back())) return corrupt;
  }
  if (!in.at_end()) return corrupt;
  return out;
}

Bytes fai_of(const SequencePlaces& places) {
  Bytes out;
  for (const SequencePlace& s : places.sequences) {
    out += fmt::format("{}\t{}\t{}\t{}\t{}\n", s.name, s.letters, s.offset, s.line_letters,
                       s.line_bytes);
  }
  return out;
}

}  // namespace medarc::genomics
