#include "tools/transfer/genome_pull.h"

#include <sys/file.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <filesystem>

#include "tools/progress.h"
#include "tools/transfer/local_file.h"
#include "web/url.h"

namespace medarc::tools {
namespace {

namespace json = boost::json;

constexpr size_t kNameBytesMax = 200;
constexpr const char* kPageChunks = "1024";

Error no_manifest() {
  return make_error(Code::unsupported, "the server's manifest of the file is none");
}

std::optional<uint64_t> number_in(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  boost::system::error_code failed;
  const auto out = found->to_number<uint64_t>(failed);
  return failed ? std::nullopt : std::optional(out);
}

class Pull {
 public:
  Pull(const GenomePullOptions& options, const dicom::WebDestination& server)
      : options_(options),
        server_(server),
        link_(server),
        at_("/genomics/files/" + web::percent_encode(options.id)) {}

  Result<Pulled> run() {
    MEDARC_ASSIGN(json::object page, link_.ask(page_at(0)));
    MEDARC_TRY(begin(page));
    MEDARC_ASSIGN(const bool there, is_there());
    if (there) return out_;
    MEDARC_TRY(open_part());
    MEDARC_TRY(fetch(std::move(page)));
    MEDARC_TRY(seal());
    return out_;
  }

 private:
  std::string page_at(uint64_t offset) const {
    return at_ + "/manifest?limit=" + kPageChunks + "&offset=" + std::to_string(offset);
  }

  // What is to be fetched, and under which name.
  Status begin(const json::object& page) {
    const auto bytes = number_in(page, "bytes");
    const auto sha256 = Digest::from_hex(text_in(page, "sha256"));
    if (!bytes || *bytes == 0 || !sha256) return no_manifest();
    out_.bytes = *bytes;
    out_.sha256 = *sha256;
    out_.path = options_.output;
    if (out_.path.empty()) out_.path = plain_name(text_in(page, "name"));
    if (out_.path.empty()) out_.path = plain_name(options_.id);
    if (out_.path.empty()) {
      return make_error(Code::invalid_argument, "the file's name is no name here: give one by -o");
    }
    part_path_ = out_.path + ".part";
    return {};
  }

  Result<bool> is_there() {
    std::error_code failed;
    if (!std::filesystem::exists(out_.path, failed)) return false;
    MEDARC_ASSIGN(const auto file, open_local(out_.path));
    MEDARC_ASSIGN(const uint64_t bytes, file->size());
    if (bytes == out_.bytes) {
      MEDARC_ASSIGN(const Digest held, hash_of(*file, "verify"));
      if (held == out_.sha256) {
        out_.bytes_resumed = bytes;
        return true;
      }
    }
    return make_error(Code::already_exists,
                      out_.path + " is there and is another file: remove it, or name one by -o");
  }

  Result<Digest> hash_of(File& file, const char* what) {
    ProgressLine line(std::string(what) + " " + out_.path);
    return sha256_of(file, {0, out_.bytes},
                     [&](uint64_t done) { line.update(0, done, out_.bytes); });
  }

  Status open_part() {
    std::error_code failed;
    const bool there = std::filesystem::exists(part_path_, failed);
    auto opened = posix_fs().open(part_path_, there ? OpenMode::read_write : OpenMode::create_new);
    if (opened.has_error()) return make_error(Code::io, part_path_ + ": it cannot be written");
    part_ = std::move(*opened);
    if (::flock(part_->descriptor(), LOCK_EX | LOCK_NB) != 0) {
      return make_error(Code::conflict, part_path_ + ": another run is fetching this file");
    }
    MEDARC_ASSIGN(there_, part_->size());
    if (there_ > out_.bytes) MEDARC_TRY(part_->truncate(out_.bytes));
    there_ = std::min(there_, out_.bytes);
    return {};
  }

  Status fetch(json::object page) {
    ProgressLine line("pull " + out_.path);
    uint64_t moved = 0;
    Fetcher fetcher(server_, at_ + "/content", '"' + out_.sha256.hex() + '"', *part_,
                    options_.fetch, [&](uint64_t bytes) {
                      moved += bytes;
                      line.update(0, moved, out_.bytes - resumed_.load());
                    });
    Patience patience(options_.fetch.retry_for_s);
    for (uint64_t at = 0;;) {
      MEDARC_TRY(take(page, at, fetcher));
      if (at == out_.bytes) break;
      for (;;) {
        auto next = link_.ask(page_at(at));
        if (next.has_value()) {
          page = std::move(*next);
          patience.moved();
          break;
        }
        MEDARC_TRY(patience.wait(next.error()));
      }
      if (text_in(page, "sha256") != out_.sha256.hex()) {
        return make_error(Code::precondition_failed,
                          "the file on the server is another now: run the same command again, what "
                          "both have in common is kept");
      }
    }
    const Status done = fetcher.finish();
    out_.bytes_received = fetcher.bytes_received();
    return done;
  }

  // The chunks of one page, from `at` on: those that are here are verified, the others fetched.
  Status take(const json::object& page, uint64_t& at, Fetcher& fetcher) {
    const json::value* chunks = page.if_contains("chunks");
    if (chunks == nullptr || !chunks->is_array() || chunks->get_array().empty()) {
      return no_manifest();
    }
    for (const json::value& one : chunks->get_array()) {
      if (!one.is_object()) return no_manifest();
      const auto offset = number_in(one.get_object(), "offset");
      const auto length = number_in(one.get_object(), "length");
      const auto sha256 = Digest::from_hex(text_in(one.get_object(), "sha256"));
      if (!offset || !length || !sha256 || *offset != at || *length == 0 ||
          *length > out_.bytes - at) {
        return no_manifest();
      }
      const Chunk chunk{{at, *length}, *sha256};
      MEDARC_ASSIGN(const bool held, is_held(chunk));
      if (held) {
        out_.bytes_resumed += chunk.range.length;
        resumed_.store(out_.bytes_resumed);
      } else {
        MEDARC_TRY(fetcher.add(chunk));
      }
      at = chunk.range.end();
    }
    return {};
  }

  Result<bool> is_held(const Chunk& chunk) {
    if (chunk.range.end() > there_) return false;
    MEDARC_ASSIGN(const Digest found, sha256_of(*part_, chunk.range));
    return found == chunk.sha256;
  }

  // Every chunk was right when it was written; that the disk has them all is seen now.
  Status seal() {
    MEDARC_TRY(part_->sync());
    MEDARC_ASSIGN(const Digest found, hash_of(*part_, "verify"));
    if (found != out_.sha256) {
      return make_error(Code::corrupt, part_path_ +
                                           " does not hold what was written: run the same command "
                                           "again, and have an eye on this disk");
    }
    MEDARC_TRY(posix_fs().rename(part_path_, out_.path));
    const std::string directory = std::filesystem::path(out_.path).parent_path().string();
    return posix_fs().sync_dir(directory.empty() ? "." : directory);
  }

  const GenomePullOptions& options_;
  const dicom::WebDestination& server_;
  ServerLink link_;
  const std::string at_;
  std::string part_path_;
  std::unique_ptr<File> part_;
  uint64_t there_ = 0;                 // bytes of the part when it was opened
  std::atomic<uint64_t> resumed_ = 0;  // out_.bytes_resumed, for other threads
  Pulled out_;
};

}  // namespace

std::string plain_name(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, kNameBytesMax)) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view(".-_+").find(c) != std::string_view::npos;
    if (out.empty() && (c == '.' || c == '-')) continue;
    out += plain ? c : '_';
  }
  return out;
}

Result<Pulled> pull_genome(const GenomePullOptions& options, const dicom::WebDestination& server) {
  return Pull(options, server).run();
}

}  // namespace medarc::tools
