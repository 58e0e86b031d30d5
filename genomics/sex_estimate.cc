#include "genomics/sex_estimate.h"

#include <fmt/format.h>

#include <algorithm>

namespace medarc::genomics {
namespace {

constexpr uint64_t kAutosomeBasesMin = 100'000;
constexpr double kExpectedBasesMin = 5'000;
constexpr double kFemaleXMin = 0.75, kFemaleYMax = 0.05, kMaleXMax = 0.7, kMaleYMin = 0.1;

struct Sums {
  uint64_t counted = 0, bases = 0;
  double depth() const {
    return bases == 0 ? 0 : static_cast<double>(counted) / static_cast<double>(bases);
  }
};

bool is_autosome(std::string_view name) {
  if (name.empty() || name.size() > 2 || name[0] < '1' || name[0] > '9') return false;
  if (name.size() == 1) return true;
  return name[1] >= '0' && name[1] <= '9' && (name[0] - '0') * 10 + (name[1] - '0') <= 22;
}

std::optional<SexEstimate> estimate(const std::vector<Reference>& references,
                                    const std::vector<DepthBuilder::Sum>& sums,
                                    std::string_view prefix) {
  Sums autosomes, x, y;
  for (size_t i = 0; i < references.size(); ++i) {
    std::string_view name = references[i].name;
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    Sums* const of = name == "X" ? &x : name == "Y" ? &y : is_autosome(name) ? &autosomes : nullptr;
    if (of == nullptr) continue;
    of->counted += sums[i].counted;
    of->bases += sums[i].bases;
  }
  if (autosomes.bases == 0 || x.bases == 0 || y.bases == 0) return std::nullopt;
  SexEstimate out;
  out.autosome_depth = autosomes.depth();
  if (autosomes.counted == 0) return out;
  out.x_ratio = x.depth() / out.autosome_depth;
  out.y_ratio = y.depth() / out.autosome_depth;
  const double expected = out.autosome_depth * static_cast<double>(std::min(x.bases, y.bases));
  if (autosomes.counted < kAutosomeBasesMin || expected < kExpectedBasesMin) return out;
  if (out.x_ratio >= kFemaleXMin && out.y_ratio <= kFemaleYMax) out.sex = SexEstimate::Sex::female;
  if (out.x_ratio <= kMaleXMax && out.y_ratio >= kMaleYMin) out.sex = SexEstimate::Sex::male;
  return out;
}

}  // namespace

std::string SexEstimate::json() const {
  const char* text = sex == Sex::female ? "female" : sex == Sex::male ? "male" : "undetermined";
  return fmt::format(
      R"({{"estimate":"{}","autosomeDepth":{:.2f},"xRatio":{:.3f},"yRatio":{:.3f}}})", text,
      autosome_depth, x_ratio, y_ratio);
}

std::optional<SexEstimate> estimate_sex(const std::vector<Reference>& references,
                                        const std::vector<DepthBuilder::Sum>& sums) {
  const auto with_prefix = estimate(references, sums, "chr");
  return with_prefix ? with_prefix : estimate(references, sums, "");
}

}  // namespace medarc::genomics
