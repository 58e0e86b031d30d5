#include "tools/transfer/push.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "archive/hash.h"
#include "archive/verify.h"
#include "tools/progress.h"
#include "tools/transfer/local_file.h"
#include "tools/transfer/resume_file.h"
#include "web/text.h"
#include "web/url.h"

namespace medarc::tools {
namespace {

constexpr uint32_t kDamagedMax = 5;              // pieces in a row that came in damaged
constexpr uint32_t kAnewMax = 2;                 // uploads begun because the server lost one
constexpr uint64_t kPieceBytesMin = 256u << 10;  // on a line that breaks off larger ones
constexpr std::string_view kUploads = "/uploads/", kFiles = "/genomics/files/";

// What follows `part` in a URL of the server's, decoded.
std::string behind(std::string_view url, std::string_view part) {
  const size_t at = url.find(part);
  if (at == std::string_view::npos) return {};
  const auto decoded = web::percent_decode(url.substr(at + part.size()), false);
  return decoded.has_value() ? *decoded : std::string();
}

// A piece in memory, counted while it goes out.
class PieceSource final : public ByteSource {
 public:
  PieceSource(ByteView left, archive::Pace& pace, std::function<void(uint64_t)> sent)
      : left_(left), pace_(pace), sent_(std::move(sent)) {}
  Result<size_t> read(char* out, size_t capacity) override {
    const size_t n = left_.copy(out, capacity);
    left_.remove_prefix(n);
    pace_.spend(n);
    sent_(n);
    return n;
  }

 private:
  ByteView left_;
  archive::Pace& pace_;
  const std::function<void(uint64_t)> sent_;
};

class Push {
 public:
  Push(const PushOptions& options, ServerLink& server, const std::string& path)
      : options_(options),
        server_(server),
        path_(path),
        patience_(options.retry_for_s),
        pace_(options.bytes_per_second),
        piece_bytes_(options.piece_bytes) {}

  Result<Pushed> run() {
    MEDARC_ASSIGN(file_, open_local(path_));
    MEDARC_ASSIGN(out_.bytes, file_->size());
    if (out_.bytes == 0) return make_error(Code::invalid_argument, path_ + ": it is empty");
    {
      ProgressLine line("hash " + options_.name);
      MEDARC_ASSIGN(out_.sha256, sha256_of(*file_, {0, out_.bytes}, [&](uint64_t done) {
                      line.update(0, done, out_.bytes);
                    }));
    }
    const ResumeFile resume = ResumeFile::of(
        options_.to + "\n" + options_.patient + "\n" + options_.name + "\n" + out_.sha256.hex(),
        path_);
    MEDARC_ASSIGN(const bool there, is_there());
    if (!there) MEDARC_TRY(send_all(resume));
    resume.remove();
    if (there) return out_;
    MEDARC_TRY(compare());
    return out_;
  }

 private:
  // Whether the server has the bytes already.
  Result<bool> is_there() {
    std::string query =
        std::string(kFiles.substr(0, kFiles.size() - 1)) + "?limit=1&sha256=" + out_.sha256.hex();
    if (!options_.patient.empty()) query += "&patient=" + web::percent_encode(options_.patient);
    auto asked = server_.ask(query);
    // Who may only store is told nothing; sending says whether that is so.
    if (asked.has_error() && asked.error().code == Code::permission_denied) return false;
    MEDARC_ASSIGN(const boost::json::object answer, std::move(asked));
    const boost::json::value* files = answer.if_contains("files");
    if (files == nullptr || !files->is_array()) {
      return make_error(Code::unsupported, "what answers at this URL is no Medarc server");
    }
    if (files->get_array().empty() || !files->get_array()[0].is_object()) return false;
    out_.id = text_in(files->get_array()[0].get_object(), "id");
    out_.existed = true;
    return true;
  }

  Status send_all(const ResumeFile& resume) {
    if (const auto upload = resume.upload()) {
      upload_ = *upload;
      MEDARC_TRY(look());
    }
    ProgressLine line("push " + options_.name);
    for (uint32_t anew = 0; out_.id.empty();) {
      if (upload_.empty()) {
        if (++anew > kAnewMax) {
          return make_error(Code::gone, "the server loses uploads; its log may say why");
        }
        MEDARC_TRY(create());
        // Without the file this run goes on, only a later one does not.
        if (resume.save(upload_).has_error()) {
          fmt::print(stderr, "medarc: cannot write {}: a later run will begin anew\n",
                     resume.path());
        }
      }
      const Status sent = send_piece(line);
      if (!sent.has_error()) {
        patience_.moved();
        continue;
      }
      if (!is_passing(sent.error())) {
        if (upload_.empty()) continue;
        resume.remove();
        return sent.error();
      }
      MEDARC_TRY(patience_.wait(sent.error()));
      MEDARC_TRY(look());
    }
    return {};
  }

  Result<web::ClientAnswer> tus(const std::string& method, const std::string& target,
                                std::vector<std::pair<std::string, std::string>> headers,
                                ByteView piece, const std::function<void(uint64_t)>& sent) {
    headers.emplace_back("Tus-Resumable", "1.0.0");
    PieceSource source(piece, pace_, sent);
    return server_.exchange({method, target, std::move(headers), piece.size(), unsure_}, source);
  }
  Result<web::ClientAnswer> tus(const std::string& method, const std::string& target,
                                std::vector<std::pair<std::string, std::string>> headers) {
    return tus(method, target, std::move(headers), {}, [](uint64_t) {});
  }

  // Where the upload stands; upload_ is empty afterwards when the server has it no more. Nothing is
  // known by this of a piece that the server may still be at work on, whoever sent it.
  Status look() {
    unsure_ = true;
    for (;;) {
      auto answer = tus("HEAD", std::string(kUploads) + upload_, {});
      if (answer.has_value() && answer->status == 200) return take_state(*answer);
      if (answer.has_value() && (answer->status == 404 || answer->status == 410)) {
        forget();
        return {};
      }
      MEDARC_TRY(patience_.wait(answer.has_error() ? answer.error() : refusal(*answer)));
    }
  }

  Status take_state(const web::ClientAnswer& answer) {
    const auto offset = web::parse_decimal(answer.header("Upload-Offset"));
    if (!offset || *offset > out_.bytes) {
      return make_error(Code::unsupported, "the server does not say where the upload stands");
    }
    if (*offset > offset_) patience_.moved();
    offset_ = *offset;
    if (out_.bytes_sent == 0) out_.bytes_resumed = offset_;
    out_.id = behind(answer.header("Content-Location"), kFiles);
    return {};
  }

  void forget() {
    upload_.clear();
    offset_ = 0;
    out_.bytes_resumed = 0;
  }

  Status create() {
    const auto pair = [](const char* key, ByteView value) {
      return std::string(key) + " " + to_base64(value);
    };
    std::string metadata =
        pair("filename", options_.name) + "," + pair("sha256", out_.sha256.hex());
    if (!options_.patient.empty()) metadata += "," + pair("patient", options_.patient);
    for (;;) {
      auto answer =
          tus("POST", "/uploads",
              {{"Upload-Length", std::to_string(out_.bytes)}, {"Upload-Metadata", metadata}});
      if (answer.has_value() && answer->status == 201) {
        upload_ = behind(answer->header("Location"), kUploads);
        if (is_upload_id(upload_)) return {};
        upload_.clear();
        return make_error(Code::unsupported, "the server does not say where the upload is");
      }
      MEDARC_TRY(patience_.wait(answer.has_error() ? answer.error() : refusal(*answer)));
    }
  }

  // The next piece, or an empty one where all is sent and the server did not say that it is stored.
  // A passing error: look where the upload stands, then go on.
  Status send_piece(ProgressLine& line) {
    piece_.resize(std::min(piece_bytes_, out_.bytes - offset_));
    MEDARC_ASSIGN(const size_t n, file_->read_at(offset_, piece_.data(), piece_.size()));
    if (n != piece_.size()) {
      return make_error(Code::conflict, path_ + ": it became shorter while it was sent");
    }
    const Digest digest = archive::Sha256::of(piece_);
    auto answer = tus("PATCH", std::string(kUploads) + upload_,
                      {{"Content-Type", "application/offset+octet-stream"},
                       {"Upload-Offset", std::to_string(offset_)},
                       {"Upload-Checksum", "sha256 " + to_base64(digest.view())}},
                      piece_, [&](uint64_t bytes) {
                        out_.bytes_sent += bytes;
                        line.update(0, out_.bytes_sent, out_.bytes - out_.bytes_resumed);
                      });
    if (answer.has_error()) {
      piece_bytes_ = std::max(std::min(options_.piece_bytes, kPieceBytesMin), piece_bytes_ / 2);
      return answer.error();
    }
    switch (answer->status) {
      case 204:
        damaged_ = 0;
        unsure_ = false;
        piece_bytes_ = std::min(options_.piece_bytes, piece_bytes_ * 2);
        MEDARC_TRY(take_state(*answer));
        if (!piece_.empty() || !out_.id.empty()) return {};
        return make_error(Code::unsupported, "the server does not say what became of the upload");
      case 404:
      case 410: forget(); return refusal(*answer);
      case 409:
        return make_error(Code::unavailable,
                          "the server is busy with another piece of this upload");
      case 460:
        if (++damaged_ > kDamagedMax) {
          return make_error(Code::corrupt,
                            "pieces come in damaged again and again: what lies between here and "
                            "the server changes bytes");
        }
        return make_error(Code::unavailable, "a piece came in damaged");
      default: return refusal(*answer);
    }
  }

  // What the server stored is what is here.
  Status compare() {
    for (;;) {
      auto file = server_.ask(std::string(kFiles) + web::percent_encode(out_.id));
      if (file.has_value()) {
        if (text_in(*file, "sha256") == out_.sha256.hex()) return {};
        return make_error(Code::corrupt,
                          "the server stored other bytes than were sent: remove file " + out_.id +
                              " there and send it again");
      }
      // Who may only store is told no more; the server has verified the digest that we declared.
      if (file.error().code == Code::permission_denied) return {};
      MEDARC_TRY(patience_.wait(file.error()));
    }
  }

  const PushOptions& options_;
  ServerLink& server_;
  const std::string& path_;
  Patience patience_;
  archive::Pace pace_;
  std::unique_ptr<File> file_;
  std::string upload_;  // its id; "": none yet
  uint64_t offset_ = 0;
  uint32_t damaged_ = 0;
  bool unsure_ = true;    // whether the server takes the next piece: it is asked first
  uint64_t piece_bytes_;  // halved when a piece breaks off, doubled when one came in
  Bytes piece_;
  Pushed out_;
};

}  // namespace

Result<Pushed> push_file(const PushOptions& options, ServerLink& server, const std::string& path) {
  return Push(options, server, path).run();
}

}  // namespace medarc::tools
