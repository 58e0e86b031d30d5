// FASTQ on its way in: plain, gzip, or BGZF. Staging on the caller's thread, inflating and parsing in
// the pipeline.
#include "genomics/bgzf_stager.h"
#include "genomics/fastq_parser.h"
#include "genomics/formats.h"
#include "genomics/gzip_stream.h"
#include "genomics/pipeline.h"

namespace medarc::genomics {
namespace {

constexpr size_t kPieceBytes = 512u << 10;

Ingested described(archive::StagedBlob content, const FastqCounts& counts) {
  Ingested out;
  out.content = std::move(content);
  out.statistics_json = counts.json();
  return out;
}

// Plain text and gzip: a stream without structure, cut by content.
class StreamIngest final : public Ingest {
 public:
  StreamIngest(std::unique_ptr<archive::BlobWriter> writer, bool gzip, const Limits& limits)
      : writer_(std::move(writer)), parser_(limits), pipeline_(limits.inflate_threads_max) {
    if (gzip) gzip_ = std::make_unique<GzipStream>();
    if (!gzip) writer_->content(archive::Content::text);
  }

  Status write(ByteView bytes) override {
    while (!bytes.empty()) {
      const ByteView piece = bytes.substr(0, kPieceBytes - waiting_.size());
      bytes.remove_prefix(piece.size());
      waiting_.append(piece);
      if (waiting_.size() == kPieceBytes) MEDARC_TRY(process());
    }
    return {};
  }

  Result<Ingested> finish() override {
    MEDARC_TRY(process());
    MEDARC_TRY(pipeline_.finish());
    if (gzip_ && !gzip_->ended()) {
      return make_error(Code::invalid_argument,
                        "the gzip file is truncated: it ends after FASTQ record " +
                            std::to_string(parser_.records()));
    }
    MEDARC_TRY(parser_.finish());
    MEDARC_ASSIGN(auto content, writer_->finish());
    return described(std::move(content), parser_.counts());
  }

 private:
  class ParseJob final : public Job {
   public:
    ParseJob(StreamIngest& owner, std::shared_ptr<const Bytes> bytes)
        : owner_(owner), bytes_(std::move(bytes)) {}
    Status prepare() override { return {}; }
    Status consume() override {
      if (!owner_.gzip_) return owner_.parser_.feed(*bytes_);
      Status done = owner_.gzip_->feed(*bytes_, [this](ByteView plain) { return owner_.parser_.feed(plain); });
      if (done.has_error() && done.error().code == Code::invalid_argument) {
        return with_context(std::move(done).error(),
                            "after FASTQ record " + std::to_string(owner_.parser_.records()));
      }
      return done;
    }

   private:
    StreamIngest& owner_;
    const std::shared_ptr<const Bytes> bytes_;
  };

  Status process() {
    if (waiting_.empty()) return {};
    const auto piece = std::make_shared<const Bytes>(std::move(waiting_));
    waiting_.clear();
    MEDARC_TRY(pipeline_.push(std::make_unique<ParseJob>(*this, piece)));
    return writer_->write(*piece);
  }

  std::unique_ptr<archive::BlobWriter> writer_;
  std::unique_ptr<GzipStream> gzip_;
  FastqParser parser_;
  Bytes waiting_;
  Pipeline pipeline_;  // last: its thread uses what is above
};

class BgzfIngest final : public Ingest {
 public:
  BgzfIngest(std::unique_ptr<archive::BlobWriter> writer, const Limits& limits)
      : splitter_(limits.blocks_max),
        stager_(std::move(writer)),
        parser_(limits),
        pipeline_(limits.inflate_threads_max) {}

  Status write(ByteView bytes) override {
    while (true) {
      MEDARC_ASSIGN(const bool full, splitter_.feed(bytes));
      if (!full) return {};
      MEDARC_TRY(process());
    }
  }

  Result<Ingested> finish() override {
    MEDARC_TRY(write({}));
    const Status whole = splitter_.finish();
    MEDARC_TRY(process());
    MEDARC_TRY(pipeline_.finish());
    if (whole.has_error()) {
      return with_context(whole.error(), "after FASTQ record " + std::to_string(parser_.records()));
    }
    MEDARC_TRY(parser_.finish());
    MEDARC_ASSIGN(auto content, stager_.finish());
    return described(std::move(content), parser_.counts());
  }

 private:
  class ParseJob final : public Job {
   public:
    ParseJob(FastqParser& parser, std::shared_ptr<BgzfBatch> batch)
        : parser_(parser), batch_(std::move(batch)) {}
    Status prepare() override {
      thread_local const BgzfInflater inflater;
      return batch_->inflate(inflater);
    }
    Status consume() override { return parser_.feed(batch_->plain); }

   private:
    FastqParser& parser_;
    const std::shared_ptr<BgzfBatch> batch_;
  };

  Status process() {
    auto batch = std::make_shared<BgzfBatch>(splitter_.take());
    if (batch->blocks.empty()) return {};
    MEDARC_TRY(pipeline_.push(std::make_unique<ParseJob>(parser_, batch)));
    return stager_.stage(*batch);
  }

  BgzfSplitter splitter_;
  BgzfStager stager_;
  FastqParser parser_;
  Pipeline pipeline_;  // last: its thread uses what is above
};

}  // namespace

Result<std::unique_ptr<Ingest>> open_fastq_ingest(Format format, archive::BlobStore& blobs,
                                                  const Limits& limits) {
  if (format == Format::fastq_bgzf) {
    MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::given));
    return std::unique_ptr<Ingest>(std::make_unique<BgzfIngest>(std::move(writer), limits));
  }
  MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::content_defined));
  return std::unique_ptr<Ingest>(std::make_unique<StreamIngest>(
      std::move(writer), format == Format::fastq_gzip, limits));
}

}  // namespace medarc::genomics
