// Private elements and the blocks their creators reserve (PS3.5 7.8.1).
#pragma once

#include "index/attributes.h"

namespace medarc::dicom {

inline bool is_private(index::Tag tag) { return (tag.value >> 16) % 2 == 1; }
inline bool is_private_creator(index::Tag tag) {
  const uint32_t element = tag.value & 0xFFFF;
  return is_private(tag) && element >= 0x10 && element <= 0xFF;
}
// One that belongs to a block, and so to a creator.
inline bool is_private_element(index::Tag tag) {
  return is_private(tag) && (tag.value & 0xFFFF) > 0xFF;
}
// The element that names the creator of this one's block: (gggg,00bb) of (gggg,bbxx).
inline index::Tag creator_tag(index::Tag tag) {
  return {(tag.value & 0xFFFF0000) | (tag.value >> 8 & 0xFF)};
}

}  // namespace medarc::dicom
