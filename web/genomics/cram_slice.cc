// The slice route of CRAM files: /genomics/files/{id}/slice as CRAM or as BAM.
#include "archive/hash.h"
#include "genomics/withheld.h"
#include "web/conditional.h"
#include "web/genomics/slice_forms.h"
#include "web/genomics/withheld.h"

namespace medarc::web {
namespace {

using genomics::CramReads;

// Part of every tag: raised when the same selection gives other bytes than before.
constexpr std::string_view kCoderVersion = "cram 2";

std::string etag_of(const genomics::FileRow& row, const CramReads::Wanted& wanted) {
  archive::Sha256 hash;
  hash.update(kCoderVersion);
  hash.update(row.blob.view());
  hash.update(wanted.form == CramReads::Form::bam ? "bam" : wanted.exact ? "exact" : "whole");
  if (wanted.regions) {
    hash.update("regions");
    for (const genomics::Region& r : genomics::merge_regions(*wanted.regions)) {
      hash.update(std::to_string(r.tid) + ":" + std::to_string(r.begin) + "-" +
                  std::to_string(r.end) + ";");
    }
  }
  hash.update(withheld_tag(wanted.withheld));
  return hash.finish().hex().substr(0, 32);
}

}  // namespace

Result<Response> cram_slice(const GenomicsContext& c, const Request& request,
                            const genomics::FileRow& row, const SliceForm& form) {
  MEDARC_TRY(check_parameters(request, {"region", "format", "strict", "accept"}));
  CramReads::Wanted wanted;
  wanted.form = form.name == "bam" ? CramReads::Form::bam : CramReads::Form::cram;
  // Not exact: whole containers, which may hold other reads too.
  MEDARC_ASSIGN(wanted.exact, flag_parameter(request, "strict", true));
  CramReads& crams = c.store.crams();
  MEDARC_ASSIGN(const auto set, crams.load(row));
  MEDARC_ASSIGN(auto asked, regions_asked(request, set->header));
  wanted.regions = std::move(asked.regions);
  MEDARC_ASSIGN(wanted, crams.admit(at_genomics_door(request), *set, std::move(wanted)));
  const auto withheld = genomics::withheld_in(wanted.withheld, wanted.regions);
  MEDARC_ASSIGN(auto content, crams.open_admitted(set, wanted));
  const std::string type(form.media.front());
  const std::string name = name_of(row) + ".slice." + std::string(form.extension);
  const std::string etag = etag_of(row, wanted);
  Response response;
  if (content.bytes) {
    Representation thing{type, etag, *content.bytes, name, {}};
    thing.open = [&content](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
      return part_of(std::move(content.source), range);
    };
    response = serve(request, thing);
    say_withheld(response, withheld);
    return response;
  }
  // Made while it is sent: its length is not known.
  say_withheld(response, withheld);
  response.headers.set("Content-Type", type);
  response.headers.set("ETag", "W/\"" + etag + '"');
  response.headers.set("Content-Disposition", attachment(name));
  if (request.method != "HEAD") response.body = std::move(content.source);
  return response;
}

}  // namespace medarc::web
