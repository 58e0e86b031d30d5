// Where frames lie, whatever the object says of it: with and without offset tables, true ones and
// false ones, in one fragment or many, frames that begin inside a byte.
#include <gtest/gtest.h>

#include "tests/support/dicom_maker.h"
#include "tests/support/imaging_fixture.h"

namespace medarc::dicom {
namespace {

constexpr char kJpeg[] = "1.2.840.10008.1.2.4.70";
constexpr uint32_t kUndefined = 0xFFFFFFFF;

// Three codestreams by their first bytes only; nothing here decodes them.
Bytes codestream(size_t size, char fill) { return "\xFF\xD8\xFF" + Bytes(size - 3, fill); }
const std::vector<Bytes> kFrames = {codestream(10, 'a'), codestream(24, 'b'), codestream(16, 'c')};

Bytes number(uint64_t value, size_t width) {
  Bytes out;
  for (size_t i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

class FramePlaces : public test::ImagingFixture {
 protected:
  struct Stored {
    InstanceRow row;
    std::vector<Warning> warnings;
  };

  static test::DatasetMaker image(int frames, uint16_t rows, uint16_t columns, uint16_t bits) {
    static int count = 0;
    test::DatasetMaker d;
    d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
    d.text(0x00080018, "UI", "2.25.9." + std::to_string(++count));
    d.text(0x00100020, "LO", "MDA-1");
    d.text(0x0020000D, "UI", "2.25.6").text(0x0020000E, "UI", "2.25.7").us(0x00280002, 1);
    d.text(0x00280008, "IS", std::to_string(frames)).us(0x00280010, rows).us(0x00280011, columns);
    d.us(0x00280100, bits);
    return d;
  }
  Stored store(const Bytes& dataset, const std::string& syntax = std::string(kExplicitLittle)) {
    const auto stored =
        store_file(Bytes(128, '\0') + "DICM" +
                   test::DatasetMaker().text(0x00020010, "UI", syntax).view() + dataset);
    EXPECT_TRUE(stored.has_value()) << stored.error().text;
    return {row(stored->study, stored->series, stored->instance), stored->warnings};
  }

  struct Tables {
    std::vector<uint64_t> basic, extended;  // offsets; empty: no such table
  };
  // kFrames, each in fragments of the given sizes.
  Stored encapsulated(const std::vector<std::vector<size_t>>& sizes, const Tables& tables) {
    test::DatasetMaker d = image(3, 8, 8, 8);
    Bytes basic, extended, lengths;
    for (const uint64_t at : tables.basic) basic += number(at, 4);
    for (const uint64_t at : tables.extended) extended += number(at, 8);
    for (const Bytes& frame : kFrames) lengths += number(frame.size(), 8);
    if (!extended.empty()) {
      d.bytes(0x7FE00001, "OV", extended).bytes(0x7FE00002, "OV", lengths);
    }
    d.head(0x7FE00010, "OB", kUndefined);
    d.item(static_cast<uint32_t>(basic.size())).raw(basic);
    for (size_t f = 0; f < kFrames.size(); ++f) {
      size_t at = 0;
      for (const size_t size : sizes[f]) {
        d.item(static_cast<uint32_t>(size)).raw(ByteView(kFrames[f]).substr(at, size));
        at += size;
      }
      EXPECT_EQ(at, kFrames[f].size());
    }
    d.end_sequence();
    return store(d.view(), kJpeg);
  }
  Bytes frame(const InstanceRow& from, uint32_t number_from_1) {
    auto got = imaging_->frames(who_, from, {number_from_1}, Form::stored);
    EXPECT_TRUE(got.has_value()) << got.error().text;
    return got.has_value() ? drain(got->frames[0]) : Bytes();
  }
  void expect_all(const Stored& stored, const std::string& what) {
    for (uint32_t f = 1; f <= kFrames.size(); ++f) {
      EXPECT_EQ(frame(stored.row, f), kFrames[f - 1]) << what << ", frame " << f;
    }
    EXPECT_EQ(imaging_->frames(who_, stored.row, {4}, Form::stored).error().code, Code::not_found);
  }
  static bool warned(const Stored& stored, std::string_view text) {
    for (const Warning& w : stored.warnings) {
      if (w.text.find(text) != std::string::npos) return true;
    }
    return false;
  }
};

const std::vector<std::vector<size_t>> kWhole = {{10}, {24}, {16}};
const std::vector<std::vector<size_t>> kPieces = {{4, 6}, {24}, {4, 4, 8}};
// Offsets of the frames' first item, from the first fragment's item.
const std::vector<uint64_t> kWholeOffsets = {0, 18, 50};
const std::vector<uint64_t> kPiecesOffsets = {0, 26, 58};

TEST_F(FramePlaces, W3_WithoutATableWithABasicOneAndWithAnExtendedOne) {
  expect_all(encapsulated(kWhole, {}), "no table");
  expect_all(encapsulated(kWhole, {kWholeOffsets, {}}), "basic");
  expect_all(encapsulated(kWhole, {{}, kWholeOffsets}), "extended");
  expect_all(encapsulated(kPieces, {}), "no table, many fragments");
  expect_all(encapsulated(kPieces, {kPiecesOffsets, {}}), "basic, many fragments");
  expect_all(encapsulated(kPieces, {{}, kPiecesOffsets}), "extended, many fragments");
}

TEST_F(FramePlaces, W3_OneFrameOfManyFragments) {
  test::DatasetMaker d = image(1, 8, 8, 8);
  d.head(0x7FE00010, "OB", kUndefined).item(0);
  for (const Bytes& part : kFrames) d.item(static_cast<uint32_t>(part.size())).raw(part);
  d.end_sequence();
  EXPECT_EQ(frame(store(d.view(), kJpeg).row, 1), kFrames[0] + kFrames[1] + kFrames[2]);
}

TEST_F(FramePlaces, W3_SingleBitsThatBeginInsideAByte) {
  // 3 x 5 pixels: 15 bits a frame, four frames in 60 bits, the first pixel in the lowest bit.
  constexpr size_t kBits = 15, kCount = 4;
  Bytes packed(8, '\0');
  std::vector<Bytes> wanted(kCount, Bytes(2, '\0'));
  for (size_t i = 0; i < kBits * kCount; ++i) {
    if (i % 3 != 0 && i % 7 != 2) continue;
    packed[i / 8] = static_cast<char>(packed[i / 8] | 1 << i % 8);
    Bytes& one = wanted[i / kBits];
    const size_t bit = i % kBits;
    one[bit / 8] = static_cast<char>(one[bit / 8] | 1 << bit % 8);
  }
  test::DatasetMaker d = image(kCount, 3, 5, 1);
  d.bytes(0x7FE00010, "OB", packed);
  const Stored stored = store(d.view());
  for (uint32_t f = 1; f <= kCount; ++f) EXPECT_EQ(frame(stored.row, f), wanted[f - 1]) << f;
}

TEST_F(FramePlaces, W3_FramesOfOddLength) {
  test::DatasetMaker d = image(3, 3, 3, 8);
  d.bytes(0x7FE00010, "OB", Bytes("aaaaaaaaabbbbbbbbbccccccccc") + '\0');
  const Stored stored = store(d.view());
  EXPECT_EQ(frame(stored.row, 1), "aaaaaaaaa");
  EXPECT_EQ(frame(stored.row, 2), "bbbbbbbbb");
  EXPECT_EQ(frame(stored.row, 3), "ccccccccc");
}

TEST_F(FramePlaces, X11_TablesThatLieAreNotBelievedAndReported) {
  const std::vector<std::pair<std::string, std::vector<uint64_t>>> lies = {
      {"between items", {0, 20, 50}},
      {"beyond the end", {0, 18, 5000}},
      {"falling", {0, 50, 18}},
      {"twice the same", {0, 18, 18}},
      {"not from the start", {18, 50, 50}},
      {"too short", {0, 18}},
      {"too long", {0, 18, 50, 50}},
      {"huge", {0, 0xFFFFFFFE, 0xFFFFFFFF}}};
  for (const auto& [what, offsets] : lies) {
    for (const bool extended : {false, true}) {
      const Stored stored =
          encapsulated(kWhole, extended ? Tables{{}, offsets} : Tables{offsets, {}});
      expect_all(stored, what);
      EXPECT_TRUE(warned(stored, "offset table does not fit")) << what << extended;
    }
    const Stored pieces = encapsulated(kPieces, {offsets, {}});
    expect_all(pieces, what + ", many fragments");
  }
  // A false extended table beside a true basic one.
  expect_all(encapsulated(kPieces, {kPiecesOffsets, {0, 1, 2}}), "the basic one is true");
}

TEST_F(FramePlaces, N11_WhatAShortLengthCannotHoldLeavesAsUnknown) {
  // Derivation Description (0008,2111) is ST; implicit VR has 32-bit lengths for all.
  for (const size_t size : {size_t{65534}, size_t{65535}, size_t{65536}, size_t{70001}}) {
    test::DatasetMaker d(Encoding::implicit_little);
    d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
    d.text(0x00080018, "UI", "2.25.10." + std::to_string(size));
    Bytes text(size, 'x');
    d.text(0x00082111, "ST", text).text(0x00100020, "LO", "MDA-1");
    d.text(0x0020000D, "UI", "2.25.6").text(0x0020000E, "UI", "2.25.7");
    const Stored stored = store(d.view(), "1.2.840.10008.1.2");
    auto content = imaging_->object(who_, stored.row, Form::explicit_le);
    ASSERT_TRUE(content.has_value()) << content.error().text;
    const Bytes file = drain(*content);
    const bool is_short = size <= 65534;
    if (text.size() % 2 != 0) text += ' ';
    const Bytes tag("\x08\x00\x11\x21", 4);
    const Bytes head = is_short ? tag + "ST" + number(text.size(), 2)
                                : tag + "UN" + number(0, 2) + number(text.size(), 4);
    EXPECT_NE(file.find(head + text), Bytes::npos) << size;
    EXPECT_EQ(content->transfer_syntax.value, kExplicitLittle);
  }
}

}  // namespace
}  // namespace medarc::dicom
