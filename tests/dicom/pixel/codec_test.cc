// Every codec on frames of every kind: what comes back is what went in, and damage is told.
#include "dicom/pixel/codecs/codec.h"

#include <gtest/gtest.h>

#include "dicom/pixel/codecs/samples.h"
#include "tests/support/frames.h"

namespace medarc::dicom::codec {
namespace {

constexpr std::string_view kRle = "1.2.840.10008.1.2.5", kLossless = "1.2.840.10008.1.2.4.70",
                           kJpegLs = "1.2.840.10008.1.2.4.80", kJ2k = "1.2.840.10008.1.2.4.90",
                           kHt = "1.2.840.10008.1.2.4.201", kHtRpcl = "1.2.840.10008.1.2.4.202",
                           kDeflated = "1.2.840.10008.1.2.8.1";

// Whether the codec has to take this shape.
bool takes(std::string_view uid, const FrameShape& s) {
  if (uid == kDeflated) return true;
  if (uid == kRle) return s.bits_allocated != 1;
  if (uid == kJ2k) return s.bits_allocated <= 16;
  return s.bits_allocated == 8 || s.bits_allocated == 16;
}

// The sample values, whatever their order and width.
std::vector<uint32_t> values(const Frame& f) {
  std::vector<uint32_t> out;
  const size_t pixels = size_t{f.shape.rows} * f.shape.columns;
  for (size_t p = 0; p < pixels; ++p) {
    for (size_t c = 0; c < f.shape.samples_per_pixel; ++c) {
      const size_t i = sample_index(f.shape, p, c);
      if (f.shape.bits_allocated == 32) {
        out.push_back(get_sample(f.pixels, 16, 2 * i) | get_sample(f.pixels, 16, 2 * i + 1) << 16);
      } else {
        out.push_back(get_sample(f.pixels, f.shape.bits_allocated, i));
      }
    }
  }
  return out;
}

Result<Frame> decode_whole(std::string_view uid, const FrameShape& declared, ByteView codestream) {
  Frame out;
  out.pixels.assign(declared.frame_bytes(), '\x5A');
  MEDARC_ASSIGN(out.shape, decode(uid, declared, codestream, out.pixels));
  return out;
}

TEST(CodecTest, N8_EveryEncoderIsLosslessOnEveryShape) {
  int done = 0;
  for (const Codec& codec : codecs()) {
    if (codec.encode == nullptr) continue;
    for (const test::NamedShape& kind : test::all_shapes()) {
      const std::string what = std::string(codec.transfer_syntax) + " " + kind.name;
      const Frame frame = test::make_frame(kind.shape);
      const auto encoded = encode(codec.transfer_syntax, frame.shape, frame.pixels);
      if (!takes(codec.transfer_syntax, kind.shape)) {
        ASSERT_TRUE(encoded.has_error()) << what;
        EXPECT_EQ(encoded.error().code, Code::unsupported) << what;
        continue;
      }
      ASSERT_TRUE(encoded.has_value()) << what << ": " << encoded.error().text;
      FrameShape declared = frame.shape;
      declared.photometric = encoded->photometric;
      declared.planar = false;  // as the dataset says then
      const auto back = decode_whole(codec.transfer_syntax, declared, encoded->codestream);
      ASSERT_TRUE(back.has_value()) << what << ": " << back.error().text;
      EXPECT_EQ(values(*back), values(frame)) << what;
      EXPECT_EQ(back->shape.photometric, frame.shape.photometric) << what;
      ++done;
    }
  }
  EXPECT_GT(done, 150);
}

TEST(CodecTest, BitsAboveBitsStoredComeBackToo) {
  FrameShape shape = test::all_shapes()[0].shape;
  shape.bits_allocated = 16;
  shape.bits_stored = 12;
  shape.high_bit = 11;
  shape.is_signed = false;
  Frame frame = test::make_frame(shape);
  frame.pixels[101] = static_cast<char>(frame.pixels[101] | 0x80);  // an overlay of old
  for (const std::string_view uid : {kLossless, kJpegLs, kJ2k, kHt, kHtRpcl, kRle}) {
    const auto encoded = encode(uid, frame.shape, frame.pixels);
    ASSERT_TRUE(encoded.has_value()) << uid;
    const auto back = decode_whole(uid, frame.shape, encoded->codestream);
    ASSERT_TRUE(back.has_value()) << uid;
    EXPECT_TRUE(back->pixels == frame.pixels) << uid;
  }
}

TEST(CodecTest, N7_CodestreamsAreBare) {
  const Frame frame = test::make_frame(test::all_shapes()[2].shape);
  for (const std::string_view uid : {kJ2k, kHt, kHtRpcl}) {
    const auto encoded = encode(uid, frame.shape, frame.pixels);
    ASSERT_TRUE(encoded.has_value()) << uid;
    EXPECT_TRUE(encoded->codestream.starts_with("\xFF\x4F\xFF\x51")) << uid;
  }
  for (const std::string_view uid : {kLossless, kJpegLs}) {
    const auto encoded = encode(uid, frame.shape, frame.pixels);
    ASSERT_TRUE(encoded.has_value()) << uid;
    EXPECT_TRUE(encoded->codestream.starts_with("\xFF\xD8\xFF")) << uid;
  }
}

// PS3.5 10.18: progression RPCL, tile lengths, a lowest resolution of at most 64 in one direction.
TEST(CodecTest, HtRpclKeepsItsRules) {
  FrameShape shape = test::all_shapes()[0].shape;
  shape.rows = shape.columns = 4200;  // more than five decompositions
  const Frame frame = test::make_frame(shape);
  const auto encoded = encode(kHtRpcl, frame.shape, frame.pixels);
  ASSERT_TRUE(encoded.has_value());
  const ByteView bytes = encoded->codestream;
  const auto word = [&](size_t at) {
    return static_cast<uint8_t>(bytes[at]) << 8 | static_cast<uint8_t>(bytes[at + 1]);
  };
  size_t at = 2, tlm = 0;
  for (; word(at) != 0xFF90; at += 2 + static_cast<size_t>(word(at + 2))) {
    if (word(at) == 0xFF52) {
      EXPECT_EQ(bytes[at + 5], 2);  // RPCL
      const int levels = bytes[at + 9];
      EXPECT_LE(((4200 - 1) >> levels) + 1, 64);
    }
    if (word(at) == 0xFF55) tlm = at;
  }
  ASSERT_NE(tlm, 0u);
  EXPECT_EQ(bytes.substr(tlm + 6, 4), bytes.substr(at + 6, 4));  // Ptlm = Psot
  const size_t tile = static_cast<size_t>(word(at + 6)) << 16 | static_cast<size_t>(word(at + 8));
  EXPECT_EQ(at + tile + 2, bytes.size());  // and EOC
}

// X12: another size in the codestream than in the dataset is told before memory is taken.
TEST(CodecTest, X12_AnotherSizeIsCorrupt) {
  const Frame frame = test::make_frame(test::all_shapes()[2].shape);
  for (const std::string_view uid : {kLossless, kJpegLs, kJ2k, kHt}) {
    const auto encoded = encode(uid, frame.shape, frame.pixels);
    ASSERT_TRUE(encoded.has_value()) << uid;
    for (const int change : {0, 1, 2}) {
      FrameShape declared = frame.shape;
      if (change == 0) declared.rows += 1;
      if (change == 1) declared.columns -= 1;
      if (change == 2) declared.samples_per_pixel = 3;
      const auto back = decode_whole(uid, declared, encoded->codestream);
      ASSERT_TRUE(back.has_error()) << uid;
      EXPECT_EQ(back.error().code, Code::corrupt) << uid;
    }
  }
}

TEST(CodecTest, X12_HugeClaimsTakeNoMemory) {
  FrameShape declared = test::all_shapes()[2].shape;
  const Frame frame = test::make_frame(declared);
  auto encoded = encode(kJ2k, frame.shape, frame.pixels);
  ASSERT_TRUE(encoded.has_value());
  Bytes tiles = encoded->codestream;  // XTsiz, YTsiz 1: as many tiles as pixels
  tiles.replace(24, 8, Bytes("\0\0\0\1\0\0\0\1", 8));
  for (const std::string_view uid : {kJ2k, kHt}) {
    EXPECT_EQ(decode_whole(uid, declared, tiles).error().code, Code::corrupt) << uid;
  }
  encoded = encode(kLossless, frame.shape, frame.pixels);
  ASSERT_TRUE(encoded.has_value());
  const size_t sof = encoded->codestream.find("\xFF\xC3");
  ASSERT_NE(sof, Bytes::npos);
  encoded->codestream.replace(sof + 5, 4, "\xFF\xDC\xFF\xDC");
  EXPECT_EQ(decode_whole(kLossless, declared, encoded->codestream).error().code, Code::corrupt);
}

TEST(CodecTest, X10_RleOffsetsThatLie) {
  const Frame frame = test::make_frame(test::all_shapes()[3].shape);
  const auto encoded = encode(kRle, frame.shape, frame.pixels);
  ASSERT_TRUE(encoded.has_value());
  const auto with = [&](size_t at, uint32_t v) {
    Bytes out = encoded->codestream;
    for (size_t i = 0; i < 4; ++i) out[at + i] = static_cast<char>(v >> 8 * i);
    return decode_whole(kRle, frame.shape, out);
  };
  EXPECT_TRUE(with(4, 64).has_value());
  for (const uint32_t lie : {0u, 63u, 0xFFFFFFFFu, 0x7FFFFFFFu}) {
    EXPECT_EQ(with(4, lie).error().code, Code::corrupt) << lie;
    EXPECT_EQ(with(8, lie).error().code, Code::corrupt) << lie;
  }
  EXPECT_EQ(with(0, 15).error().code, Code::corrupt);
  EXPECT_EQ(decode_whole(kRle, frame.shape, encoded->codestream.substr(0, 63)).error().code,
            Code::corrupt);
}

// A run may go on into the padding of its segment, and may stand for 128 equal bytes.
TEST(CodecTest, RleRunsAsThePeersWriteThem) {
  FrameShape shape = test::all_shapes()[2].shape;
  shape.rows = 1;
  shape.columns = 130;
  Bytes codestream(64, '\0');
  codestream[0] = 1;
  codestream[4] = 64;
  codestream += Bytes("\x81\x07\x80\x03\x01\x02\x03\x04", 8);
  const auto frame = decode_whole(kRle, shape, codestream);
  ASSERT_TRUE(frame.has_value()) << frame.error().text;
  EXPECT_EQ(frame->pixels, Bytes(128, '\7') + "\1\2");
}

// Zeros before the end marker, as some writers leave them.
TEST(CodecTest, X13_JpegLsFilledUpBeforeItsEnd) {
  const Frame frame = test::make_frame(test::all_shapes()[12].shape);
  auto encoded = encode(kJpegLs, frame.shape, frame.pixels);
  ASSERT_TRUE(encoded.has_value());
  Bytes& bytes = encoded->codestream;
  bytes.insert(bytes.size() - 2, 1, '\0');
  bytes += '\0';
  const auto back = decode_whole(kJpegLs, frame.shape, bytes);
  ASSERT_TRUE(back.has_value()) << back.error().text;
  EXPECT_TRUE(back->pixels == frame.pixels);
}

// Single bits as others pack them in RLE: eight pixels a byte.
TEST(CodecTest, RleOfSingleBits) {
  FrameShape shape = test::all_shapes()[2].shape;
  shape.bits_allocated = shape.bits_stored = 1;
  shape.high_bit = 0;
  shape.rows = 3;
  shape.columns = 5;  // 15 bits
  Bytes codestream(64, '\0');
  codestream[0] = 1;
  codestream[4] = 64;
  codestream += Bytes("\x01\x5A\x33\x80", 4);
  const auto frame = decode_whole(kRle, shape, codestream);
  ASSERT_TRUE(frame.has_value()) << frame.error().text;
  EXPECT_EQ(frame->pixels, "\x5A\x33");
}

// Nothing is made up for what is missing.
TEST(CodecTest, LosslessFramesThatEndEarlyAreCorrupt) {
  const Frame frame = test::make_frame(test::all_shapes().back().shape);
  for (const Codec& codec : codecs()) {
    if (codec.encode == nullptr) continue;
    const auto encoded = encode(codec.transfer_syntax, frame.shape, frame.pixels);
    ASSERT_TRUE(encoded.has_value());
    const ByteView whole = encoded->codestream;
    const auto back =
        decode_whole(codec.transfer_syntax, frame.shape, whole.substr(0, whole.size() / 2));
    ASSERT_TRUE(back.has_error()) << codec.transfer_syntax;
    EXPECT_EQ(back.error().code, Code::corrupt) << codec.transfer_syntax;
  }
}

}  // namespace
}  // namespace medarc::dicom::codec
