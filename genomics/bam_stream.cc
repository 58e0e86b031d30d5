#include "genomics/bam_stream.h"

#include <algorithm>

#include "genomics/bam_record.h"

namespace medarc::genomics {
namespace {

Error corrupt(const char* what) {
  return make_error(Code::corrupt, std::string("stored reads are damaged: ") + what);
}

uint32_t size_field(ByteView b) {
  const auto* u = reinterpret_cast<const uint8_t*>(b.data());
  return u[0] | uint32_t{u[1]} << 8 | uint32_t{u[2]} << 16 | uint32_t{u[3]} << 24;
}

class WholeBlob final : public ByteSource {
 public:
  explicit WholeBlob(std::unique_ptr<archive::BlobReader> reader) : reader_(std::move(reader)) {}
  Result<size_t> read(char* out, size_t capacity) override {
    const uint64_t n = std::min<uint64_t>(capacity, reader_->size() - at_);
    if (n > 0) MEDARC_TRY(reader_->read({at_, n}, out));
    at_ += n;
    return static_cast<size_t>(n);
  }

 private:
  const std::unique_ptr<archive::BlobReader> reader_;
  uint64_t at_ = 0;
};

}  // namespace

std::unique_ptr<ByteSource> read_whole(std::unique_ptr<archive::BlobReader> reader) {
  return std::make_unique<WholeBlob>(std::move(reader));
}

BamStream::BamStream(std::unique_ptr<ByteSource> packed, size_t read_bytes)
    : source_(std::move(packed)), read_bytes_(read_bytes) {}

Result<BamHeader> BamStream::header(const Limits& limits) {
  BamHeaderParser parser(limits);
  while (true) {
    ByteView rest = plain();
    MEDARC_ASSIGN(const bool whole, parser.feed(rest));
    plain_at_ = plain_.size() - rest.size();
    if (whole) return parser.take();
    MEDARC_ASSIGN(const bool more, inflate_block());
    if (!more) return corrupt("they end inside their header");
  }
}

Result<ByteView> BamStream::next() {
  MEDARC_ASSIGN(const bool any, have(4));
  if (!any) {
    if (!plain().empty()) return corrupt("they end inside a record");
    return ByteView();
  }
  const size_t bytes = 4 + size_t{size_field(plain())};
  if (bytes < 4 + kRecordBytesMin) return corrupt("a record's length cannot be");
  MEDARC_ASSIGN(const bool whole, have(bytes));
  if (!whole) return corrupt("they end inside a record");
  const ByteView record = plain().substr(0, bytes);
  plain_at_ += bytes;
  return record;
}

Result<bool> BamStream::have(size_t bytes) {
  while (plain_.size() - plain_at_ < bytes) {
    MEDARC_ASSIGN(const bool more, inflate_block());
    if (!more) return false;
  }
  return true;
}

Result<bool> BamStream::inflate_block() {
  while (true) {
    const ByteView packed = ByteView(packed_).substr(packed_at_);
    MEDARC_ASSIGN(const auto head, read_bgzf_head(packed));
    if (!head || head->block_bytes > packed.size()) {
      MEDARC_ASSIGN(const bool more, read_more());
      if (more) continue;
      if (!packed.empty()) return corrupt("they end inside a block");
      return false;
    }
    const ByteView block = packed.substr(0, head->block_bytes);
    const uint32_t plain_bytes = read_bgzf_footer(block).plain_bytes;
    packed_at_ += block.size();
    if (plain_bytes == 0) continue;
    if (plain_bytes > kBgzfBlockBytesMax) return corrupt("a block is too large");
    plain_.erase(0, plain_at_);
    plain_at_ = 0;
    const size_t at = plain_.size();
    plain_.resize(at + plain_bytes);
    MEDARC_TRY(inflater_.inflate(block, plain_.data() + at));
    return true;
  }
}

Result<bool> BamStream::read_more() {
  if (ended_) return false;
  packed_.erase(0, packed_at_);
  packed_at_ = 0;
  const size_t at = packed_.size();
  packed_.resize(at + read_bytes_);
  MEDARC_ASSIGN(const size_t n, source_->read(packed_.data() + at, read_bytes_));
  packed_.resize(at + n);
  packed_bytes_ += n;
  ended_ = n == 0;
  return n > 0;
}

}  // namespace medarc::genomics
