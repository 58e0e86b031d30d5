// Words by which a person's name is looked for when its spelling is not known exactly:
// fuzzymatching of DICOM, the name parameters of FHIR. Folded more than a PN key is (normalise.h):
// without case, accents, width and compatibility forms.
//
// A name is found by the begin of any of its words. Words are what stands between blanks, carets,
// hyphens, apostrophes and component groups; a given and family name written together, in either
// order; and of a word of Han characters each of its ends, with their readings in pinyin without
// tones (one reading a character, after CLDR's Han-Latin). Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace medarc::index {

// NFKC_Casefold, then without combining marks: "Müller" and "ＭＵＬＬＥＲ" both give "muller". Runs
// of blanks are one blank, none at the ends. Text that is not UTF-8 is compared byte by byte.
std::string fold_name(std::string_view text);

// The folded words of a text as it stands.
std::vector<std::string> split_name(std::string_view text);

// Every word under which a DICOM person name is found, sorted, each once.
std::vector<std::string> name_words(std::string_view pn);

}  // namespace medarc::index
