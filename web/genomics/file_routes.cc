// /genomics/files: upload in one request, list, description, content, index, removal.
#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "genomics/stored_bytes.h"
#include "web/genomics/digest_fields.h"
#include "web/genomics/doors.h"
#include "web/genomics/manifest_route.h"
#include "web/http_error.h"
#include "web/text.h"
#include "web/url.h"

namespace medarc::web {
namespace {

using genomics::FileId;

class UploadBody final : public BodyHandler {
 public:
  UploadBody(const GenomicsContext& context, const Request& request,
             std::unique_ptr<genomics::Upload> upload)
      : store_(context.store),
        who_(at_genomics_door(request)),
        base_url_(request.base_url),
        upload_(std::move(upload)) {}

  Status body(ByteView bytes) override { return upload_->write(bytes); }

  Response finish() override {
    const auto stored = upload_->finish();
    if (stored.has_error()) {
      // The sender's own statement about the body is wrong, not a condition on our state.
      if (stored.error().code == Code::precondition_failed) return problem(400, stored.error());
      return problem(stored.error(), true);
    }
    // The file is stored, whatever becomes of what is said beside it.
    const auto sorting = store_.sort_state(stored->file);
    std::string body =
        file_json(stored->file, base_url_, sorting.has_value() ? *sorting : std::nullopt);
    if (const auto findings = store_.findings(who_, stored->file); findings.has_value()) {
      body = with_findings(std::move(body), *findings);
    }
    Response response =
        make_response(stored->existed ? 200 : 201, "application/json", std::move(body));
    response.headers.set("Location", file_url(base_url_, stored->file.id));
    return response;
  }

 private:
  genomics::GenomeStore& store_;
  const security::Principal who_;
  const std::string base_url_;
  const std::unique_ptr<genomics::Upload> upload_;
};

Result<std::unique_ptr<BodyHandler>> begin_upload(const GenomicsContext& c,
                                                  const Request& request) {
  MEDARC_TRY(check_parameters(request, {"name", "patient", "sample", "id", "mate", "circular"}));
  if (request.body_bytes > c.store.limits().file_bytes_max) {
    return make_error(Code::too_large, "the file is over genomics.file_bytes_max");
  }
  genomics::UploadStart start;
  start.name = request.query_value("name");
  start.patient = request.query_value("patient");
  start.sample = request.query_value("sample");
  start.id = request.query_value("id");
  start.mate = request.query_value("mate");
  for (const auto& [name, value] : request.query) {
    if (name == "circular") start.circular += (start.circular.empty() ? "" : " ") + value;
  }
  MEDARC_ASSIGN(const DeclaredDigests declared, declared_digests(request.headers));
  start.sha256 = declared.sha256;
  start.md5_hex = declared.md5_hex;
  MEDARC_ASSIGN(auto upload, c.store.begin(at_genomics_door(request), std::move(start)));
  return std::unique_ptr<BodyHandler>(std::make_unique<UploadBody>(c, request, std::move(upload)));
}

Result<Response> list(const GenomicsContext& c, const Request& request) {
  MEDARC_TRY(
      check_parameters(request, {"patient", "sample", "format", "sha256", "limit", "cursor"}));
  genomics::FileQuery query;
  query.patient = request.query_value("patient");
  query.sample = request.query_value("sample");
  query.format = request.query_value("format");
  std::optional<Digest> sha256;
  if (const auto text = request.query_value("sha256"); !text.empty()) {
    sha256 = Digest::from_hex(text);
    if (!sha256) return make_error(Code::invalid_argument, "sha256: 64 hex digits");
  }
  if (const auto text = request.query_value("limit"); !text.empty()) {
    const auto limit = parse_decimal(text);
    if (!limit || *limit == 0)
      return make_error(Code::invalid_argument, "limit: a number from 1 on");
    query.limit = static_cast<uint32_t>(std::min<uint64_t>(*limit, c.options.page_max));
  }
  if (const auto text = request.query_value("cursor"); !text.empty()) {
    auto cursor = from_hex(text);
    if (!cursor)
      return make_error(Code::invalid_argument, "cursor: as `next` of an earlier answer");
    query.cursor = std::move(*cursor);
  }
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const genomics::FilePage page,
                sha256 ? c.store.stored_bytes().list_with_bytes(who, query, *sha256)
                       : c.store.list(who, query));
  std::string body = "{\"files\":[";
  for (size_t i = 0; i < page.files.size(); ++i) {
    if (i > 0) body += ',';
    body += file_json(page.files[i], request.base_url);
  }
  body += ']';
  Response response;
  if (!page.next.empty()) {
    std::string next = request.base_url + "/genomics/files?limit=" + std::to_string(query.limit) +
                       "&cursor=" + to_hex(page.next);
    for (const char* key : {"patient", "sample", "format", "sha256"}) {
      if (const auto value = request.query_value(key); !value.empty()) {
        next += std::string("&") + key + "=" + percent_encode(value);
      }
    }
    body += ",\"next\":" + json_string(next);
    response.headers.set("Link", "<" + next + ">; rel=\"next\"");
  }
  response.headers.set("Content-Type", "application/json");
  response.body = body + "}";
  return response;
}

constexpr std::string_view kBeside = "/attachments";

// Everything GET below a file: its id may hold slashes, so the last part is cut off here.
Answer get(const GenomicsContext& c, const Request& request) {
  using Part = Answer (*)(const GenomicsContext&, const Request&, const FileId&);
  static const std::map<std::string_view, Part, std::less<>> kParts = {
      {"content", content_answer}, {"index", index_answer},       {"slice", slice_answer},
      {"plan", plan_answer},       {"variants", variants_answer}, {"depth", depth_answer},
      {"pileup", pileup_answer},   {"quality", quality_answer},   {"manifest", manifest_answer},
      {"storage", storage_answer}, {"consent", consent_answer},
  };
  const std::string& rest = request.captures.at(0);
  const size_t slash = rest.rfind('/');
  if (slash != std::string::npos) {
    const auto last = std::string_view(rest).substr(slash + 1);
    // What was made from the file lies below its own "attachments", also what has a part's name.
    if (const auto above = std::string_view(rest).substr(0, slash); above.ends_with(kBeside)) {
      return attachment_answer(
          c, request, FileId(std::string(above.substr(0, above.size() - kBeside.size()))), last);
    }
    if (const auto part = kParts.find(last); part != kParts.end()) {
      return part->second(c, request, FileId(rest.substr(0, slash)));
    }
    if (auto named = named_file_answer(c, request, rest)) return std::move(*named);
  }
  const auto answer = [&]() -> Result<Response> {
    MEDARC_TRY(check_parameters(request, {}));
    const auto who = at_genomics_door(request);
    MEDARC_ASSIGN(const genomics::FileRow row, c.store.file(who, FileId(rest)));
    MEDARC_ASSIGN(const auto sorting, c.store.sort_state(row));
    MEDARC_ASSIGN(const genomics::Findings findings, c.store.findings(who, row));
    return make_response(200, "application/json",
                         with_findings(file_json(row, request.base_url, sorting), findings));
  };
  return answered(answer());
}

}  // namespace

void add_file_routes(const GenomicsContextPtr& c, std::vector<Route>& out) {
  Route upload{"POST", "/genomics/files", "Upload a BAM, CRAM, FASTQ, FASTA, VCF, BCF or BED file",
               [c](const Request& request) -> Answer {
                 auto body = begin_upload(*c, request);
                 if (body.has_error()) return problem(body.error());
                 return std::move(*body);
               }};
  upload.body_bytes_max = 0;
  out.push_back(std::move(upload));
  out.push_back({"GET", "/genomics/files", "List genome files, newest first",
                 [c](const Request& request) -> Answer { return answered(list(*c, request)); }});
  out.push_back(
      {"GET", "/genomics/files/{id...}",
       "A genome file: what it is; below it content, manifest, index, slice, plan, variants, "
       "depth, pileup, quality, storage, consent and attachments",
       [c](const Request& request) { return get(*c, request); }});
  out.push_back({"DELETE", "/genomics/files/{id...}", "Remove a genome file",
                 [c](const Request& request) -> Answer {
                   const Status removed =
                       c->store.remove(at_genomics_door(request), FileId(request.captures.at(0)));
                   if (removed.has_error()) return problem(removed.error());
                   return make_response(204, "", {});
                 }});
}

}  // namespace medarc::web
