#include "dicom/completeness/options.h"

namespace medarc::dicom {

CompletenessOptions CompletenessOptions::from(Config& config) {
  CompletenessOptions o;
  const auto u32 = [&](const char* key, uint32_t& field, const char* meaning, uint64_t min,
                       uint64_t max) {
    field = static_cast<uint32_t>(
        config.size(std::string("completeness.") + key, field, meaning, min, max));
  };
  u32("stable_after_s", o.stable_after_s,
      "A study that received nothing for so long is announced as stable; 0: none is.", 0,
      30 * 86'400);
  u32("instances_max", o.instances_max, "Instances of a study whose completeness is asked for.", 1,
      10'000'000);
  u32("references_max", o.references_max,
      "Instances referred to in a study whose completeness is asked for.", 1, 10'000'000);
  u32("told_max", o.told_max, "Gaps of a series and missing instances told one by one.", 1,
      100'000);
  u32("waiting_studies_max", o.waiting_studies_max,
      "Studies in memory that are waited for to become stable.", 1, 10'000'000);
  return o;
}

}  // namespace medarc::dicom
