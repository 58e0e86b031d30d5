// BGZF blocks by zlib with settings of one's choice.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/bytes.h"

namespace medarc::test {

// A block as zlib makes it with these settings, without any of the code under test.
inline Bytes zlib_block(ByteView plain, int level, int memory, int strategy,
                        const Bytes& extra = {}) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, level, Z_DEFLATED, -15, memory, strategy), Z_OK);
  Bytes deflated(80'000, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(deflated.data());
  z.avail_out = static_cast<uInt>(deflated.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  deflated.resize(z.total_out);
  deflateEnd(&z);
  const auto le = [](uint32_t v, int n) {
    Bytes out;
    for (int i = 0; i < n; ++i) out += static_cast<char>(v >> (8 * i));
    return out;
  };
  Bytes out("\x1f\x8b\x08\x04\x12\x34\x56\x78\x02\x03", 10);  // a time, XFL and OS of some writer
  out += le(static_cast<uint32_t>(extra.size() + 6), 2) + extra + Bytes("BC\2\0", 4);
  out += le(static_cast<uint32_t>(out.size() + 2 + deflated.size() + 8 - 1), 2) + deflated;
  out += le(static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(plain.data()),
                                        static_cast<uInt>(plain.size()))),
            4);
  return out + le(static_cast<uint32_t>(plain.size()), 4);
}

}  // namespace medarc::test
