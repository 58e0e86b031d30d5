// Identifiers (PS3.4 C.4): the dataset of a C-FIND, C-MOVE or C-GET request, and the one of an
// answer. A few hundred bytes, whole in memory, read by the same bounded scanner as objects.
#pragma once

#include <string>
#include <vector>

#include "dicom/charset.h"
#include "dicom/limits.h"
#include "dicom/matching.h"
#include "index/attributes.h"

namespace medarc::dicom::dimse {

inline constexpr Tag kQueryRetrieveLevel{0x00080052}, kSpecificCharacterSet{0x00080005},
    kRetrieveAeTitle{0x00080054}, kInstanceAvailability{0x00080056}, kFailedInstances{0x00080058};

// What the requestor wants to know or to be matched.
struct Key {
  Tag tag;
  Vr vr{};
  std::string text;  // UTF-8, values joined by backslashes; "" asks for the attribute
  bool sequence = false;
  std::vector<Key> items;  // of a sequence: the keys in its first item; none asks for whole items
  size_t items_count = 0;  // that it has
  std::string creator;     // of a private element: what the element of its block's creator says
};

struct Identifier {
  std::string level;                 // (0008,0052)
  std::vector<std::string> charset;  // (0008,0005) as it stands
  std::vector<Key> keys;             // top level, in order, without the two above
  bool too_deep = false;             // keys below 16 sequences were left out
  const Key* find(Tag tag) const;
  // The values of a key, for UIDs; none when it is not there or empty.
  std::vector<std::string> values(Tag tag) const;
};

// invalid_argument: no dataset of this transfer syntax; too_large: over a limit.
Result<Identifier> read_identifier(ByteView dataset, std::string_view transfer_syntax,
                                   const Limits& limits);

// The dataset that holds `attributes` (any order, each tag once) in `transfer_syntax`. Text goes in
// a character set the requestor named when all of it fits there, else as UTF-8 (ISO_IR 192), which
// (0008,0005) then says (M9). Values over what their VR may hold are cut at a value's end; binary
// values inside sequences stay empty.
Bytes write_identifier(std::vector<index::Attribute> attributes,
                       const std::vector<std::string>& wanted_charset,
                       std::string_view transfer_syntax);

}  // namespace medarc::dicom::dimse
