// Beacon v2 at /beacon: who is told how much, and which files it knows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config.h"

namespace medarc::web {

// What an answer tells; each tells what those before it do.
enum class BeaconGranularity : uint8_t { none, boolean, count, record };
std::string_view to_string(BeaconGranularity granularity);
std::optional<BeaconGranularity> beacon_granularity_of(std::string_view name);

struct BeaconDataset {
  std::string id, name, description;
  std::string assembly;  // "GRCh38"; empty: not said
  std::string files;     // what the ids of its variant files begin with; empty: all
};

struct BeaconOptions {
  std::string id = "org.medarc.beacon", name = "Medarc Beacon", organization = "Medarc";
  // Without credentials; and with those of somebody whose roles do not let him read genomes. Who
  // may read them gets records.
  BeaconGranularity anonymous = BeaconGranularity::none;
  BeaconGranularity registered = BeaconGranularity::count;
  std::vector<BeaconDataset> datasets;  // none configured: one of all variant files
  uint64_t records_max = 1'000'000;     // looked at for one question
  uint64_t alleles_max = 10'000;        // found in one dataset
  uint32_t files_max = 1'000;           // of one dataset
  uint32_t page_max = 1'000;            // results of one answer
  uint64_t post_bytes_max = 1u << 20;   // a question in a POST body
  // Section [beacon], and [[beacon.dataset]]: id, name, description, assembly, files.
  static Result<BeaconOptions> from(Config& config);
};

}  // namespace medarc::web
