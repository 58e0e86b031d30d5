#include "genomics/fastq_mate.h"

#include <algorithm>

namespace medarc::genomics {
namespace {

constexpr size_t kPieceBytes = 8 << 10;
constexpr ByteView kGzipMagic = "\x1f\x8b";

Error apart(uint64_t record, const char* what) {
  return make_error(Code::invalid_argument, "FASTQ record " + std::to_string(record) + ": " + what);
}

}  // namespace

MateCheck::MateCheck(std::unique_ptr<archive::BlobReader> mate, const Limits& limits)
    : mate_(std::move(mate)), parser_(limits, [this](const FastqRead& read) {
        names_.append(read.name);
        names_ += '\n';
        return Status();
      }) {}

Status MateCheck::feed(ByteView bytes) {
  if (offset_ == 0 && bytes.starts_with(kGzipMagic)) gzip_ = std::make_unique<GzipStream>();
  if (!gzip_) return parser_.feed(bytes);
  return gzip_->feed(bytes, [this](ByteView plain) { return parser_.feed(plain); });
}

Result<bool> MateCheck::more_names() {
  if (at_ < names_.size()) return true;
  names_.clear();
  at_ = 0;
  Bytes piece(kPieceBytes, '\0');
  while (names_.empty() && !ended_) {
    const uint64_t n = std::min<uint64_t>(kPieceBytes, mate_->size() - offset_);
    if (n > 0) {
      MEDARC_TRY(mate_->read({offset_, n}, piece.data()));
      MEDARC_TRY(feed(ByteView(piece).substr(0, n)));
      offset_ += n;
    } else {
      MEDARC_TRY(parser_.finish());
      ended_ = true;
    }
  }
  return !names_.empty();
}

Status MateCheck::next(ByteView first_line) {
  ++records_;
  MEDARC_ASSIGN(const bool any, more_names());
  if (!any)
    return apart(records_, "its mate is missing: the file of the mates has no more records");
  const size_t end = names_.find('\n', at_);
  const ReadName theirs = read_name(ByteView(names_).substr(at_, end - at_));
  const ReadName ours = read_name(first_line);
  at_ = end + 1;
  if (ours.name != theirs.name) return apart(records_, "its mate has another name");
  if (ours.number != 0 && ours.number == theirs.number) {
    return apart(records_, "it and its mate both say to be the same read of the pair");
  }
  return {};
}

Status MateCheck::finish() {
  MEDARC_ASSIGN(const bool any, more_names());
  if (any) return apart(records_ + 1, "it is missing: the file of the mates has more records");
  return {};
}

}  // namespace medarc::genomics
