// The cold form of BGZF blocks. The first octet chooses: a stored form, undone for a chunk of the
// length that the next three say; or a chunk, which comes back from its form; or the columns of
// records. What does not fit together is an error, and never more than asked for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "genomics/cold/coded_blocks.h"

using namespace medarc;
using namespace medarc::genomics;

namespace {

constexpr uint32_t kLengthMax = 1u << 20;

void undo(ByteView in) {
  if (in.size() < 3) return;
  const uint32_t length =
      (static_cast<uint8_t>(in[0]) | static_cast<uint32_t>(static_cast<uint8_t>(in[1])) << 8 |
       static_cast<uint32_t>(static_cast<uint8_t>(in[2])) << 16) %
      kLengthMax;
  const auto back = ColdDecoder().decode(in.substr(3), length);
  if (back.has_value() ? back->size() != length : back.error().code != Code::corrupt) std::abort();
}

void recode(ByteView chunk) {
  BlockRecoder recoder(ColumnLayout::records, 1);
  (void)recoder.try_first(chunk);
  const auto coded = recoder.encode(chunk);
  if (!coded) return;
  const auto back = ColdDecoder().decode(*coded, static_cast<uint32_t>(chunk.size()));
  if (back.has_error() || *back != chunk) std::abort();
}

void columns(ByteView plain) {
  for (const ColumnLayout layout : {ColumnLayout::records, ColumnLayout::fourths}) {
    const auto back = join_columns(split_columns(plain, layout), plain.size());
    if (back.has_error() || *back != plain) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteView rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: undo(rest); break;
    case 1: recode(rest); break;
    default: columns(rest);
  }
  return 0;
}
