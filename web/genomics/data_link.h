// The data URLs of htsget tickets and of DRS: what to send is written into the URL itself and
// signed, so that a data request needs no credential of its own (H24), keeps no state here, and can
// be asked again, in parts (H26), until it expires. The byte range is in the path: proxies that
// drop Range do no harm.
//
// A link names the file with its digest, and the version of its consent: once the file is removed
// or replaced, or its consent changed, the link is dead. The key lives as long as the process;
// after a restart clients ask for a new ticket.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.h"
#include "genomics/slice.h"
#include "index/rows.h"

namespace medarc::web {

// What one data URL stands for.
struct DataLink {
  index::FileId file;
  Digest content;
  uint64_t consent_version = 0;  // under which it was planned
  Timestamp expires;
  enum class Kind : uint8_t {
    range,   // stored bytes as they are
    header,  // the header's blocks
    coded,   // a piece coded again
    whole,   // all of a stored blob, named as a file
    cram,    // containers of a CRAM file, coded again
  } kind = Kind::range;
  ByteRange range;                            // of Kind::range
  std::vector<ByteRange> ranges;              // of Kind::cram
  std::vector<genomics::Fragment> fragments;  // of Kind::coded
  std::vector<genomics::Region> regions;      // that its records are to overlap, merged
  bool everything = false;                    // or all of them
  std::vector<genomics::Region> withheld;     // that none of its records is to overlap, merged
  // Coded pieces: "" as the file is stored, or "bam", "vcf", "bcf".
  std::string form;
  genomics::RecordMask mask;
  Bytes sealed;  // whom it is encrypted for (encryption.h); empty: it is not
};

inline constexpr size_t kLinkBytesMax = 6'000;  // of a token: URLs have to fit into a request line

class DataLinks {
 public:
  DataLinks();  // a fresh random key
  // A path segment: letters, digits, '-' and '_'.
  std::string seal(const DataLink& link) const;
  // permission_denied: not made by this key, altered, or expired.
  Result<DataLink> open(std::string_view token) const;

 private:
  Bytes sign(ByteView payload) const;
  std::array<uint8_t, 32> key_;
};

}  // namespace medarc::web
