// The sex that the depth of X and Y speaks for, among reference sequences named as in human
// assemblies: 1 to 22, X and Y, all with "chr" before them or all without.
//
// The rule: depth of X and of Y (bases counted by the length of the whole sequence, N included) are
// divided by that of the autosomes present. Female: X from 0.75 on and Y up to 0.05. Male: X up to
// 0.7 and Y from 0.1 on. Else, or when fewer than 100,000 bases lie on the autosomes or fewer than
// 5,000 would be expected on X or on Y at their depth: undetermined.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "genomics/depth_builder.h"

namespace medarc::genomics {

struct SexEstimate {
  enum class Sex : uint8_t { undetermined, female, male } sex = Sex::undetermined;
  double autosome_depth = 0;
  double x_ratio = 0, y_ratio = 0;  // to the autosomes
  // {"estimate":"female","autosomeDepth":…,"xRatio":…,"yRatio":…}
  std::string json() const;
};

// nullopt: the file has no X, no Y or no autosome.
std::optional<SexEstimate> estimate_sex(const std::vector<Reference>& references,
                                        const std::vector<DepthBuilder::Sum>& sums);

}  // namespace medarc::genomics
