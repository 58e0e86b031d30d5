// Writes Part 10 files (PS3.10 section 7) in Explicit VR Little Endian: just enough for the sample.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace medarc::tools::sample {

inline constexpr std::string_view kExplicitLittleEndian = "1.2.840.10008.1.2.1";

class DicomFile {
 public:
  // `tag` is 0xggggeeee. Values are padded to even length as their VR asks.
  void text(uint32_t tag, const char (&vr)[3], std::string_view value);
  void us(uint32_t tag, uint16_t value);
  void attribute_tag(uint32_t tag, uint32_t value);               // AT
  void pixels(const char (&vr)[3], Bytes value) { put(0x7FE00010, vr, std::move(value)); }

  // Preamble, file meta and dataset. SOP class and instance are taken from 0008,0016 and 0008,0018.
  Bytes encode() const;

 private:
  struct Element {
    char vr[2];
    Bytes value;
  };
  void put(uint32_t tag, const char (&vr)[3], Bytes value);
  static void append(Bytes& out, uint32_t tag, const Element& element);
  std::map<uint32_t, Element> elements_;  // in the order of a dataset
};

// A UID under 2.25 (PS3.5 B.2), always the same for the same name.
std::string make_uid(std::string_view name);

}  // namespace medarc::tools::sample
