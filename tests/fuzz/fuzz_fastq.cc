// FASTQ on its way in. The first octet chooses: plain text, a gzip or BGZF file as it stands, or
// text packed here so that it gets past the compression. The second octet seeds the splitting. The
// same text counts the same in every wrapping, however it is split.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "genomics/bgzf.h"
#include "genomics/fastq_parser.h"
#include "genomics/ingest.h"
#include "tests/fuzz/bytes_store.h"
#include "tests/fuzz/pieces.h"

using namespace medarc;
using namespace medarc::genomics;

namespace {

Limits small_limits() {
  Limits limits;
  limits.line_bytes_max = 4096;
  limits.blocks_max = 2000;
  limits.inflate_threads_max = 0;
  return limits;
}

// What was counted, or "!" and the reason; fed in one piece, or in many.
std::string parsed(ByteView text, std::optional<uint32_t> seed = {}) {
  FastqParser parser(small_limits());
  Status status;
  if (!seed) status = parser.feed(text);
  for (fuzz::Pieces pieces(text, seed.value_or(0)); seed && pieces.more() && status.has_value();) {
    status = parser.feed(pieces.next());
  }
  if (status.has_value()) status = parser.finish();
  if (status.has_error()) return "!" + status.error().text;
  const FastqCounts& c = parser.counts();
  if (c.gc > c.acgt || c.acgt > c.bases || c.bases > text.size()) std::abort();
  return c.json();
}

std::string ingested(Format format, ByteView file, std::optional<uint32_t> seed = {}) {
  fuzz::BytesStore store;
  auto sink = open_ingest(format, store, small_limits());
  Status status;
  if (!seed) status = (*sink)->write(file);
  for (fuzz::Pieces pieces(file, seed.value_or(0)); seed && pieces.more() && status.has_value();) {
    status = (*sink)->write(pieces.next());
  }
  if (status.has_error()) return "!" + status.error().text;
  auto done = (*sink)->finish();
  if (done.has_error()) return "!" + done.error().text;
  if (fuzz::BytesStore::bytes_of(done->content) != file) std::abort();
  std::string out = done->statistics_json;
  for (const auto& beside : done->attachments) out += fuzz::BytesStore::bytes_of(beside.blob);
  for (const std::string& identity : done->identities) out += identity;
  return out;
}

// One gzip member, not made smaller: stored blocks are quick, and inflating is zlib's business.
Bytes gzipped(ByteView text) {
  z_stream z{};
  if (deflateInit2(&z, 0, Z_DEFLATED, 15 + 16, 1, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  Bytes out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) std::abort();
  out.resize(out.size() - z.avail_out);
  deflateEnd(&z);
  return out;
}

// What the parser counted, of all that an ingest says.
std::string counts_of(const std::string& outcome) {
  const size_t rest = outcome.find(R"(,"fastq":)");
  return rest == std::string::npos ? outcome : outcome.substr(0, rest) + "}";
}

bool refused(const std::string& outcome) { return outcome.starts_with('!'); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const ByteView rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const uint32_t seed = data[1];
  switch (data[0] % 5) {
    case 0:
      if (ingested(Format::fastq_gzip, rest, seed) != ingested(Format::fastq_gzip, rest))
        std::abort();
      return 0;
    case 1:
      if (ingested(Format::fastq_bgzf, rest, seed) != ingested(Format::fastq_bgzf, rest))
        std::abort();
      return 0;
    default: break;
  }
  const std::string wanted = parsed(rest);
  if (parsed(rest, seed) != wanted || parsed(rest, seed + 256) != wanted) std::abort();
  if (data[0] % 5 == 2) {
    const std::string whole = ingested(Format::fastq, rest);
    if (counts_of(whole) != wanted || ingested(Format::fastq, rest, seed) != whole) std::abort();
    return 0;
  }
  const bool blocked = data[0] % 5 == 3;
  Bytes packed;
  if (blocked) {
    static const BgzfDeflater deflater;
    const size_t block = std::max<size_t>(1 + data[1], rest.size() / 100 + 1);
    for (size_t at = 0; at < rest.size(); at += block) {
      deflater.deflate(rest.substr(at, block), packed);
    }
    packed += kBgzfEof;
  } else {
    packed = gzipped(rest);
  }
  const std::string got = ingested(blocked ? Format::fastq_bgzf : Format::fastq_gzip, packed, seed);
  if (refused(got) != refused(wanted)) std::abort();
  if (!refused(wanted) && counts_of(got) != wanted) std::abort();
  return 0;
}
