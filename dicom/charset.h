// Specific Character Set (0008,0005) to UTF-8: PS3.3 C.12.1.1.2, PS3.5 6.1 with code extensions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace medarc::dicom {

class Charset {
 public:
  // Of a dataset's (0008,0005) values; none: ISO_IR 6. Unknown terms are taken as ISO_IR 6 with
  // `known()` false.
  explicit Charset(const std::vector<std::string>& defined_terms = {});

  // The whole value, delimiters included. Bytes that mean nothing become U+FFFD and clear `clean`.
  // `person_name`: ^ and = also return to the initial state (PS3.5 6.1.2.5.3).
  std::string decode(ByteView bytes, bool person_name, bool* clean = nullptr) const;
  // UTF-8 text in this character set; nullopt when it has no bytes for some of it. Code extensions
  // (ISO 2022) are read but not written: there only ASCII fits.
  std::optional<Bytes> encode(std::string_view utf8) const;
  bool known() const { return known_; }

 private:
  enum class Kind { single, utf8, gb, iso2022 };
  Kind kind_ = Kind::single;
  std::string converter_;          // ICU name of the initial set ("" = ASCII)
  bool known_ = true;
};

// The defined terms it reads, as PS3.3 tables C.12-2 to C.12-5 write them.
std::vector<std::string> character_sets();

}  // namespace medarc::dicom
