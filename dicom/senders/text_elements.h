// Elements whose text is looked at: their VR, and what may be other than ASCII in it.
#pragma once

#include <algorithm>

#include "dicom/scanner.h"
#include "dicom/vr_kinds.h"

namespace medarc::dicom::senders {

inline constexpr Tag kSpecificCharacterSet{0x00080005};

// The VR that counts: a dictionary's says more than UN (PS3.5 6.2.2).
inline Vr known_vr(const Element& e) { return is(e.vr, "UN") ? vr_of(e.tag) : e.vr; }

inline bool beyond_ascii(ByteView value) {
  return std::any_of(value.begin(), value.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace medarc::dicom::senders
