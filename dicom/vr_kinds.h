// Kinds of value representations (PS3.5 6.2).
#pragma once

#include <string_view>

#include "dicom/dictionary.h"

namespace medarc::dicom {

// `names` as "AE,CS".
inline bool one_of(Vr vr, std::string_view names) {
  for (size_t i = 0; i + 1 < names.size(); i += 3) {
    if (vr[0] == names[i] && vr[1] == names[i + 1]) return true;
  }
  return false;
}

// Text in the Specific Character Set (PS3.5 6.1.2.3).
inline bool has_charset(Vr vr) { return one_of(vr, "LO,LT,PN,SH,ST,UC,UT"); }
// Text of one value, in which a backslash is a character.
inline bool is_single_text(Vr vr) { return one_of(vr, "LT,ST,UR,UT"); }
// Text of any kind.
inline bool is_text(Vr vr) {
  return one_of(vr, "AE,AS,CS,DA,DS,DT,IS,LO,LT,PN,SH,ST,TM,UC,UI,UR,UT");
}
// Numbers as words, attribute tags among them.
inline bool is_words(Vr vr) { return one_of(vr, "AT,FD,FL,SL,SS,SV,UL,US,UV"); }
// Octets or words whose meaning other elements tell.
inline bool is_bulk(Vr vr) { return one_of(vr, "OB,OD,OF,OL,OV,OW,UN"); }

}  // namespace medarc::dicom
