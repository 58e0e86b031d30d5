#include "web/genomics/beacon_search.h"

#include "security/policy.h"

namespace medarc::web {
namespace {

using genomics::Asker;
using genomics::FileRow;

constexpr uint32_t kPageFiles = 500;

}  // namespace

Result<BeaconAccess> beacon_access(const BeaconContext& c, const Request& request) {
  BeaconAccess out{BeaconGranularity::none, at_genomics_door(request)};
  Asker& who = out.asker;
  if (security::allowed(who.roles, security::Domain::genomes, security::Action::read)) {
    out.granularity = BeaconGranularity::record;
    return out;
  }
  const bool stranger = who.id.empty();
  out.granularity = stranger ? c.options.anonymous : c.options.registered;
  if (out.granularity == BeaconGranularity::none) {
    return stranger ? make_error(Code::unauthenticated, "no credentials that are known here")
                    : make_error(Code::permission_denied, "this Beacon does not answer you");
  }
  // The configuration lets them look; they get no more than the granularity says.
  if (stranger) who.id = "anonymous";
  who.roles = {security::Role::bioinformatician};
  return out;
}

Result<std::vector<FileRow>> beacon_files(const BeaconContext& c, const BeaconDataset& dataset,
                                          const Asker& asker) {
  std::vector<FileRow> out;
  for (const char* format : {"vcf", "bcf"}) {
    genomics::FileQuery query;
    query.format = format;
    query.limit = kPageFiles;
    do {
      MEDARC_ASSIGN(genomics::FilePage page, c.store.list(asker, query));
      query.cursor = std::move(page.next);
      for (FileRow& row : page.files) {
        if (!row.id.value.starts_with(dataset.files) || !row.block_map_blob) continue;
        const auto permitted =
            genomics::permit_of(c.store.consent_rules(), asker, row.consent, now());
        if (permitted.has_error()) {
          // What is said as the purpose is wrong, whatever the file.
          if (permitted.error().code != Code::permission_denied) return permitted.error();
          continue;
        }
        if (out.size() == c.options.files_max) {
          return make_error(Code::too_large, "the dataset has more files than beacon.files_max");
        }
        out.push_back(std::move(row));
      }
    } while (!query.cursor.empty());
  }
  return out;
}

Result<genomics::FoundAlleles> beacon_find(const BeaconContext& c, const BeaconDataset& dataset,
                                           const Asker& asker, const genomics::AlleleQuery& query,
                                           genomics::AlleleBounds& bounds) {
  genomics::FoundAlleles out;
  MEDARC_ASSIGN(const auto files, beacon_files(c, dataset, asker));
  for (const FileRow& row : files) {
    MEDARC_ASSIGN(auto set, c.store.read_set(asker, row));
    const auto region = genomics::region_of(query, set->header);
    if (!region || !set->map.sorted()) continue;
    MEDARC_ASSIGN(auto content, c.store.open_admitted(set->content));
    MEDARC_ASSIGN(auto scan, genomics::VariantScan::open(set, std::vector{*region},
                                                         c.store.limits(), std::move(content)));
    MEDARC_TRY(genomics::search_alleles(*scan, query, bounds, out));
    if (bounds.first_only && !out.empty()) break;
  }
  return out;
}

}  // namespace medarc::web
