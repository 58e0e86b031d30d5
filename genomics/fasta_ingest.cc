// FASTA on its way in: plain, gzip, or BGZF.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "genomics/fasta_parser.h"
#include "genomics/formats.h"
#include "genomics/gzi.h"
#include "genomics/intake.h"

namespace medarc::genomics {
namespace {

Status mark_circular(const std::vector<std::string>& names, SequencePlaces& places) {
  for (const std::string& name : names) {
    const auto found = std::find_if(places.sequences.begin(), places.sequences.end(),
                                    [&](const SequencePlace& s) { return s.name == name; });
    if (found == places.sequences.end()) {
      return make_error(Code::invalid_argument, "circular: the file has no sequence of this name");
    }
    found->circular = true;
  }
  return {};
}

// Why no sequence of the file is found by its digest; "": they are.
std::string not_registered(const FastaContent& content, const Limits& limits) {
  if (content.places.sequences.size() > limits.registered_sequences_max) {
    return fmt::format("more than {} sequences (genomics.registered_sequences_max)",
                       limits.registered_sequences_max);
  }
  return content.all_letters ? "" : "a sequence holds characters that are no letters";
}

// `no_index`: why samtools faidx cannot read the file whatever its lines are; "": it can.
Result<Ingested> described(archive::BlobStore& blobs, archive::StagedBlob content,
                           FastaContent parsed, const Limits& limits, const IngestOptions& options,
                           std::string no_index) {
  SequencePlaces& places = parsed.places;
  MEDARC_TRY(mark_circular(options.circular, places));
  Ingested out;
  out.content = std::move(content);
  if (no_index.empty() && !parsed.lines_alike)
    no_index = "lines of a sequence have different lengths";
  if (no_index.empty()) {
    MEDARC_ASSIGN(out.index, stage(blobs, fai_of(places), archive::Content::text,
                                   archive::Cuts::content_defined));
    out.index_kind = "fai";
  }
  const std::string unregistered = not_registered(parsed, limits);
  if (unregistered.empty()) {
    for (const SequencePlace& s : places.sequences) {
      out.identities.push_back(md5_identity(s.digests.md5_hex()));
      out.identities.push_back(ga4gh_identity(s.digests.ga4gh()));
    }
    MEDARC_ASSIGN(auto staged, stage(blobs, encode(places), archive::Content::opaque,
                                     archive::Cuts::content_defined));
    out.attachments.push_back({"sequences", std::move(staged)});
  }
  const auto why = [](const char* key, const std::string& text) {
    return text.empty() ? std::string() : fmt::format(R"("{}":"{}",)", key, text);
  };
  const auto circular = std::count_if(places.sequences.begin(), places.sequences.end(),
                                      [](const SequencePlace& s) { return s.circular; });
  const auto longest = std::max_element(
      places.sequences.begin(), places.sequences.end(),
      [](const SequencePlace& a, const SequencePlace& b) { return a.letters < b.letters; });
  out.statistics_json = fmt::format(
      R"({{"sequences":{},"bases":{},"longest":{},"circular":{},"gcPercent":{},{}"registered":{},{})"
      R"("samtoolsIndex":{}}})",
      places.sequences.size(), parsed.letters, longest->letters, circular,
      parsed.acgt == 0 ? "null"
                       : fmt::format("{:.2f}", 100.0 * static_cast<double>(parsed.gc) /
                                                   static_cast<double>(parsed.acgt)),
      why("notRegistered", unregistered), unregistered.empty(), why("noIndex", no_index),
      no_index.empty());
  return out;
}

Error after_line(Error error, const FastaParser& parser) {
  if (error.code != Code::invalid_argument || error.text.starts_with("FASTA line ")) return error;
  return with_context(std::move(error), "after FASTA line " + std::to_string(parser.line() - 1));
}

// Plain text and gzip. Inflated gzip is staged too: it is what parts of sequences are read from.
class StreamIngest final : public Ingest {
 public:
  // `inflated`: null when the file is plain text.
  StreamIngest(archive::BlobStore& blobs, std::unique_ptr<archive::BlobWriter> writer,
               std::unique_ptr<archive::BlobWriter> inflated, const Limits& limits,
               const IngestOptions& options)
      : blobs_(blobs),
        limits_(limits),
        options_(options),
        inflated_(std::move(inflated)),
        parser_(limits),
        intake_(std::move(writer), inflated_ != nullptr,
                {[this](ByteView plain) { return take(plain); },
                 [this](Error error) { return after_line(std::move(error), parser_); }},
                limits) {
    if (inflated_) inflated_->content(archive::Content::text);
  }

  Status write(ByteView bytes) override { return intake_.write(bytes); }

  Result<Ingested> finish() override {
    MEDARC_TRY(intake_.finish());
    if (intake_.truncated()) {
      return after_line(make_error(Code::invalid_argument, "the gzip file is truncated"), parser_);
    }
    MEDARC_ASSIGN(FastaContent parsed, parser_.finish());
    MEDARC_ASSIGN(auto content, intake_.content());
    parsed.places.form = inflated_ ? TextForm::inflated : TextForm::plain;
    MEDARC_ASSIGN(Ingested out,
                  described(blobs_, std::move(content), std::move(parsed), limits_, options_,
                            inflated_ ? "samtools faidx needs BGZF, not gzip in one piece" : ""));
    out.plain = intake_.plain_digest();
    if (inflated_ && !out.identities.empty()) {
      MEDARC_ASSIGN(auto plain, inflated_->finish());
      out.attachments.push_back({"plain", std::move(plain)});
    }
    return out;
  }

 private:
  Status take(ByteView plain) {
    if (!inflated_) return parser_.feed(plain);
    plain_bytes_ += plain.size();
    if (plain_bytes_ > limits_.file_bytes_max) {
      return make_error(Code::too_large, "the inflated file is over genomics.file_bytes_max");
    }
    MEDARC_TRY(parser_.feed(plain));
    return inflated_->write(plain);
  }

  archive::BlobStore& blobs_;
  const Limits limits_;
  const IngestOptions options_;
  const std::unique_ptr<archive::BlobWriter> inflated_;
  FastaParser parser_;
  uint64_t plain_bytes_ = 0;
  StreamIntake intake_;  // last: its thread uses what is above
};

class BgzfIngest final : public Ingest {
 public:
  BgzfIngest(archive::BlobStore& blobs, std::unique_ptr<archive::BlobWriter> writer,
             const Limits& limits, const IngestOptions& options)
      : blobs_(blobs),
        limits_(limits),
        options_(options),
        parser_(limits),
        intake_(std::move(writer),
                {[this](const BgzfBatch& batch) { return parser_.feed(batch.plain); },
                 {},
                 [this](const BgzfBatch& batch) { gzi_.add(batch); }},
                limits) {}

  Status write(ByteView bytes) override { return intake_.write(bytes); }

  Result<Ingested> finish() override {
    MEDARC_TRY(intake_.finish());
    if (intake_.whole().has_error()) return after_line(intake_.whole().error(), parser_);
    MEDARC_ASSIGN(FastaContent parsed, parser_.finish());
    MEDARC_ASSIGN(auto content, intake_.content());
    parsed.places.form = TextForm::bgzf;
    MEDARC_ASSIGN(Ingested out,
                  described(blobs_, std::move(content), std::move(parsed), limits_, options_, ""));
    out.plain = intake_.plain_digest();
    MEDARC_ASSIGN(auto gzi, stage(blobs_, gzi_.finish(), archive::Content::opaque,
                                  archive::Cuts::content_defined));
    out.attachments.push_back({"gzi", std::move(gzi)});
    return out;
  }

 private:
  archive::BlobStore& blobs_;
  const Limits limits_;
  const IngestOptions options_;
  GziBuilder gzi_;
  FastaParser parser_;
  BlockIntake intake_;  // last: its thread uses what is above
};

}  // namespace

Result<std::unique_ptr<Ingest>> open_fasta_ingest(Format format, archive::BlobStore& blobs,
                                                  const Limits& limits,
                                                  const IngestOptions& options) {
  if (format == Format::fasta_bgzf) {
    MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::given));
    return std::unique_ptr<Ingest>(
        std::make_unique<BgzfIngest>(blobs, std::move(writer), limits, options));
  }
  MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::content_defined));
  std::unique_ptr<archive::BlobWriter> inflated;
  if (format == Format::fasta_gzip) {
    MEDARC_ASSIGN(inflated, blobs.writer(archive::Cuts::content_defined));
  }
  return std::unique_ptr<Ingest>(std::make_unique<StreamIngest>(
      blobs, std::move(writer), std::move(inflated), limits, options));
}

}  // namespace medarc::genomics
