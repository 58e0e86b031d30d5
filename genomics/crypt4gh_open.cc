#include "genomics/crypt4gh_open.h"

#include <algorithm>

#include "genomics/crypt4gh_edits.h"

namespace medarc::genomics::crypt4gh {
namespace {

constexpr size_t kHeaderPieceBytes = 64u << 10;  // read at a time while looking for its end

Error cut_off() {
  return make_error(Code::invalid_argument, "the Crypt4GH file is cut off inside its header");
}

class OpenedFile final : public archive::BlobReader {
 public:
  OpenedFile(std::unique_ptr<archive::BlobReader> sealed, uint64_t header_bytes,
             uint64_t plain_bytes, const Header& header)
      : sealed_(std::move(sealed)), header_bytes_(header_bytes), opener_(header.data_keys) {
    for (ByteRange kept : kept_ranges(header.edits)) {
      if (kept.begin >= plain_bytes) break;
      kept.length = std::min(kept.length, plain_bytes - kept.begin);
      parts_.push_back({size_, kept});
      size_ += kept.length;
    }
  }

  uint64_t size() const override { return size_; }

  Status read(ByteRange range, char* out) override {
    if (range.end() > size_ || range.end() < range.begin) {
      return make_error(Code::internal, "a range outside its file");
    }
    while (range.length > 0) {
      const auto behind =
          std::upper_bound(parts_.begin(), parts_.end(), range.begin,
                           [](uint64_t at, const Part& part) { return at < part.begin; });
      const Part& part = *std::prev(behind);
      const uint64_t within = range.begin - part.begin;
      const uint64_t n = std::min(range.length, part.plain.length - within);
      MEDARC_TRY(read_plain({part.plain.begin + within, n}, out));
      out += n;
      range = {range.begin + n, range.length - n};
    }
    return {};
  }

 private:
  struct Part {
    uint64_t begin;   // in what is read
    ByteRange plain;  // in what the segments hold
  };

  Status read_plain(ByteRange range, char* out) {
    while (range.length > 0) {
      const uint64_t number = range.begin / kSegmentPlainBytes;
      MEDARC_TRY(load(number));
      const uint64_t within = range.begin % kSegmentPlainBytes;
      const uint64_t n = std::min<uint64_t>(range.length, text_.size() - within);
      std::memcpy(out, text_.data() + within, n);
      out += n;
      range = {range.begin + n, range.length - n};
    }
    return {};
  }

  Status load(uint64_t number) {
    if (number_ == number) return {};
    number_.reset();
    const uint64_t begin = header_bytes_ + number * kSegmentBytes;
    segment_.resize(std::min(kSegmentBytes, sealed_->size() - begin));
    text_.resize(segment_.size() - kSegmentOverheadBytes);
    MEDARC_TRY(sealed_->read({begin, segment_.size()}, segment_.data()));
    MEDARC_TRY(opener_.open(number, segment_, text_.data()));
    number_ = number;
    return {};
  }

  const std::unique_ptr<archive::BlobReader> sealed_;
  const uint64_t header_bytes_;
  SegmentOpener opener_;
  std::vector<Part> parts_;
  uint64_t size_ = 0;
  std::optional<uint64_t> number_;  // of the segment in text_
  Bytes segment_, text_;
};

}  // namespace

StreamOpener::StreamOpener(std::vector<Secret> keys, const Crypt4ghLimits& limits, ByteSink& out)
    : out_(out), header_(std::move(keys), limits) {}

void StreamOpener::begin() {
  const Header header = header_.take();
  opener_.emplace(header.data_keys);
  kept_ = kept_ranges(header.edits);
}

Status StreamOpener::write(ByteView bytes) {
  if (!opener_) {
    MEDARC_TRY(header_.feed(bytes));
    if (!header_.done()) return {};
    begin();
  }
  while (!bytes.empty()) {
    if (waiting_.empty() && bytes.size() >= kSegmentBytes) {
      MEDARC_TRY(open(bytes.substr(0, kSegmentBytes)));
      bytes.remove_prefix(kSegmentBytes);
      continue;
    }
    const size_t n = std::min<size_t>(kSegmentBytes - waiting_.size(), bytes.size());
    waiting_.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
    if (waiting_.size() < kSegmentBytes) break;
    MEDARC_TRY(open(waiting_));
    waiting_.clear();
  }
  return {};
}

Status StreamOpener::open(ByteView segment) {
  const uint64_t number = number_++;
  if (segment.size() > kSegmentOverheadBytes) {
    text_.resize(segment.size() - kSegmentOverheadBytes);
  } else {
    text_.clear();
  }
  MEDARC_TRY(opener_->open(number, segment, text_.data()));
  const uint64_t end = plain_at_ + text_.size();
  for (; next_kept_ < kept_.size() && kept_[next_kept_].begin < end; ++next_kept_) {
    const ByteRange& kept = kept_[next_kept_];
    const uint64_t from = std::max(kept.begin, plain_at_), to = std::min(kept.end(), end);
    MEDARC_TRY(out_.write(ByteView(text_).substr(from - plain_at_, to - from)));
    if (kept.end() > end) break;
  }
  plain_at_ = end;
  return {};
}

Status StreamOpener::finish() {
  if (!opener_) return cut_off();
  if (waiting_.empty()) return {};
  return open(waiting_);
}

Result<std::unique_ptr<archive::BlobReader>> open_file(std::unique_ptr<archive::BlobReader> sealed,
                                                       std::vector<Secret> keys,
                                                       const Crypt4ghLimits& limits) {
  HeaderReader reader(std::move(keys), limits);
  Bytes piece;
  for (uint64_t at = 0; !reader.done(); at += piece.size()) {
    piece.resize(std::min<uint64_t>(kHeaderPieceBytes, sealed->size() - at));
    if (piece.empty()) return cut_off();
    MEDARC_TRY(sealed->read({at, piece.size()}, piece.data()));
    ByteView bytes = piece;
    MEDARC_TRY(reader.feed(bytes));
  }
  const uint64_t header_bytes = reader.bytes();
  const auto plain_bytes = plain_bytes_of(sealed->size() - header_bytes);
  if (!plain_bytes) {
    return make_error(Code::invalid_argument,
                      "the Crypt4GH file is cut off inside its last segment");
  }
  return std::unique_ptr<archive::BlobReader>(
      std::make_unique<OpenedFile>(std::move(sealed), header_bytes, *plain_bytes, reader.take()));
}

}  // namespace medarc::genomics::crypt4gh
