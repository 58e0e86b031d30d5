// Leaving out fields and tags of BAM records (htsget 1.3 `fields`, `tags`, `notags`): what is left out
// becomes the value SAM has for "not available", so that records stay valid.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace medarc::genomics {

enum class Field : uint8_t { qname, flag, rname, pos, mapq, cigar, rnext, pnext, tlen, seq, qual };
std::optional<Field> field_of(std::string_view name);  // "QNAME"

// Default: everything stays.
struct RecordMask {
  uint32_t fields = UINT32_MAX;               // bit 1 << Field: kept
  std::optional<std::set<std::string>> tags;  // only these; empty: none
  std::set<std::string> notags;               // not these
  bool active() const { return fields != UINT32_MAX || tags || !notags.empty(); }
  bool keeps(Field f) const { return (fields >> static_cast<int>(f) & 1) != 0; }
  // Appends `record` (with its block_size), masked. QUAL without SEQ is left out too: it could not be
  // valid (htsget H17).
  void append(ByteView record, Bytes& out) const;

 private:
  bool keeps_tag(std::string_view tag) const;
};

}  // namespace medarc::genomics
