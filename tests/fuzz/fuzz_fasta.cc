// FASTA on its way in. The first octet chooses: plain text, a gzip or BGZF file as it stands; the
// second seeds the splitting. The same text has the same places however it is split, they come back
// from their stored form, and letters lie where they say.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "genomics/fasta_parser.h"
#include "genomics/ingest.h"
#include "tests/fuzz/bytes_store.h"
#include "tests/fuzz/pieces.h"

using namespace medarc;
using namespace medarc::genomics;

namespace {

Limits small_limits() {
  Limits limits;
  limits.line_bytes_max = 4096;
  limits.references_max = 1000;
  limits.blocks_max = 2000;
  limits.inflate_threads_max = 0;
  return limits;
}

void check_places(const FastaContent& content, ByteView text) {
  for (const SequencePlace& s : content.places.sequences) {
    if (s.letters == 0 || s.offset >= text.size()) std::abort();
    const uint64_t last = s.letters - 1;
    const uint64_t at =
        s.line_letters > 0 ? s.offset + last / s.line_letters * s.line_bytes + last % s.line_letters
                           : s.marks.at(last / kLettersPerMark) + last % kLettersPerMark;
    if (at >= text.size() || text[s.offset] == '\n') std::abort();
    if (s.line_letters > 0 && (text[at] == '\n' || text[at] == '\r')) std::abort();
  }
}

std::string parsed(ByteView text, std::optional<uint32_t> seed = {}) {
  FastaParser parser(small_limits());
  Status status;
  if (!seed) status = parser.feed(text);
  for (fuzz::Pieces pieces(text, seed.value_or(0)); seed && pieces.more() && status.has_value();) {
    status = parser.feed(pieces.next());
  }
  if (status.has_error()) return "!" + status.error().text;
  auto done = parser.finish();
  if (done.has_error()) return "!" + done.error().text;
  check_places(*done, text);
  const Bytes stored = encode(done->places);
  const auto again = decode_sequence_places(stored);
  if (again.has_error() || encode(*again) != stored) std::abort();
  return stored;
}

std::string ingested(Format format, ByteView file, uint32_t seed) {
  fuzz::BytesStore store;
  auto sink = open_ingest(format, store, small_limits());
  Status status;
  for (fuzz::Pieces pieces(file, seed); pieces.more() && status.has_value();) {
    status = (*sink)->write(pieces.next());
  }
  if (status.has_error()) return "!";
  auto done = (*sink)->finish();
  if (done.has_error()) return "!";
  if (fuzz::BytesStore::bytes_of(done->content) != file) std::abort();
  return done->statistics_json;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const ByteView rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const uint32_t seed = data[1];
  switch (data[0] % 4) {
    case 0: ingested(Format::fasta_gzip, rest, seed); return 0;
    case 1: ingested(Format::fasta_bgzf, rest, seed); return 0;
    case 2: (void)decode_sequence_places(rest); return 0;
    default: break;
  }
  const std::string whole = parsed(rest);
  if (parsed(rest, seed) != whole) std::abort();
  if (ingested(Format::fasta, rest, seed).starts_with('!') != whole.starts_with('!')) std::abort();
  return 0;
}
