// Chunks of native pixels through the real codec worker: whatever stands in them comes back, or is
// refused. Random images of every kind that rules may meet, cut anywhere.
#include "dicom/recompress/coded_chunk.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "base/log.h"
#include "tests/support/frames.h"

namespace medarc::dicom {
namespace {

std::string beside_us(const char* name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

FrameShape grey(uint32_t rows, uint32_t columns, uint16_t allocated, uint16_t stored,
                bool is_signed = false) {
  FrameShape s;
  s.rows = rows;
  s.columns = columns;
  s.bits_allocated = allocated;
  s.bits_stored = stored;
  s.high_bit = static_cast<uint16_t>(stored - 1);
  s.is_signed = is_signed;
  s.photometric = "MONOCHROME2";
  return s;
}
FrameShape colour(uint32_t rows, uint32_t columns, bool planar, const char* photometric = "RGB") {
  FrameShape s = grey(rows, columns, 8, 8);
  s.samples_per_pixel = 3;
  s.planar = planar;
  s.photometric = photometric;
  return s;
}

class CodedChunkTest : public testing::Test {
 protected:
  void SetUp() override {
    CodecLimits limits;
    limits.workers = 1;
    pool_ = CodecPool::create(limits);
  }
  // The chunk again, or why not.
  Result<Bytes> there_and_back(const PixelPlace& place, ByteRange at, ByteView chunk) {
    const auto rows = rows_in_chunk(place, at);
    if (!rows) return make_error(Code::unsupported, "no rows");
    MEDARC_ASSIGN(coded_, encode_chunk(*pool_, *rows, chunk));
    return ChunkDecoder(*pool_).decode(coded_, static_cast<uint32_t>(chunk.size()));
  }
  std::unique_ptr<CodecPool> pool_;
  Bytes coded_;
};

TEST_F(CodedChunkTest, RandomImagesCutAnywhereComeBackByteForByte) {
  std::mt19937 random(20261121);
  const auto up_to = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  int tried = 0, coded = 0;
  for (int round = 0; round < 60; ++round) {
    FrameShape shape;
    switch (round % 6) {
      case 0: shape = grey(40 + up_to(90), 40 + up_to(90), 16, 16, up_to(2) == 1); break;
      case 1:
        shape = grey(30 + up_to(90), 70 + up_to(90), 16, static_cast<uint16_t>(9 + up_to(7)),
                     up_to(2) == 1);
        break;
      case 2:
        shape = grey(70 + up_to(60), 71 + up_to(60), 8, static_cast<uint16_t>(5 + up_to(4)),
                     up_to(2) == 1);
        break;
      case 3: shape = colour(40 + up_to(40), 41 + up_to(40), up_to(2) == 1); break;
      case 4: shape = colour(40 + up_to(40), 41 + up_to(40), false, "YBR_FULL"); break;
      default:
        shape =
            up_to(2) == 0 ? grey(1, 3000 + up_to(999), 16, 12) : grey(5000 + up_to(999), 1, 16, 12);
        break;
    }
    const uint32_t frames = 1 + up_to(3);
    Bytes pixels;
    for (uint32_t f = 0; f < frames; ++f) {
      pixels += test::make_frame(shape, static_cast<uint32_t>(random())).pixels;
    }
    // Bits above Bits Stored in use, as overlays of old are.
    if (round % 5 == 0) {
      for (int i = 0; i < 20; ++i) {
        char& octet = pixels[random() % pixels.size()];
        octet = static_cast<char>(octet | 0x80);
      }
    }
    const Bytes before(up_to(700), 'h'), behind(up_to(3), '\0');
    const Bytes object = before + pixels + behind;  // a header, pixels, padding
    const PixelPlace place{{before.size(), pixels.size() + behind.size()}, shape};
    // The whole object, and two chunks that end wherever they do.
    const size_t cut = up_to(static_cast<uint32_t>(object.size()));
    for (const ByteRange at :
         {ByteRange{0, object.size()}, ByteRange{0, cut}, ByteRange{cut, object.size() - cut}}) {
      const ByteView chunk = ByteView(object).substr(at.begin, at.length);
      if (!rows_in_chunk(place, at)) continue;
      ++tried;
      const auto back = there_and_back(place, at, chunk);
      ASSERT_TRUE(back.has_value()) << "round " << round << ": " << back.error().text;
      ASSERT_TRUE(*back == chunk) << "round " << round;
      if (coded_.size() < chunk.size()) ++coded;
    }
  }
  EXPECT_GT(tried, 120);
  EXPECT_GT(coded, tried / 2);
}

TEST_F(CodedChunkTest, NoiseComesBackToo) {
  std::mt19937 random(1);
  for (const FrameShape& shape : {grey(64, 64, 16, 12, true), grey(99, 101, 8, 7),
                                  colour(50, 61, false), colour(50, 61, true)}) {
    Bytes pixels(shape.frame_bytes(), '\0');
    for (char& c : pixels) c = static_cast<char>(random());
    const auto back = there_and_back({{0, pixels.size()}, shape}, {0, pixels.size()}, pixels);
    ASSERT_TRUE(back.has_value()) << back.error().text;
    EXPECT_TRUE(*back == pixels);
  }
}

TEST_F(CodedChunkTest, WhatIsNoPlainGridIsLeftAlone) {
  const ByteRange all{0, 100'000};
  const auto none = [&](const FrameShape& shape) { return !rows_in_chunk({all, shape}, all); };
  EXPECT_FALSE(none(grey(100, 100, 16, 12)));
  EXPECT_TRUE(none(grey(100, 100, 32, 32)));
  EXPECT_TRUE(none(grey(100, 100, 1, 1)));
  EXPECT_TRUE(none(colour(100, 100, false, "YBR_FULL_422")));
  FrameShape four = colour(100, 100, false, "CMYK");
  four.samples_per_pixel = 4;
  EXPECT_TRUE(none(four));
  // A chunk before, behind and without a whole row.
  const PixelPlace place{{1000, 20'000}, grey(100, 100, 16, 12)};
  EXPECT_FALSE(rows_in_chunk(place, {0, 1000}));
  EXPECT_FALSE(rows_in_chunk(place, {21'000, 500}));
  EXPECT_FALSE(rows_in_chunk(place, {1001, 398}));
  const auto some = rows_in_chunk(place, {1001, 10'000});
  ASSERT_TRUE(some.has_value());
  EXPECT_EQ(some->pixels.begin, 199u);  // the row that the chunk begins in is not whole
  EXPECT_EQ(some->shape.rows, 49u);
  // Very many rows: those that are too many stay as they are.
  const PixelPlace column{{0, 400'000}, grey(200'000, 1, 16, 12)};
  EXPECT_EQ(rows_in_chunk(column, {0, 400'000})->shape.rows, kCodedRowsMax);
}

TEST_F(CodedChunkTest, DamagedFormsAreCorruptAndNeverWrongBytes) {
  const FrameShape shape = grey(60, 70, 16, 12);
  const Bytes pixels = test::make_frame(shape, 3).pixels;
  ASSERT_TRUE(there_and_back({{0, pixels.size()}, shape}, {0, pixels.size()}, pixels).has_value());
  const Bytes whole = coded_;
  ChunkDecoder decoder(*pool_);
  const auto size = static_cast<uint32_t>(pixels.size());
  EXPECT_EQ(decoder.decode({}, size).error().code, Code::corrupt);
  EXPECT_EQ(decoder.decode(whole, size + 1).error().code, Code::corrupt);
  EXPECT_EQ(decoder.decode(whole + "x", size).error().code, Code::corrupt);
  EXPECT_EQ(decoder.decode(ByteView(whole).substr(0, whole.size() / 2), size).error().code,
            Code::corrupt);
  std::mt19937 random(5);
  for (int i = 0; i < 60; ++i) {
    Bytes damaged = whole;
    damaged[random() % 60] = static_cast<char>(random());
    const auto got = decoder.decode(damaged, size);
    // The archive's digest has the last word; a decoder may only be of another opinion on samples.
    if (got.has_value()) {
      EXPECT_EQ(got->size(), pixels.size());
    }
  }
  EXPECT_TRUE(*decoder.decode(whole, size) == pixels);
}

TEST_F(CodedChunkTest, ALostWorkerIsAnErrorAndTheNextOneReads) {
  set_log_level(Level::off);
  const FrameShape shape = grey(60, 70, 16, 12);
  const Bytes pixels = test::make_frame(shape, 3).pixels;
  const auto size = static_cast<uint32_t>(pixels.size());
  ASSERT_TRUE(there_and_back({{0, pixels.size()}, shape}, {0, pixels.size()}, pixels).has_value());
  CodecLimits limits;
  limits.workers = 1;
  limits.program = beside_us("bad_codec");
  const auto bad = CodecPool::create(limits);
  // That worker does what the codestream says.
  const Bytes crash = encode(CodedParts{shape, {}, {}, "crash"});
  EXPECT_EQ(ChunkDecoder(*bad).decode(crash, size).error().code, Code::corrupt);
  limits.program = beside_us("no such program");
  EXPECT_EQ(ChunkDecoder(*CodecPool::create(limits)).decode(coded_, size).error().code,
            Code::unavailable);
  EXPECT_TRUE(*ChunkDecoder(*pool_).decode(coded_, size) == pixels);
  set_log_level(Level::info);
}

}  // namespace
}  // namespace medarc::dicom
