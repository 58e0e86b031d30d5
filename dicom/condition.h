// Conditions that index rows alone cannot decide: on items of sequences (PS3.4 C.2.2.2.6), on
// private elements, on any other element of an instance. They are held against DICOM JSON as it is
// kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dicom/dictionary.h"
#include "dicom/levels.h"
#include "index/match.h"

namespace medarc::dicom {

// One element. Values are matched by `all_of_any`; a sequence matches when one of its items meets
// all of `items`. One with neither matches everything, and is no condition.
struct Condition {
  Tag tag;
  Vr vr{};              // by which values are compared; none: the object's own, LO where that is UN
  std::string creator;  // of a private element: its block is looked up by that. Of a creator
                        // element itself: the dataset must hold that creator
  std::vector<std::vector<index::Term>> all_of_any;
  std::vector<Condition> items;
  Level level = Level::instance;  // at the top: of what it is an attribute
  bool universal() const;
};

inline bool is_private(Tag tag) { return (tag.value >> 16) % 2 == 1; }
inline bool is_private_creator(Tag tag) {
  const uint32_t element = tag.value & 0xFFFF;
  return is_private(tag) && element >= 0x10 && element <= 0xFF;
}
// A private element that belongs to a block, and so to a creator.
inline bool is_private_element(Tag tag) { return is_private(tag) && (tag.value & 0xFFFF) > 0xFF; }
// The element that names the creator of this one's block (PS3.5 7.8.1).
inline Tag creator_tag(Tag tag) { return {(tag.value & 0xFFFF0000) | (tag.value >> 8 & 0xFF)}; }

// Conditions made ready for many datasets. Not thread-safe.
class Comparer {
 public:
  explicit Comparer(const Condition& condition);
  // `dataset`: one JSON object. too_large: the value lies outside the metadata (a text over 64
  // KiB), where it is not looked at.
  Result<bool> meets(std::string_view dataset);
  // An attribute as rows hold it, or none.
  Result<bool> meets(const index::Attribute* attribute);

 private:
  Result<bool> meets_values(const index::Attribute& attribute);

  Condition condition_;
  std::vector<std::vector<index::CompiledTerm>> terms_;
  std::vector<Comparer> items_;
};

// The element of `dataset`, a private one by its creator whatever block it has there (the answer
// has the tag asked for). nullopt: it is not there.
std::optional<index::Attribute> element_of(std::string_view dataset, Tag tag,
                                           std::string_view creator);

}  // namespace medarc::dicom
