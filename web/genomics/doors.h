// What the genomics route files share. Each adds its routes; routes.cc puts them together.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "genomics/resumable.h"
#include "web/genomics/data_link.h"
#include "web/genomics/options.h"
#include "web/http.h"

namespace medarc::web {

struct GenomicsContext {
  genomics::GenomeStore& store;
  genomics::ResumableUploads& uploads;
  GenomicsOptions options;
  DataLinks links;
};
using GenomicsContextPtr = std::shared_ptr<const GenomicsContext>;

void add_file_routes(const GenomicsContextPtr& context, std::vector<Route>& out);
void add_index_route(const GenomicsContextPtr& context, std::vector<Route>& out);
void add_consent_routes(const GenomicsContextPtr& context, std::vector<Route>& out);
void add_tus_routes(const GenomicsContextPtr& context, std::vector<Route>& out);
void add_htsget_routes(const GenomicsContextPtr& context, std::vector<Route>& out);
void add_refget_routes(const GenomicsContextPtr& context, std::vector<Route>& out);
void add_drs_routes(const GenomicsContextPtr& context, std::vector<Route>& out);
void add_crypt4gh_routes(const GenomicsContextPtr& context, std::vector<Route>& out);

// GET of what lies below /genomics/files/{id}. `id` may hold slashes.
Answer slice_answer(const GenomicsContext& context, const Request& request,
                    const genomics::FileId& id);
Answer plan_answer(const GenomicsContext& context, const Request& request,
                   const genomics::FileId& id);
Answer variants_answer(const GenomicsContext& context, const Request& request,
                       const genomics::FileId& id);
Answer pileup_answer(const GenomicsContext& context, const Request& request,
                     const genomics::FileId& id);
// Of /depth: with `bins` mean depths from the file's depth track, else base_depth_answer().
Answer depth_answer(const GenomicsContext& context, const Request& request,
                    const genomics::FileId& id);
// Of /depth without `bins`: the exact depth of every position.
Answer base_depth_answer(const GenomicsContext& context, const Request& request,
                         const genomics::FileId& id);
Answer quality_answer(const GenomicsContext& context, const Request& request,
                      const genomics::FileId& id);
// How many bytes the file takes on disk.
Answer storage_answer(const GenomicsContext& context, const Request& request,
                      const genomics::FileId& id);
Answer consent_answer(const GenomicsContext& context, const Request& request,
                      const genomics::FileId& id);
Answer content_answer(const GenomicsContext& context, const Request& request,
                      const genomics::FileId& id);
Answer index_answer(const GenomicsContext& context, const Request& request,
                    const genomics::FileId& id);
// {id}/attachments/{role}: what was made from the file.
Answer attachment_answer(const GenomicsContext& context, const Request& request,
                         const genomics::FileId& id, std::string_view role);
// {id}/{last part of id}.bam, .bam.bai and their like, for clients that find the index by the name
// of the file; nullopt: it is none of these. `rest`: all behind /genomics/files/.
std::optional<Answer> named_file_answer(const GenomicsContext& context, const Request& request,
                                        const std::string& rest);

// The request's principal, as one who came through this door, with what for the request asks
// (`purpose` of the query, Medarc-Purpose).
genomics::Asker at_genomics_door(const Request& request);

// What a request asks for. Errors: invalid_argument, and not_found for a reference that the file
// does not have.

// invalid_argument naming a query parameter that is not among `known`: a misspelt one must not give
// another answer than was asked for. `purpose` is known everywhere.
Status check_parameters(const Request& request, std::initializer_list<std::string_view> known);
// true or false; `fallback` where the parameter is not given.
Result<bool> flag_parameter(const Request& request, std::string_view name, bool fallback);
// A number up to `max`.
Result<uint64_t> number_parameter(const Request& request, std::string_view name, uint64_t fallback,
                                  uint64_t max);
// The `region` parameters (samtools' form, repeatable); none: everything.
Result<genomics::Selection> regions_asked(const Request& request,
                                          const genomics::FileHeader& header);
// The one `region`.
Result<genomics::Region> one_region(const Request& request, const genomics::BamHeader& header);
// The same, with the file's reads there and their bytes, for whoever may have them.
struct RegionReads {
  genomics::FileRow row;
  std::shared_ptr<const genomics::ReadSet> set;
  genomics::Region region;
  std::unique_ptr<archive::BlobReader> content;
};
Result<RegionReads> open_region(const GenomicsContext& context, const Request& request,
                                const genomics::FileId& id);

// What an answer is made of.

// "…/genomics/files/ID", absolute, escaped.
std::string file_url(const std::string& base_url, const genomics::FileId& id);
// What a download of the file is called, before what is added for a part of it.
std::string name_of(const genomics::FileRow& row);

// "reads" or "variants": below which htsget has the file; "": it has not.
std::string_view htsget_kind_of(const genomics::FileRow& row);

// A file as /genomics/files tells it: JSON. `sorting`: what is known of a derivative under way.
std::string file_json(const genomics::FileRow& row, const std::string& base_url,
                      const std::optional<genomics::SortState>& sorting = std::nullopt);
// The same with what the archive knows beside it: alerts, and files that hold the same reads.
std::string with_findings(std::string file_json, const genomics::Findings& findings);
// Of what is made from a blob: `how` says all that the bytes depend on beside it.
std::string etag_of(const Digest& content, std::string_view how);
// A text that is made while it is sent, so that its length is not known.
Response streamed(const Request& request, const std::string& content_type, const std::string& etag,
                  const std::string& filename, std::unique_ptr<ByteSource> source);
// `part` of a stored blob, or all of it, served by Range.
Response serve_blob(const Request& request, std::unique_ptr<archive::BlobReader> reader,
                    std::string content_type, std::string etag, std::optional<std::string> filename,
                    std::optional<ByteRange> part = std::nullopt);

}  // namespace medarc::web
