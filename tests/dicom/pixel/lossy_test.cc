// What the encoders lose: as much as their quality says and no more, told by other decoders than
// those the server uses where there are any.
#include <gtest/gtest.h>
#include <stdio.h>
// After stdio.h, which it needs.
#include <jpeglib.h>

#include <cmath>
#include <cstdlib>

#include "dicom/pixel/codec_pool.h"
#include "dicom/pixel/codecs/codec.h"
#include "dicom/pixel/codecs/samples.h"
#include "tests/support/frames.h"

namespace medarc::dicom::codec {
namespace {

constexpr std::string_view kBaseline = "1.2.840.10008.1.2.4.50", kNear = "1.2.840.10008.1.2.4.81",
                           kJ2k = "1.2.840.10008.1.2.4.91", kHt = "1.2.840.10008.1.2.4.203",
                           kDeflated = "1.2.840.10008.1.2.8.1";

// Smooth, with an edge and a little texture: what images are like.
Frame picture(uint16_t allocated, uint16_t stored, uint16_t samples, bool is_signed,
              const std::string& photometric, bool planar = false) {
  Frame f;
  f.shape.rows = 96;
  f.shape.columns = 120;
  f.shape.samples_per_pixel = samples;
  f.shape.bits_allocated = allocated;
  f.shape.bits_stored = stored;
  f.shape.high_bit = static_cast<uint16_t>(stored - 1);
  f.shape.is_signed = is_signed;
  f.shape.planar = planar;
  f.shape.photometric = photometric;
  f.pixels.resize(f.shape.frame_bytes());
  const double range = std::pow(2, stored) - 1;
  for (size_t p = 0; p < size_t{96} * 120; ++p) {
    const double x = static_cast<double>(p % 120), y = static_cast<double>(p / 120);
    for (size_t c = 0; c < samples; ++c) {
      double v = 0.5 + 0.3 * std::sin(x / 17 + static_cast<double>(c)) * std::cos(y / 23);
      if (x > 80) v -= 0.15;
      v += 0.01 * std::sin(x * 2.1 + y * 1.7);
      const auto sample =
          static_cast<int32_t>(v * range) - (is_signed ? static_cast<int32_t>((range + 1) / 2) : 0);
      put_sample(f.pixels, allocated, sample_index(f.shape, p, c), sample);
    }
  }
  return f;
}

std::vector<int32_t> values(const FrameShape& s, ByteView pixels) {
  std::vector<int32_t> out;
  for (size_t p = 0; p < size_t{s.rows} * s.columns; ++p) {
    for (size_t c = 0; c < s.samples_per_pixel; ++c) {
      const uint32_t bits = get_sample(pixels, s.bits_allocated, sample_index(s, p, c));
      out.push_back(sample_of(bits, s.bits_stored, s.is_signed));
    }
  }
  return out;
}

struct Difference {
  int32_t worst = 0;
  double psnr_db = 0;
};
Difference difference(const std::vector<int32_t>& a, const std::vector<int32_t>& b, unsigned bits) {
  EXPECT_EQ(a.size(), b.size());
  Difference out;
  double sum = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    out.worst = std::max(out.worst, std::abs(a[i] - b[i]));
    sum += std::pow(a[i] - b[i], 2);
  }
  const double mean = sum / static_cast<double>(a.size()), peak = std::pow(2, bits) - 1;
  out.psnr_db = mean == 0 ? 200 : 10 * std::log10(peak * peak / mean);
  return out;
}

// Encoded and decoded by `reader`, which may be another codec of the same codestreams.
struct Trip {
  Encoded encoded;
  Difference difference;
};
Trip there_and_back(const Frame& f, std::string_view uid, uint32_t quality,
                    std::string_view reader) {
  Trip out;
  auto encoded = encode(uid, f.shape, f.pixels, quality);
  EXPECT_TRUE(encoded.has_value()) << uid << ": " << encoded.error().text;
  if (encoded.has_error()) return out;
  out.encoded = std::move(*encoded);
  FrameShape declared = f.shape;
  declared.photometric = out.encoded.photometric;
  Bytes pixels(declared.frame_bytes(), '\0');
  const auto shape = decode(reader, declared, out.encoded.codestream, pixels);
  EXPECT_TRUE(shape.has_value()) << uid << ": " << shape.error().text;
  if (shape.has_error()) return out;
  EXPECT_EQ(shape->photometric, f.shape.photometric) << uid;
  out.difference =
      difference(values(f.shape, f.pixels), values(*shape, pixels), f.shape.bits_stored);
  return out;
}

TEST(LossyTest, N8_TheTablesOfBothSidesAgree) {
  for (const Codec& c : codecs()) {
    EXPECT_EQ(can_encode_lossy(c.transfer_syntax), c.encode_lossy != nullptr) << c.transfer_syntax;
    EXPECT_EQ(can_encode(c.transfer_syntax), c.encode != nullptr) << c.transfer_syntax;
    EXPECT_EQ(LossyQuality().of(c.transfer_syntax) != 0, c.encode_lossy != nullptr);
  }
}

TEST(LossyTest, N8_JpegLsIsOffByNoMoreThanIsAllowed) {
  for (const Frame& f :
       {picture(8, 8, 1, false, "MONOCHROME2"), picture(16, 12, 1, true, "MONOCHROME2"),
        picture(16, 16, 1, false, "MONOCHROME1"), picture(8, 8, 3, false, "RGB", true)}) {
    size_t before = SIZE_MAX;
    for (const uint32_t error_max : {1u, 3u, 8u}) {
      const Trip trip = there_and_back(f, kNear, error_max, kNear);
      EXPECT_LE(trip.difference.worst, static_cast<int32_t>(error_max));
      EXPECT_GT(trip.difference.worst, 0);
      EXPECT_LT(trip.encoded.codestream.size(), before);
      before = trip.encoded.codestream.size();
    }
  }
}

TEST(LossyTest, N8_Jpeg2000KeepsItsSignalToNoiseRatio) {
  for (const Frame& f : {picture(8, 8, 1, false, "MONOCHROME2"),
                         picture(16, 12, 1, true, "MONOCHROME2"), picture(8, 8, 3, false, "RGB")}) {
    for (const uint32_t psnr_db : {40u, 50u}) {
      const Trip trip = there_and_back(f, kJ2k, psnr_db, kJ2k);
      EXPECT_GT(trip.difference.psnr_db, psnr_db - 2) << f.shape.bits_stored;
      EXPECT_LT(trip.difference.psnr_db, psnr_db + 12) << f.shape.bits_stored;
      EXPECT_EQ(trip.encoded.photometric, f.shape.photometric == "RGB" ? "YBR_ICT" : "MONOCHROME2");
    }
  }
}

// OpenJPEG reads what OpenJPH wrote.
TEST(LossyTest, N8_Htj2kByAnotherLibrary) {
  for (const Frame& f :
       {picture(8, 8, 1, false, "MONOCHROME2"), picture(16, 12, 1, true, "MONOCHROME2"),
        picture(16, 16, 1, false, "MONOCHROME2"), picture(8, 8, 3, false, "RGB")}) {
    double before = 1000;
    for (const uint32_t step_ppm : {500u, 4'000u, 30'000u}) {
      const Trip own = there_and_back(f, kHt, step_ppm, kHt);
      const Trip other = there_and_back(f, kHt, step_ppm, kJ2k);
      EXPECT_NEAR(own.difference.psnr_db, other.difference.psnr_db, 3);
      EXPECT_GT(own.difference.psnr_db, 20 * std::log10(1e6 / step_ppm) - 3);
      EXPECT_LE(own.difference.psnr_db, before);
      before = own.difference.psnr_db;
    }
  }
}

// By libjpeg-turbo; the server's workers have DCMTK's.
Bytes by_turbo(const Bytes& jpeg, int& components) {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(jpeg.data()), jpeg.size());
  EXPECT_EQ(jpeg_read_header(&info, TRUE), JPEG_HEADER_OK);
  EXPECT_FALSE(info.progressive_mode);
  jpeg_start_decompress(&info);
  components = info.output_components;
  const size_t line = size_t{info.output_width} * static_cast<size_t>(components);
  Bytes out(line * info.output_height, '\0');
  while (info.output_scanline < info.output_height) {
    auto* row = reinterpret_cast<JSAMPROW>(out.data() + info.output_scanline * line);
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return out;
}

TEST(LossyTest, N8_JpegBaselineByAnotherLibrary) {
  for (const Frame& f : {picture(8, 8, 1, false, "MONOCHROME2"), picture(8, 8, 3, false, "RGB"),
                         picture(8, 8, 3, false, "RGB", true)}) {
    size_t before = SIZE_MAX;
    for (const uint32_t quality : {95u, 75u, 30u}) {
      const Trip trip = there_and_back(f, kBaseline, quality, kBaseline);
      int components = 0;
      const Bytes other = by_turbo(trip.encoded.codestream, components);
      ASSERT_EQ(components, f.shape.samples_per_pixel);
      FrameShape mixed = f.shape;
      mixed.planar = false;
      const Difference told = difference(values(f.shape, f.pixels), values(mixed, other), 8);
      EXPECT_GT(told.psnr_db, quality == 30 ? 28 : 34) << quality;
      EXPECT_GT(trip.difference.psnr_db, quality == 30 ? 28 : 34) << quality;
      EXPECT_EQ(trip.encoded.photometric, components == 1 ? "MONOCHROME2" : "YBR_FULL_422");
      EXPECT_LT(trip.encoded.codestream.size(), before);
      before = trip.encoded.codestream.size();
    }
  }
}

TEST(LossyTest, N8_WhatCannotBeMadeIsUnsupported) {
  const Frame wide = picture(16, 12, 1, false, "MONOCHROME2");
  const Frame palette = picture(8, 8, 1, false, "PALETTE COLOR");
  EXPECT_EQ(encode(kBaseline, wide.shape, wide.pixels, 90).error().code, Code::unsupported);
  EXPECT_FALSE(can_encode_lossy(kBaseline, wide.shape));
  EXPECT_TRUE(can_encode_lossy(kNear, wide.shape));
  for (const std::string_view uid : {kBaseline, kNear, kJ2k, kHt}) {
    EXPECT_FALSE(can_encode_lossy(uid, palette.shape)) << uid;
    EXPECT_FALSE(can_encode(uid)) << uid;
  }
}

TEST(LossyTest, N8_DeflatedFramesAreTheSameEachBit) {
  for (const test::NamedShape& kind : test::all_shapes()) {
    const Frame f = test::make_frame(kind.shape);
    const auto encoded = encode(kDeflated, f.shape, f.pixels);
    ASSERT_TRUE(encoded.has_value()) << kind.name;
    FrameShape mixed = f.shape;
    mixed.planar = false;
    Bytes back(f.pixels.size(), '\0');
    ASSERT_TRUE(decode(kDeflated, mixed, encoded->codestream, back).has_value()) << kind.name;
    EXPECT_TRUE(f.shape.planar || back == f.pixels) << kind.name;
    if (f.shape.bits_allocated <= 16) {
      EXPECT_EQ(values(mixed, back), values(f.shape, f.pixels)) << kind.name;
    }
  }
}

TEST(LossyTest, QualityIsReadFromConfiguration) {
  auto config = Config::parse(
      "[codec]\nlossy_jpeg_quality = 70\nlossy_jpegls_error_max = 5\n"
      "lossy_jpeg2000_psnr_db = 60\nlossy_htj2k_step_ppm = 77\n");
  ASSERT_TRUE(config.has_value());
  const LossyQuality q = CodecLimits::from(*config).lossy;
  EXPECT_EQ(q.of(kBaseline), 70u);
  EXPECT_EQ(q.of(kNear), 5u);
  EXPECT_EQ(q.of(kJ2k), 60u);
  EXPECT_EQ(q.of(kHt), 77u);
  EXPECT_EQ(q.of("1.2.840.10008.1.2.4.70"), 0u);
  EXPECT_TRUE(config->check().has_value());
  auto wrong = Config::parse("[codec]\nlossy_jpeg_quality = 101\n");
  ASSERT_TRUE(wrong.has_value());
  CodecLimits::from(*wrong);
  EXPECT_TRUE(wrong->check().has_error());
}

}  // namespace
}  // namespace medarc::dicom::codec
