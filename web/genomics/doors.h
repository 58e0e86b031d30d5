// What the genomics route files share. Each adds its routes; routes.cc puts them together.
#pragma once

#include <memory>
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
void add_tus_routes(const GenomicsContextPtr& context, std::vector<Route>& out);
void add_htsget_routes(const GenomicsContextPtr& context, std::vector<Route>& out);

// GET of what lies below /genomics/files/{id}. `id` may hold slashes.
Answer slice_answer(const GenomicsContext& context, const Request& request,
                    const genomics::FileId& id);
Answer plan_answer(const GenomicsContext& context, const Request& request,
                   const genomics::FileId& id);
Answer variants_answer(const GenomicsContext& context, const Request& request,
                       const genomics::FileId& id);

// The `region` parameters of a request (samtools' form, repeatable); none: everything. Errors:
// not_found, invalid_argument.
Result<genomics::Selection> regions_asked(const Request& request, const genomics::ReadSet& set);
// invalid_argument when `strict` is neither true nor false. Slices are exact either way.
Status check_strict(const Request& request);

// The request's principal, as one who came through this door.
security::Principal at_genomics_door(const Request& request);

// "…/genomics/files/ID", absolute, escaped.
std::string file_url(const std::string& base_url, const genomics::FileId& id);

// A file as /genomics/files tells it: JSON.
std::string file_json(const genomics::FileRow& row, const std::string& base_url);

// `part` of a stored blob, or all of it, served by Range.
Response serve_blob(const Request& request, std::unique_ptr<archive::BlobReader> reader,
                    std::string content_type, std::string etag, std::optional<std::string> filename,
                    std::optional<ByteRange> part = std::nullopt);

// invalid_argument naming a query parameter that is not among `known`: a misspelt one must not give
// another answer than was asked for.
Status check_parameters(const Request& request, std::initializer_list<std::string_view> known);

}  // namespace medarc::web
