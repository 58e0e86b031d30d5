#include "genomics/cold/cold_files.h"

#include <algorithm>
#include <chrono>

#include "archive/recoding.h"
#include "base/metrics.h"

namespace medarc::genomics {
namespace {

using archive::Recoded;
using archive::StoredChunk;
using std::chrono::steady_clock;

// Chunks of a file whose first block is tried before anything else is done.
constexpr size_t kSampledChunks = 4;

bool may_pass(Code code) {
  return code == Code::unavailable || code == Code::deadline || code == Code::io ||
         code == Code::exhausted;
}

void tell(const ColdCounts& counts) {
  static Counter& files = counter("medarc_cold_files_total", "Genome files made smaller.");
  const auto bytes = [](std::string_view labels) -> Counter& {
    return counter("medarc_cold_bytes_total", "Chunks of genome files made smaller, on disk.",
                   labels);
  };
  static Counter& before = bytes("form=\"before\"");
  static Counter& after = bytes("form=\"after\"");
  files.add(counts.files);
  before.add(counts.bytes_before);
  after.add(counts.bytes_after);
  for (size_t i = 0; i < counts.refused.size(); ++i) {
    if (counts.refused[i] == 0) continue;
    counter("medarc_cold_refused_total", "Genome files that stay as they are, by reason.",
            "reason=\"" + std::string(to_string(static_cast<NotCold>(i))) + "\"")
        .add(counts.refused[i]);
  }
}

Error cannot() { return make_error(Code::unsupported, "this store keeps all bytes as they are"); }

// What is stored of a file in BGZF blocks: itself, and what was sorted of it.
std::vector<Digest> blobs_of(const index::FileRow& file) {
  std::vector<Digest> out = {file.blob};
  if (const auto* sorted = index::attachment(file, "sorted")) out.push_back(sorted->blob);
  return out;
}

// One blob on its way. `why` is the answer if nothing of it changes.
class Work {
 public:
  Work(archive::BlobStore& blobs, archive::Recoding& recoding, std::string_view format,
       const ColdEffort& effort, uint64_t batch_bytes_max, index::SweepTurn& turn)
      : blobs_(blobs),
        recoding_(recoding),
        effort_(effort),
        batch_bytes_max_(batch_bytes_max),
        turn_(turn),
        recoder_(layout_for(format), effort.zstd_level) {}

  Status run(const Digest& blob) {
    MEDARC_ASSIGN(const auto chunks, recoding_.chunks(blob));
    MEDARC_ASSIGN(const auto reader, blobs_.open(blob));
    coded_before_ =
        std::any_of(chunks.begin(), chunks.end(), [](const StoredChunk& c) { return c.coded; });
    if (!coded_before_) {
      MEDARC_ASSIGN(const bool worth_it, sample(*reader, chunks));
      if (!worth_it) return {};
    }
    why_ = NotCold::no_gain;
    for (const StoredChunk& chunk : chunks) {
      if (chunk.coded) continue;
      if (!turn_.go_on()) {
        stopped_ = true;
        break;
      }
      const auto begun = steady_clock::now();
      MEDARC_TRY(code(*reader, chunk));
      took_ += steady_clock::now() - begun;
      if (batch_bytes_ >= batch_bytes_max_) MEDARC_TRY(move());
    }
    return move();
  }

  const ColdCounts& counts() const { return counts_; }
  bool stopped() const { return stopped_; }
  // nullopt: something of it is cold now, or was before.
  std::optional<NotCold> why() const {
    return counts_.chunks > 0 || coded_before_ ? std::nullopt : why_;
  }

 private:
  // A few blocks tell most files whose writer is none of ours.
  Result<bool> sample(archive::BlobReader& reader, const std::vector<StoredChunk>& chunks) {
    why_ = NotCold::not_blocks;
    const size_t step = std::max<size_t>(1, chunks.size() / kSampledChunks);
    bool tried = false;
    for (size_t i = 0; i < chunks.size(); i += step) {
      Bytes head(std::min<uint64_t>(chunks[i].range.length, 2 * kBgzfBlockBytesMax), '\0');
      MEDARC_TRY(reader.read({chunks[i].range.begin, head.size()}, head.data()));
      if (i == 0 && read_bgzf_head(head).has_error()) return false;
      const auto made = recoder_.try_first(head);
      if (made.value_or(false)) return true;
      tried = tried || made.has_value();
    }
    if (tried) why_ = NotCold::not_restorable;
    return false;
  }

  Status code(archive::BlobReader& reader, const StoredChunk& chunk) {
    Bytes plain(chunk.range.length, '\0');
    MEDARC_TRY(reader.read(chunk.range, plain.data()));
    auto coded = recoder_.encode(plain);
    const uint64_t wanted =
        plain.size() - (plain.size() * effort_.saving_percent + 99) / 100;  // at most so many
    if (!coded || coded->size() > wanted) return {};
    batch_bytes_ += plain.size();
    batch_.push_back({chunk.chunk, std::move(*coded)});
    return {};
  }

  Status move() {
    batch_bytes_ = 0;
    if (batch_.empty()) return {};
    const auto begun = steady_clock::now();
    MEDARC_ASSIGN(const Recoded done, recoding_.recode(std::exchange(batch_, {})));
    counts_.chunks += done.chunks;
    counts_.bytes_before += done.bytes_before;
    counts_.bytes_after += done.bytes_after;
    if (done.not_proved > 0) why_ = NotCold::not_proved;
    coded_before_ = coded_before_ || done.as_before > 0;
    const auto took = std::exchange(took_, {}) + (steady_clock::now() - begun);
    turn_.worked(took, done.commits);
    return {};
  }

  archive::BlobStore& blobs_;
  archive::Recoding& recoding_;
  const ColdEffort effort_;
  const uint64_t batch_bytes_max_;
  index::SweepTurn& turn_;
  BlockRecoder recoder_;
  steady_clock::duration took_{};  // coding since the last commit
  std::vector<archive::CodedChunk> batch_;
  uint64_t batch_bytes_ = 0;  // plain
  bool coded_before_ = false, stopped_ = false;
  std::optional<NotCold> why_;
  ColdCounts counts_;
};

}  // namespace

std::string_view to_string(NotCold why) {
  switch (why) {
    case NotCold::not_blocks: return "not_blocks";
    case NotCold::not_restorable: return "not_restorable";
    case NotCold::no_gain: return "no_gain";
    case NotCold::not_proved: return "not_proved";
    case NotCold::unreadable: return "unreadable";
  }
  return "";
}

void ColdCounts::add(const ColdCounts& other) {
  files += other.files;
  chunks += other.chunks;
  bytes_before += other.bytes_before;
  bytes_after += other.bytes_after;
  for (size_t i = 0; i < refused.size(); ++i) refused[i] += other.refused[i];
}

Result<ColdFiles::Done> ColdFiles::make_cold(const index::FileRow& file, const ColdEffort& effort,
                                             index::SweepTurn& turn) {
  archive::Recoding* const recoding = archive::recoding_of(index_.blobs());
  if (recoding == nullptr) return cannot();
  Done out;
  std::optional<NotCold> why;
  for (const Digest& blob : blobs_of(file)) {
    Work work(index_.blobs(), *recoding, file.format, effort, options_.batch_bytes_max, turn);
    const Status done = work.run(blob);
    out.counts.add(work.counts());
    out.stopped = work.stopped();
    if (blob == file.blob) why = work.why();
    if (done.has_error() && may_pass(done.error().code)) {
      tell(out.counts);
      return done.error();
    }
    if (done.has_error() && done.error().code != Code::not_found) why = NotCold::unreadable;
    if (done.has_error() && done.error().code == Code::not_found) why.reset();  // removed meanwhile
    if (out.stopped) break;
  }
  // A file is counted by the call that ends it.
  if (!out.stopped && out.counts.chunks > 0) out.counts.files = 1;
  if (!out.stopped && out.counts.chunks == 0 && why) {
    ++out.counts.refused[static_cast<size_t>(*why)];
  }
  tell(out.counts);
  return out;
}

Result<ColdCounts> ColdFiles::expand(const index::FileRow& file) {
  archive::Recoding* const recoding = archive::recoding_of(index_.blobs());
  if (recoding == nullptr) return cannot();
  ColdCounts out;
  for (const Digest& blob : blobs_of(file)) {
    MEDARC_ASSIGN(const archive::Recoded done,
                  archive::expand_blob(*recoding, blob, options_.batch_bytes_max));
    out.chunks += done.chunks;
    out.bytes_before += done.bytes_before;
    out.bytes_after += done.bytes_after;
  }
  out.files = out.chunks > 0 ? 1 : 0;
  return out;
}

}  // namespace medarc::genomics
