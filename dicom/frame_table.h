// Where each frame of an instance lies in its dataset: made once at ingest, so that any frame is
// one ranged read, with or without an offset table in the object (PS3.5 A.4, 8.2).
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "dicom/scanner.h"

namespace medarc::dicom {

class FrameTable {
 public:
  // From a completely scanned dataset. Instances without frames give an empty table; tables in the
  // object that do not agree with its fragments are not believed, and `warning` says so.
  static FrameTable make(const Scanner& scanner, std::string* warning);

  uint32_t frames_count() const { return frames_count_; }
  bool encapsulated() const { return encapsulated_; }

  // Native: the bits of frame `index` (from 0), counted from the start of the dataset.
  struct BitRange {
    uint64_t begin = 0, length = 0;
  };
  BitRange native_bits(uint32_t index) const;
  // Native: bytes of the words to be swapped on the way to little endian (1: none), counted from
  // words_begin().
  uint8_t swap_bytes() const { return swap_bytes_; }
  uint64_t words_begin() const { return begin_bits_ / 8; }
  // Encapsulated: the fragments of frame `index`, in order.
  std::vector<ByteRange> fragments(uint32_t index) const;

  Bytes encode() const;
  static Result<FrameTable> decode(ByteView bytes);  // corrupt

 private:
  static FrameTable make_native(const Scanner& scanner, uint64_t frames, std::string& warning);
  static FrameTable make_encapsulated(const Scanner& scanner, uint64_t frames,
                                      std::string& warning);

  bool encapsulated_ = false;
  uint32_t frames_count_ = 0;
  uint64_t begin_bits_ = 0, frame_bits_ = 0;  // native
  uint8_t swap_bytes_ = 1;
  std::vector<ByteRange> fragments_;      // encapsulated
  std::vector<uint32_t> first_fragment_;  // of each frame
};

// Bytes of the words that byte order applies to in the native pixel data: those of its VR, but
// whole samples where these are longer than the words of OW.
uint8_t pixel_word_bytes(const Scanner& scanner);

}  // namespace medarc::dicom
