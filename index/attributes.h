// Attribute values as rows hold them: the DICOM tag, its VR and its values in UTF-8. One sorted,
// compact form serves QIDO answers, C-FIND answers, matching and FHIR mapping alike.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/codec.h"

namespace medarc::index {

// A DICOM tag (0xggggeeee), or a field of our own in the group 0xFFFE (see kField… in rows.h).
struct Tag {
  uint32_t value = 0;
  auto operator<=>(const Tag&) const = default;
};

struct Attribute {
  Tag tag;
  std::array<char, 2> vr{};         // "PN", "DA", …; "SQ" holds its DICOM JSON text as one value
  std::vector<std::string> values;  // UTF-8, trimmed; PN as "Alphabetic=Ideographic=Phonetic";
                                    // empty: the element is there without a value
  bool operator==(const Attribute&) const = default;
};

// Sorted by tag, each tag once.
class AttributeSet {
 public:
  void set(Attribute a);  // replaces
  void set(Tag tag, std::string_view vr, std::vector<std::string> values);
  bool fill(const AttributeSet& other);  // takes what is absent or empty here; true: changed
  const Attribute* find(Tag tag) const;
  std::string_view first(Tag tag) const;  // the first value, or ""
  const std::vector<Attribute>& all() const { return attributes_; }
  bool operator==(const AttributeSet&) const = default;
  void encode(Encoder& out) const;
  static AttributeSet decode(Decoder& in);

 private:
  std::vector<Attribute> attributes_;
};

}  // namespace medarc::index
