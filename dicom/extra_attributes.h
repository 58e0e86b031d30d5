// Attributes the operator wants to search by beside those that rows hold (levels.h):
//
//   [[index.attribute]]
//   key = "DeviceSerialNumber"       # keyword or tag; below sequences with dots
//   level = "study"                  # study, series or instance (the default)
//   [[index.attribute]]
//   key = "00091001"                 # a private element: with its creator, in whatever block
//   creator = "ACME 1.0"
//   vr = "SH"                        # of a private element; LO is the default
//
// The elements that tell the state of a study (completeness/state_elements.h) are known here too,
// as attributes of studies that nobody has to name.
//
// A study or series has the values of its instances: it matches when any of them does. What is
// added here becomes a key at its level at once; it is found fast when the archive has been read
// through (attribute_indexer.h).
#pragma once

#include <string>
#include <vector>

#include "base/config.h"
#include "dicom/completeness/options.h"
#include "dicom/condition.h"
#include "dicom/levels.h"

namespace medarc::dicom {

struct ExtraStep {
  Tag tag;              // a private element in block 0x10
  std::string creator;  // of a private element
  bool operator==(const ExtraStep&) const = default;
};

struct ExtraAttribute {
  std::vector<ExtraStep> path;
  Vr vr{};
  Level level = Level::instance;
  std::string name;  // the same for the same path and VR: names its entries in index/lookups.h
};

// Immutable after it is read; thread-safe.
class ExtraAttributes {
 public:
  static constexpr size_t kMax = 64;
  // invalid_argument: an unknown keyword, level or VR, a value that cannot be matched, a private
  // element without creator, what rows hold already. Needs load_dictionary().
  static Result<ExtraAttributes> from(Config& config);

  // By what the state of studies is told.
  void tell_state_by(CompletenessOptions options) { state_options_ = options; }
  const CompletenessOptions& state_options() const { return state_options_; }

  // Those of the configuration.
  const std::vector<ExtraAttribute>& all() const { return all_; }
  // The attribute at the top level of a dataset, or the sequence above some of them.
  const ExtraAttribute* root(Tag tag, std::string_view creator) const;
  const ExtraAttribute* find(const std::vector<ExtraStep>& path) const;

 private:
  std::vector<ExtraAttribute> all_;
  CompletenessOptions state_options_;
};

// A step as paths hold it.
ExtraStep step_of(Tag tag, std::string_view creator);

// The values of `attribute` in one dataset, those of all items.
std::vector<std::string> values_in(std::string_view dataset, const ExtraAttribute& attribute);

}  // namespace medarc::dicom
