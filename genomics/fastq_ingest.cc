// FASTQ on its way in: plain, gzip, or BGZF. Staging on the caller's thread, inflating and parsing
// in the pipeline.
#include <optional>

#include "genomics/bgzf_stager.h"
#include "genomics/fastq_mate.h"
#include "genomics/fastq_modules.h"
#include "genomics/formats.h"
#include "genomics/gzip_stream.h"
#include "genomics/pipeline.h"
#include "genomics/read_sums.h"
#include "genomics/record_digest.h"

namespace medarc::genomics {
namespace {

constexpr size_t kPieceBytes = 512u << 10;

// What is learnt of the records of one file, on the pipeline's thread.
class Records {
 public:
  // Both reads of pairs in one file, or one file of reads, whatever number they give themselves.
  static ReadSums as_stored(ReadSums sums) {
    if (sums[0].reads == 0 && sums[1].reads > 0 && sums[2].reads > 0) return sums;
    (sums[0] += sums[1]) += sums[2];
    return {sums[0], {}, {}};
  }

  explicit Records(const Limits& limits)
      : limits_(limits), parser_(limits, [this](const FastqRead& read) { return take(read); }) {}
  void pair_with(std::unique_ptr<archive::BlobReader> mate) {
    mate_.emplace(std::move(mate), limits_);
  }
  Status feed(ByteView plain) { return parser_.feed(plain); }
  Status finish() {
    MEDARC_TRY(parser_.finish());
    return mate_ ? mate_->finish() : Status();
  }
  std::string last() const { return "after FASTQ record " + std::to_string(parser_.records()); }

  Result<Ingested> described(archive::BlobStore& blobs, archive::StagedBlob content) const {
    Ingested out;
    out.content = std::move(content);
    out.statistics_json = parser_.counts().json();
    out.statistics_json.pop_back();
    const ReadSums sums = as_stored(hasher_.sums());
    out.statistics_json += R"(,"fastq":)" + modules_.summary() + R"(,"readSums":)" + json_of(sums);
    const ReadSums& numbered = hasher_.sums();
    for (const int number : {1, 2}) {
      if (numbered[static_cast<size_t>(number)].reads == parser_.records()) {
        out.statistics_json += R"(,"readNumber":)" + std::to_string(number);
      }
    }
    out.statistics_json += '}';
    out.identities = {digest_.identity(), read_set_identity(sums)};
    for (const ReadSum& half : sums) {
      if (half.reads > 0) out.identities.push_back(mates_identity(half));
    }
    MEDARC_ASSIGN(auto quality, stage(blobs, modules_.modules(), archive::Content::text,
                                      archive::Cuts::content_defined));
    out.attachments.push_back({"quality", std::move(quality)});
    return out;
  }

 private:
  Status take(const FastqRead& read) {
    if (mate_) MEDARC_TRY(mate_->next(read.name));
    modules_.add(read.sequence, read.qualities);
    const ReadName name = read_name(read.name);
    hasher_.add(name.name, name.number, read.sequence, read.qualities);
    digest_.fastq_record(read.name, read.sequence, read.qualities);
    return {};
  }

  const Limits limits_;
  FastqParser parser_;
  FastqModules modules_;
  ReadHasher hasher_;
  RecordDigest digest_;
  std::optional<MateCheck> mate_;
};

// Plain text and gzip: a stream without structure, cut by content.
class StreamIngest final : public Ingest {
 public:
  StreamIngest(archive::BlobStore& blobs, std::unique_ptr<archive::BlobWriter> writer, bool gzip,
               const Limits& limits)
      : blobs_(blobs),
        writer_(std::move(writer)),
        records_(limits),
        pipeline_(limits.inflate_threads_max) {
    if (gzip) gzip_ = std::make_unique<GzipStream>();
    if (!gzip) writer_->content(archive::Content::text);
  }

  Status pair_with(std::unique_ptr<archive::BlobReader> mate) override {
    records_.pair_with(std::move(mate));
    return {};
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
                        "the gzip file is truncated: it ends " + records_.last());
    }
    MEDARC_TRY(records_.finish());
    MEDARC_ASSIGN(auto content, writer_->finish());
    return records_.described(blobs_, std::move(content));
  }

 private:
  class ParseJob final : public Job {
   public:
    ParseJob(StreamIngest& owner, std::shared_ptr<const Bytes> bytes)
        : owner_(owner), bytes_(std::move(bytes)) {}
    Status prepare() override { return {}; }
    Status consume() override {
      if (!owner_.gzip_) return owner_.records_.feed(*bytes_);
      Status done = owner_.gzip_->feed(
          *bytes_, [this](ByteView plain) { return owner_.records_.feed(plain); });
      if (done.has_error() && done.error().code == Code::invalid_argument) {
        return with_context(std::move(done).error(), owner_.records_.last());
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

  archive::BlobStore& blobs_;
  std::unique_ptr<archive::BlobWriter> writer_;
  std::unique_ptr<GzipStream> gzip_;
  Records records_;
  Bytes waiting_;
  Pipeline pipeline_;  // last: its thread uses what is above
};

class BgzfIngest final : public Ingest {
 public:
  BgzfIngest(archive::BlobStore& blobs, std::unique_ptr<archive::BlobWriter> writer,
             const Limits& limits)
      : blobs_(blobs),
        splitter_(limits.blocks_max),
        stager_(std::move(writer)),
        records_(limits),
        pipeline_(limits.inflate_threads_max) {}

  Status pair_with(std::unique_ptr<archive::BlobReader> mate) override {
    records_.pair_with(std::move(mate));
    return {};
  }

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
      return with_context(whole.error(), records_.last());
    }
    MEDARC_TRY(records_.finish());
    MEDARC_ASSIGN(auto content, stager_.finish());
    return records_.described(blobs_, std::move(content));
  }

 private:
  class ParseJob final : public Job {
   public:
    ParseJob(Records& records, std::shared_ptr<BgzfBatch> batch)
        : records_(records), batch_(std::move(batch)) {}
    Status prepare() override {
      thread_local const BgzfInflater inflater;
      return batch_->inflate(inflater);
    }
    Status consume() override { return records_.feed(batch_->plain); }

   private:
    Records& records_;
    const std::shared_ptr<BgzfBatch> batch_;
  };

  Status process() {
    auto batch = std::make_shared<BgzfBatch>(splitter_.take());
    if (batch->blocks.empty()) return {};
    MEDARC_TRY(pipeline_.push(std::make_unique<ParseJob>(records_, batch)));
    return stager_.stage(*batch);
  }

  archive::BlobStore& blobs_;
  BgzfSplitter splitter_;
  BgzfStager stager_;
  Records records_;
  Pipeline pipeline_;  // last: its thread uses what is above
};

}  // namespace

Result<std::unique_ptr<Ingest>> open_fastq_ingest(Format format, archive::BlobStore& blobs,
                                                  const Limits& limits) {
  if (format == Format::fastq_bgzf) {
    MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::given));
    return std::unique_ptr<Ingest>(std::make_unique<BgzfIngest>(blobs, std::move(writer), limits));
  }
  MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::content_defined));
  return std::unique_ptr<Ingest>(std::make_unique<StreamIngest>(
      blobs, std::move(writer), format == Format::fastq_gzip, limits));
}

}  // namespace medarc::genomics
