// Conditions that index rows alone cannot decide: on items of sequences (PS3.4 C.2.2.2.6), on
// private elements, on any other element of an instance. They are held against DICOM JSON as it is
// kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dicom/dictionary.h"
#include "dicom/levels.h"
#include "dicom/private_tags.h"
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

// Conditions made ready for many datasets. Not thread-safe.
class Comparer {
 public:
  explicit Comparer(const Condition& condition);
  // `dataset`: one JSON object. too_large: the value lies outside the metadata (a text over 64
  // KiB), where it is not looked at.
  Result<bool> meets(std::string_view dataset);
  // Date-times without an offset of their own have this one ("+0800"); "": as they stand.
  void in_zone(const std::string& zone);
  // An attribute as rows hold it, or none.
  Result<bool> meets(const index::Attribute* attribute);

 private:
  Result<bool> meets_values(const index::Attribute& attribute);

  Condition condition_;
  std::vector<std::vector<index::CompiledTerm>> terms_;
  std::vector<Comparer> items_;
  std::string zone_;
};

// The element of `dataset`, a private one by its creator whatever block it has there (the answer
// has the tag asked for). nullopt: it is not there.
std::optional<index::Attribute> element_of(std::string_view dataset, Tag tag,
                                           std::string_view creator);

}  // namespace medarc::dicom
