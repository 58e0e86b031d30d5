// Slices of stored files: in their own form, with whole blocks between the edges as they are
// stored; reads also as SAM or JSON, and BED as lines or JSON, made while they are sent.
#include "archive/hash.h"
#include "genomics/bed_text.h"
#include "genomics/slice_text.h"
#include "genomics/withheld.h"
#include "web/conditional.h"
#include "web/genomics/slice_forms.h"
#include "web/genomics/withheld.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using genomics::FileRow;
using genomics::RecordMask;

// Part of every slice's tag: raised when the same selection gives other bytes than before.
constexpr std::string_view kCoderVersion = "2";

struct Asked {
  genomics::Selection selection;
  bool with_header = true;
};

Error wrong(const char* what) { return make_error(Code::invalid_argument, what); }

Status read_tags(std::string_view text, uint32_t tags_max, std::set<std::string>& out) {
  for (const std::string_view tag : split_list(text, ',')) {
    if (tag.size() != 2) return wrong("tags and notags: names of two characters");
    out.emplace(tag);
    if (out.size() > tags_max) {
      return make_error(Code::too_large, "more than genomics.tags_max tags");
    }
  }
  return {};
}

// As htsget has them (H15): `tags` given and empty is no tags at all.
Result<RecordMask> mask_of(const Request& request, uint32_t tags_max) {
  RecordMask mask;
  for (const auto& [name, value] : request.query) {
    if (name == "fields") {
      if (mask.fields == UINT32_MAX) mask.fields = 0;
      for (const std::string_view one : split_list(value, ',')) {
        const auto field = genomics::field_of(one);
        if (!field) return wrong("fields: not a field of SAM");
        mask.fields |= 1u << static_cast<int>(*field);
      }
    } else if (name == "tags") {
      if (!mask.tags) mask.tags.emplace();
      MEDARC_TRY(read_tags(value, tags_max, *mask.tags));
    } else if (name == "notags") {
      MEDARC_TRY(read_tags(value, tags_max, mask.notags));
    }
  }
  if (mask.tags) {
    for (const std::string& tag : *mask.tags) {
      if (mask.notags.contains(tag)) return wrong("a tag is both in tags and in notags");
    }
  }
  return mask;
}

Result<Asked> asked_of(const Request& request, const genomics::ReadSet& set, uint32_t tags_max) {
  MEDARC_TRY(check_parameters(request, {"region", "format", "strict", "fields", "tags", "notags",
                                        "class", "header", "accept"}));
  MEDARC_ASSIGN([[maybe_unused]] const bool exact, flag_parameter(request, "strict", true));
  Asked asked;
  MEDARC_ASSIGN(asked.with_header, flag_parameter(request, "header", true));
  MEDARC_ASSIGN(asked.selection, regions_asked(request, set.header));
  MEDARC_ASSIGN(asked.selection.mask, mask_of(request, tags_max));
  if (!set.form.reads() && asked.selection.mask.active()) {
    return wrong("fields, tags and notags are of reads");
  }
  auto& regions = asked.selection.regions;
  if (const std::string_view part = request.query_value("class"); !part.empty()) {
    if (part != "header") return wrong("class: only `header` can be asked for");
    if (regions || asked.selection.mask.active() || !asked.with_header) {
      return wrong("class=header goes with format only");
    }
    regions.emplace();
  }
  return asked;
}

std::string etag_of(const genomics::Slice& slice, const SliceForm& form, bool with_header) {
  archive::Sha256 hash;
  hash.update(kCoderVersion);
  hash.update(form.name);
  hash.update(with_header ? ";" : ";-;");
  hash.update(slice.set->content.view());
  for (const genomics::Region& r : slice.regions) {
    hash.update(std::to_string(r.tid) + ":" + std::to_string(r.begin) + "-" +
                std::to_string(r.end) + ";");
  }
  hash.update(withheld_tag(slice.withheld));
  const RecordMask& mask = slice.mask;
  if (mask.active()) {
    hash.update(std::to_string(mask.fields) + (mask.tags ? ";tags" : ";"));
    if (mask.tags) {
      for (const std::string& tag : *mask.tags) hash.update(tag);
    }
    hash.update(";no");
    for (const std::string& tag : mask.notags) hash.update(tag);
  }
  return hash.finish().hex().substr(0, 32);
}

std::string filename_of(const FileRow& row, const SliceForm& form) {
  return name_of(row) + ".slice." + std::string(form.extension);
}

}  // namespace

Result<Response> own_slice(const GenomicsContext& c, const Request& request, const FileRow& row,
                           const SliceForm& form) {
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const auto set, c.store.read_set(who, row));
  MEDARC_ASSIGN(Asked asked, asked_of(request, *set, c.options.tags_max));
  if (!asked.with_header) return wrong("header: a file of this format always has one");
  if (form.name == "vcf") asked.selection.form = genomics::RecordForm::Kind::vcf;
  if (form.name == "bcf") asked.selection.form = genomics::RecordForm::Kind::bcf;
  auto slice = genomics::make_slice(set, asked.selection, c.store.limits());
  if (slice.has_error()) return c.store.not_sliced(row, slice.error());
  MEDARC_TRY(c.store.admit_slice(who, row, *set, asked.selection));
  const std::string etag = etag_of(*slice, form, true);
  const auto withheld = genomics::withheld_in(slice->withheld, asked.selection.regions);
  if (auto early = check_preconditions(request, etag)) return std::move(*early);
  MEDARC_ASSIGN(auto reader, c.store.open_admitted(set->content));
  MEDARC_ASSIGN(auto content,
                genomics::open_slice(std::move(*slice), std::move(reader), c.store.limits()));
  const std::string type(form.media.front());
  const std::string name = filename_of(row, form);
  Response response;
  // So much may have to be coded again that it is made while it is sent.
  if (!content.bytes) {
    response = streamed(request, type, etag, name, std::move(content.source));
    say_withheld(response, withheld);
    return response;
  }
  Representation thing{type, etag, *content.bytes, name, {}};
  thing.open = [&content](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
    return part_of(std::move(content.source), range);
  };
  response = serve(request, thing);
  say_withheld(response, withheld);
  return response;
}

Result<Response> bam_slice_as_text(const GenomicsContext& c, const Request& request,
                                   const FileRow& row, const SliceForm& form) {
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const auto set, c.store.read_set(who, row));
  MEDARC_ASSIGN(const Asked asked, asked_of(request, *set, c.options.tags_max));
  MEDARC_TRY(c.store.admit_slice(who, row, *set, asked.selection));
  MEDARC_ASSIGN(auto reader, c.store.open_admitted(set->content));
  auto scan = genomics::RecordScan::open(set, asked.selection, c.store.limits(), std::move(reader));
  if (scan.has_error()) return c.store.not_sliced(row, scan.error());
  const std::string etag = etag_of(scan->slice(), form, asked.with_header);
  if (auto early = check_preconditions(request, etag)) return std::move(*early);
  const auto text = form.name == "sam"    ? genomics::RecordsForm::sam
                    : form.name == "json" ? genomics::RecordsForm::json
                                          : genomics::RecordsForm::ndjson;
  const auto withheld = genomics::withheld_in(set->withheld, asked.selection.regions);
  MEDARC_ASSIGN(auto source, genomics::open_slice_text(std::move(*scan), text, asked.with_header));
  Response response = streamed(request, std::string(form.media.front()), etag,
                               filename_of(row, form), std::move(source));
  say_withheld(response, withheld);
  return response;
}

Result<Response> bed_slice_as_text(const GenomicsContext& c, const Request& request,
                                   const FileRow& row, const SliceForm& form) {
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const auto set, c.store.read_set(who, row));
  MEDARC_ASSIGN(const Asked asked, asked_of(request, *set, c.options.tags_max));
  MEDARC_TRY(c.store.admit_slice(who, row, *set, asked.selection));
  MEDARC_ASSIGN(auto reader, c.store.open_admitted(set->content));
  MEDARC_ASSIGN(auto text,
                genomics::BedText::open(set, asked.selection, c.store.limits(), std::move(reader)));
  const std::string etag = etag_of(text.slice(), form, asked.with_header);
  if (auto early = check_preconditions(request, etag)) return std::move(*early);
  const auto what = form.name == "bed"    ? genomics::BedForm::lines
                    : form.name == "json" ? genomics::BedForm::json
                                          : genomics::BedForm::ndjson;
  const auto withheld = genomics::withheld_in(set->withheld, asked.selection.regions);
  Response response =
      streamed(request, std::string(form.media.front()), etag, filename_of(row, form),
               std::move(text).source(what, asked.with_header));
  say_withheld(response, withheld);
  return response;
}

}  // namespace medarc::web
