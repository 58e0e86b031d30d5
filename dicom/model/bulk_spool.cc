#include "dicom/model/bulk_spool.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>

namespace medarc::dicom {
namespace {

constexpr uint64_t kWriteBytes = 256u << 10;  // gathered before each write

// A file that nobody else has, already without its name.
Result<std::unique_ptr<File>> nameless_file(Fs& fs, std::string directory) {
  static std::atomic<uint64_t> next{0};
  if (directory.empty()) {
    std::error_code failed;
    directory = std::filesystem::temp_directory_path(failed).string();
    if (failed) return make_error(Code::io, "there is no directory for temporary files");
  } else {
    MEDARC_TRY(fs.make_dirs(directory));
  }
  for (;;) {
    const std::string path = directory + "/bulk-" + std::to_string(getpid()) + "-" +
                             std::to_string(next.fetch_add(1)) + ".tmp";
    auto file = fs.open(path, OpenMode::create_new);
    if (file.has_error() && file.error().code == Code::already_exists) continue;
    if (file.has_error()) return file.error();
    MEDARC_TRY(fs.remove(path));
    return std::move(*file);
  }
}

}  // namespace

BulkSpool::BulkSpool(Fs& fs, std::string directory, uint64_t memory_bytes_max)
    : fs_(fs), directory_(std::move(directory)), memory_bytes_max_(memory_bytes_max) {}
BulkSpool::~BulkSpool() = default;

Status BulkSpool::append(ByteView bytes) {
  memory_.append(bytes);
  size_ += bytes.size();
  const uint64_t most = file_ ? kWriteBytes : std::max(memory_bytes_max_, kWriteBytes);
  return memory_.size() > most ? spill() : Status();
}

Status BulkSpool::spill() {
  if (!file_) {
    MEDARC_ASSIGN(file_, nameless_file(fs_, directory_));
  }
  MEDARC_TRY(file_->write_at(written_, {memory_}));
  written_ += memory_.size();
  memory_.clear();
  return {};
}

Result<size_t> BulkSpool::read(uint64_t offset, char* out, size_t length) {
  if (offset >= written_) return memory_.copy(out, length, offset - written_);
  MEDARC_ASSIGN(const size_t n,
                file_->read_at(offset, out, std::min<uint64_t>(length, written_ - offset)));
  if (n == 0 && length > 0) return make_error(Code::io, "a temporary file is too short");
  return n;
}

void BulkSpool::clear() {
  memory_ = Bytes();
  file_.reset();
  size_ = written_ = 0;
}

}  // namespace medarc::dicom
