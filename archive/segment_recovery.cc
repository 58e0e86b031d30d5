// Opening the log: which files count, what the catalog still lacks, where the tail is; and replay.
#include <fmt/format.h>

#include "archive/segment_log.h"

namespace medarc::archive {

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
    for (uint32_t g : generations) {
      if (g != keep) MEDARC_TRY(fs_.remove(dir_ + "/" + Segment::file_name(number, g)));
    }
    auto segment = Segment::open(fs_, dir_, number, keep);
    if (segment.has_error()) {
      // A segment whose first write was lost with the power holds nothing that was acknowledged.
      const bool last = number == found.rbegin()->first;
      if (!last || segment.error().code != Code::corrupt) return segment.error();
      MEDARC_TRY(fs_.remove(dir_ + "/" + Segment::file_name(number, keep)));
      continue;
    }
    files_[number] = *segment;
  }
  uint32_t expected = 0;
  for (const auto& [number, segment] : files_) {
    if (expected != 0 && number != expected) {
      return make_error(Code::corrupt, fmt::format("segment {} is missing", expected));
    }
    expected = number + 1;
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
    std::vector<Application> group;
    std::deque<CommitBody> bodies;
    uint64_t reached = 0;  // the last commit seen, applied or not
    // Commits are applied in groups as they are read.
    auto flush_group = [&]() -> Status {
      if (!group.empty()) MEDARC_TRY(catalog_.apply(group));
      group.clear();
      bodies.clear();
      return {};
    };
    for (auto it = files_.begin(); it != files_.end(); ++it) {
      auto next = std::next(it);
      if (next != files_.end() && next->second->header().first_commit <= applied_ + 1 &&
          next->second->header().first_commit > 0) {
        continue;  // everything in it is applied
      }
      Segment& segment = *it->second;
      reached = segment.header().first_commit - 1;
      auto visit = [&](uint64_t offset, const RecordHeader& h) -> Status {
        const bool commit = h.type == RecordType::commit;
        if (commit) reached = commit_number(h).value;
        if (commit && reached <= last_number_) return {};
        // Chunks of sealed segments were durable when the seal was written; those of the last one
        // may be torn, and then nothing behind them was acknowledged.
        if (!commit && (reached < applied_ || next != files_.end())) return {};
        auto payload = segment.payload_at(offset, h, keys_);
        if (payload.has_error()) return payload.error();
        if (!commit) return {};
        MEDARC_ASSIGN(CommitBody body, decode_commit(*payload));
        const CommitNumber number = commit_number(h);
        bodies.push_back(std::move(body));
        MEDARC_ASSIGN(Application application, resolve(number, bodies.back()));
        group.push_back(std::move(application));
        last_number_ = number.value;
        if (group.size() >= 256) MEDARC_TRY(flush_group());
        return {};
      };
      uint64_t good_end = kSegmentHeaderBytes, good_sequence = segment.header().base_sequence;
      auto tracked = [&](uint64_t offset, const RecordHeader& h) -> Status {
        const uint64_t applied = last_number_;
        MEDARC_TRY(visit(offset, h));
        good_end = offset + padded(stored_length(h.payload_length));
        if (reached >= applied_) count_unflushed(good_end - offset, last_number_ - applied);
        good_sequence = h.sequence;
        return {};
      };
      auto scan = segment.scan(tracked);
      if (scan.has_error() && scan.error().code != Code::corrupt) return scan.error();
      if (scan.has_value()) {
        good_end = scan->end;
        good_sequence = scan->last_sequence;
      }
      if (next != files_.end()) {
        if (scan.has_error()) return scan.error();
        if (!scan->sealed) {
          return make_error(Code::corrupt, fmt::format("{} ends at {} without a seal",
                                                       segment.path(), scan->end));
        }
        continue;
      }
      MEDARC_TRY(flush_group());
      open_ = it->second;
      tail_ = good_end;
      sequence_ = good_sequence;
      MEDARC_TRY(recover_tail(good_sequence));
      if (scan.has_value() && scan->sealed) MEDARC_TRY(start_segment());
    }
    places_.clear();
    for (const auto& [number, segment] : files_) {
      // A catalog made anew learns which segments were rewritten.
      MEDARC_ASSIGN(const uint32_t known, catalog_.generation(number));
      if (const uint32_t is = segment->header().generation; is != known) {
        MEDARC_TRY(catalog_.rewrite({number, is, {}}));
      }
    }
    if (last_number_ < applied_) {
      return make_error(Code::corrupt, fmt::format("the log ends at commit {}, but {} was applied",
                                                   last_number_.load(), applied_));
    }
    applied_ = last_number_;
    // What was read may not be on stable storage yet (a process was killed, not the machine).
    MEDARC_TRY(open_->file().sync());
    durable_sequence_ = sequence_;
  }
  background_ = std::thread([this] { flush_loop(); });
  return {};
}

// Looks beyond the tail for records of this segment that were written after what stands at the tail
// was known to be durable: then the tail is damage, not a torn write. Also lifts the sequence above
// whatever stale records lie there.
Status SegmentLog::recover_tail(uint64_t last_good) {
  MEDARC_ASSIGN(const uint64_t size, open_->file().size());
  constexpr size_t step = 1 << 20;
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
  for (const auto& s : all()) {
    auto scanned = s->scan([&](uint64_t offset, const RecordHeader& h) -> Status {
      if (h.type != RecordType::commit || commit_number(h) <= after) return {};
      if (commit_number(h) > last_commit()) return {};
      MEDARC_ASSIGN(const Bytes payload, s->payload_at(offset, h, keys_));
      MEDARC_ASSIGN(CommitBody body, decode_commit(payload));
      Application application = application_of(commit_number(h), body);
      return visit(application);
    });
    if (scanned.has_error()) return scanned.error();
  }
  return {};
}

}  // namespace medarc::archive
