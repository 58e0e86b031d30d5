// Opening the log: which files count, what the catalog still lacks, where the tail is; and replay.
#include <fmt/format.h>

#include <algorithm>

#include "archive/segment_log.h"

namespace medarc::archive {
namespace {

// No log gets there; beyond it there would be no room for what follows.
constexpr uint64_t kSequenceMax = UINT64_MAX / 2;

// Whether nothing was ever written behind the header: records come only after it was synced.
Result<bool> never_used(Fs& fs, const std::string& path) {
  MEDARC_ASSIGN(auto file, fs.open(path, OpenMode::read));
  Bytes window(64 << 10, '\0');
  for (uint64_t at = kSegmentHeaderBytes;; at += window.size()) {
    MEDARC_ASSIGN(const size_t n, file->read_at(at, window.data(), window.size()));
    if (ByteView(window.data(), n).find_first_not_of('\0') != ByteView::npos) return false;
    if (n < window.size()) return true;
  }
}

}  // namespace

// ---- opening ------------------------------------------------------------------------------------

Status SegmentLog::open_files() {
  MEDARC_TRY(fs_.make_dirs(dir_));
  MEDARC_ASSIGN(auto names, fs_.list(dir_));
  std::map<uint32_t, std::vector<uint32_t>> found;
  for (const std::string& name : names) {
    if (auto parsed = Segment::parse_name(name)) found[parsed->first].push_back(parsed->second);
  }
  const bool catalog_knows = catalog_.applied().value > 0;
  for (auto& [number, generations] : found) {
    // The catalog says which generation is in force; without it, the newest one that was finished
    // (a rewrite is renamed to its name only when it is whole).
    uint32_t keep = generations.front();
    for (uint32_t g : generations) keep = std::max(keep, g);
    if (catalog_knows) {
      MEDARC_ASSIGN(const uint32_t current, catalog_.generation(number));
      for (uint32_t g : generations) {
        if (g == current) keep = g;
      }
    }
    auto segment = Segment::open(fs_, dir_, number, keep);
    if (segment.has_error()) {
      // A segment whose first write was lost with the power holds nothing that was acknowledged.
      const std::string path = dir_ + "/" + Segment::file_name(number, keep);
      const bool last = number == found.rbegin()->first && generations.size() == 1;
      if (!last || segment.error().code != Code::corrupt) return segment.error();
      MEDARC_ASSIGN(const bool unused, never_used(fs_, path));
      if (!unused) return segment.error();
      MEDARC_TRY(fs_.remove(path));
      continue;
    }
    for (uint32_t g : generations) {
      if (g != keep) MEDARC_TRY(fs_.remove(dir_ + "/" + Segment::file_name(number, g)));
    }
    files_[number] = *segment;
  }
  uint32_t expected = 1;
  for (const auto& [number, segment] : files_) {
    if (number != expected) {
      return make_error(Code::corrupt, fmt::format("segment {} is missing", expected));
    }
    ++expected;
  }
  return {};
}

Status SegmentLog::recover() {
  MEDARC_TRY(open_files());
  applied_ = catalog_.applied().value;
  last_number_ = applied_;
  if (files_.empty()) {
    if (applied_ > 0) return make_error(Code::corrupt, "the log is missing, but its index is there");
    MEDARC_TRY(start_segment());
  } else {
    open_ = files_.rbegin()->second;
    // What is read may not be on stable storage yet (a process was killed, not the machine); the
    // catalog must never be ahead of the log.
    MEDARC_TRY(open_->file().sync());
    Reading state;
    for (auto it = files_.begin(); it != files_.end(); ++it) {
      const auto next = std::next(it);
      const bool last = next == files_.end();
      if (!last && next->second->header().first_commit <= applied_ + 1) continue;  // all applied
      MEDARC_TRY(read_segment(*it->second, last, state));
    }
    MEDARC_TRY(apply_read(state));
    if (state.reached < applied_) {
      return make_error(Code::corrupt,
                        fmt::format("the log ends at commit {} in {} at {}, but {} was applied",
                                    state.reached, open_->path(), state.end, applied_));
    }
    tail_ = state.end;
    sequence_ = state.sequence;
    MEDARC_TRY(recover_tail(sequence_));
    if (sequence_ > kSequenceMax) {
      return make_error(Code::corrupt, fmt::format("{} holds sequence {}, which cannot be",
                                                   open_->path(), sequence_));
    }
    if (state.sealed) MEDARC_TRY(start_segment());
    places_.clear();
    for (const auto& [number, segment] : files_) {
      // A catalog made anew learns which segments were rewritten.
      MEDARC_ASSIGN(const uint32_t known, catalog_.generation(number));
      if (const uint32_t is = segment->header().generation; is != known) {
        MEDARC_TRY(catalog_.rewrite({number, is, {}}));
      }
    }
    applied_ = last_number_;
    durable_sequence_ = sequence_;
  }
  if (options_.flush_log_bytes != UINT64_MAX || options_.flush_commits != UINT64_MAX) {
    background_ = std::thread([this] { flush_loop(); });
  }
  return {};
}

// Hands what was read to the catalog.
Status SegmentLog::apply_read(Reading& state) {
  if (!state.group.empty()) MEDARC_TRY(catalog_.apply(state.group));
  state.group.clear();
  state.bodies.clear();
  return {};
}

// Applies the commits of one segment that the catalog lacks, in groups as they are read.
Status SegmentLog::read_segment(Segment& segment, bool last, Reading& state) {
  const uint64_t first = segment.header().first_commit;
  if (first > last_number_ + 1 || (state.any && first != state.reached + 1)) {
    return make_error(Code::corrupt, fmt::format("commits are missing before {}", segment.path()));
  }
  state.any = true;
  state.sealed = false;
  state.reached = first - 1;
  state.end = kSegmentHeaderBytes;
  state.sequence = segment.header().base_sequence;
  bool torn = false;  // a body that is not whole ended the scan
  auto visit = [&](uint64_t offset, const RecordHeader& h) -> Status {
    const bool commit = h.type == RecordType::commit;
    if (commit && commit_number(h).value != state.reached + 1) {
      return make_error(Code::corrupt, fmt::format("{} at {}: commit {} is missing", segment.path(),
                                                   offset, state.reached + 1));
    }
    const uint64_t reached = state.reached + (commit ? 1 : 0);
    // Chunks of sealed segments were durable when the seal was written; those of the last one
    // may be torn, and then nothing behind them was acknowledged.
    if (commit ? reached > last_number_ : last && reached >= applied_) {
      auto payload = segment.payload_at(offset, h, keys_);
      if (payload.has_error()) {
        torn = last && payload.error().code == Code::corrupt;
        return payload.error();
      }
      if (commit) MEDARC_TRY(read_commit(segment, offset, CommitNumber{reached}, *payload, state));
    }
    state.reached = reached;
    state.end = offset + padded(stored_length(h.payload_length));
    if (commit ? reached > applied_ : reached >= applied_) {
      count_unflushed(state.end - offset, commit ? 1 : 0);
    }
    state.sequence = h.sequence;
    return {};
  };
  const auto scan = segment.scan(visit);
  if (scan.has_error()) return torn ? Status() : scan.error();
  state.end = scan->end;
  state.sequence = scan->last_sequence;
  state.sealed = scan->sealed;
  if (!last && !scan->sealed) {
    return make_error(Code::corrupt,
                      fmt::format("{} ends at {} without a seal", segment.path(), scan->end));
  }
  return {};
}

Status SegmentLog::read_commit(Segment& segment, uint64_t offset, CommitNumber number,
                               ByteView payload, Reading& state) {
  MEDARC_ASSIGN(CommitBody body, decode_commit(payload));
  if (!manifests_whole(body)) {
    return make_error(Code::corrupt,
                      fmt::format("{} at {}: a manifest has a hole", segment.path(), offset));
  }
  state.bodies.push_back(std::move(body));
  MEDARC_ASSIGN(Application application, resolve(number, state.bodies.back()));
  state.group.push_back(std::move(application));
  last_number_ = number.value;
  return state.group.size() >= 256 ? apply_read(state) : Status();
}

// Looks beyond the tail for records of this segment that were written after what stands at the tail
// was known to be durable: then the tail is damage, not a torn write. Also lifts the sequence above
// whatever stale records lie there.
Status SegmentLog::recover_tail(uint64_t last_good) {
  MEDARC_ASSIGN(const uint64_t size, open_->file().size());
  const uint64_t step = std::clamp<uint64_t>(size - std::min(size, tail_), 1, 1 << 20);
  Bytes window(step + kRecordHeaderBytes, '\0');
  for (uint64_t at = tail_; at < size; at += step) {
    MEDARC_ASSIGN(const size_t n, open_->file().read_at(at, window.data(), window.size()));
    const ByteView view(window.data(), n);
    for (size_t i = view.find("MDRC"); i != ByteView::npos && i < step; i = view.find("MDRC", i + 1)) {
      auto h = parse_header(view.substr(i), open_->header().salt);
      if (!h) continue;
      if (h->durable_sequence > last_good) {
        return make_error(Code::corrupt,
                          fmt::format("{} is damaged at {}: records after it were written when it "
                                      "was already durable; restore this segment from a backup",
                                      open_->path(), tail_));
      }
      sequence_ = std::max(sequence_, h->sequence);
    }
  }
  return {};
}

// ---- replay -------------------------------------------------------------------------------------

Result<const SegmentLog::Places*> SegmentLog::places(uint32_t number) {
  auto found = places_.find(number);
  if (found != places_.end()) return &found->second;
  MEDARC_ASSIGN(auto segment_file, segment(number));
  if (places_.size() >= 4) places_.erase(places_.begin());
  Places& places = places_[number];
  MEDARC_ASSIGN(auto scan, segment_file->scan([&](uint64_t offset, const RecordHeader& h) -> Status {
    if (h.type == RecordType::chunk) {
      places[h.digest] = {number, static_cast<uint32_t>(offset / kRecordAlignment),
                          static_cast<uint32_t>(stored_length(h.payload_length)), h.plain_length};
    }
    return {};
  }));
  (void)scan;
  return &places;
}

// Brings the places of a commit up to date with rewritten segments; a chunk that is no longer there
// was dropped by a later commit and is left out.
Result<Application> SegmentLog::resolve(CommitNumber number, CommitBody& body) {
  std::vector<NewChunk> kept;
  for (const NewChunk& c : body.chunks) {
    auto it = files_.find(c.location.segment);
    if (it == files_.end()) return make_error(Code::corrupt, "a commit names a segment that is missing");
    if (it->second->header().generation == 0) {
      kept.push_back(c);
      continue;
    }
    MEDARC_ASSIGN(const Places* known, places(c.location.segment));
    if (auto at = known->find(c.chunk); at != known->end()) kept.push_back({c.chunk, at->second});
  }
  body.chunks = std::move(kept);
  return application_of(number, body);
}

Status SegmentLog::replay(CommitNumber after, const std::function<Status(Application&)>& visit) {
  const CommitNumber until = last_commit();
  CommitNumber last = after;
  for (const auto& s : all()) {
    auto scanned = s->scan([&](uint64_t offset, const RecordHeader& h) -> Status {
      const CommitNumber number = commit_number(h);
      // What is behind a torn tail is above `until`, or is no commit of this log.
      if (h.type != RecordType::commit || number <= last || number > until) return {};
      if (number.value != last.value + 1) return {};  // reported below
      MEDARC_ASSIGN(const Bytes payload, s->payload_at(offset, h, keys_));
      MEDARC_ASSIGN(CommitBody body, decode_commit(payload));
      last = number;
      Application application = application_of(number, body);
      return visit(application);
    });
    if (scanned.has_error()) return scanned.error();
  }
  if (last < until) {
    return make_error(Code::corrupt, fmt::format("the log lacks commit {}", last.value + 1));
  }
  return {};
}

}  // namespace medarc::archive
