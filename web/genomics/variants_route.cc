// /genomics/files/{id}/variants: variants by region and by what they say, as JSON or VCF text.
#include "genomics/variant_query.h"
#include "genomics/withheld.h"
#include "web/genomics/doors.h"
#include "web/genomics/withheld.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

Result<genomics::VariantQuery> query_of(const GenomicsContext& c, const Request& request) {
  genomics::VariantQuery query;
  for (const std::string_view name : split_list(request.query_value("type"), ',')) {
    const auto type = genomics::type_of(name);
    if (!type) {
      return make_error(Code::invalid_argument,
                        "type: snv, mnv, indel, other, breakend, symbolic, or several");
    }
    query.types |= *type;
  }
  query.expression = request.query_value("filter");
  query.sample = request.query_value("sample");
  if (const auto name = request.query_value("genotype"); !name.empty()) {
    query.genotype = genomics::genotype_of(name);
    if (!query.genotype) {
      return make_error(Code::invalid_argument, "genotype: missing, hom-ref, het or hom-alt");
    }
  }
  const auto format = request.query_value("format");
  if (format == "vcf") query.form = genomics::VariantQuery::Form::vcf;
  if (!format.empty() && format != "vcf" && format != "json") {
    return make_error(Code::unsupported, "format: json or vcf");
  }
  const bool json = query.form == genomics::VariantQuery::Form::json;
  query.records_max = json ? c.options.variants_max : 0;
  if (const auto text = request.query_value("limit"); !text.empty()) {
    const auto limit = parse_decimal(text);
    if (!limit || *limit == 0)
      return make_error(Code::invalid_argument, "limit: a number from 1 on");
    query.records_max = json ? std::min<uint64_t>(*limit, c.options.variants_max) : *limit;
  }
  return query;
}

Result<Response> answer(const GenomicsContext& c, const Request& request,
                        const genomics::FileId& id) {
  MEDARC_TRY(check_parameters(
      request, {"region", "type", "filter", "genotype", "sample", "format", "limit"}));
  MEDARC_ASSIGN(genomics::VariantQuery query, query_of(c, request));
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.file(who, id));
  MEDARC_ASSIGN(const auto set, c.store.read_set(who, row));
  MEDARC_ASSIGN(const genomics::Selection selection, regions_asked(request, set->header));
  query.regions = selection.regions;
  MEDARC_TRY(c.store.admit_slice(who, row, *set, selection));
  MEDARC_ASSIGN(auto reader, c.store.open_admitted(set->content));
  Response response;
  const bool json = query.form == genomics::VariantQuery::Form::json;
  response.headers.set("Content-Type", json ? "application/json" : "application/vnd.ga4gh.vcf");
  MEDARC_ASSIGN(auto source,
                genomics::open_variants(set, query, std::move(reader), c.store.limits()));
  say_withheld(response, genomics::withheld_in(set->withheld, selection.regions));
  if (request.method != "HEAD") response.body = std::move(source);
  return response;
}

}  // namespace

Answer variants_answer(const GenomicsContext& c, const Request& request,
                       const genomics::FileId& id) {
  return answered(answer(c, request, id));
}

}  // namespace medarc::web
