#include "genomics/bam_sort.h"

#include <algorithm>

#include "base/bytes.h"
#include "genomics/bam_writer.h"
#include "genomics/ingest.h"

namespace medarc::genomics {
namespace {

constexpr size_t kReadBytes = 1u << 20;

Error defect(const char* what) {
  return make_error(Code::internal, std::string("sorting a BAM file: ") + what);
}

// Of a set of records, whatever their order.
struct RecordSum {
  uint64_t records = 0, sum = 0;
  void add(ByteView record) {
    ++records;
    uint64_t h = (uint64_t{crc32c(record)} << 32 | record.size()) * 0x9E3779B97F4A7C15ull;
    h ^= h >> 29;
    sum += h * 0xBF58476D1CE4E5B9ull;
  }
  bool operator==(const RecordSum&) const = default;
};

// Records held in memory until they are sorted.
class Held {
 public:
  explicit Held(uint64_t bytes_max) : bytes_max_(bytes_max) {}
  bool has_room_for(ByteView record) const {
    return entries_.empty() || used() + record.size() + sizeof(Entry) <= bytes_max_;
  }
  bool empty() const { return entries_.empty(); }
  void add(ByteView record) {
    bytes_.reserve(bytes_max_);  // never copied while it grows; untouched pages cost nothing
    entries_.push_back({sort_key_of(record), bytes_.size(), static_cast<uint32_t>(record.size())});
    bytes_.append(record);
  }
  // In order; empty afterwards.
  template <class Take>
  Status drain(Take take) {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return a.key != b.key ? a.key < b.key : a.at < b.at;  // equal ones as they came
    });
    for (const Entry& e : entries_) MEDARC_TRY(take(ByteView(bytes_).substr(e.at, e.bytes)));
    entries_.clear();
    bytes_.clear();
    return {};
  }
  void release() {
    entries_ = {};
    bytes_ = Bytes();
  }

 private:
  struct Entry {
    uint64_t key, at;
    uint32_t bytes;
  };
  uint64_t used() const { return bytes_.size() + entries_.size() * sizeof(Entry); }
  const uint64_t bytes_max_;
  std::vector<Entry> entries_;
  Bytes bytes_;
};

using Runs = std::vector<std::unique_ptr<SortRun>>;

// The records of several runs in one order; of equal ones those of an earlier run come first.
template <class Take>
Status merge(const SortRun* const* first, size_t count, Take take) {
  struct Head {
    uint64_t key;
    size_t run;
  };
  std::vector<std::unique_ptr<BamStream>> streams;
  std::vector<ByteView> records(count);
  std::vector<Head> heap;
  const auto later = [](const Head& a, const Head& b) {
    return a.key != b.key ? a.key > b.key : a.run > b.run;
  };
  const auto advance = [&](size_t run) -> Status {
    MEDARC_ASSIGN(records[run], streams[run]->next());
    if (records[run].empty()) return {};
    heap.push_back({sort_key_of(records[run]), run});
    std::push_heap(heap.begin(), heap.end(), later);
    return {};
  };
  for (size_t i = 0; i < count; ++i) streams.push_back(first[i]->open());
  for (size_t i = 0; i < count; ++i) MEDARC_TRY(advance(i));
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    const size_t run = heap.back().run;
    heap.pop_back();
    MEDARC_TRY(take(records[run]));
    MEDARC_TRY(advance(run));
  }
  return {};
}

class Sorter {
 public:
  Sorter(TemporaryRuns& temporary, const SortLimits& limits, SortProgress& progress)
      : temporary_(temporary), limits_(limits), progress_(progress), held_(limits.memory_bytes) {}

  Status read(BamStream& stream) {
    while (true) {
      MEDARC_ASSIGN(const ByteView record, stream.next());
      if (record.empty()) break;
      MEDARC_TRY(go_on());
      if (!held_.has_room_for(record)) MEDARC_TRY(put_away());
      held_.add(record);
      in_.add(record);
      progress_.bytes_done = stream.packed_bytes() / 2;
    }
    if (runs_.empty()) return {};
    if (!held_.empty()) MEDARC_TRY(put_away());
    held_.release();
    return merge_down();
  }

  Status write(BamWriter& out) {
    const uint64_t half = progress_.bytes_total / 2;
    const auto take = [&](ByteView record) -> Status {
      MEDARC_TRY(go_on());
      out_.add(record);
      progress_.bytes_done = half + static_cast<uint64_t>(static_cast<double>(half) *
                                                          static_cast<double>(out_.records) /
                                                          static_cast<double>(in_.records));
      return out.record(record);
    };
    if (runs_.empty()) {
      MEDARC_TRY(held_.drain(take));
    } else {
      const auto all = pointers();
      MEDARC_TRY(merge(all.data(), all.size(), take));
    }
    return in_ == out_ ? Status() : Status(defect("not the records that went in came out"));
  }

  uint64_t records() const { return in_.records; }
  uint64_t runs_written() const { return runs_written_; }

 private:
  Status go_on() const {
    if (!progress_.stop) return {};
    return make_error(Code::cancelled, "the server stops");
  }

  Status put_away() {
    MEDARC_ASSIGN(SortRunWriter writer, SortRunWriter::create(temporary_));
    MEDARC_TRY(held_.drain([&](ByteView record) { return writer.append(record); }));
    MEDARC_ASSIGN(auto run, writer.finish());
    runs_.push_back(std::move(run));
    ++runs_written_;
    return {};
  }

  // Neighbours become one run, until few enough are left to be merged at once.
  Status merge_down() {
    while (runs_.size() > limits_.runs_merged_max) {
      Runs fewer;
      for (size_t at = 0; at < runs_.size(); at += limits_.runs_merged_max) {
        const size_t count = std::min<size_t>(limits_.runs_merged_max, runs_.size() - at);
        const auto all = pointers();
        MEDARC_ASSIGN(SortRunWriter writer, SortRunWriter::create(temporary_));
        const auto take = [&](ByteView record) -> Status {
          MEDARC_TRY(go_on());
          return writer.append(record);
        };
        MEDARC_TRY(merge(all.data() + at, count, take));
        MEDARC_ASSIGN(auto run, writer.finish());
        fewer.push_back(std::move(run));
        for (size_t i = at; i < at + count; ++i) runs_[i].reset();
      }
      runs_ = std::move(fewer);
    }
    return {};
  }

  std::vector<const SortRun*> pointers() const {
    std::vector<const SortRun*> out;
    for (const auto& run : runs_) out.push_back(run.get());
    return out;
  }

  TemporaryRuns& temporary_;
  const SortLimits& limits_;
  SortProgress& progress_;
  Held held_;
  Runs runs_;
  uint64_t runs_written_ = 0;
  RecordSum in_, out_;
};

}  // namespace

SortLimits SortLimits::from(Config& c) {
  SortLimits l;
  l.enabled =
      c.flag("genomics.sort", l.enabled,
             "Make a sorted copy of BAM files that are not sorted by coordinate, beside them.");
  l.memory_bytes = c.size("genomics.sort_memory_bytes", l.memory_bytes,
                          "Records of one sort held in memory.", 1u << 20);
  l.temporary_bytes_max =
      c.size("genomics.sort_temporary_bytes_max", l.temporary_bytes_max,
             "Temporary files of all sorts together, in the archive's directory.", 1u << 20);
  l.runs_merged_max = static_cast<uint32_t>(
      c.size("genomics.sort_runs_merged_max", l.runs_merged_max,
             "Temporary files merged at a time; each needs half a MiB of memory.", 2, 1000));
  l.sorts_max = static_cast<uint32_t>(
      c.size("genomics.sorts_max", l.sorts_max,
             "Sorts beside each other; each takes one of the workers of jobs.workers_max.", 1, 16));
  return l;
}

double SortProgress::done() const {
  const uint64_t total = bytes_total;
  return total == 0 ? 0
                    : std::min(1.0, static_cast<double>(bytes_done) / static_cast<double>(total));
}

Result<SortedBam> sort_bam(archive::BlobStore& blobs, const Digest& content, TemporaryRuns& runs,
                           const Limits& limits, const SortLimits& sort_limits,
                           std::string_view program, SortProgress& progress) {
  MEDARC_ASSIGN(auto reader, blobs.open(content));
  progress.bytes_done = 0;
  progress.bytes_total = reader->size();
  BamStream stream(read_whole(std::move(reader)), kReadBytes);
  MEDARC_ASSIGN(BamHeader header, stream.header(limits));
  Sorter sorter(runs, sort_limits, progress);
  MEDARC_TRY(sorter.read(stream));
  header.text = sorted_header_text(header.text, program, content);
  MEDARC_ASSIGN(auto writer, blobs.writer(archive::Cuts::given));
  BamWriter out(blobs, std::move(writer), limits);
  MEDARC_TRY(out.header(header));
  MEDARC_TRY(sorter.write(out));
  MEDARC_ASSIGN(BamWriter::Written written, out.finish());
  const BamSummary& summary = written.summary;
  if (!summary.sorted || summary.index.empty()) return defect("what came out is not in order");
  progress.bytes_done = progress.bytes_total.load();
  SortedBam made;
  made.content = std::move(written.content);
  MEDARC_ASSIGN(made.index, stage(blobs, summary.index, archive::Content::opaque,
                                  archive::Cuts::content_defined));
  made.block_map = std::move(written.block_map);
  MEDARC_ASSIGN(made.depth, stage(blobs, summary.depth, archive::Content::text,
                                  archive::Cuts::content_defined));
  made.records = sorter.records();
  made.runs = sorter.runs_written();
  return made;
}

}  // namespace medarc::genomics
