// Choices of the genomics door; limits of what is stored and sliced are in genomics/limits.h.
#pragma once

#include <cstdint>
#include <string>

#include "base/config.h"

namespace medarc::web {

struct GenomicsOptions {
  uint64_t ticket_ttl_ms = 3600 * 1000;    // how long the data URLs of an htsget ticket are good
  uint64_t inline_bytes_max = 2ull << 20;  // of data: URLs in one ticket, before base64 (H25)
  // Of those, records that are coded anew while the client waits for its ticket, before they are
  // compressed; more become links, so that a ticket takes no longer than looking up what it names.
  // With 256 KiB both ends of a region fit: a request less for each, for clients that are far away.
  uint64_t inline_coded_bytes_max = 16u << 10;
  uint64_t post_bytes_max = 1ull << 20;    // POST body of htsget (H21) and DRS
  uint32_t tags_max = 10'000;              // in `tags`, and in `notags`, of one request
  bool strict_header_class = false;        // refuse a lone referenceName beside class=header (H09)
  uint32_t page_max = 1'000;               // files in one listing
  uint64_t variants_max = 100'000;         // variants in one JSON answer
  uint32_t depth_bins_max = 100'000;       // in one answer of /depth
  std::string drs_host;                    // in drs:// URIs; "": the one a request was sent to
  uint32_t drs_bulk_max = 1'000;           // objects in one bulk request of DRS
  uint32_t drs_bundle_files_max = 10'000;  // files of one DRS bundle
  std::string crypt4gh_recipient;          // of htsget requests that say for nobody; "": refused
  static GenomicsOptions from(Config& config);  // section [genomics]
};

}  // namespace medarc::web
