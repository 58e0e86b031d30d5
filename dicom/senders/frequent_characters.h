// What names, descriptions and the language around them are mostly written with: a few hundred
// characters of each script. Own lists, from family and given names and from the words of radiology
// departments.
#pragma once

#include "dicom/senders/readings.h"

namespace medarc::dicom::senders {

// Small letters stand for both cases.
bool is_frequent(Script script, char32_t code);
bool is_vowel(Script script, char32_t code);  // of the scripts that write them all

}  // namespace medarc::dicom::senders
