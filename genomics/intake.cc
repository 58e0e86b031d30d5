#include "genomics/intake.h"

namespace medarc::genomics {
namespace {

constexpr size_t kPieceBytes = 512u << 10;

}  // namespace

void BlockIntake::Spare::put(Bytes buffer) {
  const std::lock_guard lock(mutex_);
  if (held_.size() < Pipeline::kQueueMax) held_.push_back(std::move(buffer));
}

Bytes BlockIntake::Spare::take() {
  const std::lock_guard lock(mutex_);
  if (held_.empty()) return {};
  Bytes out = std::move(held_.back());
  held_.pop_back();
  return out;
}

class BlockIntake::WalkJob final : public Job {
 public:
  WalkJob(BlockIntake& owner, std::shared_ptr<BgzfBatch> batch)
      : owner_(owner), batch_(std::move(batch)) {}
  Status prepare() override {
    thread_local const BgzfInflater inflater;
    return batch_->inflate(inflater);
  }
  Status consume() override {
    owner_.plain_.update(batch_->plain);
    MEDARC_TRY(owner_.reader_.walk(*batch_));
    owner_.spare_.put(std::move(batch_->plain));
    return {};
  }

 private:
  BlockIntake& owner_;
  const std::shared_ptr<BgzfBatch> batch_;
};

BlockIntake::BlockIntake(std::unique_ptr<archive::BlobWriter> writer, Reader reader,
                         const Limits& limits)
    : reader_(std::move(reader)),
      splitter_(limits.blocks_max),
      stager_(std::move(writer)),
      header_done_(!reader_.header_blocks_end),
      pipeline_(limits.inflate_threads_max) {}

Status BlockIntake::write(ByteView bytes) {
  while (true) {
    MEDARC_ASSIGN(const bool full, splitter_.feed(bytes));
    if (!full) return {};
    MEDARC_TRY(process());
  }
}

Status BlockIntake::process() {
  const auto batch = std::make_shared<BgzfBatch>(splitter_.take());
  if (batch->blocks.empty()) return {};
  batch->plain = spare_.take();
  if (reader_.see) reader_.see(*batch);
  auto job = std::make_unique<WalkJob>(*this, batch);
  if (!header_done_) {
    // At once: where the header ends is where the first chunk ends.
    MEDARC_TRY(job->prepare());
    MEDARC_TRY(job->consume());
    const auto header_end = reader_.header_blocks_end();
    header_done_ = header_end.has_value();
    return stager_.stage(*batch, header_end.value_or(UINT64_MAX));
  }
  // Both threads read the compressed bytes; only the pipeline writes, and only the plain ones.
  MEDARC_TRY(pipeline_.push(std::move(job)));
  return stager_.stage(*batch);
}

Status BlockIntake::finish() {
  MEDARC_TRY(write({}));
  whole_ = splitter_.finish();
  MEDARC_TRY(process());
  return pipeline_.finish();
}

class StreamIntake::TakeJob final : public Job {
 public:
  TakeJob(StreamIntake& owner, std::shared_ptr<const Bytes> bytes)
      : owner_(owner), bytes_(std::move(bytes)) {}
  Status prepare() override { return {}; }
  Status consume() override { return owner_.take(*bytes_); }

 private:
  StreamIntake& owner_;
  const std::shared_ptr<const Bytes> bytes_;
};

StreamIntake::StreamIntake(std::unique_ptr<archive::BlobWriter> writer, bool gzip, Reader reader,
                           const Limits& limits)
    : reader_(std::move(reader)),
      writer_(std::move(writer)),
      pipeline_(limits.inflate_threads_max) {
  if (gzip) {
    gzip_ = std::make_unique<GzipStream>();
  } else {
    writer_->content(archive::Content::text);
  }
}

Status StreamIntake::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ByteView piece = bytes.substr(0, kPieceBytes - waiting_.size());
    bytes.remove_prefix(piece.size());
    waiting_.append(piece);
    if (waiting_.size() == kPieceBytes) MEDARC_TRY(process());
  }
  return {};
}

Status StreamIntake::process() {
  if (waiting_.empty()) return {};
  const auto piece = std::make_shared<const Bytes>(std::move(waiting_));
  waiting_.clear();
  MEDARC_TRY(pipeline_.push(std::make_unique<TakeJob>(*this, piece)));
  return writer_->write(*piece);
}

Status StreamIntake::take(ByteView bytes) {
  const auto take = [this](ByteView plain) {
    plain_.update(plain);
    return reader_.take(plain);
  };
  if (!gzip_) return take(bytes);
  Status done = gzip_->feed(bytes, take);
  if (done.has_error() && reader_.with_place) return reader_.with_place(std::move(done).error());
  return done;
}

Status StreamIntake::finish() {
  MEDARC_TRY(process());
  return pipeline_.finish();
}

}  // namespace medarc::genomics
