// /fhir/ImagingStudy and /fhir/DocumentReference: read and search. Both are the server's own: what
// they say comes from the images and files themselves.
#include "records/document_reference.h"
#include "records/identity.h"
#include "web/fhir/search.h"

namespace medarc::web {
namespace {

using records::Json;
using records::LinkedQuery;

Status check_id(const Request& request) {
  if (records::is_resource_id(request.captures.at(0))) return {};
  return make_error(Code::invalid_argument, "an id has 1 to 64 of A-Z a-z 0-9 - and .");
}

Status no_count(const FhirShape& shape) {
  if (shape.summary != "count") return {};
  return make_error(Code::invalid_argument, "_summary=count is for searches");
}

Result<Response> read_study(const FhirContext& context, const Request& request,
                            const FhirShape& shape) {
  MEDARC_TRY(no_count(shape));
  MEDARC_TRY(check_id(request));
  MEDARC_ASSIGN(const records::StudyWithSeries study,
                context.linked.study(at_fhir_door(request), request.captures[0]));
  return fhir_versioned(request, 200, records::imaging_study_json(study, request.base_url),
                        records::version_of(study.study.changed), study.study.changed, shape);
}

Result<Response> read_file(const FhirContext& context, const Request& request,
                           const FhirShape& shape) {
  MEDARC_TRY(no_count(shape));
  MEDARC_TRY(check_id(request));
  MEDARC_ASSIGN(const index::FileRow file,
                context.linked.file(at_fhir_door(request), request.captures[0]));
  return fhir_versioned(request, 200, records::document_reference_json(file, request.base_url),
                        records::version_of(file.received), file.received, shape);
}

Result<SearchInput> read_query(const FhirContext& context, const Request& request,
                               const FhirShape& shape, LinkedQuery& query) {
  query.own_bases = {fhir_base(request)};
  MEDARC_ASSIGN(
      SearchInput input,
      read_search(request.query, prefer_of(request).lenient, context.options.page_max,
                  [&](std::string_view k, std::string_view v) { return query.add(k, v); }));
  if (input.count) query.count = *input.count;
  if (shape.summary == "count") query.count = 0;
  query.after = input.after;
  return input;
}

Result<Response> search_studies(const FhirContext& context, const Request& request,
                                const FhirShape& shape) {
  LinkedQuery query;
  MEDARC_ASSIGN(const SearchInput input, read_query(context, request, shape, query));
  MEDARC_ASSIGN(records::StudyPage page,
                context.linked.studies(at_fhir_door(request), query, input.keys));
  std::vector<BundleEntry> entries;
  for (const records::StudyWithSeries& study : page.studies) {
    entries.push_back({records::imaging_study_json(study, request.base_url),
                       fhir_base(request) + "/ImagingStudy/" + study.study.uid.value});
  }
  return search_bundle(request, "ImagingStudy", input, page.total, std::move(entries), page.next,
                       shape);
}

Result<Response> search_files(const FhirContext& context, const Request& request,
                              const FhirShape& shape) {
  LinkedQuery query;
  query.of = LinkedQuery::Of::files;
  MEDARC_ASSIGN(const SearchInput input, read_query(context, request, shape, query));
  MEDARC_ASSIGN(records::FilePage page,
                context.linked.files(at_fhir_door(request), query, input.keys));
  std::vector<BundleEntry> entries;
  for (const index::FileRow& file : page.files) {
    entries.push_back({records::document_reference_json(file, request.base_url),
                       fhir_base(request) + "/DocumentReference/" + records::resource_id_of(file.id)});
  }
  return search_bundle(request, "DocumentReference", input, page.total, std::move(entries),
                       page.next, shape);
}

}  // namespace

std::vector<FhirRoute> linked_interactions(const FhirContextPtr& c) {
  auto of = [&c](auto f) {
    return fhir_route(
        [context = c, f](const Request& r, const FhirShape& s) { return f(*context, r, s); });
  };
  return {
      {"ImagingStudy",
       "search-type",
       {"GET", "/fhir/ImagingStudy", "Search imaging studies", of(search_studies)}},
      {"ImagingStudy",
       "read",
       {"GET", "/fhir/ImagingStudy/{id}", "Read a study as FHIR ImagingStudy", of(read_study)}},
      {"DocumentReference",
       "search-type",
       {"GET", "/fhir/DocumentReference", "Search genomic files", of(search_files)}},
      {"DocumentReference",
       "read",
       {"GET", "/fhir/DocumentReference/{id}", "Read a genomic file as FHIR DocumentReference",
        of(read_file)}},
  };
}

}  // namespace medarc::web
