// Makes image objects for the tests of rendering: any attribute can be set, in any order; elements
// are written in the order of their tags.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace medarc::test {

class PictureMaker {
 public:
  // MONOCHROME2, unsigned, 8 bits, one frame, `columns` x `rows`, pixels of zeros.
  PictureMaker(uint16_t columns, uint16_t rows);

  PictureMaker& us(uint32_t tag, std::vector<uint16_t> values);
  PictureMaker& ss(uint32_t tag, std::vector<int16_t> values);
  PictureMaker& text(uint32_t tag, const char* vr, std::string value);
  PictureMaker& bytes(uint32_t tag, const char* vr, Bytes value);
  // Items, each made with a PictureMaker's setters and without what an image has.
  PictureMaker& sequence(uint32_t tag, const std::vector<PictureMaker>& items);
  PictureMaker& erase(uint32_t tag);
  static PictureMaker item();

  // Bits Allocated, Bits Stored, High Bit, Pixel Representation.
  PictureMaker& bits(uint16_t allocated, uint16_t stored, bool is_signed = false);
  PictureMaker& photometric(const std::string& name, uint16_t samples = 1, uint16_t planar = 0);
  PictureMaker& rescale(const std::string& slope, const std::string& intercept);
  PictureMaker& window(const std::string& centre, const std::string& width,
                       const std::string& function = "");
  PictureMaker& lut(uint32_t sequence_tag, std::vector<uint16_t> descriptor,
                    std::vector<uint16_t> entries);
  PictureMaker& pixels(Bytes value);
  PictureMaker& pixels(const std::vector<uint16_t>& values);  // 16 bits each
  PictureMaker& uids(const std::string& study, const std::string& series, const std::string& sop);

  std::string study = "2.25.1001", series = "2.25.1002", sop = "2.25.1003";
  std::string sop_class = "1.2.840.10008.5.1.4.1.1.7";
  std::string transfer_syntax = "1.2.840.10008.1.2.1";  // of the file meta; Explicit VR LE bytes

  Bytes dataset() const;
  Bytes file() const;  // Part 10

 private:
  PictureMaker() = default;
  std::map<uint32_t, std::pair<std::string, Bytes>> elements_;
  bool image_ = true;
};

// Little endian.
Bytes words(const std::vector<uint16_t>& values);

}  // namespace medarc::test
