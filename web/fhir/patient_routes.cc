// /fhir/Patient: create, read, update, search, $everything (http.html, R4 1.1 items 1-19 in part).
#include "records/document_reference.h"
#include "records/identity.h"
#include "web/accept.h"
#include "web/conditional.h"
#include "web/fhir/search.h"
#include "web/http_error.h"
#include "web/text.h"
#include "web/url.h"

namespace medarc::web {
namespace {

using index::PatientKey;
using records::Json;
using records::PatientWritten;

Result<PatientKey> key_of(const Request& request) {
  if (!records::is_resource_id(request.captures.at(0))) {
    return make_error(Code::invalid_argument, "an id has 1 to 64 of A-Z a-z 0-9 - and .");
  }
  return PatientKey(request.captures[0]);
}

std::string url_of(const Request& request, const index::PatientRow& row) {
  return fhir_base(request) + "/Patient/" + row.key.value;
}

// The version of If-Match: W/"3", or "3" from clients that forget the W.
Result<std::optional<uint64_t>> if_match(const Request& request) {
  std::string_view text = trim(request.headers.find("If-Match"));
  if (text.empty()) {
    if (trim(request.headers.find("If-None-Match")) == "*") return std::optional<uint64_t>(0);
    return std::optional<uint64_t>();
  }
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
    if (text.ends_with("-gzip")) text.remove_suffix(5);
    const auto version = parse_decimal(text);
    if (version && *version > 0) return std::optional<uint64_t>(*version);
  }
  return make_error(Code::invalid_argument, "If-Match: W/\"version\"");
}

Result<Response> written(const Request& request, const FhirContext& context,
                         const PatientWritten& done, int status) {
  const FhirPrefer prefer = prefer_of(request);
  Response response;
  if (prefer.returns == "minimal") {
    response = make_response(status, "", {});
    response.headers.set("ETag", "W/\"" + std::to_string(done.row.version) + "\"");
    response.headers.set("Last-Modified", to_http_date(done.row.changed));
  } else if (prefer.returns == "OperationOutcome") {
    response = fhir_outcome(status, {{"informational", "The patient is stored.", ""}});
    response.headers.set("ETag", "W/\"" + std::to_string(done.row.version) + "\"");
  } else {
    MEDARC_ASSIGN(Json json, records::patient_json(done.row, context.patients.issuers()));
    response =
        fhir_versioned(request, status, std::move(json), done.row.version, done.row.changed, {});
  }
  response.headers.set("Location",
                       url_of(request, done.row) + "/_history/" + std::to_string(done.row.version));
  return response;
}

// Reads the body as a Patient, then calls `then`. What is wrong with either is an OperationOutcome.
Answer with_patient(const FhirContextPtr& context, const Request& request,
                    std::function<Result<Response>(records::PatientResource)> then) {
  const Result<FhirShape> shape = negotiate(request);
  if (!shape) return fhir_error(shape.error());
  if (Status body = check_fhir_body(request); body.has_error()) {
    return fhir_error(body.error(), status_of(body.error().code, true));
  }
  const uint64_t bytes_max = context->options.json.bytes_max;
  if (request.body_bytes > bytes_max) {
    return fhir_outcome(413,
                        {{"too-long", "more than " + std::to_string(bytes_max) + " bytes", ""}});
  }
  return collect_body(bytes_max, [context, then = std::move(then)](Bytes body) -> Response {
    records::PatientReading reading = records::read_patient(body, context->options);
    if (!reading.resource) return fhir_outcome(reading.too_large ? 413 : 400, reading.issues);
    Result<Response> response = then(std::move(*reading.resource));
    return response ? std::move(*response) : fhir_error(response.error());
  });
}

Result<std::optional<records::PatientQuery>> if_none_exist(const Request& request) {
  std::string_view text = trim(request.headers.find("If-None-Exist"));
  if (text.empty()) return std::optional<records::PatientQuery>();
  if (const size_t mark = text.find('?'); mark != std::string_view::npos) {
    text.remove_prefix(mark + 1);
  }
  MEDARC_ASSIGN(const Parameters parameters, parse_form(text));
  records::PatientQuery query;
  for (const auto& [key, value] : parameters) {
    if (Status added = query.add(key, value); added.has_error()) {
      return make_error(Code::invalid_argument, "If-None-Exist: " + added.error().text);
    }
  }
  if (query.unrestricted()) {
    return make_error(Code::invalid_argument, "If-None-Exist: no search parameter");
  }
  return std::optional<records::PatientQuery>(std::move(query));
}

Answer create(const FhirContextPtr& context, const Request& request) {
  auto condition = if_none_exist(request);
  if (!condition) return fhir_error(condition.error());
  return with_patient(
      context, request,
      [context, request,
       condition = *condition](records::PatientResource patient) -> Result<Response> {
        MEDARC_ASSIGN(PatientWritten done, context->patients.create(at_fhir_door(request),
                                                                    std::move(patient), condition));
        const bool made = done.what == PatientWritten::What::created;
        return written(request, *context, done, made ? 201 : 200);
      });
}

Answer update(const FhirContextPtr& context, const Request& request) {
  const Result<PatientKey> key = key_of(request);
  if (!key) return fhir_error(key.error());
  const auto match = if_match(request);
  if (!match) return fhir_error(match.error());
  return with_patient(
      context, request,
      [context, request, key = *key,
       match = *match](records::PatientResource patient) -> Result<Response> {
        if (patient.id != key.value) {
          return make_error(Code::invalid_argument,
                            "the resource's id must be there and be that of the URL");
        }
        MEDARC_ASSIGN(PatientWritten done, context->patients.update(at_fhir_door(request), key,
                                                                    std::move(patient), match));
        const bool made = done.what == PatientWritten::What::created;
        return written(request, *context, done, made ? 201 : 200);
      });
}

Result<Response> read(const FhirContext& context, const Request& request, const FhirShape& shape) {
  if (shape.summary == "count") {
    return make_error(Code::invalid_argument, "_summary=count is for searches");
  }
  MEDARC_ASSIGN(const PatientKey key, key_of(request));
  MEDARC_ASSIGN(const index::PatientRow row, context.patients.read(at_fhir_door(request), key));
  if (request.captures.size() > 1 && request.captures[1] != std::to_string(row.version)) {
    return make_error(Code::not_found, "earlier versions are not kept");
  }
  MEDARC_ASSIGN(Json json, records::patient_json(row, context.patients.issuers()));
  return fhir_versioned(request, 200, std::move(json), row.version, row.changed, shape);
}

Result<Response> search(const FhirContext& context, const Request& request,
                        const Parameters& parameters, const FhirShape& shape) {
  records::PatientQuery query;
  MEDARC_ASSIGN(
      const SearchInput input,
      read_search(parameters, prefer_of(request).lenient, context.options.page_max,
                  [&](std::string_view k, std::string_view v) { return query.add(k, v); }));
  if (input.count) query.count = *input.count;
  if (shape.summary == "count") query.count = 0;
  query.after = input.after;
  MEDARC_ASSIGN(records::PatientPage page,
                context.patients.search(at_fhir_door(request), query, input.keys));
  std::vector<BundleEntry> entries;
  for (const index::PatientRow& row : page.rows) {
    MEDARC_ASSIGN(Json json, records::patient_json(row, context.patients.issuers()));
    entries.push_back({std::move(json), url_of(request, row)});
  }
  return search_bundle(request, "Patient", input, page.total, std::move(entries), page.next, shape);
}

// POST _search is GET with the parameters in a form; those of the URL count too.
Answer search_form(const FhirContextPtr& context, const Request& request) {
  const auto media = parse_media_type(request.headers.find("Content-Type"));
  if (request.has_body && !(media && media->is("application/x-www-form-urlencoded"))) {
    return fhir_error(make_error(Code::unsupported, "send application/x-www-form-urlencoded"), 415);
  }
  return collect_body(1u << 20, [context, request](Bytes body) -> Response {
    Result<Parameters> form = parse_form(body);
    if (!form) return fhir_error(form.error());
    Request merged = request;
    merged.query.insert(merged.query.end(), form->begin(), form->end());
    const Result<FhirShape> shape = negotiate(merged);
    if (!shape) return fhir_error(shape.error());
    Result<Response> response = search(*context, merged, merged.query, *shape);
    return response ? std::move(*response) : fhir_error(response.error());
  });
}

Result<Response> everything(const FhirContext& context, const Request& request,
                            const FhirShape& shape) {
  MEDARC_ASSIGN(const PatientKey key, key_of(request));
  MEDARC_ASSIGN(const SearchInput input,
                read_search(request.query, prefer_of(request).lenient, context.options.page_max,
                            [](std::string_view, std::string_view) -> Status {
                              return make_error(Code::unsupported, "no such parameter");
                            }));
  if (input.count || !input.after.empty()) {
    return make_error(Code::invalid_argument, "$everything answers everything at once");
  }
  MEDARC_ASSIGN(records::Compartment all, context.linked.everything(at_fhir_door(request), key));
  const std::string base = fhir_base(request);
  std::vector<BundleEntry> entries;
  MEDARC_ASSIGN(Json patient, records::patient_json(all.patient, context.patients.issuers()));
  entries.push_back({std::move(patient), url_of(request, all.patient)});
  for (const records::StudyWithSeries& study : all.studies) {
    entries.push_back({records::imaging_study_json(study, request.base_url),
                       base + "/ImagingStudy/" + study.study.uid.value});
  }
  for (const index::FileRow& file : all.files) {
    entries.push_back({records::document_reference_json(file, request.base_url),
                       base + "/DocumentReference/" + records::resource_id_of(file.id)});
  }
  const uint64_t total = entries.size();
  return search_bundle(request, "Patient/" + key.value + "/$everything", input, total,
                       std::move(entries), {}, shape);
}

}  // namespace

std::vector<FhirRoute> patient_interactions(const FhirContextPtr& c) {
  auto of = [](const FhirContextPtr& context, auto f) {
    return fhir_route(
        [context, f](const Request& r, const FhirShape& s) { return f(*context, r, s); });
  };
  auto taking = [](const FhirContextPtr& context, auto f) -> RouteFunction {
    return [context, f](const Request& request) { return f(context, request); };
  };
  auto query = [](const FhirContext& context, const Request& r, const FhirShape& s) {
    return search(context, r, r.query, s);
  };
  return {
      {"Patient",
       "create",
       {"POST", "/fhir/Patient", "Create a FHIR Patient", taking(c, create), 0}},
      {"Patient", "search-type", {"GET", "/fhir/Patient", "Search patients", of(c, query)}},
      {"Patient", "", {"POST", "/fhir/Patient/_search", "Search patients", taking(c, search_form)}},
      {"Patient", "read", {"GET", "/fhir/Patient/{id}", "Read a FHIR Patient", of(c, read)}},
      {"Patient",
       "update",
       {"PUT", "/fhir/Patient/{id}", "Write a FHIR Patient", taking(c, update), 0}},
      {"Patient",
       "",
       {"GET", "/fhir/Patient/{id}/_history/{version}", "The present version of a FHIR Patient",
        of(c, read)}},
      {"Patient",
       "$everything",
       {"GET", "/fhir/Patient/{id}/$everything", "A patient with scans and genome files",
        of(c, everything)}},
  };
}

}  // namespace medarc::web
