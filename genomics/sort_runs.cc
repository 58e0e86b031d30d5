#include "genomics/sort_runs.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "genomics/bam_record.h"

namespace medarc::genomics {
namespace {

constexpr size_t kWriteBytes = 1u << 20;   // plain bytes gathered before each write
constexpr size_t kReadBytes = 256u << 10;  // of a run at a time, while many are merged
constexpr std::string_view kPrefix = "sort-";

uint32_t le32(ByteView b, size_t at) {
  const auto* u = reinterpret_cast<const uint8_t*>(b.data() + at);
  return u[0] | uint32_t{u[1]} << 8 | uint32_t{u[2]} << 16 | uint32_t{u[3]} << 24;
}

class FileBytes final : public ByteSource {
 public:
  FileBytes(File& file, uint64_t bytes) : file_(file), left_{0, bytes} {}
  Result<size_t> read(char* out, size_t capacity) override {
    const uint64_t wanted = std::min<uint64_t>(capacity, left_.length);
    if (wanted == 0) return size_t{0};
    MEDARC_ASSIGN(const size_t n, file_.read_at(left_.begin, out, wanted));
    if (n == 0) return make_error(Code::io, "a temporary file is too short");
    left_ = {left_.begin + n, left_.length - n};
    return n;
  }

 private:
  File& file_;
  ByteRange left_;
};

}  // namespace

uint64_t sort_key_of(ByteView record) {
  constexpr uint32_t kLast = INT32_MAX;  // behind every reference
  const auto tid = static_cast<int32_t>(le32(record, 4));
  const auto begin = static_cast<int32_t>(le32(record, 8));
  const uint16_t flag = static_cast<uint16_t>(le32(record, 16) >> 16);
  const uint64_t place = tid < 0 ? kLast : static_cast<uint32_t>(tid);
  const uint64_t position = static_cast<uint64_t>(int64_t{begin} + 1);  // 0 to 2^31
  return place << 33 | position << 1 | ((flag & kReverse) != 0 ? 1 : 0);
}

Status TemporaryRuns::clean() {
  MEDARC_TRY(fs_.make_dirs(directory_));
  MEDARC_ASSIGN(const auto names, fs_.list(directory_));
  for (const std::string& name : names) {
    if (name.starts_with(kPrefix)) MEDARC_TRY(fs_.remove(directory_ + "/" + name));
  }
  return {};
}

Result<std::unique_ptr<File>> TemporaryRuns::create() {
  MEDARC_TRY(fs_.make_dirs(directory_));
  while (true) {
    const std::string path = directory_ + "/" + std::string(kPrefix) + std::to_string(getpid()) +
                             "-" + std::to_string(next_.fetch_add(1)) + ".tmp";
    auto file = fs_.open(path, OpenMode::create_new);
    if (file.has_error() && file.error().code == Code::already_exists) continue;
    if (file.has_error()) return file.error();
    MEDARC_TRY(fs_.remove(path));
    return std::move(*file);
  }
}

Status TemporaryRuns::take(uint64_t bytes) {
  if (bytes_.fetch_add(bytes) + bytes <= bytes_max_) return {};
  bytes_.fetch_sub(bytes);
  return make_error(Code::exhausted,
                    "the sort needs more temporary files than genomics.sort_temporary_bytes_max");
}

void TemporaryRuns::give_back(uint64_t bytes) { bytes_.fetch_sub(bytes); }

std::unique_ptr<BamStream> SortRun::open() const {
  return std::make_unique<BamStream>(std::make_unique<FileBytes>(*file_, bytes_), kReadBytes);
}

Result<SortRunWriter> SortRunWriter::create(TemporaryRuns& home) {
  MEDARC_ASSIGN(auto file, home.create());
  return SortRunWriter(home, std::move(file));
}

SortRunWriter::SortRunWriter(SortRunWriter&& other) noexcept
    : home_(other.home_),
      file_(std::move(other.file_)),
      deflater_(std::move(other.deflater_)),
      plain_(std::move(other.plain_)),
      packed_(std::move(other.packed_)),
      bytes_(std::exchange(other.bytes_, 0)) {}

SortRunWriter::~SortRunWriter() { home_->give_back(bytes_); }

Status SortRunWriter::append(ByteView record) {
  plain_.append(record);
  return plain_.size() < kWriteBytes ? Status() : write_out();
}

Status SortRunWriter::write_out() {
  packed_.clear();
  deflater_.deflate(plain_, packed_);
  plain_.clear();
  MEDARC_TRY(home_->take(packed_.size()));
  const uint64_t at = bytes_;
  bytes_ += packed_.size();  // given back also when the write fails
  return file_->write_at(at, {packed_});
}

Result<std::unique_ptr<SortRun>> SortRunWriter::finish() {
  if (!plain_.empty()) MEDARC_TRY(write_out());
  return std::make_unique<SortRun>(*home_, std::move(file_), std::exchange(bytes_, 0));
}

}  // namespace medarc::genomics
