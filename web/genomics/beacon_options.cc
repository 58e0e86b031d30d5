#include "web/genomics/beacon_options.h"

#include <algorithm>
#include <array>

namespace medarc::web {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"none", "boolean", "count", "record"};
constexpr std::array<std::string_view, 5> kDatasetKeys = {"id", "name", "description", "assembly",
                                                          "files"};

Result<BeaconDataset> dataset_of(const Config::Table& table) {
  for (const auto& [key, value] : table) {
    if (std::find(kDatasetKeys.begin(), kDatasetKeys.end(), key) == kDatasetKeys.end()) {
      return make_error(Code::invalid_argument, "[[beacon.dataset]]: there is no setting " + key);
    }
  }
  const auto text = [&](const char* key) {
    const auto found = table.find(key);
    return found == table.end() ? std::string() : found->second;
  };
  BeaconDataset out{text("id"), text("name"), text("description"), text("assembly"), text("files")};
  if (out.id.empty()) return make_error(Code::invalid_argument, "[[beacon.dataset]]: it has an id");
  if (out.name.empty()) out.name = out.id;
  return out;
}

}  // namespace

std::string_view to_string(BeaconGranularity granularity) {
  return kNames[static_cast<size_t>(granularity)];
}

std::optional<BeaconGranularity> beacon_granularity_of(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<BeaconGranularity>(found - kNames.begin());
}

Result<BeaconOptions> BeaconOptions::from(Config& c) {
  BeaconOptions o;
  o.id = c.text("beacon.id", o.id, "Id of this Beacon, in reverse domain notation.");
  o.name = c.text("beacon.name", o.name, "Name of this Beacon.");
  o.organization = c.text("beacon.organization", o.organization, "Whose Beacon this is.");
  const auto granularity = [&](const char* key, BeaconGranularity& field,
                               const char* meaning) -> Status {
    const auto read =
        beacon_granularity_of(c.text(std::string("beacon.") + key, to_string(field), meaning));
    if (!read) {
      return make_error(Code::invalid_argument,
                        std::string("beacon.") + key + ": none, boolean, count or record");
    }
    field = *read;
    return {};
  };
  MEDARC_TRY(granularity("anonymous", o.anonymous,
                         "What Beacon tells without credentials: none, boolean, count, record."));
  MEDARC_TRY(granularity("registered", o.registered,
                         "What Beacon tells those whose roles do not let them read genomes."));
  o.records_max =
      c.size("beacon.records_max", o.records_max, "Variants looked at for one Beacon question.", 1);
  o.alleles_max = c.size("beacon.alleles_max", o.alleles_max,
                         "Alleles found in one dataset by one Beacon question.", 1, 10'000'000);
  o.files_max = static_cast<uint32_t>(
      c.size("beacon.files_max", o.files_max, "Files of one Beacon dataset.", 1, 1'000'000));
  o.page_max = static_cast<uint32_t>(
      c.size("beacon.page_max", o.page_max, "Results of one Beacon answer.", 1, 1'000'000));
  o.post_bytes_max = c.size("beacon.post_bytes_max", o.post_bytes_max,
                            "Body of a Beacon POST request.", 1024, 64u << 20);
  for (const Config::Table& table :
       c.tables("beacon.dataset",
                "A set of variant files that Beacon knows: id, name, description, assembly, files "
                "(what their ids begin with).")) {
    MEDARC_ASSIGN(BeaconDataset dataset, dataset_of(table));
    const bool twice = std::any_of(o.datasets.begin(), o.datasets.end(),
                                   [&](const BeaconDataset& one) { return one.id == dataset.id; });
    if (twice) return make_error(Code::invalid_argument, "[[beacon.dataset]]: an id comes twice");
    o.datasets.push_back(std::move(dataset));
  }
  if (o.datasets.empty()) {
    o.datasets.push_back(
        {"all", "All variant files", "Every variant file of this archive", "", ""});
  }
  return o;
}

}  // namespace medarc::web
