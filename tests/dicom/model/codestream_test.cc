// What codestreams of our own codecs, and a few made by hand, say of their images.
#include "dicom/model/codestream.h"

#include <gtest/gtest.h>

#include "dicom/pixel/codecs/codec.h"
#include "dicom/transfer_syntax.h"
#include "tests/support/frames.h"

namespace medarc::dicom {
namespace {

Bytes big(uint64_t value, int size) {
  Bytes out;
  while (size-- > 0) out += static_cast<char>(value >> (8 * size));
  return out;
}

// Start, optional segments, a frame header of `components`, a scan header, a little data.
Bytes jpeg(uint8_t process, int components, uint8_t parameter, const Bytes& segments = {},
           const char* ids = "\1\2\3", uint8_t sampling = 0x11) {
  Bytes frame = big(8, 1) + big(480, 2) + big(640, 2) + big(static_cast<uint64_t>(components), 1);
  Bytes scan = big(static_cast<uint64_t>(components), 1);
  for (int c = 0; c < components; ++c) {
    frame += Bytes(1, ids[c]) + big(c == 0 ? sampling : 0x11, 1) + big(0, 1);
    scan += Bytes(1, ids[c]) + big(0, 1);
  }
  scan += big(parameter, 1) + big(0, 2);
  return "\xFF\xD8" + segments + "\xFF" + big(process, 1) + big(frame.size() + 2, 2) + frame +
         "\xFF\xDA" + big(scan.size() + 2, 2) + scan + "data\xFF\xD9";
}

TEST(CodestreamTest, S8_OurOwnCodecsAreUnderstood) {
  int seen = 0;
  for (const codec::Codec& c : codec::codecs()) {
    const TransferSyntax* syntax = find_transfer_syntax(c.transfer_syntax);
    ASSERT_NE(syntax, nullptr);
    if (c.encode == nullptr || !tells_image(syntax->media_type)) continue;
    for (const test::NamedShape& kind : test::all_shapes()) {
      const auto encoded =
          codec::encode(c.transfer_syntax, kind.shape, test::make_frame(kind.shape).pixels);
      if (encoded.has_error()) continue;
      const std::string what = std::string(syntax->name) + " " + kind.name;
      const auto found = read_codestream(syntax->media_type, encoded->codestream);
      ASSERT_TRUE(found.has_value()) << what << ": " << found.error().text;
      EXPECT_TRUE(may_be_called(found->transfer_syntax, c.transfer_syntax))
          << what << " " << found->transfer_syntax;
      EXPECT_EQ(found->rows, kind.shape.rows) << what;
      EXPECT_EQ(found->columns, kind.shape.columns) << what;
      EXPECT_EQ(found->samples_per_pixel, kind.shape.samples_per_pixel) << what;
      EXPECT_LE(found->precision, kind.shape.bits_allocated) << what;
      EXPECT_GE(found->precision, kind.shape.bits_stored) << what;
      EXPECT_EQ(found->begin, 0u) << what;
      ++seen;
    }
  }
  EXPECT_GT(seen, 30);
}

TEST(CodestreamTest, JpegProcessesAndColours) {
  const auto of = [](const Bytes& in) {
    const auto found = read_codestream("image/jpeg", in);
    EXPECT_TRUE(found.has_value()) << found.error().text;
    return found.has_value() ? std::string(found->transfer_syntax.substr(20)) + " " +
                                   std::string(found->photometric)
                             : "";
  };
  const Bytes jfif = "\xFF\xE0" + big(9, 2) + Bytes("JFIF\0\0\0", 7);
  const Bytes adobe_rgb = "\xFF\xEE" + big(14, 2) + "Adobe" + Bytes(7, '\0');
  EXPECT_EQ(of(jpeg(0xC0, 1, 0)), "50 MONOCHROME2");
  EXPECT_EQ(of(jpeg(0xC0, 3, 0)), "50 YBR_FULL");
  EXPECT_EQ(of(jpeg(0xC0, 3, 0, jfif, "\1\2\3", 0x22)), "50 YBR_FULL_422");
  EXPECT_EQ(of(jpeg(0xC0, 3, 0, adobe_rgb)), "50 RGB");
  EXPECT_EQ(of(jpeg(0xC0, 3, 0, {}, "RGB")), "50 RGB");
  EXPECT_EQ(of(jpeg(0xC1, 1, 0)), "51 MONOCHROME2");
  EXPECT_EQ(of(jpeg(0xC3, 1, 1)), "70 MONOCHROME2");
  EXPECT_EQ(of(jpeg(0xC3, 3, 6)), "57 RGB");
  EXPECT_EQ(read_codestream("image/jpeg", jpeg(0xC2, 1, 0)).error().code, Code::unsupported);
  const auto near = read_codestream("image/jls", jpeg(0xF7, 1, 3));
  ASSERT_TRUE(near.has_value());
  EXPECT_EQ(near->transfer_syntax, "1.2.840.10008.1.2.4.81");
  EXPECT_EQ(near->rows, 480u);
  EXPECT_EQ(near->columns, 640u);
}

TEST(CodestreamTest, N7_BoxesAreFoundAndLeftOut) {
  test::NamedShape kind = test::all_shapes().front();
  const auto encoded =
      codec::encode("1.2.840.10008.1.2.4.90", kind.shape, test::make_frame(kind.shape).pixels);
  ASSERT_TRUE(encoded.has_value());
  const Bytes& inner = encoded->codestream;
  const Bytes start = big(12, 4) + "jP  \r\n\x87\n" + big(20, 4) + "ftyp" + Bytes(12, 'x');
  struct Box {
    Bytes head, tail;
    uint64_t length;
  };
  for (const Box& box : {Box{big(inner.size() + 8, 4) + "jp2c", "after", inner.size()},
                         Box{big(0, 4) + "jp2c", "", UINT64_MAX},
                         Box{big(1, 4) + "jp2c" + big(inner.size() + 16, 8), "", inner.size()}}) {
    const auto found = read_codestream("image/jp2", start + box.head + inner + box.tail);
    ASSERT_TRUE(found.has_value()) << found.error().text;
    EXPECT_EQ(found->begin, start.size() + box.head.size());
    EXPECT_EQ(found->length, box.length);
    EXPECT_EQ(found->rows, kind.shape.rows);
  }
  EXPECT_TRUE(read_codestream("image/jp2", start + "none of it").has_error());
}

TEST(CodestreamTest, X12_WhatIsNoneOrImpossibleIsRefusedWhereverItIsCut) {
  const Bytes good = jpeg(0xC0, 3, 0);
  for (size_t n = 0; n + 6 < good.size(); ++n) {
    EXPECT_TRUE(read_codestream("image/jpeg", good.substr(0, n)).has_error()) << n;
  }
  Bytes flat = good;
  flat[7] = flat[8] = 0;  // no rows
  EXPECT_EQ(read_codestream("image/jpeg", flat).error().code, Code::unsupported);
  for (const char* type : {"image/jls", "image/jp2", "image/jphc", "image/jpx"}) {
    EXPECT_EQ(read_codestream(type, good).error().code, Code::invalid_argument) << type;
  }
  const test::NamedShape kind = test::all_shapes().front();
  const auto j2k =
      codec::encode("1.2.840.10008.1.2.4.90", kind.shape, test::make_frame(kind.shape).pixels);
  ASSERT_TRUE(j2k.has_value());
  for (size_t n = 0; n < 59; ++n) {
    EXPECT_TRUE(read_codestream("image/jp2", j2k->codestream.substr(0, n)).has_error()) << n;
  }
  // J2K is no HTJ2K, nor the other way round.
  EXPECT_TRUE(read_codestream("image/jphc", j2k->codestream).has_error());
}

TEST(CodestreamTest, LessSpecialNamesFit) {
  EXPECT_TRUE(may_be_called("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"));
  EXPECT_TRUE(may_be_called("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202"));
  EXPECT_FALSE(may_be_called("1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.90"));
  EXPECT_FALSE(may_be_called("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70"));
}

}  // namespace
}  // namespace medarc::dicom
