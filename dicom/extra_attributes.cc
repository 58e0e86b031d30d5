#include "dicom/extra_attributes.h"

#include <algorithm>

#include "dicom/completeness/state_elements.h"
#include "dicom/json_elements.h"
#include "dicom/matching.h"

namespace medarc::dicom {
namespace {

Error wrong(std::string text) {
  return make_error(Code::invalid_argument, "index.attribute: " + std::move(text));
}

std::optional<Level> level_named(std::string_view name) {
  if (name == "study") return Level::study;
  if (name == "series") return Level::series;
  if (name == "instance") return Level::instance;
  return std::nullopt;
}

Result<ExtraAttribute> read(const Config::Table& table) {
  ExtraAttribute out;
  std::string key, creator, vr;
  std::optional<Level> level;
  for (const auto& [name, value] : table) {
    if (name == "key") {
      key = value;
    } else if (name == "creator") {
      creator = value;
    } else if (name == "vr") {
      vr = value;
    } else if (name == "level") {
      level = level_named(value);
      if (!level) return wrong("a level is study, series or instance");
    } else {
      return wrong("there is no setting " + name);
    }
  }
  for (std::string_view rest = key;;) {
    const size_t dot = std::min(rest.find('.'), rest.size());
    const auto tag = parse_tag(rest.substr(0, dot));
    if (!tag || matching_level(*tag) == Level::none) return wrong("unknown attribute " + key);
    if (is_private(*tag) && (!is_private_element(*tag) || creator.empty())) {
      return wrong(key + " is private and needs its creator");
    }
    out.path.push_back(step_of(*tag, creator));
    if (dot == rest.size()) break;
    if (!is(vr_of(*tag), "SQ") && !is_private(*tag)) return wrong(key + " goes below no sequence");
    rest.remove_prefix(dot + 1);
  }
  const ExtraStep &first = out.path.front(), &last = out.path.back();
  out.vr = is_private(last.tag) ? Vr{'L', 'O'} : vr_of(last.tag);
  if (!vr.empty()) {
    if (!is_private(last.tag)) return wrong("vr is for private elements only");
    if (vr.size() != 2) return wrong("no such VR: " + vr);
    out.vr = {vr[0], vr[1]};
  }
  if (!is_known(out.vr) || !can_match(out.vr)) return wrong(key + " cannot be matched by value");
  if (rows_hold(first.tag)) return wrong(key + " is held in rows, and searched as it is");
  if (level) out.level = *level;
  for (const ExtraStep& step : out.path) {
    out.name += (out.name.empty() ? "" : ".") + tag_hex(step.tag);
    if (!step.creator.empty()) out.name += "(" + step.creator + ")";
  }
  out.name += " " + std::string(text_of(out.vr));
  return out;
}

// The state of studies; in no entries, made when it is asked for.
const std::vector<ExtraAttribute>& made_of_studies() {
  static const std::vector<ExtraAttribute> all = [] {
    std::vector<ExtraAttribute> out;
    for (const StudyStateElement& e : study_state_elements()) {
      const Tag tag{uint32_t{kStudyStateGroup} << 16 | 0x1000 | static_cast<uint32_t>(e.what)};
      out.push_back({{{tag, std::string(kStudyStateCreator)}}, e.vr, Level::study, {}});
    }
    return out;
  }();
  return all;
}

}  // namespace

ExtraStep step_of(Tag tag, std::string_view creator) {
  if (!is_private_element(tag)) return {tag, {}};
  return {Tag{(tag.value & 0xFFFF00FF) | 0x1000}, std::string(creator)};
}

Result<ExtraAttributes> ExtraAttributes::from(Config& config) {
  ExtraAttributes out;
  for (const Config::Table& table : config.tables(
           "index.attribute", "Further attributes to search by: key, level, creator, vr.")) {
    MEDARC_ASSIGN(ExtraAttribute one, read(table));
    if (out.find(one.path) != nullptr) return wrong("named twice: " + one.name);
    if (const ExtraAttribute* same = out.root(one.path[0].tag, one.path[0].creator);
        same != nullptr && same->level != one.level) {
      return wrong("one attribute at two levels: " + one.name);
    }
    out.all_.push_back(std::move(one));
    if (out.all_.size() > kMax) return wrong("more than " + std::to_string(kMax));
  }
  return out;
}

const ExtraAttribute* ExtraAttributes::root(Tag tag, std::string_view creator) const {
  const ExtraStep wanted = step_of(tag, creator);
  for (const auto* known : {&made_of_studies(), &all_}) {
    const auto at = std::find_if(known->begin(), known->end(),
                                 [&](const auto& a) { return a.path.front() == wanted; });
    if (at != known->end()) return &*at;
  }
  return nullptr;
}

const ExtraAttribute* ExtraAttributes::find(const std::vector<ExtraStep>& path) const {
  for (const auto* known : {&made_of_studies(), &all_}) {
    const auto at =
        std::find_if(known->begin(), known->end(), [&](const auto& a) { return a.path == path; });
    if (at != known->end()) return &*at;
  }
  return nullptr;
}

std::vector<std::string> values_in(std::string_view dataset, const ExtraAttribute& attribute) {
  std::vector<std::string> datasets{std::string(dataset)};
  std::vector<std::string> out;
  for (size_t i = 0; i < attribute.path.size(); ++i) {
    const ExtraStep& step = attribute.path[i];
    std::vector<std::string> below;
    for (const std::string& one : datasets) {
      auto element = element_of(one, step.tag, step.creator);
      if (!element) continue;
      if (i + 1 == attribute.path.size()) {
        for (std::string& value : element->values) out.push_back(std::move(value));
      } else if (is(element->vr, "SQ") && !element->values.empty()) {
        for (const std::string_view item : json_entries(element->values[0])) {
          below.emplace_back(item);
        }
      }
    }
    datasets = std::move(below);
  }
  return out;
}

}  // namespace medarc::dicom
