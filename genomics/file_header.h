// What the header of a file with positions says, whatever its format: its text, the reference
// sequences that records name by number, and the samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace medarc::genomics {

struct Reference {
  std::string name;    // empty: a number that no reference has (BCF dictionaries may have gaps)
  uint32_t bases = 0;  // 0: not said (a contig of a variant or BED file)
};

struct FileHeader {
  std::string text;                              // without trailing NULs
  std::vector<Reference> references;             // by reference id; of variants: the contigs
  std::vector<std::string> samples;              // each once, in order
  std::unordered_map<std::string, int32_t> ids;  // of references, by name

  std::optional<int32_t> find(std::string_view reference_name) const {
    const auto found = ids.find(std::string(reference_name));
    return found == ids.end() ? std::nullopt : std::optional(found->second);
  }
};

}  // namespace medarc::genomics
