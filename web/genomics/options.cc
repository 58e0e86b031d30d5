#include "web/genomics/options.h"

namespace medarc::web {

GenomicsOptions GenomicsOptions::from(Config& config) {
  GenomicsOptions o;
  o.ticket_ttl_ms = config.size("genomics.ticket_ttl_ms", o.ticket_ttl_ms,
                                "How long the data URLs of an htsget ticket are good.", 1'000);
  o.inline_bytes_max = config.size("genomics.inline_bytes_max", o.inline_bytes_max,
                                   "Bytes an htsget ticket carries inside itself.", 0, 16u << 20);
  o.inline_coded_bytes_max =
      config.size("genomics.inline_coded_bytes_max", o.inline_coded_bytes_max,
                  "Of them, bytes of records that are coded anew for the ticket.", 0, 16u << 20);
  o.post_bytes_max = config.size("genomics.post_bytes_max", o.post_bytes_max,
                                 "Body of a POST request of htsget or DRS.", 1024, 64u << 20);
  o.tags_max = static_cast<uint32_t>(config.size(
      "genomics.tags_max", o.tags_max, "Tags that one request names in tags, or in notags.", 1));
  o.strict_header_class =
      config.flag("genomics.strict_header_class", o.strict_header_class,
                  "Refuse a referenceName beside class=header, which some clients send.");
  o.page_max = static_cast<uint32_t>(config.size(
      "genomics.page_max", o.page_max, "Files in one answer of /genomics/files.", 1, 10'000));
  o.variants_max = config.size("genomics.variants_max", o.variants_max,
                               "Variants in one JSON answer of /genomics/files/{id}/variants.", 1);
  o.depth_bins_max = static_cast<uint32_t>(config.size(
      "genomics.depth_bins_max", o.depth_bins_max, "Bins in one answer of depth.", 1, 10'000'000));
  o.drs_host = config.text("genomics.drs_host", o.drs_host,
                           "Host, and port where it is not 443, in drs:// URIs; empty: the one a "
                           "request was sent to.");
  o.drs_bulk_max = static_cast<uint32_t>(config.size(
      "genomics.drs_bulk_max", o.drs_bulk_max, "Objects in one bulk request of DRS.", 1, 100'000));
  o.drs_bundle_files_max = static_cast<uint32_t>(config.size(
      "genomics.drs_bundle_files_max", o.drs_bundle_files_max, "Files of one DRS bundle.", 1));
  o.crypt4gh_recipient = config.text(
      "genomics.crypt4gh_recipient", o.crypt4gh_recipient,
      "Name of the recipient of htsget requests with encryptionScheme that say for nobody.");
  return o;
}

}  // namespace medarc::web
