#include "genomics/masked_bam.h"

#include "genomics/bam_record.h"
#include "genomics/bgzf.h"
#include "genomics/record_form.h"

namespace medarc::genomics {
namespace {

constexpr size_t kReadBytes = 64u << 10;

Error no_records() { return make_error(Code::corrupt, "a CRAM worker made no whole records"); }

class MaskedBam final : public ByteSource {
 public:
  MaskedBam(std::unique_ptr<ByteSource> blocks, BamHeader header, RecordMask mask,
            const Limits& limits)
      : blocks_(std::move(blocks)),
        header_(std::move(header)),
        mask_(std::move(mask)),
        record_bytes_max_(limits.record_bytes_max),
        splitter_(limits.blocks_max) {}

  Result<size_t> read(char* out, size_t capacity) override {
    while (at_ == ready_.size() && !ended_) MEDARC_TRY(step());
    const size_t n = ready_.copy(out, capacity, at_);
    at_ += n;
    return n;
  }

 private:
  // Reads some more, and makes ready what is whole.
  Status step() {
    ready_.clear();
    at_ = 0;
    if (rest_.empty()) {
      packed_.resize(kReadBytes);
      MEDARC_ASSIGN(const size_t n, blocks_->read(packed_.data(), packed_.size()));
      rest_ = ByteView(packed_).substr(0, n);
      ended_ = n == 0;
    }
    MEDARC_ASSIGN(const bool full, splitter_.feed(rest_));
    if (full || ended_) MEDARC_TRY(take(splitter_.take()));
    if (ended_ && !plain_.empty()) return no_records();
    return {};
  }

  Status take(BgzfBatch batch) {
    MEDARC_TRY(batch.inflate(inflater_));
    plain_ += batch.plain;
    Bytes masked;
    size_t done = 0;
    for (;;) {
      const ByteView rest = ByteView(plain_).substr(done);
      const size_t n = record_bytes({RecordForm::Kind::bam, false}, rest);
      if (n == 0) break;
      if (check_record(rest.substr(4, n - 4), header_).has_error()) return no_records();
      mask_.append(rest.substr(0, n), masked);
      done += n;
    }
    plain_.erase(0, done);
    if (plain_.size() > record_bytes_max_) return no_records();
    deflater_.deflate(masked, ready_);
    return {};
  }

  const std::unique_ptr<ByteSource> blocks_;
  const BamHeader header_;
  const RecordMask mask_;
  const uint64_t record_bytes_max_;
  BgzfSplitter splitter_;
  const BgzfInflater inflater_;
  const BgzfDeflater deflater_;
  Bytes packed_;
  ByteView rest_;  // of packed_
  Bytes plain_;    // of a record that is not whole yet
  Bytes ready_;
  size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> masked_bam(std::unique_ptr<ByteSource> blocks, BamHeader header,
                                       RecordMask mask, const Limits& limits) {
  return std::make_unique<MaskedBam>(std::move(blocks), std::move(header), std::move(mask), limits);
}

}  // namespace medarc::genomics
