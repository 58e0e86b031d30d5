#include "dicom/recompress/recompressor.h"

#include <chrono>
#include <optional>

#include "base/metrics.h"
#include "dicom/convert.h"
#include "dicom/frame_table.h"
#include "dicom/recompress/coded_chunk.h"
#include "dicom/stored_frames.h"

namespace medarc::dicom {
namespace {

using archive::CodedChunk;
using archive::Recoded;
using archive::StoredChunk;

// Of those that may pass when it is tried later.
bool may_pass(Code code) {
  return code == Code::unavailable || code == Code::deadline || code == Code::io ||
         code == Code::exhausted;
}

Counter& bytes_counter(std::string_view labels) {
  return counter("medarc_recompress_bytes_total", "Chunks that were recompressed, on disk.",
                 labels);
}

void tell(const RecompressCounts& counts, int64_t us) {
  static Counter& objects =
      counter("medarc_recompress_objects_total", "Objects whose pixels were recompressed.");
  static Counter& before = bytes_counter("form=\"before\"");
  static Counter& after = bytes_counter("form=\"after\"");
  static Histogram& seconds =
      histogram("medarc_recompress_seconds", "Time to recompress one object.");
  objects.add(counts.objects);
  before.add(counts.bytes_before);
  after.add(counts.bytes_after);
  if (counts.objects > 0) seconds.observe_us(us);
  for (size_t i = 0; i < counts.refused.size(); ++i) {
    if (counts.refused[i] == 0) continue;
    counter("medarc_recompress_refused_total", "Objects that stay as they are, by reason.",
            "reason=\"" + std::string(to_string(static_cast<NotRecompressed>(i))) + "\"")
        .add(counts.refused[i]);
  }
}

// One object on its way; `why` is what the object's answer will be if nothing of it changes.
class Work {
 public:
  Work(archive::BlobStore& blobs, archive::Recoding& recoding, const Limits& limits,
       CodecPool& encoders, const RecompressOptions& options)
      : blobs_(blobs),
        recoding_(recoding),
        limits_(limits),
        encoders_(encoders),
        options_(options) {}

  Result<RecompressCounts> run(const index::InstanceRow& row) {
    const Status done = go(row);
    if (done.has_error()) {
      const Code code = done.error().code;
      if (code == Code::not_found) return RecompressCounts();  // removed meanwhile
      if (may_pass(code)) return done.error();
      why_ = NotRecompressed::unreadable;
    }
    if (counts_.chunks > 0) {
      counts_.objects = 1;
    } else if (why_ && !coded_before_) {
      ++counts_.refused[static_cast<size_t>(*why_)];
    }
    return counts_;
  }

 private:
  Status go(const index::InstanceRow& row) {
    const TransferSyntax syntax = transfer_syntax_or_default(row.transfer_syntax.value);
    MEDARC_ASSIGN(const FrameTable frames, FrameTable::decode(row.frame_table));
    why_ = NotRecompressed::not_native;
    if (syntax.deflated || frames.frames_count() == 0 || frames.encapsulated()) return {};
    MEDARC_ASSIGN(const auto chunks, recoding_.chunks(row.dataset));
    MEDARC_ASSIGN(const auto blob, blobs_.open(row.dataset));
    MEDARC_ASSIGN(const auto header, scan_stored_header(*blob, syntax, limits_));
    const auto& pixels = header->pixel_data();
    if (!pixels || pixels->encapsulated || header->encoding() == Encoding::explicit_big) return {};
    const auto shape = shape_of(*header);
    why_ = NotRecompressed::no_codec;
    if (shape.has_error()) return {};
    const PixelPlace place{{pixels->offset, pixels->length}, *shape};
    for (const StoredChunk& chunk : chunks) {
      coded_before_ = coded_before_ || chunk.coded;
      const auto rows = chunk.coded ? std::nullopt : rows_in_chunk(place, chunk.range);
      if (rows) MEDARC_TRY(code(*blob, chunk, *rows));
      if (batch_bytes_ >= options_.batch_bytes_max) MEDARC_TRY(move());
    }
    return move();
  }

  Status code(archive::BlobReader& blob, const StoredChunk& chunk, const ChunkRows& rows) {
    Bytes plain(chunk.range.length, '\0');
    MEDARC_TRY(blob.read(chunk.range, plain.data()));
    auto coded = encode_chunk(encoders_, rows, plain);
    if (coded.has_error()) {
      if (coded.error().code == Code::unavailable) return coded.error();
      return {};
    }
    if (coded->size() > plain.size() - plain.size() / 8) {
      why_ = NotRecompressed::no_gain;
      return {};
    }
    batch_bytes_ += plain.size();
    batch_.push_back({chunk.chunk, std::move(*coded)});
    return {};
  }

  Status move() {
    batch_bytes_ = 0;
    if (batch_.empty()) return {};
    MEDARC_ASSIGN(const Recoded done, recoding_.recode(std::exchange(batch_, {})));
    counts_.chunks += done.chunks;
    counts_.bytes_before += done.bytes_before;
    counts_.bytes_after += done.bytes_after;
    counts_.commits += done.commits;
    if (done.not_proved > 0) why_ = NotRecompressed::not_proved;
    coded_before_ = coded_before_ || done.as_before > 0;
    return {};
  }

  archive::BlobStore& blobs_;
  archive::Recoding& recoding_;
  const Limits& limits_;
  CodecPool& encoders_;
  const RecompressOptions& options_;
  std::vector<CodedChunk> batch_;
  uint64_t batch_bytes_ = 0;  // plain
  bool coded_before_ = false;
  std::optional<NotRecompressed> why_;
  RecompressCounts counts_;
};

Error cannot() { return make_error(Code::unsupported, "this store keeps all bytes as they are"); }

}  // namespace

std::string_view to_string(NotRecompressed why) {
  switch (why) {
    case NotRecompressed::not_native: return "not_native";
    case NotRecompressed::no_codec: return "no_codec";
    case NotRecompressed::no_gain: return "no_gain";
    case NotRecompressed::not_proved: return "not_proved";
    case NotRecompressed::unreadable: return "unreadable";
  }
  return "";
}

void RecompressCounts::add(const RecompressCounts& other) {
  objects += other.objects;
  chunks += other.chunks;
  bytes_before += other.bytes_before;
  bytes_after += other.bytes_after;
  commits += other.commits;
  for (size_t i = 0; i < refused.size(); ++i) refused[i] += other.refused[i];
}

Result<RecompressCounts> Recompressor::recompress(const index::InstanceRow& row) {
  archive::Recoding* const recoding = archive::recoding_of(index_.blobs());
  if (recoding == nullptr) return cannot();
  const auto begun = std::chrono::steady_clock::now();
  Work work(index_.blobs(), *recoding, limits_, encoders_, options_);
  MEDARC_ASSIGN(const RecompressCounts counts, work.run(row));
  const auto took = std::chrono::steady_clock::now() - begun;
  tell(counts, std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  return counts;
}

Result<RecompressCounts> Recompressor::expand(const index::InstanceRow& row) {
  archive::Recoding* const recoding = archive::recoding_of(index_.blobs());
  if (recoding == nullptr) return cannot();
  MEDARC_ASSIGN(const archive::Recoded done,
                archive::expand_blob(*recoding, row.dataset, options_.batch_bytes_max));
  RecompressCounts out;
  out.chunks = done.chunks;
  out.bytes_before = done.bytes_before;
  out.bytes_after = done.bytes_after;
  out.commits = done.commits;
  out.objects = out.chunks > 0 ? 1 : 0;
  return out;
}

}  // namespace medarc::dicom
