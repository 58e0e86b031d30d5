#include "dicom/senders/findings.h"

#include <algorithm>

namespace medarc::dicom::senders {
namespace {

constexpr size_t kPartsOfOne = 4;  // kind, attribute, text, detail

}  // namespace

void keep(const std::string& sender, std::vector<Finding> findings, index::InstanceRow& row) {
  if (findings.empty()) return;
  if (findings.size() > kFindingsMax) findings.resize(kFindingsMax);
  std::vector<std::string> values{sender};
  for (Finding& f : findings) {
    values.push_back(std::move(f.kind));
    values.push_back(f.attribute.value == 0 ? std::string() : tag_hex(f.attribute));
    for (std::string* text : {&f.text, &f.detail}) {
      text->resize(std::min(text->size(), kFindingBytesMax));
      values.push_back(std::move(*text));
    }
  }
  row.attributes.set(kFieldFindings, "LO", std::move(values));
}

KeptFindings findings_of(const index::InstanceRow& row) {
  KeptFindings out;
  const index::Attribute* kept = row.attributes.find(kFieldFindings);
  if (kept == nullptr || kept->values.empty()) return out;
  const std::vector<std::string>& values = kept->values;
  out.sender = values[0];
  for (size_t i = 1; i + kPartsOfOne <= values.size(); i += kPartsOfOne) {
    out.findings.push_back(
        {values[i], values[i + 1].empty() ? Tag{} : parse_tag(values[i + 1]).value_or(Tag{}),
         values[i + 2], values[i + 3]});
  }
  return out;
}

}  // namespace medarc::dicom::senders
