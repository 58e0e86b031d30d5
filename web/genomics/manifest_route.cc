// /genomics/files/{id}/manifest: the chunks of a file's content with their digests, so that it can
// be verified while it is fetched and fetched on from where it broke off.
#include "web/genomics/manifest_route.h"

#include "genomics/stored_bytes.h"
#include "web/conditional.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using genomics::FileRow;

constexpr size_t kPieceBytes = 64u << 10;

// {"id",…,"chunks":[{"offset","length","sha256"},…],"next"}, made while it is sent.
class ManifestSource final : public ByteSource {
 public:
  // `first` and what follows in `chunks`, `limit` of them at most; `next`: the URL of what follows
  // those, without its offset.
  ManifestSource(Bytes head, archive::ListedChunk first, genomics::Manifest chunks, uint64_t limit,
                 std::string next)
      : ready_(std::move(head)),
        waiting_(std::move(first)),
        chunks_(std::move(chunks)),
        left_(limit),
        next_(std::move(next)) {}

  Result<size_t> read(char* out, size_t capacity) override {
    if (at_ == ready_.size()) {
      ready_.clear();
      at_ = 0;
      while (!ended_ && ready_.size() < kPieceBytes) MEDARC_TRY(add());
    }
    const size_t n = ready_.copy(out, capacity, at_);
    at_ += n;
    return n;
  }

 private:
  Status add() {
    if (waiting_ && left_ > 0) {
      if (any_) ready_ += ',';
      any_ = true;
      --left_;
      ready_ += "{\"offset\":" + std::to_string(waiting_->range.begin) +
                ",\"length\":" + std::to_string(waiting_->range.length) + ",\"sha256\":\"" +
                waiting_->sha256.hex() + "\"}";
      MEDARC_ASSIGN(waiting_, chunks_.next());
      return {};
    }
    ready_ += ']';
    if (waiting_) {
      ready_ += ",\"next\":" + json_string(next_ + std::to_string(waiting_->range.begin));
    }
    ready_ += '}';
    ended_ = true;
    return {};
  }

  Bytes ready_;
  size_t at_ = 0;
  std::optional<archive::ListedChunk> waiting_;  // not told yet
  genomics::Manifest chunks_;
  uint64_t left_;
  const std::string next_;
  bool any_ = false, ended_ = false;
};

Bytes head_of(const FileRow& row, const std::string& url) {
  const auto text = [](std::string_view name, std::string_view value) {
    return "\"" + std::string(name) + "\":" + json_string(value) + ",";
  };
  return "{" + text("id", row.id.value) + text("name", row.name) + text("format", row.format) +
         "\"bytes\":" + std::to_string(row.bytes) + "," + text("sha256", row.blob.hex()) +
         text("md5", row.md5_hex) + text("content", url + "/content") + "\"chunks\":[";
}

Result<Response> answer(const GenomicsContext& c, const Request& request,
                        const genomics::FileId& id) {
  MEDARC_TRY(check_parameters(request, {"offset", "limit"}));
  MEDARC_ASSIGN(const uint64_t offset, number_parameter(request, "offset", 0, INT64_MAX));
  MEDARC_ASSIGN(const uint64_t limit, number_parameter(request, "limit", INT64_MAX, INT64_MAX));
  if (limit == 0) return make_error(Code::invalid_argument, "limit: a number of chunks from 1 on");
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const FileRow row, c.store.file(who, id));
  MEDARC_ASSIGN(genomics::Manifest chunks, c.store.stored_bytes().manifest(who, row, offset));
  MEDARC_ASSIGN(auto first, chunks.next());
  const std::string url = file_url(request.base_url, row.id);
  const std::string next = url + "/manifest?limit=" + std::to_string(limit) + "&offset=";
  Bytes head = head_of(row, url);
  const std::string etag = etag_of(row.blob, head + next + std::to_string(offset));
  if (auto early = check_preconditions(request, etag)) return std::move(*early);
  Response response;
  response.headers.set("Content-Type", "application/json");
  response.headers.set("ETag", '"' + etag + '"');
  if (request.method != "HEAD") {
    response.body = std::make_unique<ManifestSource>(std::move(head), std::move(*first),
                                                     std::move(chunks), limit, next);
  }
  return response;
}

}  // namespace

Answer manifest_answer(const GenomicsContext& c, const Request& request,
                       const genomics::FileId& id) {
  auto made = answer(c, request, id);
  return made.has_error() ? problem(made.error()) : std::move(*made);
}

}  // namespace medarc::web
