// FASTQ on its way in: plain, gzip, or BGZF.
#include <optional>

#include "genomics/fastq_mate.h"
#include "genomics/fastq_modules.h"
#include "genomics/formats.h"
#include "genomics/intake.h"
#include "genomics/read_sums.h"
#include "genomics/record_digest.h"

namespace medarc::genomics {
namespace {

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

  Result<Ingested> described(archive::BlobStore& blobs, archive::StagedBlob content,
                             const Digest& plain) const {
    Ingested out;
    out.content = std::move(content);
    out.plain = plain;
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

// Plain text and gzip.
class StreamIngest final : public Ingest {
 public:
  StreamIngest(archive::BlobStore& blobs, std::unique_ptr<archive::BlobWriter> writer, bool gzip,
               const Limits& limits)
      : blobs_(blobs),
        records_(limits),
        intake_(std::move(writer), gzip,
                {[this](ByteView plain) { return records_.feed(plain); },
                 [this](Error error) {
                   if (error.code != Code::invalid_argument) return error;
                   return with_context(std::move(error), records_.last());
                 }},
                limits) {}

  Status pair_with(std::unique_ptr<archive::BlobReader> mate) override {
    records_.pair_with(std::move(mate));
    return {};
  }

  Status write(ByteView bytes) override { return intake_.write(bytes); }

  Result<Ingested> finish() override {
    MEDARC_TRY(intake_.finish());
    if (intake_.truncated()) {
      return make_error(Code::invalid_argument,
                        "the gzip file is truncated: it ends " + records_.last());
    }
    MEDARC_TRY(records_.finish());
    MEDARC_ASSIGN(auto content, intake_.content());
    return records_.described(blobs_, std::move(content), intake_.plain_digest());
  }

 private:
  archive::BlobStore& blobs_;
  Records records_;
  StreamIntake intake_;  // last: its thread uses what is above
};

class BgzfIngest final : public Ingest {
 public:
  BgzfIngest(archive::BlobStore& blobs, std::unique_ptr<archive::BlobWriter> writer,
             const Limits& limits)
      : blobs_(blobs),
        records_(limits),
        intake_(std::move(writer),
                {[this](const BgzfBatch& batch) { return records_.feed(batch.plain); }}, limits) {}

  Status pair_with(std::unique_ptr<archive::BlobReader> mate) override {
    records_.pair_with(std::move(mate));
    return {};
  }

  Status write(ByteView bytes) override { return intake_.write(bytes); }

  Result<Ingested> finish() override {
    MEDARC_TRY(intake_.finish());
    if (intake_.whole().has_error()) return with_context(intake_.whole().error(), records_.last());
    MEDARC_TRY(records_.finish());
    MEDARC_ASSIGN(auto content, intake_.content());
    return records_.described(blobs_, std::move(content), intake_.plain_digest());
  }

 private:
  archive::BlobStore& blobs_;
  Records records_;
  BlockIntake intake_;  // last: its thread uses what is above
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
