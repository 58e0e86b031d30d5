// /beacon: Beacon v2 over stored variant files. What is told follows who asks
// (beacon_options.h); what is found follows consent.
#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "web/genomics/beacon_answers.h"
#include "web/genomics/beacon_routes.h"

namespace medarc::web {
namespace {

namespace json = boost::json;
using genomics::AlleleQuery;

constexpr const char* kRoot = "/beacon";

// What was found in one dataset.
struct Found {
  const BeaconDataset* dataset;
  genomics::FoundAlleles alleles;
};

bool wanted(const BeaconDataset& dataset, const BeaconRequest& asked) {
  const auto& only = asked.datasets;
  if (!only.empty() && std::find(only.begin(), only.end(), dataset.id) == only.end()) return false;
  // A dataset that does not say which assembly it is of may be of any.
  return asked.assembly.empty() || dataset.assembly.empty() || dataset.assembly == asked.assembly;
}

BeaconGranularity lesser(BeaconGranularity a, BeaconGranularity b) { return std::min(a, b); }

json::object summary_of(bool exists, uint64_t count, BeaconGranularity granularity) {
  json::object out{{"exists", exists}};
  if (granularity != BeaconGranularity::boolean) out["numTotalResults"] = count;
  return out;
}

bool shown(bool exists, BeaconRequest::Include include) {
  switch (include) {
    case BeaconRequest::Include::hit: return exists;
    case BeaconRequest::Include::miss: return !exists;
    case BeaconRequest::Include::all: return true;
    case BeaconRequest::Include::none: return false;
  }
  return false;
}

// The page of [begin, end) that `asked` wants of `count`.
std::pair<uint64_t, uint64_t> page_of(const BeaconRequest& asked, uint64_t count,
                                      const BeaconOptions& options) {
  const uint64_t begin = std::min(asked.skip, count);
  const uint64_t limit =
      asked.limit == 0 ? options.page_max : std::min<uint64_t>(asked.limit, options.page_max);
  return {begin, std::min(count, begin + limit)};
}

json::object set_json(const Found& found, const BeaconRequest& asked,
                      const BeaconOptions& options) {
  const auto [begin, end] = page_of(asked, found.alleles.size(), options);
  json::array results;
  uint64_t at = 0;
  for (const auto& [key, allele] : found.alleles) {
    if (at >= begin && at < end) results.push_back(variant_json(key, allele));
    ++at;
  }
  return {{"id", found.dataset->id},
          {"setType", "dataset"},
          {"exists", !found.alleles.empty()},
          {"resultsCount", found.alleles.size()},
          {"results", std::move(results)}};
}

Result<Response> variants(const BeaconContext& c, const Request& request,
                          const BeaconRequest& asked, const AlleleQuery& query) {
  MEDARC_ASSIGN(const BeaconAccess access, beacon_access(c, request));
  MEDARC_TRY(
      c.store.admit_search(access.asker, "beacon variants of " + query.reference.substr(0, 64)));
  const BeaconGranularity told = lesser(access.granularity, asked.granularity);
  std::vector<Found> found;
  uint64_t total = 0;
  genomics::AlleleBounds bounds{told == BeaconGranularity::boolean, c.options.records_max,
                                c.options.alleles_max};
  for (const BeaconDataset& dataset : c.options.datasets) {
    if (!wanted(dataset, asked)) continue;
    MEDARC_ASSIGN(auto alleles, beacon_find(c, dataset, access.asker, query, bounds));
    total += alleles.size();
    found.push_back({&dataset, std::move(alleles)});
    if (bounds.first_only && total > 0) break;
  }
  json::object body{{"meta", beacon_meta(c.options, asked, told, "genomicVariant")},
                    {"responseSummary", summary_of(total > 0, total, told)}};
  if (told == BeaconGranularity::record) {
    json::array sets;
    for (const Found& one : found) {
      if (shown(!one.alleles.empty(), asked.include))
        sets.push_back(set_json(one, asked, c.options));
    }
    body["response"] = json::object{{"resultSets", std::move(sets)}};
  }
  return beacon_json(body);
}

Result<Response> by_parameters(const BeaconContext& c, const Request& request,
                               const BeaconRequest& asked, const std::string& individual = "") {
  MEDARC_ASSIGN(AlleleQuery query, allele_query_of(asked));
  query.sample = individual;
  return variants(c, request, asked, query);
}

Result<Response> by_id(const BeaconContext& c, const Request& request) {
  MEDARC_ASSIGN(const BeaconRequest asked, read_beacon_query(request));
  const auto key = genomics::allele_key_of(request.captures.at(0));
  if (!key) return make_error(Code::not_found, "there is no variant of this id");
  AlleleQuery query;
  query.reference = key->contig;
  query.begin = key->position > 0 ? key->position - 1 : 0;
  query.ref = key->ref;
  query.alt = key->alt;
  return variants(c, request, asked, query);
}

// Samples of each dataset's files, in order.
Result<std::set<std::string>> individuals_of(const BeaconContext& c, const BeaconDataset& dataset,
                                             const genomics::Asker& asker) {
  std::set<std::string> out;
  MEDARC_ASSIGN(const auto files, beacon_files(c, dataset, asker));
  for (const genomics::FileRow& row : files) out.insert(row.samples.begin(), row.samples.end());
  return out;
}

Result<Response> individuals(const BeaconContext& c, const Request& request,
                             const BeaconRequest& asked, const std::string& id = "") {
  MEDARC_ASSIGN(const BeaconAccess access, beacon_access(c, request));
  MEDARC_TRY(c.store.admit_search(access.asker, "beacon individuals"));
  const BeaconGranularity told = lesser(access.granularity, asked.granularity);
  json::array sets;
  uint64_t total = 0;
  for (const BeaconDataset& dataset : c.options.datasets) {
    if (!wanted(dataset, asked)) continue;
    MEDARC_ASSIGN(auto all, individuals_of(c, dataset, access.asker));
    if (!id.empty()) std::erase_if(all, [&](const std::string& one) { return one != id; });
    total += all.size();
    if (!shown(!all.empty(), asked.include)) continue;
    const auto [begin, end] = page_of(asked, all.size(), c.options);
    json::array results;
    uint64_t at = 0;
    for (const std::string& one : all) {
      if (at >= begin && at < end) results.push_back(json::object{{"id", one}});
      ++at;
    }
    sets.push_back(json::object{{"id", dataset.id},
                                {"setType", "dataset"},
                                {"exists", !all.empty()},
                                {"resultsCount", all.size()},
                                {"results", std::move(results)}});
  }
  json::object body{{"meta", beacon_meta(c.options, asked, told, "individual")},
                    {"responseSummary", summary_of(total > 0, total, told)}};
  if (told == BeaconGranularity::record) {
    body["response"] = json::object{{"resultSets", std::move(sets)}};
  }
  return beacon_json(body);
}

Result<Response> datasets(const BeaconContext& c, const Request& request,
                          const BeaconRequest& asked) {
  MEDARC_ASSIGN(const BeaconAccess access, beacon_access(c, request));
  MEDARC_TRY(c.store.admit_search(access.asker, "beacon datasets"));
  json::array collections;
  const auto [begin, end] = page_of(asked, c.options.datasets.size(), c.options);
  for (uint64_t i = begin; i < end; ++i) {
    const BeaconDataset& dataset = c.options.datasets[i];
    json::object one{{"id", dataset.id}, {"name", dataset.name}};
    if (!dataset.description.empty()) one["description"] = dataset.description;
    if (!dataset.assembly.empty()) one["info"] = json::object{{"assemblyId", dataset.assembly}};
    collections.push_back(std::move(one));
  }
  const uint64_t count = c.options.datasets.size();
  json::object body{{"meta", beacon_meta(c.options, asked, BeaconGranularity::record, "dataset")},
                    {"responseSummary", summary_of(count > 0, count, BeaconGranularity::count)},
                    {"response", json::object{{"collections", std::move(collections)}}}};
  return beacon_json(body);
}

using Asked = Result<Response> (*)(const BeaconContext&, const Request&, const BeaconRequest&);

Response answered_by(const BeaconContext& c, Result<Response> made) {
  return made.has_error() ? beacon_error(c.options, made.error()) : std::move(*made);
}

// GET and POST of one question.
void add(std::vector<Route>& out, const BeaconContextPtr& c, const std::string& path,
         const std::string& summary, Asked then) {
  Route get{"GET", kRoot + path, summary, [c, then](const Request& request) -> Answer {
              return answered_by(*c, [&]() -> Result<Response> {
                MEDARC_ASSIGN(const BeaconRequest asked, read_beacon_query(request));
                return then(*c, request, asked);
              }());
            }};
  get.open = true;  // strangers are answered as the configuration says, in Beacon's own form
  out.push_back(std::move(get));
  Route post{"POST", kRoot + path, summary, [c, then](const Request& request) -> Answer {
               return collect_body(request, c->options.post_bytes_max, "beacon.post_bytes_max",
                                   [c, then, request](Result<Bytes> body) {
                                     return answered_by(*c, [&]() -> Result<Response> {
                                       MEDARC_ASSIGN(const Bytes whole, std::move(body));
                                       MEDARC_ASSIGN(const BeaconRequest asked,
                                                     read_beacon_body(whole));
                                       return then(*c, request, asked);
                                     }());
                                   });
             }};
  post.body_bytes_max = 0;
  post.open = true;
  out.push_back(std::move(post));
}

// Questions about this Beacon, which everyone may ask.
void add_about(std::vector<Route>& out, const BeaconContextPtr& c, const std::string& path,
               const std::string& summary,
               std::function<json::object(const BeaconContext&, const std::string&)> then) {
  Route get{"GET", kRoot + path, summary,
            [c, then = std::move(then)](const Request& request) -> Answer {
              return beacon_json(then(*c, request.base_url + kRoot));
            }};
  get.open = true;
  out.push_back(std::move(get));
}

json::object informed(const BeaconContext& c, std::string_view entity, json::object response) {
  return {{"meta", beacon_info_meta(c.options, entity)}, {"response", std::move(response)}};
}

}  // namespace

std::vector<Route> beacon_routes(genomics::GenomeStore& store, const BeaconOptions& options) {
  const auto c = std::make_shared<const BeaconContext>(BeaconContext{store, options});
  std::vector<Route> out;
  for (const char* path : {"", "/info"}) {
    add_about(out, c, path, "What this Beacon is (Beacon v2)",
              [](const BeaconContext& b, const std::string& root) {
                return informed(b, "beaconInfoResponse", beacon_info(b.options, root));
              });
  }
  add_about(out, c, "/service-info", "This Beacon as a GA4GH service",
            [](const BeaconContext& b, const std::string& root) {
              return beacon_service_info(b.options, root);
            });
  add_about(out, c, "/configuration", "What this Beacon offers (Beacon v2)",
            [](const BeaconContext& b, const std::string&) {
              return informed(b, "beaconConfigurationResponse", beacon_configuration(b.options));
            });
  add_about(out, c, "/entry_types", "What this Beacon knows of (Beacon v2)",
            [](const BeaconContext& b, const std::string&) {
              return informed(b, "beaconEntryTypesResponse", beacon_entry_types());
            });
  add_about(out, c, "/map", "Where this Beacon is asked (Beacon v2)",
            [](const BeaconContext& b, const std::string& root) {
              return informed(b, "beaconMapResponse", beacon_map(root));
            });
  add(out, c, "/datasets", "Sets of variant files (Beacon v2)", datasets);
  add(out, c, "/g_variants", "Whether, how many, or which variants are there (Beacon v2)",
      [](const BeaconContext& b, const Request& r, const BeaconRequest& asked) {
        return by_parameters(b, r, asked);
      });
  add(out, c, "/individuals", "Whose variants are there (Beacon v2)",
      [](const BeaconContext& b, const Request& r, const BeaconRequest& asked) {
        return individuals(b, r, asked);
      });
  add(out, c, "/individuals/{individual}", "One individual (Beacon v2)",
      [](const BeaconContext& b, const Request& r, const BeaconRequest& asked) {
        return individuals(b, r, asked, r.captures.at(0));
      });
  add(out, c, "/individuals/{individual}/g_variants", "What one individual carries (Beacon v2)",
      [](const BeaconContext& b, const Request& r, const BeaconRequest& asked) {
        return by_parameters(b, r, asked, r.captures.at(0));
      });
  Route one{"GET", std::string(kRoot) + "/g_variants/{variant}",
            "One variant by its id (Beacon v2)",
            [c](const Request& request) -> Answer { return answered_by(*c, by_id(*c, request)); }};
  one.open = true;
  out.push_back(std::move(one));
  return out;
}

}  // namespace medarc::web
