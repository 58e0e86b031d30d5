#include "web/zip.h"

#include <archive.h>
#include <archive_entry.h>

#include <utility>

namespace medarc::web {
namespace {

constexpr size_t kStepBytes = 64u << 10;
constexpr int kPermissions = 0644;
// The fastest: pixels shrink by a third at it, and not much more at others.
constexpr char kOptions[] = "zip:compression=deflate,zip:compression-level=1";

class ZipSource final : public ByteSource {
 public:
  explicit ZipSource(std::function<Result<std::optional<ZipFile>>()> next)
      : next_(std::move(next)), archive_(archive_write_new()), step_(kStepBytes, '\0') {
    broken_ = archive_ == nullptr || archive_write_set_format_zip(archive_) != ARCHIVE_OK ||
              archive_write_set_options(archive_, kOptions) != ARCHIVE_OK ||
              archive_write_set_bytes_per_block(archive_, 0) != ARCHIVE_OK ||
              archive_write_open(archive_, this, nullptr, &ZipSource::take, nullptr) != ARCHIVE_OK;
  }
  ~ZipSource() override {
    // Ends what is not finished, for nobody: an archive told to fail would leak its deflate state.
    if (archive_ != nullptr) archive_write_free(archive_);
  }
  ZipSource(const ZipSource&) = delete;
  ZipSource& operator=(const ZipSource&) = delete;

  Result<size_t> read(char* out, size_t capacity) override {
    if (broken_) return make_error(Code::internal, "the ZIP writer does not start");
    while (at_ == ready_.size()) {
      if (ended_) return size_t{0};
      ready_.clear();
      at_ = 0;
      MEDARC_TRY(file_.content ? copy() : begin());
    }
    const size_t n = ready_.copy(out, capacity, at_);
    at_ += n;
    return n;
  }

 private:
  static la_ssize_t take(struct ::archive*, void* self, const void* bytes, size_t count) {
    static_cast<ZipSource*>(self)->ready_.append(static_cast<const char*>(bytes), count);
    return static_cast<la_ssize_t>(count);
  }

  Error failed() const {
    const char* text = archive_error_string(archive_);
    return make_error(Code::internal, std::string("ZIP: ") + (text == nullptr ? "" : text));
  }

  // The next file's header, or the end of the archive.
  Status begin() {
    MEDARC_ASSIGN(auto file, next_());
    if (!file) {
      if (archive_write_close(archive_) != ARCHIVE_OK) return failed();
      ended_ = true;
      return {};
    }
    file_ = std::move(*file);
    given_ = 0;
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                              archive_entry_free);
    archive_entry_set_pathname(entry.get(), file_.path.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), kPermissions);
    archive_entry_set_mtime(entry.get(), file_.time.us / 1'000'000, 0);
    if (file_.bytes) archive_entry_set_size(entry.get(), static_cast<la_int64_t>(*file_.bytes));
    if (archive_write_header(archive_, entry.get()) != ARCHIVE_OK) return failed();
    return {};
  }

  Status copy() {
    MEDARC_ASSIGN(const size_t n, file_.content->read(step_.data(), step_.size()));
    given_ += n;
    if (file_.bytes && (given_ > *file_.bytes || (n == 0 && given_ < *file_.bytes))) {
      return make_error(Code::corrupt, "a file of the ZIP archive has another length than told");
    }
    if (n > 0) {
      return archive_write_data(archive_, step_.data(), n) == static_cast<la_ssize_t>(n)
                 ? Status()
                 : Status(failed());
    }
    file_ = {};
    return archive_write_finish_entry(archive_) == ARCHIVE_OK ? Status() : Status(failed());
  }

  const std::function<Result<std::optional<ZipFile>>()> next_;
  struct ::archive* const archive_;
  bool broken_ = false, ended_ = false;
  Bytes step_, ready_;
  size_t at_ = 0;
  ZipFile file_;  // the one that is being written; no content: none
  uint64_t given_ = 0;
};

}  // namespace

std::unique_ptr<ByteSource> zip(std::function<Result<std::optional<ZipFile>>()> next) {
  return std::make_unique<ZipSource>(std::move(next));
}

}  // namespace medarc::web
