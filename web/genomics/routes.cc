#include "web/genomics/routes.h"

#include <algorithm>

#include "archive/hash.h"
#include "base/metrics.h"
#include "web/conditional.h"
#include "web/genomics/doors.h"
#include "web/http_error.h"
#include "web/text.h"
#include "web/url.h"

namespace medarc::web {
namespace {

class BlobSource final : public ByteSource {
 public:
  BlobSource(std::unique_ptr<archive::BlobReader> reader, ByteRange range)
      : reader_(std::move(reader)), left_(range) {}
  Result<size_t> read(char* out, size_t capacity) override {
    const uint64_t n = std::min<uint64_t>(capacity, left_.length);
    if (n == 0) return size_t{0};
    MEDARC_TRY(reader_->read({left_.begin, n}, out));
    static Counter& bytes = counter("medarc_genome_bytes_read_total",
                                    "Bytes of stored genome files and indexes read for answers.");
    bytes.add(n);
    left_ = {left_.begin + n, left_.length - n};
    return static_cast<size_t>(n);
  }

 private:
  const std::unique_ptr<archive::BlobReader> reader_;
  ByteRange left_;
};

}  // namespace

std::vector<Route> genomics_routes(genomics::GenomeStore& store,
                                   genomics::ResumableUploads& uploads,
                                   const GenomicsOptions& options) {
  const auto context =
      std::make_shared<const GenomicsContext>(GenomicsContext{store, uploads, options, {}});
  std::vector<Route> out;
  add_file_routes(context, out);
  add_index_route(context, out);
  add_consent_routes(context, out);
  add_tus_routes(context, out);
  add_htsget_routes(context, out);
  add_refget_routes(context, out);
  add_drs_routes(context, out);
  if (store.crypt4gh() != nullptr) add_crypt4gh_routes(context, out);
  return out;
}

genomics::Asker at_genomics_door(const Request& request) {
  genomics::Asker principal(request.principal);
  principal.door = "genomics";
  for (const std::string_view field : request.headers.all("Medarc-Purpose")) {
    principal.purposes.emplace_back(field);
  }
  for (const auto& [name, value] : request.query) {
    if (name == "purpose") principal.purposes.push_back(value);
  }
  return principal;
}

std::string file_url(const std::string& base_url, const genomics::FileId& id) {
  return base_url + "/genomics/files/" + percent_encode(id.value);
}

std::string_view htsget_kind_of(const genomics::FileRow& row) {
  if (row.format == "cram") return "reads";
  if (!row.block_map_blob) return "";
  if (row.format == "bam") return "reads";
  return row.format == "vcf" || row.format == "bcf" ? "variants" : "";
}

Response serve_blob(const Request& request, std::unique_ptr<archive::BlobReader> reader,
                    std::string content_type, std::string etag, std::optional<std::string> filename,
                    std::optional<ByteRange> part) {
  Representation thing;
  thing.content_type = std::move(content_type);
  thing.etag = std::move(etag);
  const ByteRange whole = part.value_or(ByteRange{0, reader->size()});
  thing.bytes = whole.length;
  thing.filename = std::move(filename);
  thing.open = [&](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
    range.begin += whole.begin;
    return std::unique_ptr<ByteSource>(std::make_unique<BlobSource>(std::move(reader), range));
  };
  Response response = serve(request, thing);
  // The bytes are what was stored, and their digests are published: no coding on the way.
  response.headers.set("Cache-Control", "no-transform");
  return response;
}

Result<genomics::Selection> regions_asked(const Request& request,
                                          const genomics::FileHeader& header) {
  genomics::Selection selection;
  for (const auto& [name, value] : request.query) {
    if (name != "region") continue;
    if (!selection.regions) selection.regions.emplace();
    MEDARC_ASSIGN(const auto region, genomics::parse_samtools_region(value, header));
    selection.regions->push_back(region);
  }
  return selection;
}

Result<genomics::Region> one_region(const Request& request, const genomics::BamHeader& header) {
  std::optional<std::string_view> text;
  for (const auto& [name, value] : request.query) {
    if (name != "region") continue;
    if (text) return make_error(Code::invalid_argument, "region: one in a request");
    text = value;
  }
  if (!text) return make_error(Code::invalid_argument, "region: as in chr1:101-200");
  return genomics::parse_samtools_region(*text, header);
}

Result<RegionReads> open_region(const GenomicsContext& c, const Request& request,
                                const genomics::FileId& id) {
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(genomics::FileRow row, c.store.file(who, id));
  MEDARC_ASSIGN(auto set, c.store.read_set(who, row));
  MEDARC_ASSIGN(const genomics::Region region, one_region(request, set->header));
  MEDARC_TRY(c.store.admit_slice(who, row, *set, {std::vector{region}, {}}));
  MEDARC_ASSIGN(auto content, c.store.open_admitted(set->content));
  return RegionReads{std::move(row), std::move(set), region, std::move(content)};
}

Result<bool> flag_parameter(const Request& request, std::string_view name, bool fallback) {
  const std::string_view text = request.query_value(name);
  if (text.empty()) return fallback;
  if (text == "true") return true;
  if (text == "false") return false;
  return make_error(Code::invalid_argument, std::string(name) + ": true or false");
}

Result<uint64_t> number_parameter(const Request& request, std::string_view name, uint64_t fallback,
                                  uint64_t max) {
  const std::string_view text = request.query_value(name);
  if (text.empty()) return fallback;
  const auto value = parse_decimal(text);
  if (!value || *value > max) {
    return make_error(Code::invalid_argument,
                      std::string(name) + ": a number up to " + std::to_string(max));
  }
  return *value;
}

std::string name_of(const genomics::FileRow& row) {
  return row.name.empty() ? row.id.value : row.name;
}

std::string etag_of(const Digest& content, std::string_view how) {
  archive::Sha256 hash;
  hash.update(content.view());
  hash.update(how);
  return hash.finish().hex().substr(0, 32);
}

Response streamed(const Request& request, const std::string& content_type, const std::string& etag,
                  const std::string& filename, std::unique_ptr<ByteSource> source) {
  Response response;
  response.headers.set("Content-Type", content_type);
  response.headers.set("ETag", '"' + etag + '"');
  response.headers.set("Content-Disposition", attachment(filename));
  if (request.method != "HEAD") response.body = std::move(source);
  return response;
}

Status check_parameters(const Request& request, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.query) {
    if (name == "purpose") continue;  // at_genomics_door() has read it
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string text = "there is no such parameter here; there are:";
    for (const std::string_view one : known) text += " " + std::string(one);
    return make_error(Code::invalid_argument, text);
  }
  return {};
}

}  // namespace medarc::web
