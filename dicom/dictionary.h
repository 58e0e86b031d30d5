// The data dictionary (PS3.6): VR and keyword of each attribute, names of UIDs.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "index/attributes.h"

namespace medarc::dicom {

using index::Tag;
using Vr = std::array<char, 2>;

inline bool is(Vr vr, const char (&text)[3]) { return vr[0] == text[0] && vr[1] == text[1]; }
inline std::string_view text_of(const Vr& vr) { return {vr.data(), 2}; }

// Loads it once (about 10 ms). internal: the dictionary file is not installed; nothing works
// without it, so start-up refuses.
Status load_dictionary();

// "UN" for tags it does not hold; private creators are "LO". Needs load_dictionary(). Thread-safe.
Vr vr_of(Tag tag);
// "US" above may also be SS, as Pixel Representation says (PS3.6 "US or SS").
bool may_be_signed(Tag tag);
std::string keyword_of(Tag tag);                       // "" when unknown
std::optional<Tag> tag_of(std::string_view keyword);   // by exact keyword
std::string uid_name(std::string_view uid);            // keyword of PS3.6 A; the UID when unknown

// "PatientName" or "00100010" (8 hex digits, any case).
std::optional<Tag> parse_tag(std::string_view text);
std::string tag_hex(Tag tag);                          // "00100010"

}  // namespace medarc::dicom
