// /genomics/files/{id}/slice: the records of some regions in one request, in the form asked for.
#include <algorithm>

#include "web/accept.h"
#include "web/genomics/encryption.h"
#include "web/genomics/slice_forms.h"
#include "web/http_error.h"

namespace medarc::web {

const std::vector<SliceForm>& slice_forms() {
  static const std::vector<SliceForm> forms = {
      {"bam", "bam", "bam", {"application/vnd.ga4gh.bam", "application/octet-stream"}, own_slice},
      {"bam", "sam", "sam", {"text/x-sam", "text/plain"}, bam_slice_as_text},
      {"bam", "json", "json", {"application/json"}, bam_slice_as_text},
      {"bam", "ndjson", "ndjson", {"application/x-ndjson", "application/jsonl"}, bam_slice_as_text},
      {"vcf",
       "vcf",
       "vcf.gz",
       {"application/vnd.ga4gh.vcf", "application/octet-stream"},
       own_slice},
      {"vcf", "bcf", "bcf", {"application/vnd.ga4gh.bcf"}, own_slice},
      {"bcf", "bcf", "bcf", {"application/vnd.ga4gh.bcf", "application/octet-stream"}, own_slice},
      {"bcf", "vcf", "vcf.gz", {"application/vnd.ga4gh.vcf"}, own_slice},
      {"bed", "bed.gz", "bed.gz", {"application/gzip", "application/octet-stream"}, own_slice},
      {"bed", "bed", "bed", {"text/x-bed", "text/plain"}, bed_slice_as_text},
      {"bed", "json", "json", {"application/json"}, bed_slice_as_text},
      {"bed", "ndjson", "ndjson", {"application/x-ndjson", "application/jsonl"}, bed_slice_as_text},
      {"cram",
       "cram",
       "cram",
       {"application/vnd.ga4gh.cram", "application/octet-stream"},
       cram_slice},
      {"cram", "bam", "bam", {"application/vnd.ga4gh.bam"}, cram_slice},
  };
  return forms;
}

Result<const SliceForm*> slice_form_of(const Request& request, const genomics::FileRow& row) {
  std::vector<const SliceForm*> possible;
  std::string names;
  for (const SliceForm& form : slice_forms()) {
    if (form.source != row.format) continue;
    possible.push_back(&form);
    names += (names.empty() ? "" : ", ") + std::string(form.name);
  }
  if (possible.empty()) {
    return make_error(Code::unsupported, "files of this format are not sliced");
  }
  if (const std::string_view asked = request.query_value("format"); !asked.empty()) {
    for (const SliceForm* form : possible) {
      if (form->name == asked) return form;
    }
    return make_error(Code::unsupported, "format: slices of this file are given as " + names);
  }
  if (!accept_given(request)) return possible.front();
  for (const MediaRange& range : accepted_types(request)) {
    for (const SliceForm* form : possible) {
      const bool covered =
          std::any_of(form->media.begin(), form->media.end(),
                      [&](std::string_view one) { return range.media.covers(one); });
      if (covered) return form;
    }
  }
  return make_error(Code::not_acceptable, "Accept: slices of this file are given as " + names);
}

Answer slice_answer(const GenomicsContext& c, const Request& request, const genomics::FileId& id) {
  const auto answer = [&]() -> Result<Response> {
    MEDARC_ASSIGN(const genomics::FileRow row, c.store.file(at_genomics_door(request), id));
    MEDARC_ASSIGN(const SliceForm* form, slice_form_of(request, row));
    MEDARC_ASSIGN(const auto recipient, recipient_asked(c, request));
    if (!recipient) return form->answer(c, request, row, *form);
    MEDARC_ASSIGN(Response plain, form->answer(c, without_encryption(request), row, *form));
    return sealed_answer(c, request, row.id, std::move(plain), *recipient);
  };
  return answered(answer());
}

}  // namespace medarc::web
