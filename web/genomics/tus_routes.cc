// /uploads: tus 1.0 (https://tus.io/protocols/resumable-upload) with creation,
// creation-with-upload, checksum, termination and expiration. What the upload is comes in
// Upload-Metadata: filename, patient, sample, id, mate, circular, sha256 (hex).
#include "web/genomics/doors.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using genomics::ResumableState;

constexpr std::string_view kTusVersion = "1.0.0";
constexpr std::string_view kTusExtensions =
    "creation,creation-with-upload,checksum,termination,expiration";
constexpr std::string_view kPieceType = "application/offset+octet-stream";
constexpr int kChecksumMismatch = 460;  // tus, checksum extension

Response tus(Response response) {
  response.headers.set("Tus-Resumable", std::string(kTusVersion));
  return response;
}

// 412 for a client of another version; everything else is answered by `then`.
template <class Then>
Answer tus_checked(const Request& request, Then then) {
  if (request.headers.find("Tus-Resumable") != kTusVersion) {
    Response response = problem(412, make_error(Code::precondition_failed,
                                                "Tus-Resumable: 1.0.0 is the version spoken here"));
    response.headers.set("Tus-Version", std::string(kTusVersion));
    return tus(std::move(response));
  }
  Result<Answer> made = then();
  if (made.has_error()) return tus(problem(made.error()));
  return std::move(*made);
}

void set_state(Response& response, const ResumableState& state, const std::string& base_url) {
  response.headers.set("Upload-Offset", std::to_string(state.offset));
  response.headers.set("Upload-Length", std::to_string(state.length));
  response.headers.set("Upload-Expires", to_http_date(state.expires));
  response.headers.set("Cache-Control", "no-store");
  if (!state.file.empty()) {
    response.headers.set("Content-Location", file_url(base_url, genomics::FileId(state.file)));
  }
}

// "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="
Result<std::optional<genomics::PieceChecksum>> checksum_of(const Request& request) {
  const std::string_view text = request.headers.find("Upload-Checksum");
  if (text.empty()) return std::optional<genomics::PieceChecksum>();
  const size_t blank = text.find(' ');
  const auto digest =
      blank == std::string_view::npos ? std::nullopt : from_base64(trim(text.substr(blank)));
  if (!digest) {
    return make_error(Code::invalid_argument, "Upload-Checksum: an algorithm, a blank, base64");
  }
  return std::optional(genomics::PieceChecksum{std::string(text.substr(0, blank)), *digest});
}

Result<genomics::UploadStart> start_of(const Request& request) {
  genomics::UploadStart start;
  for (const std::string_view pair : split_list(request.headers.find("Upload-Metadata"), ',')) {
    const size_t blank = pair.find(' ');
    const std::string_view key = pair.substr(0, blank);
    const auto value = blank == std::string_view::npos ? std::optional<Bytes>("")
                                                       : from_base64(trim(pair.substr(blank)));
    if (!value) return make_error(Code::invalid_argument, "Upload-Metadata: a value is not base64");
    if (key == "filename" || key == "name") start.name = *value;
    if (key == "patient") start.patient = *value;
    if (key == "sample") start.sample = *value;
    if (key == "id") start.id = *value;
    if (key == "mate") start.mate = *value;
    if (key == "circular") start.circular = *value;
    if (key == "sha256") {
      start.sha256 = Digest::from_hex(*value);
      if (!start.sha256) {
        return make_error(Code::invalid_argument, "Upload-Metadata: sha256 has 64 hex digits");
      }
    }
  }
  return start;
}

// Bytes of one piece; with the creation, or later.
class PieceBody final : public BodyHandler {
 public:
  PieceBody(std::unique_ptr<genomics::ResumablePiece> piece, std::string base_url, int status,
            std::string location)
      : piece_(std::move(piece)),
        base_url_(std::move(base_url)),
        status_(status),
        location_(std::move(location)) {}

  Status body(ByteView bytes) override { return piece_->write(bytes); }

  Response finish() override {
    const auto state = piece_->finish();
    if (state.has_error()) {
      if (state.error().code == Code::precondition_failed) {
        return tus(problem(kChecksumMismatch, state.error()));
      }
      return tus(problem(state.error(), true));
    }
    Response response;
    response.status = status_;
    set_state(response, *state, base_url_);
    if (!location_.empty()) response.headers.set("Location", location_);
    return tus(std::move(response));
  }

 private:
  const std::unique_ptr<genomics::ResumablePiece> piece_;
  const std::string base_url_;
  const int status_;
  const std::string location_;
};

Result<Answer> create(const GenomicsContext& c, const Request& request) {
  const auto length = parse_decimal(request.headers.find("Upload-Length"));
  if (!length) {
    return make_error(Code::invalid_argument,
                      "Upload-Length: the whole file's size in bytes (it cannot be deferred)");
  }
  MEDARC_ASSIGN(genomics::UploadStart start, start_of(request));
  MEDARC_ASSIGN(const auto checksum, checksum_of(request));
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const ResumableState state, c.uploads.create(who, start, *length));
  const std::string location = request.base_url + "/uploads/" + state.id;
  if (equal_ignoring_case(request.headers.find("Content-Type"), kPieceType)) {
    MEDARC_ASSIGN(auto piece, c.uploads.append(who, state.id, 0, checksum));
    return Answer(std::make_unique<PieceBody>(std::move(piece), request.base_url, 201, location));
  }
  Response response;
  response.status = 201;
  set_state(response, state, request.base_url);
  response.headers.set("Location", location);
  return Answer(tus(std::move(response)));
}

Result<Answer> append(const GenomicsContext& c, const Request& request) {
  if (!equal_ignoring_case(request.headers.find("Content-Type"), kPieceType)) {
    return Answer(tus(problem(
        415, make_error(Code::unsupported, "Content-Type: application/offset+octet-stream"))));
  }
  const auto offset = parse_decimal(request.headers.find("Upload-Offset"));
  if (!offset) return make_error(Code::invalid_argument, "Upload-Offset: a number of bytes");
  MEDARC_ASSIGN(auto checksum, checksum_of(request));
  MEDARC_ASSIGN(auto piece, c.uploads.append(at_genomics_door(request), request.captures.at(0),
                                             *offset, std::move(checksum)));
  return Answer(std::make_unique<PieceBody>(std::move(piece), request.base_url, 204, ""));
}

Result<Answer> state(const GenomicsContext& c, const Request& request) {
  MEDARC_ASSIGN(const ResumableState state,
                c.uploads.state(at_genomics_door(request), request.captures.at(0)));
  std::string body = "{\"offset\":" + std::to_string(state.offset) +
                     ",\"length\":" + std::to_string(state.length) +
                     ",\"expires\":" + json_string(to_rfc3339(state.expires));
  if (!state.file.empty()) body += ",\"file\":" + json_string(state.file);
  Response response = make_response(200, "application/json", body + "}");
  set_state(response, state, request.base_url);
  return Answer(tus(std::move(response)));
}

}  // namespace

void add_tus_routes(const GenomicsContextPtr& c, std::vector<Route>& out) {
  Headers can;
  can.set("Tus-Resumable", std::string(kTusVersion));
  can.set("Tus-Version", std::string(kTusVersion));
  can.set("Tus-Extension", std::string(kTusExtensions));
  can.set("Tus-Max-Size", std::to_string(c->uploads.file_bytes_max()));
  can.set("Tus-Checksum-Algorithm", "sha1,sha256,md5");
  Route make{"POST", "/uploads", "Begin a resumable upload (tus)", [c](const Request& request) {
               return tus_checked(request, [&] { return create(*c, request); });
             }};
  make.body_bytes_max = 0;
  make.options = can;
  out.push_back(std::move(make));
  Route patch{"PATCH", "/uploads/{upload}", "Continue a resumable upload (tus)",
              [c](const Request& request) {
                return tus_checked(request, [&] { return append(*c, request); });
              }};
  patch.body_bytes_max = 0;
  patch.options = can;
  out.push_back(std::move(patch));
  out.push_back({"GET", "/uploads/{upload}", "Where a resumable upload stands (tus)",
                 [c](const Request& request) {
                   // A browser may look, without the header tus clients send.
                   if (request.method == "GET") {
                     Result<Answer> made = state(*c, request);
                     return made.has_error() ? Answer(tus(problem(made.error())))
                                             : std::move(*made);
                   }
                   return tus_checked(request, [&] { return state(*c, request); });
                 }});
  out.push_back({"DELETE", "/uploads/{upload}", "Give up a resumable upload (tus)",
                 [c](const Request& request) {
                   return tus_checked(request, [&]() -> Result<Answer> {
                     MEDARC_TRY(
                         c->uploads.terminate(at_genomics_door(request), request.captures.at(0)));
                     return Answer(tus(make_response(204, "", {})));
                   });
                 }});
}

}  // namespace medarc::web
