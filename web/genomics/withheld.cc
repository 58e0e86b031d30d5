#include "web/genomics/withheld.h"

#include "genomics/withheld.h"
#include "web/text.h"

namespace medarc::web {

void say_withheld(Response& response, const std::vector<genomics::Region>& withheld) {
  if (withheld.empty()) return;
  response.headers.set("Medarc-Withheld", "regions=" + std::to_string(withheld.size()));
}

std::string withheld_member(const GenomicsContext& c, const genomics::FileHeader& header,
                            const std::vector<genomics::Region>& withheld) {
  if (withheld.empty()) return {};
  std::string out = ",\"withheld\":{\"regions\":" + std::to_string(withheld.size());
  if (c.store.consent_rules().name_regions) {
    out += ",\"named\":[";
    for (const genomics::Region& region : withheld) {
      if (&region != &withheld.front()) out += ',';
      append_json_string(out, genomics::to_samtools_region(region, header));
    }
    out += ']';
  }
  return out + "}";
}

std::string withheld_tag(const std::vector<genomics::Region>& withheld) {
  std::string out;
  for (const genomics::Region& r : withheld) {
    out += ";without " + std::to_string(r.tid) + ":" + std::to_string(r.begin) + "-" +
           std::to_string(r.end);
  }
  return out;
}

}  // namespace medarc::web
